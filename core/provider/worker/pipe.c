/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/worker/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t pipe_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void pipe_send(struct frame_out *out)
{
    size_t sent = 0;

    if (!frame_end(out)) {
        _exit(70);
    }
    while (sent < out->len) {
        ssize_t n = send(FRAME_FD_CORE, out->bytes + sent, out->len - sent, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR) {
            _exit(0);
        }
        sent += n > 0 ? (size_t)n : 0;
    }
}

/* Reads what is there; a closed socket is the end of this process. */
static void fill(struct worker *w)
{
    if (w->in_cap - w->in_len < 4096) {
        size_t cap = w->in_cap == 0 ? 16384 : w->in_cap * 2;
        uint8_t *bytes = cap <= 4u * FRAME_MAX ? realloc(w->in, cap) : NULL;

        if (bytes == NULL) {
            _exit(70);
        }
        w->in = bytes;
        w->in_cap = cap;
    }
    ssize_t n = recv(FRAME_FD_CORE, w->in + w->in_len, w->in_cap - w->in_len, 0);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
        _exit(0);
    }
    w->in_len += n > 0 ? (size_t)n : 0;
}

bool pipe_next(struct worker *w, int wait_ms, struct frame_in *ret_in, size_t *ret_used)
{
    int64_t until = pipe_now_ms() + wait_ms;

    for (;;) {
        int found = frame_open(w->in, w->in_len, ret_in, ret_used);

        if (found < 0) {
            _exit(70);
        }
        if (found > 0) {
            return true;
        }
        int64_t left = wait_ms < 0 ? -1 : until - pipe_now_ms();
        if (wait_ms >= 0 && left < 0) {
            left = 0;
        }
        struct pollfd p = {.fd = FRAME_FD_CORE, .events = POLLIN};
        int ready = poll(&p, 1, (int)left);
        if (ready == 0 && wait_ms >= 0) {
            return false;
        }
        if (ready > 0) {
            fill(w);
        }
    }
}

/* The bytes may have held secrets: what moves up is overwritten behind. */
void pipe_drop(struct worker *w, size_t used)
{
    memmove(w->in, w->in + used, w->in_len - used);
    explicit_bzero(w->in + w->in_len - used, used);
    w->in_len -= used;
}

void pipe_refuse(int32_t status, const char *format, ...)
{
    struct frame_out out = {.bytes = NULL};
    char text[2048];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    frame_begin(&out, FRAME_REFUSED, 0);
    frame_add_u32(&out, (uint32_t)status);
    frame_add_text(&out, text);
    pipe_send(&out);
    _exit(0);
}
