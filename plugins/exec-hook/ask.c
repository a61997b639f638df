/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One question to many name servers at once, each at its own address: over UDP, and over TCP where
 * the answer does not fit. Those that are silent cost two waits, whatever their number.
 */
#include "exec-hook.h"

#include <errno.h>
#include <poll.h>
#include <resolv.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define QUERY_MAX 512
#define ROUNDS 2
#define ROUND_MS 1500
#define TCP_TIMEOUT_S 2

/* The question, and where its answers go. */
struct asking {
    struct ask_servers *servers;
    int fds[ASK_SERVERS_MAX]; /* -1: answered, or out of reach */
    unsigned char query[QUERY_MAX];
    int query_len;
    ask_answer_fn *take;
    void *arg;
    size_t n_answers;
};

void ask_add_server(struct ask_servers *servers, const void *address, size_t len)
{
    if (servers->n < ASK_SERVERS_MAX && len <= sizeof(servers->items[0].address)) {
        memcpy(&servers->items[servers->n].address, address, len);
        servers->items[servers->n++].len = (socklen_t)len;
    }
}

static bool make_query(struct asking *a, const char *name, int type)
{
    struct __res_state res = {.options = 0};
    unsigned char id[2];

    if (res_ninit(&res) != 0) {
        return false;
    }
    res.options &= ~(unsigned long)RES_RECURSE;
    a->query_len = res_nmkquery(&res, ns_o_query, name, ns_c_in, type, NULL, 0, NULL, a->query,
                                sizeof(a->query));
    res_nclose(&res);
    if (a->query_len <= 0 || getrandom(id, sizeof(id), 0) != (ssize_t)sizeof(id)) {
        return false;
    }
    memcpy(a->query, id, sizeof(id));
    return true;
}

/* Whether it is the answer to our question, and not to another or none. Behind the header of 12
 * bytes the question stands as it was asked, but for the case of its letters. */
static bool is_answer(const struct asking *a, const unsigned char *bytes, ssize_t len)
{
    ns_msg asked;
    ns_msg got;
    ns_rr ours;
    ns_rr theirs;

    return len >= 12 && memcmp(bytes, a->query, 2) == 0 &&
           ns_initparse(a->query, a->query_len, &asked) == 0 &&
           ns_initparse(bytes, (int)len, &got) == 0 && ns_msg_getflag(got, ns_f_qr) &&
           ns_msg_count(got, ns_s_qd) == 1 && ns_parserr(&asked, ns_s_qd, 0, &ours) == 0 &&
           ns_parserr(&got, ns_s_qd, 0, &theirs) == 0 && ns_rr_type(ours) == ns_rr_type(theirs) &&
           strcasecmp(ns_rr_name(ours), ns_rr_name(theirs)) == 0;
}

/* ---- TCP ---- */

static bool read_whole(int fd, unsigned char *to, size_t len)
{
    size_t at = 0;

    while (at < len) {
        ssize_t n = recv(fd, to + at, len - at, 0);

        if (n <= 0) {
            return false;
        }
        at += (size_t)n;
    }
    return true;
}

/* Bytes of the answer, or -1. */
static ssize_t talk(const struct asking *a, int fd, unsigned char *answer)
{
    unsigned char framed[QUERY_MAX + 2] = {(unsigned char)(a->query_len >> 8),
                                           (unsigned char)a->query_len};
    size_t len = (size_t)a->query_len + 2;
    unsigned char front[2];

    memcpy(framed + 2, a->query, (size_t)a->query_len);
    if (send(fd, framed, len, MSG_NOSIGNAL) != (ssize_t)len || !read_whole(fd, front, 2)) {
        return -1;
    }
    len = (size_t)front[0] << 8 | front[1];
    return read_whole(fd, answer, len) ? (ssize_t)len : -1;
}

static ssize_t ask_by_tcp(const struct asking *a, const struct ask_server *server,
                          unsigned char *answer)
{
    const struct timeval patience = {.tv_sec = TCP_TIMEOUT_S};
    int fd = socket(server->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ssize_t len = -1;

    if (fd < 0) {
        return -1;
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(fd, (const struct sockaddr *)&server->address, server->len) == 0) {
        len = talk(a, fd, answer);
    }
    (void)close(fd);
    return len;
}

/* ---- UDP ---- */

static void hang_up(struct asking *a, size_t index)
{
    (void)close(a->fds[index]);
    a->fds[index] = -1;
}

static bool is_cut(const unsigned char *answer)
{
    return (answer[2] & 0x02) != 0; /* TC, RFC 1035 section 4.1.1 */
}

/* Reads what has come from one server. */
static void listen_to(struct asking *a, size_t index)
{
    unsigned char answer[ASK_ANSWER_MAX];
    ssize_t len = recv(a->fds[index], answer, sizeof(answer), MSG_DONTWAIT);

    if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (len >= 0 && !is_answer(a, answer, len)) {
        return; /* of whoever guessed our port; the real one may still come */
    }
    hang_up(a, index);
    if (len >= 0 && is_cut(answer)) {
        len = ask_by_tcp(a, &a->servers->items[index], answer);
        len = len >= 0 && is_answer(a, answer, len) ? len : -1;
    }
    if (len >= 0 && a->take(a->arg, answer, (int)len)) {
        a->n_answers++;
    }
}

static int64_t now_ms(void)
{
    struct timespec now = {.tv_sec = 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Listens to all that have not answered, until all have or the round is over. */
static void listen_to_all(struct asking *a)
{
    int64_t until_ms = now_ms() + ROUND_MS;
    int64_t left_ms = ROUND_MS;

    while (left_ms > 0) {
        struct pollfd polled[ASK_SERVERS_MAX];
        bool is_any = false;

        for (size_t i = 0; i < a->servers->n; i++) {
            polled[i] = (struct pollfd){.fd = a->fds[i], .events = POLLIN};
            is_any = is_any || a->fds[i] >= 0;
        }
        if (!is_any || poll(polled, a->servers->n, (int)left_ms) < 0) {
            return;
        }
        for (size_t i = 0; i < a->servers->n; i++) {
            if (a->fds[i] >= 0 && polled[i].revents != 0) {
                listen_to(a, i);
            }
        }
        left_ms = until_ms - now_ms();
    }
}

/* Connected: nobody else's packets are heard, and a closed port is told at once. */
static void open_all(struct asking *a)
{
    for (size_t i = 0; i < a->servers->n; i++) {
        const struct ask_server *server = &a->servers->items[i];

        a->fds[i] = socket(server->address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (a->fds[i] >= 0 &&
            connect(a->fds[i], (const struct sockaddr *)&server->address, server->len) != 0) {
            hang_up(a, i);
        }
    }
}

static void send_all(struct asking *a)
{
    for (size_t i = 0; i < a->servers->n; i++) {
        if (a->fds[i] >= 0 &&
            send(a->fds[i], a->query, (size_t)a->query_len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
            hang_up(a, i);
        }
    }
}

size_t ask_all(struct ask_servers *servers, const char *name, int type, ask_answer_fn *take,
               void *arg)
{
    struct asking a = {.servers = servers, .take = take, .arg = arg};

    if (!make_query(&a, name, type)) {
        return 0;
    }
    open_all(&a);
    for (int round = 0; round < ROUNDS; round++) {
        send_all(&a);
        listen_to_all(&a);
    }
    for (size_t i = 0; i < servers->n; i++) {
        if (a.fds[i] >= 0) {
            hang_up(&a, i);
        }
    }
    return a.n_answers;
}
