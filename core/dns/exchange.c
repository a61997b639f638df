/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One conversation:
 *
 *     UDP, 3 tries ---- answer ----------------------------> ANSWERED
 *        |   |  \---- answer with FORMERR, NOTIMP, BADVERS --> again without EDNS, once
 *        |   \------- truncated, broken, many that do not fit --> TCP
 *        \----------- silence, port unreachable ------------> TCP --- answer --> ANSWERED
 *                                                               \--- none ----> SILENT, REFUSED ...
 *
 * All tries share one socket and one id: an answer to the first is good when it comes after the
 * third.
 */
#include "dns/exchange.h"

#include "base/clock.h"
#include "dns/address.h"
#include "dns/net.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { UDP_TRIES = 3, FOREIGN_MAX = 16, TCP_LEAST_MS = 1000, DATAGRAM_MAX = 4096 };

static const int64_t TRY_MS[UDP_TRIES] = {400, 700,
                                          900}; /* the rest of EXCHANGE_LIMIT_MS is TCP's */

static void start_tcp(struct exchange *exchange);

static void end_failed(struct exchange *exchange, enum exchange_outcome outcome)
{
    net_end(exchange, &(struct exchange_result){.outcome = outcome, .why = exchange->why});
}

static void on_failure(void *arg)
{
    struct exchange *exchange = arg;

    exchange->timer = NULL;
    end_failed(exchange, exchange->failure);
}

/* For failures found while starting: the callback has to come from the loop. */
static void fail_later(struct exchange *exchange, enum exchange_outcome outcome)
{
    loop_timer_cancel(&exchange->timer);
    loop_fd_unwatch(&exchange->watch);
    exchange->state = EXCHANGE_FAILED;
    exchange->failure = outcome;
    exchange->timer = loop_timer_start(exchange->net->loop, 0, on_failure, exchange);
}

static void note_why(struct exchange *exchange, const char *what, int error)
{
    (void)snprintf(exchange->why, sizeof(exchange->why), "%s%s%s", what, error == 0 ? "" : ": ",
                   error == 0 ? "" : strerror(error));
}

static void note_nobody(struct exchange *exchange)
{
    (void)snprintf(exchange->why, sizeof(exchange->why), "nobody listens on port %u",
                   (unsigned)address_port(&exchange->peer->address));
}

static bool is_no_route(int error)
{
    return error == ENETUNREACH || error == EADDRNOTAVAIL || error == EAFNOSUPPORT ||
           error == EINVAL || error == EACCES || error == EPERM;
}

static void build_packet(struct exchange *exchange)
{
    exchange->question.id = (uint16_t)clock_random(65536);
    exchange->question.has_edns = !exchange->peer->is_without_edns;
    buf_clear(&exchange->packet);
    (void)message_build(&exchange->question, &exchange->packet); /* name was checked at the door */
}

static void close_socket(struct exchange *exchange)
{
    loop_timer_cancel(&exchange->timer);
    loop_fd_unwatch(&exchange->watch);
    if (exchange->fd >= 0) {
        (void)close(exchange->fd);
        exchange->fd = -1;
    }
}

/* FORMERR, NOTIMP and BADVERS are how servers that know no EDNS refuse it (RFC 6891 section 7). */
static bool refuses_edns(const struct exchange *exchange, const struct message *message)
{
    return exchange->question.has_edns &&
           (message->rcode == MESSAGE_FORMERR || message->rcode == MESSAGE_NOTIMP ||
            message->rcode == MESSAGE_BADVERS);
}

static void end_answered(struct exchange *exchange, const struct message *message)
{
    if (exchange->state == EXCHANGE_TCP && exchange->tries == UDP_TRIES &&
        !exchange->is_truncated && exchange->foreign == 0) {
        exchange->peer->is_tcp_only = true;
    }
    net_end(exchange, &(struct exchange_result){.outcome = EXCHANGE_ANSWERED, .message = message});
}

static void on_udp_timer(void *arg);

