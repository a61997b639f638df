/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Hooks around the orders of a run. Pre-hooks come before the first order that needs them and only
 * when there really is one; one that fails keeps those orders from beginning. Post-hooks come at
 * the end of the run, whatever became of the orders, of the pre-hooks, and of the run. Equal
 * command lines are one hook: it is run once, however many certificates have it.
 */
#ifndef TASK_AROUND_H
#define TASK_AROUND_H

#include "base/cleanup.h"
#include "task/task.h"

struct around;
struct around *around_new(const struct task_env *env);
void around_free(struct around *around); /* kills what runs; takes NULL */

/* A certificate that waits for its pre-hooks. Leaving takes the address of the owner's variable and
 * leaves NULL; no callback comes after it. */
struct around_wait;
void around_leave(struct around_wait **wait);

/* err is NULL when all succeeded. Comes from the loop; the wait is over then: callbacks start by
 * setting the owner's variable to NULL. */
typedef void around_ready_fn(void *arg, const struct err *err);

enum { AROUND_WAITS = 1 };

/*
 * A certificate is about to order: the pre-hooks of all and its own are run, those that were not
 * yet, and post-hooks are due from now on. 0: it may begin at once. AROUND_WAITS: ready() comes.
 * ERR_FAILED: one of them has failed before.
 */
int around_enter(struct around *around, const struct strv *own_pre, const struct strv *own_post,
                 around_ready_fn *ready, void *arg, struct around_wait **ret_wait, struct err *err);

/* For the post-hooks' environment: what became of one that entered. */
void around_note(struct around *around, const char *name, const struct strv *domains,
                 bool is_issued);

/* Runs the post-hooks that are due, within 30 s when a signal ended the run. done() comes from the
 * loop, in any case; err is NULL when none failed. */
void around_finish(struct around *around, around_ready_fn *done, void *arg);

#endif
