/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Child processes in sessions of their own: started with nothing inherited but what is named, and
 * ended with everything they started.
 */
#ifndef PROVIDER_SESSION_H
#define PROVIDER_SESSION_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SESSION_FDS_MAX 6

struct session_plan {
    const char *executable;
    char *const *argv;
    char *const *env;
    int fds[SESSION_FDS_MAX]; /* what becomes descriptor 0, 1, ...; -1: /dev/null */
    int n_fds;                /* all others are closed */
    bool is_on_terminal;      /* in our session, and in front of the terminal, for a debugger */
};

/* Starts it: own session, no signal blocked or ignored, killed when we die. */
int session_start(const struct session_plan *plan, pid_t *ret_pid, struct err *err);

/* Puts this process in front of its terminal again, where one that was on_terminal has ended. */
void session_take_terminal(void);

/* Kills the session that pid leads, and whatever else descends from it, by looking through /proc
 * until nothing is left. The leader itself stays to be reaped. */
void session_kill(pid_t pid);

/* The leader has been reaped: kills what it left behind. Must follow each session_start() once. */
void session_end(pid_t pid);

/* The leader has been reaped, and what it left running is to go on: a hook restarted a service. */
void session_leave(pid_t pid);

/* Kills, reaps and ends it; for when there is no loop any more. */
void session_kill_and_reap(pid_t pid);

/* Nobody reads this process's memory through /proc or ptrace, or from a core file; and what a
 * session loses becomes this process's child, so that it can be found. */
void session_harden_self(void);

#endif