static void send_udp(struct exchange *exchange)
{
    exchange->net->sent++;
    exchange->timer =
        loop_timer_start(exchange->net->loop, TRY_MS[exchange->tries], on_udp_timer, exchange);
    exchange->tries++;
    /* What goes wrong here comes back as an error of the next recv, or as silence. */
    (void)send(exchange->fd, exchange->packet.bytes, exchange->packet.len, MSG_NOSIGNAL);
}

static void on_udp_timer(void *arg)
{
    struct exchange *exchange = arg;

    exchange->timer = NULL;
    if (exchange->tries < UDP_TRIES) {
        send_udp(exchange);
    } else {
        start_tcp(exchange);
    }
}

static void restart_without_edns(struct exchange *exchange)
{
    exchange->peer->is_without_edns = true;
    loop_timer_cancel(&exchange->timer);
    exchange->tries = 0;
    build_packet(exchange);
    send_udp(exchange);
}

/* Returns false once the exchange has gone over to something else, or has ended. */
static bool take_datagram(struct exchange *exchange, const uint8_t *bytes, size_t len)
{
    AUTO_PTR(message) struct message *message = NULL;

    switch (message_parse(bytes, len, &exchange->question, &message)) {
    case MESSAGE_FOREIGN:
        if (++exchange->foreign < FOREIGN_MAX) {
            return true;
        }
        /* Somebody guesses: over TCP that is much harder. */
        start_tcp(exchange);
        return false;
    case MESSAGE_BROKEN:
        start_tcp(exchange);
        return false;
    case MESSAGE_FITS:
        break;
    }
    if (message->is_truncated) {
        exchange->is_truncated = true;
        start_tcp(exchange);
    } else if (refuses_edns(exchange, message)) {
        restart_without_edns(exchange);
    } else {
        end_answered(exchange, message);
    }
    return false;
}

