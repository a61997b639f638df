/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/secret_input.h"

#include "base/clock.h"
#include "base/mem.h"
#include "task/signals.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define WAIT_MS 10000
#define LOOK_MS 100
#define PIECE_MAX 4096

/* A pipe that nobody writes to must not hold the run, nor its signals, for long: the loop stands
 * still meanwhile. */
static int wait_for_input(const char *what, int64_t deadline_ms, struct err *err)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};

    while (clock_mono_ms() < deadline_ms) {
        if (signals_are_pending()) {
            return err_set(err, ERR_CANCELLED, "interrupted while waiting for %s", what);
        }
        if (poll(&fd, 1, LOOK_MS) > 0) {
            return 0;
        }
    }
    return err_set(err, ERR_CONFIG, "%s, with an end, did not come from standard input within %d s",
                   what, WAIT_MS / 1000);
}

int secret_input_read(const char *what, struct buf *to, struct err *err)
{
    char bytes[PIECE_MAX];
    int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
    ssize_t n = 1;

    if (isatty(STDIN_FILENO) == 1) {
        (void)err_set(err, ERR_CONFIG, "%s would be shown while it is typed", what);
        return err_hint(err, "Standard input is a terminal: name a file, or pipe %s in.", what);
    }
    while (n != 0 && !to->has_overflown) {
        if (wait_for_input(what, deadline_ms, err) < 0) {
            return err_code(err);
        }
        n = read(STDIN_FILENO, bytes, sizeof(bytes));
        if (n < 0 && errno != EINTR && errno != EAGAIN) {
            return err_set_errno(err, "cannot read %s from standard input", what);
        }
        buf_add(to, bytes, n > 0 ? (size_t)n : 0);
        mem_wipe(bytes, sizeof(bytes));
    }
    if (buf_check(to, what, err) < 0) {
        err->class = ERR_CONFIG;
        return err_wrap(err, "standard input");
    }
    return 0;
}
