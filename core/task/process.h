/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns process | renew: all certificates of the configuration and of earlier commands; what is
 * missing is issued, what is due renewed, side by side, each without regard to the others' luck. */
#ifndef TASK_PROCESS_H
#define TASK_PROCESS_H

#include "task/plan.h"

struct process_request {
    const char *command;      /* "process" or "renew" */
    const struct strv *names; /* renew: only these; empty: all */
    bool is_renewal;          /* no first issue */
    bool is_forced;           /* renew now, whatever the dates say */
    bool is_scheduled;        /* nobody watches; no trials */
    bool is_deploy_left;      /* deploy hooks are another run's */
    bool is_unchanged_told;   /* EXIT_UNCHANGED when nothing was due */
    bool is_trial;            /* all at their CAs' staging partners; only accounts are kept */
};

/*
 * One EVENT_RESULT for each certificate that something was done for, that failed, or that was
 * named; one at the end, whose subject is the command, with text= the summary and issued=, failed=,
 * waiting=, left=, postponed=, unchanged=. The status is that of the failures if they all have the
 * same, else EXIT_FAILED.
 */
enum task_exit task_process(struct task_env *env, const struct process_request *request);

/* --plan: what task_process() would do, in its order. Borrowed during the callback. */
typedef void plan_row_fn(void *arg, const struct plan_item *item);
enum task_exit task_process_plan(struct task_env *env, const struct process_request *request,
                                 plan_row_fn *seen, void *arg);

#endif
