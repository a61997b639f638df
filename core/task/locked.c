/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/locked.h"

#include "config/settings.h"
#include "task/signals.h"

void locked_finish(struct locked *locked, const struct err *err)
{
    if (err != NULL && locked->err.class == ERR_NONE) {
        locked->err = *err;
    }
    loop_stop(locked->env->loop);
}

static void begin(struct locked *locked)
{
    struct err err = ERR_INIT;
    int code = locked->begin(locked->arg, &err);

    if (code != LOCKED_GOES_ON) {
        locked_finish(locked, code < 0 ? &err : NULL);
    }
}

static void finish_lock(void *arg, struct store_lock *lock, const struct err *err)
{
    struct locked *locked = arg;

    locked->job = NULL;
    locked->lock = lock;
    if (err != NULL) {
        locked_finish(locked, err);
    } else {
        begin(locked);
    }
}

static void begin_unlocked(void *arg)
{
    struct locked *locked = arg;

    locked->turn = NULL;
    begin(locked);
}

static void cancel(void *arg, const char *reason)
{
    struct err err = ERR_INIT;

    (void)err_set(&err, ERR_CANCELLED, "%s", reason);
    locked_finish(arg, &err);
}

int locked_run(struct locked *locked, struct err *err)
{
    struct task_env *env = locked->env;
    struct signals *signals = signals_open(env, cancel, locked);
    int code = 0;

    store_set_command(locked->store, locked->command);
    if (locked->name != NULL) {
        locked->job = store_lock_start(locked->store, STORE_LOCK_CERT, locked->name, false,
                                       env->settings->lock_timeout_ms, finish_lock, locked);
    } else {
        locked->turn = loop_timer_start(env->loop, 0, begin_unlocked, locked);
    }
    code = loop_run(env->loop, err);
    if (code == 0 && locked->err.class != ERR_NONE) {
        *err = locked->err;
        code = err_code(err);
    }
    signals_close(signals);
    return code;
}

void locked_done(struct locked *locked)
{
    loop_timer_cancel(&locked->turn);
    store_job_cancel(&locked->job);
    store_lock_release(locked->lock);
    locked->lock = NULL;
}
