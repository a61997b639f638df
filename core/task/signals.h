/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * SIGINT, SIGTERM and SIGHUP while a command runs: the first asks it to end cleanly, the second
 * ends the loop at once and says what is left to whom. task_env.caught_signal then holds the signal
 * to die by.
 */
#ifndef TASK_SIGNALS_H
#define TASK_SIGNALS_H

#include "task/task.h"

struct signals;

/* first: called from the loop with words for the user. */
struct signals *signals_open(struct task_env *env, void (*first)(void *arg, const char *reason),
                             void *arg);
void signals_close(struct signals *signals); /* takes NULL */

/* Whether one of them waits to be taken: for the few places that must wait outside the loop. It is
 * left pending, the loop takes it and ends the run in order. */
bool signals_are_pending(void);

#endif
