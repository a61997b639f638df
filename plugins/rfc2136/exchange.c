/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Questions out, answers in. All questions of a call travel together: over TCP one behind the other
 * on one connection that stays open from call to call, over UDP in a window.
 *
 * What got lost is sent again as it was. That is right for an UPDATE too: adding a value that is
 * there and deleting one that is not change nothing, and a repeated "only if there is no TXT yet"
 * that now fails leads to a look at what is there (update.c). Asking first would cost a round trip
 * and answer less: the update may still be on its way.
 */
#include "rfc2136.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define IN_MAX (2 + WIRE_MESSAGE_MAX)
#define SLICE_MS 200     /* how often the core is asked whether the call was cancelled */
#define UDP_WINDOW 16    /* questions on their way at once */
#define UDP_FIRST_MS 700 /* before the first repetition; doubles */
#define DOUBT_MS 200     /* how long a signed answer may come behind an unsigned error */
#define TCP_ATTEMPTS 3   /* connections for one call */

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool exchange_init(struct exchange *x, const struct settings *s)
{
    *x = (struct exchange){.settings = s, .fd = -1, .in = malloc(IN_MAX)};
    return x->in != NULL;
}

static void hang_up(struct exchange *x)
{
    if (x->fd >= 0) {
        (void)close(x->fd);
    }
    x->fd = -1;
    x->n_in = 0;
    x->is_connected = false;
}

void exchange_done(struct exchange *x)
{
    hang_up(x);
    free(x->in);
    x->in = NULL;
}

/* Waits until the socket is ready. 1 ready, 0 the time is up, -1 the call is over. */
static int wait_for(struct acme_call *call, int fd, short events, int64_t until_ms)
{
    for (;;) {
        struct pollfd p = {.fd = fd, .events = events};
        int64_t left = until_ms - now_ms();
        int32_t call_left = call->host->ms_left(call);

        if (call_left <= 0) {
            return -1;
        }
        left = left < SLICE_MS ? left : SLICE_MS;
        left = left < call_left ? left : call_left;
        if (poll(&p, 1, left > 0 ? (int)left : 0) > 0) {
            return 1;
        }
        if (until_ms - now_ms() <= 0) {
            return 0;
        }
    }
}

