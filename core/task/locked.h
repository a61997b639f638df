/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One step with one certificate under its lock, as delete, revoke and deploy each take it: the
 * lock, the step, the loop until it has ended or a signal ends it, and the first error of all that.
 */
#ifndef TASK_LOCKED_H
#define TASK_LOCKED_H

#include "store/store_lock.h"
#include "task/task.h"

/* What begin returns when locked_finish() is still to come. */
enum { LOCKED_GOES_ON = 1 };

/* Begins the step, from the loop, under the lock. 0: that was all of it. */
typedef int locked_begin_fn(void *arg, struct err *err);

struct locked {
    struct task_env *env;
    const char *command; /* for who waits for the lock meanwhile: "delete" */
    struct store *store;
    const char *name; /* the certificate; NULL: none that is kept here, and no lock */
    locked_begin_fn *begin;
    void *arg;

    /* Its own. */
    struct loop_timer *turn;
    struct store_job *job;
    struct store_lock *lock;
    struct err err;
};

/* Runs the step to its end. The lock is still held then: the caller takes back what the step may
 * have left under way, then calls locked_done(). ERR_LOCKED, ERR_CANCELLED (a signal), or as the
 * step. */
int locked_run(struct locked *locked, struct err *err);

/* Ends a step that goes on; err is NULL when all went well. The first error is the one that counts.
 */
void locked_finish(struct locked *locked, const struct err *err);

/* Releases the lock. */
void locked_done(struct locked *locked);

#endif
