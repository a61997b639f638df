/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * acme-dns register-autorenew | deregister-autorenew | autorenew status: who calls us every four
 * hours. Where systemd runs that is a timer (for users other than root their own systemd's), else
 * cron. What is written bears a checksum, so that it is known again, and so that what somebody
 * changed by hand since is told from it.
 */
#ifndef TASK_AUTORENEW_H
#define TASK_AUTORENEW_H

#include "store/store_last_run.h"
#include "task/task.h"

/* Refuses while a renewal would lack something that only this command's environment has. One
 * EVENT_RESULT with state= "registered", "updated" or "already registered", and next=.
 * is_printed: shown() gets what would be written where, and nothing is changed or asked. */
typedef void autorenew_shown_fn(void *arg, const char *path, const char *text);
struct autorenew_request {
    bool is_printed;
    autorenew_shown_fn *shown;
    void *arg;
};
enum task_exit task_autorenew_register(struct task_env *env,
                                       const struct autorenew_request *request);

/* One EVENT_RESULT with state= "removed" or "not registered". */
enum task_exit task_autorenew_deregister(struct task_env *env);

struct autorenew_status {
    const char *method;   /* "systemd timer", "cron file", "crontab"; NULL: not registered */
    const char *path;     /* of the timer's or cron's file; NULL for a crontab */
    const char *log;      /* of scheduled runs */
    int64_t next_run_s;   /* 0: none */
    bool is_switched_off; /* written, but systemd does not have it going */
    const struct store_last_run *last, *last_deploy; /* NULL: none yet */
    struct strv findings; /* what somebody should look at, a sentence each */
};
typedef void autorenew_seen_fn(void *arg, const struct autorenew_status *status);

/* EXIT_FAILED with findings. */
enum task_exit task_autorenew_status(struct task_env *env, autorenew_seen_fn *seen, void *arg);

#endif
