/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One command again and again, for containers, where neither systemd nor cron is. Each round is a
 * process of its own: it reads the configuration anew, what it leaks goes with it, and a crash
 * costs one round. Fit to be process 1: reaps what others lose, hands signals on to the round that
 * runs, and ends when that has cleaned up.
 */
#ifndef CLI_EVERY_H
#define CLI_EVERY_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

#define EVERY_NOT_STARTED 127 /* as the shell says it */

struct every_plan {
    int64_t period_ms; /* from the beginning of one round to that of the next, less up to a tenth */
    int64_t limit_ms;  /* a round that takes longer is ended as by a signal, and then killed */
    /* Starts a round as a child of this process; one that could not become the program after all
     * ends with EVERY_NOT_STARTED. */
    int (*start)(void *arg, pid_t *ret_pid, struct err *err);
    void *arg;
};

/* The first round begins at once. Returns when SIGINT, SIGTERM or SIGHUP has come and the round
 * that ran has ended; *ret_signal is that signal then, and the process should die by it. Negative:
 * nothing could be waited for. A round that cannot be started, crashes or has to be killed is told,
 * and the next is tried. */
int every_run(const struct every_plan *plan, int *ret_signal, struct err *err);

/* Runs this program with these arguments, less --every and its value, as a timer does. */
int every_start_self(char *const *argv, pid_t *ret_pid, struct err *err);

#endif
