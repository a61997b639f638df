/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Hooks: command lines of the user's that are run one after the other, without a shell, with a
 * fixed PATH, a deadline each, and an environment that says what happened. A hook that fails does
 * not keep the others from running.
 */
#ifndef TASK_HOOK_H
#define TASK_HOOK_H

#include "task/task.h"

struct hooks;

struct hooks_plan {
    const char *subject;      /* for messages: the certificate */
    const char *what;         /* "deploy hook" */
    const struct strv *lines; /* divided as by words_split() */
    const struct strv *env;   /* NAME=value, beside PATH and the like */
    const char *input;        /* on standard input; NULL: nothing */
    int64_t deadline_ms;      /* of each */
};

/* err is NULL when all succeeded; else what went wrong, a line a hook, ERR_FAILED or ERR_CANCELLED.
 * Comes from the loop; the hooks are gone then. */
typedef void hooks_done_fn(void *arg, const struct err *err);
struct hooks *hooks_start(struct loop *loop, const struct hooks_plan *plan, hooks_done_fn *done,
                          void *arg);

/* Adds NAME=value to an environment. A list of words that is too long for one (64 KiB) loses its
 * end. NULL is "". */
void hooks_add_variable(struct strv *env, const char *name, const char *value);

/* Kills the one that runs; no callback. Takes NULL, leaves NULL. */
void hooks_cancel(struct hooks **hooks);

#endif