/* Opens a socket and begins to connect. 0, or an errno. */
static int dial(struct exchange *x, const struct address *to, bool is_tcp)
{
    const struct settings *s = x->settings;
    int on = 1;
    int reason = 0;

    hang_up(x);
    x->fd = socket(to->sa.ss_family,
                   (is_tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (x->fd < 0) {
        return errno;
    }
    x->is_tcp = is_tcp;
    x->peer = *to;
    if (is_tcp) {
        (void)setsockopt(x->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    if ((s->source_len > 0 &&
         bind(x->fd, (const struct sockaddr *)&s->source, s->source_len) < 0) ||
        (connect(x->fd, (const struct sockaddr *)&to->sa, to->len) < 0 && errno != EINPROGRESS)) {
        reason = errno;
        hang_up(x);
        return reason;
    }
    x->is_connected = !is_tcp;
    return 0;
}

void exchange_prepare(struct exchange *x, const struct address *to)
{
    if (!x->settings->is_udp_only) {
        (void)dial(x, to, true);
    }
}

/* Has the connect succeeded? 0, an errno, or -1 when the call is over. */
static int finish_connect(struct exchange *x, struct acme_call *call)
{
    int reason = 0;
    socklen_t len = sizeof(reason);
    int ready = wait_for(call, x->fd, POLLOUT, now_ms() + x->settings->timeout_ms);

    if (ready <= 0) {
        return ready < 0 ? -1 : ETIMEDOUT;
    }
    if (getsockopt(x->fd, SOL_SOCKET, SO_ERROR, &reason, &len) < 0) {
        return errno;
    }
    x->is_connected = reason == 0;
    return reason;
}

/* Makes sure that there is a connection to that address. The server may have closed the one
 * that is kept, which shows when it is used. */
static int connect_tcp(struct exchange *x, struct acme_call *call, const struct address *to)
{
    bool is_same = x->fd >= 0 && x->is_tcp && x->peer.len == to->len &&
                   memcmp(&x->peer.sa, &to->sa, to->len) == 0;
    int reason = is_same ? 0 : dial(x, to, true);

    if (reason == 0 && !x->is_connected) {
        reason = finish_connect(x, call);
    }
    if (reason != 0) {
        hang_up(x);
    }
    return reason;
}

static size_t count_open(const struct question *questions, size_t n)
{
    size_t n_open = 0;

    for (size_t i = 0; i < n; i++) {
        n_open += question_is_answered(&questions[i]) ? 0 : 1;
    }
    return n_open;
}

/* Gives a message to the question that it answers. Whether one was found that wants nothing more.
 */
static enum question_judgement offer(struct question *questions, size_t n, const uint8_t *m,
                                     size_t len)
{
    for (size_t i = 0; i < n; i++) {
        enum question_judgement j = question_judge(&questions[i], m, len);

        if (j != QUESTION_OTHER) {
            return j;
        }
    }
    return QUESTION_OTHER;
}

/* All open questions as one stream of bytes, each behind its length (RFC 1035 section 4.2.2). */
static bool gather(const struct question *questions, size_t n, struct wire *ret_out)
{
    size_t total = 1;

    for (size_t i = 0; i < n; i++) {
        total += question_is_answered(&questions[i]) ? 0 : 2 + questions[i].query.len;
    }
    if (!wire_init(ret_out, total)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!question_is_answered(&questions[i])) {
            wire_put16(ret_out, (uint16_t)questions[i].query.len);
            wire_put(ret_out, questions[i].query.bytes, questions[i].query.len);
        }
    }
    return true;
}

/* Takes the whole messages out of what came in. false: one came that is not to be believed, and
 * over TCP no better one follows. */
static bool take_messages(struct exchange *x, struct question *questions, size_t n)
{
    size_t pos = 0;
    bool is_believed = true;

    while (x->n_in - pos >= 2) {
        size_t len = wire_get16(x->in + pos);

        if (x->n_in - pos - 2 < len) {
            break;
        }
        if (offer(questions, n, x->in + pos + 2, len) == QUESTION_DOUBTED) {
            is_believed = false;
        }
        pos += 2 + len;
    }
    x->n_in -= pos;
    memmove(x->in, x->in + pos, x->n_in);
    return is_believed;
}

/* Sends and receives what the socket takes and has. 0, or an errno; EBADMSG for an answer that is
 * not to be believed. */
static int move_bytes(struct exchange *x, const struct wire *out, size_t *n_sent,
                      struct question *questions, size_t n)
{
    ssize_t got = 0;

    if (*n_sent < out->len) {
        ssize_t sent = send(x->fd, out->bytes + *n_sent, out->len - *n_sent, MSG_NOSIGNAL);

        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            return errno;
        }
        *n_sent += sent > 0 ? (size_t)sent : 0;
    }
    got = recv(x->fd, x->in + x->n_in, IN_MAX - x->n_in, 0);
    if (got == 0) {
        return ECONNRESET;
    }
    if (got < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : errno;
    }
    x->n_in += (size_t)got;
    return take_messages(x, questions, n) ? 0 : EBADMSG;
}

/* One attempt over one connection. 0, an errno, or -1 when the call is over. */
static int converse(struct exchange *x, struct acme_call *call, struct question *questions,
                    size_t n)
{
    struct wire out = {0};
    size_t n_sent = 0;
    int64_t until_ms = now_ms() + x->settings->timeout_ms;
    int reason = gather(questions, n, &out) ? 0 : ENOMEM;

    while (reason == 0 && count_open(questions, n) > 0) {
        size_t n_before = x->n_in;
        size_t n_open = count_open(questions, n);
        size_t sent_before = n_sent;
        int ready = 0;

        reason = move_bytes(x, &out, &n_sent, questions, n);
        if (reason != 0 || count_open(questions, n) == 0) {
            break;
        }
        if (n_before != x->n_in || sent_before != n_sent || n_open != count_open(questions, n)) {
            until_ms = now_ms() + x->settings->timeout_ms;
        }
        ready = wait_for(call, x->fd, (short)(POLLIN | (n_sent < out.len ? POLLOUT : 0)), until_ms);
        reason = ready < 0 ? -1 : ready == 0 ? ETIMEDOUT : 0;
    }
    wire_done(&out);
    if (reason != 0) {
        hang_up(x);
    }
    return reason;
}

/* What has been learnt when questions stay open. */
static int32_t give_up(const struct question *questions, size_t n, const struct address *to,
                       const char *how, int reason, struct fault *f)
{
    for (size_t i = 0; i < n; i++) {
        if (questions[i].flaw != NULL) {
            return fault_set(f, ACME_RETRY,
                             "%s answers over %s, but the answer is not to be believed: %s",
                             to->text, how, questions[i].flaw);
        }
    }
    if (reason == ETIMEDOUT) {
        return fault_set(f, ACME_RETRY, "%s does not answer over %s", to->text, how);
    }
    if (reason == ECONNRESET || reason == EPIPE) {
        return fault_set(f, ACME_RETRY, "%s closes the connection without an answer", to->text);
    }
    return fault_set(f, ACME_RETRY, "%s cannot be reached over %s: %s", to->text, how,
                     strerror(reason));
}

static int32_t cancelled(struct fault *f)
{
    return fault_set(f, ACME_CANCELLED, "the time for this call is over");
}

/* ACME_UNSUPPORTED: no TCP connection comes about. */
static int32_t ask_tcp(struct exchange *x, struct acme_call *call, struct address *to,
                       struct question *questions, size_t n, struct fault *f)
{
    int reason = 0;

    for (unsigned i = 0; i < TCP_ATTEMPTS; i++) {
        reason = connect_tcp(x, call, to);
        if (reason > 0) {
            (void)give_up(questions, n, to, "TCP", reason, f);
            return i == 0 ? ACME_UNSUPPORTED : ACME_RETRY;
        }
        reason = reason < 0 ? reason : converse(x, call, questions, n);
        if (reason <= 0) {
            return reason < 0 ? cancelled(f) : ACME_OK;
        }
        if (reason != ECONNRESET && reason != EPIPE) {
            break;
        }
    }
    return give_up(questions, n, to, "TCP", reason, f);
}

/* Takes what has arrived on the UDP socket. 0, or an errno such as ECONNREFUSED. */
static int drain_udp(struct exchange *x, struct question *questions, size_t n)
{
    for (;;) {
        ssize_t got = recv(x->fd, x->in, IN_MAX, 0);

        if (got < 0) {
            return errno == EAGAIN || errno == EINTR ? 0 : errno;
        }
        (void)offer(questions, n, x->in, (size_t)got);
    }
}

static bool has_doubtful(const struct question *questions, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (questions[i].is_doubtful) {
            return true;
        }
    }
    return false;
}

/* Waits for the answers to one sending. An unsigned error could be anyone's, so when nothing else
 * is awaited the real answer gets a moment more. 0, an errno, or -1 when the call is over. */
static int listen_udp(struct exchange *x, struct acme_call *call, struct question *questions,
                      size_t n, int64_t until_ms)
{
    bool is_last_moment = false;

    while (count_open(questions, n) > 0 || has_doubtful(questions, n)) {
        int ready = 0;
        int reason = 0;

        if (count_open(questions, n) == 0 && !is_last_moment) {
            until_ms = now_ms() + DOUBT_MS;
            is_last_moment = true;
        }
        ready = wait_for(call, x->fd, POLLIN, until_ms);
        if (ready <= 0) {
            return ready < 0 ? -1 : count_open(questions, n) > 0 ? ETIMEDOUT : 0;
        }
        reason = drain_udp(x, questions, n);
        if (reason != 0) {
            return reason;
        }
    }
    return 0;
}

/* Sends and listens, again and again with growing patience, until the server's time is up. */
static int ask_window(struct exchange *x, struct acme_call *call, struct question *questions,
                      size_t n)
{
    int64_t end_ms = now_ms() + x->settings->timeout_ms;
    int64_t patience_ms = UDP_FIRST_MS;
    int reason = ETIMEDOUT;

    while (reason == ETIMEDOUT && now_ms() < end_ms) {
        int64_t until_ms = now_ms() + patience_ms;

        for (size_t i = 0; i < n; i++) {
            const struct wire *m = &questions[i].query;

            if (!question_is_answered(&questions[i]) &&
                send(x->fd, m->bytes, m->len, MSG_NOSIGNAL) < 0 && errno != EAGAIN) {
                return errno;
            }
        }
        reason = listen_udp(x, call, questions, n, until_ms < end_ms ? until_ms : end_ms);
        patience_ms *= 2;
    }
    return reason;
}

static int32_t ask_udp(struct exchange *x, struct acme_call *call, struct address *to,
                       struct question *questions, size_t n, struct fault *f)
{
    /* A fresh socket, that is a fresh port, for each call. */
    int reason = dial(x, to, false);

    for (size_t first = 0; reason == 0 && first < n; first += UDP_WINDOW) {
        reason =
            ask_window(x, call, questions + first, n - first < UDP_WINDOW ? n - first : UDP_WINDOW);
    }
    hang_up(x);
    if (reason < 0) {
        return cancelled(f);
    }
    return reason == 0 ? ACME_OK : give_up(questions, n, to, "UDP", reason, f);
}

int32_t exchange_ask(struct exchange *x, struct acme_call *call, struct address *to,
                     struct question *questions, size_t n, struct fault *f)
{
    struct fault tcp = {.status = ACME_OK};
    int32_t status = ACME_UNSUPPORTED;

    if (!x->settings->is_udp_only && !to->refuses_tcp) {
        status = ask_tcp(x, call, to, questions, n, &tcp);
        if (status != ACME_UNSUPPORTED) {
            *f = tcp;
            return status;
        }
        to->refuses_tcp = true;
    }
    if (ask_udp(x, call, to, questions, n, f) != ACME_OK) {
        to->refuses_tcp = false;
        if (tcp.text[0] != '\0' && f->status == ACME_RETRY) {
            (void)fault_follow(f, &tcp);
        }
        return f->status;
    }
    return ACME_OK;
}