static void on_udp(void *arg, uint32_t events)
{
    struct exchange *exchange = arg;
    uint8_t bytes[DATAGRAM_MAX];

    (void)events;
    for (int i = 0; i < FOREIGN_MAX; i++) {
        ssize_t len = recv(exchange->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (len >= 0) {
            if (!take_datagram(exchange, bytes, (size_t)len)) {
                return;
            }
            continue;
        }
        if (errno == ENETUNREACH) {
            note_why(exchange, "no route", errno);
            end_failed(exchange, EXCHANGE_UNROUTABLE);
        } else if (errno != EAGAIN && errno != EINTR) {
            /* ICMP said that nobody is there, or nobody listens; a firewall may lie for UDP only.
             */
            start_tcp(exchange);
        }
        return;
    }
}

/* A socket of that type, connected or connecting; false: failed, and that is on its way. */
static bool open_socket(struct exchange *exchange, int type)
{
    const struct sockaddr_storage *address = &exchange->peer->address;
    int error = 0;

    exchange->fd = socket(address->ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (exchange->fd >= 0 &&
        (connect(exchange->fd, (const struct sockaddr *)address, address_len(address)) == 0 ||
         errno == EINPROGRESS)) {
        return true;
    }
    error = errno;
    note_why(exchange, is_no_route(error) ? "no route" : "no answer", error);
    if (is_no_route(error)) {
        fail_later(exchange, EXCHANGE_UNROUTABLE);
    } else {
        fail_later(exchange, error == ECONNREFUSED ? EXCHANGE_REFUSED : EXCHANGE_SILENT);
    }
    return false;
}

static void start_udp(struct exchange *exchange)
{
    exchange->state = EXCHANGE_UDP;
    if (!open_socket(exchange, SOCK_DGRAM)) {
        return;
    }
    exchange->watch = loop_fd_watch(exchange->net->loop, exchange->fd, EPOLLIN, on_udp, exchange);
    send_udp(exchange);
}

void exchange_begin(struct exchange *exchange)
{
    exchange->sent_ms = loop_now_ms(exchange->net->loop);
    build_packet(exchange);
    if (exchange->peer->is_tcp_only) {
        start_tcp(exchange);
    } else {
        start_udp(exchange);
    }
}

/* What TCP's failure means depends on what UDP had said before. */
static void fail_tcp(struct exchange *exchange, int error)
{
    if (exchange->is_truncated) {
        note_why(exchange, "truncated over UDP, and TCP fails (the CA needs it)", error);
        end_failed(exchange, EXCHANGE_NO_TCP);
    } else if (error == ECONNREFUSED) {
        note_nobody(exchange);
        end_failed(exchange, EXCHANGE_REFUSED);
    } else {
        note_why(exchange, "no answer over UDP and TCP",
                 error == ETIMEDOUT || error == ECONNRESET ? 0 : error);
        end_failed(exchange, EXCHANGE_SILENT);
    }
}

static void on_tcp_timer(void *arg)
{
    struct exchange *exchange = arg;

    exchange->timer = NULL;
    fail_tcp(exchange, ETIMEDOUT);
}

/* Writes what is left of length and question; false once the exchange has ended. */
static bool write_question(struct exchange *exchange)
{
    uint8_t framed[2 + 512];
    size_t len = 2 + exchange->packet.len;
    ssize_t n = 0;

    framed[0] = (uint8_t)(exchange->packet.len >> 8);
    framed[1] = (uint8_t)exchange->packet.len;
    memcpy(framed + 2, exchange->packet.bytes, exchange->packet.len);
    n = send(exchange->fd, framed + exchange->written, len - exchange->written,
             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        fail_tcp(exchange, errno);
        return false;
    }
    exchange->written += n > 0 ? (size_t)n : 0;
    if (exchange->written == len) {
        loop_fd_change(exchange->watch, EPOLLIN);
    }
    return true;
}

static void take_stream(struct exchange *exchange)
{
    AUTO_PTR(message) struct message *message = NULL;

    if (message_parse((const uint8_t *)exchange->stream.bytes + 2, exchange->stream.len - 2,
                      &exchange->question, &message) != MESSAGE_FITS) {
        note_why(exchange, "the answer is no proper DNS message", 0);
        end_failed(exchange, EXCHANGE_GARBLED);
    } else if (refuses_edns(exchange, message)) {
        exchange->peer->is_without_edns = true;
        build_packet(exchange);
        start_tcp(exchange);
    } else {
        end_answered(exchange, message);
    }
}

/* How many bytes the answer still lacks; the length comes first. */
static size_t stream_lacks(const struct buf *stream)
{
    const uint8_t *bytes = (const uint8_t *)stream->bytes;

    return stream->len < 2 ? 2 - stream->len : 2 + ((size_t)bytes[0] << 8 | bytes[1]) - stream->len;
}

static void read_answer(struct exchange *exchange)
{
    char bytes[DATAGRAM_MAX];
    size_t lacks = stream_lacks(&exchange->stream);
    ssize_t n =
        recv(exchange->fd, bytes, lacks < sizeof(bytes) ? lacks : sizeof(bytes), MSG_DONTWAIT);

    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR) {
            fail_tcp(exchange, errno);
        }
        return;
    }
    if (n == 0) {
        fail_tcp(exchange, ECONNRESET);
        return;
    }
    buf_add(&exchange->stream, bytes, (size_t)n);
    if (stream_lacks(&exchange->stream) == 0 && exchange->stream.len > 2) {
        take_stream(exchange);
    }
}

static void on_tcp(void *arg, uint32_t events)
{
    struct exchange *exchange = arg;

    if ((events & EPOLLOUT) != 0 && !write_question(exchange)) {
        return;
    }
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
        read_answer(exchange);
    }
}

static void start_tcp(struct exchange *exchange)
{
    int64_t left_ms = EXCHANGE_LIMIT_MS - (loop_now_ms(exchange->net->loop) - exchange->sent_ms);

    close_socket(exchange);
    exchange->state = EXCHANGE_TCP;
    exchange->written = 0;
    buf_clear(&exchange->stream);
    if (!open_socket(exchange, SOCK_STREAM)) {
        return;
    }
    exchange->net->sent++;
    exchange->watch =
        loop_fd_watch(exchange->net->loop, exchange->fd, EPOLLIN | EPOLLOUT, on_tcp, exchange);
    exchange->timer =
        loop_timer_start(exchange->net->loop, left_ms < TCP_LEAST_MS ? TCP_LEAST_MS : left_ms,
                         on_tcp_timer, exchange);
}
