/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The inside of issue, shared by the files that each hold a part of it. */
#ifndef TASK_ISSUE_IMPL_H
#define TASK_ISSUE_IMPL_H

#include "order/order.h"
#include "store/store_cert.h"
#include "store/store_lock.h"
#include "task/account.h"
#include "task/issue.h"
#include "task/rooms.h"
#include "task/wanted.h"

struct issue {
    struct task_env *env;
    const struct issue_request *request;
    struct wanted *wanted;
    struct store *store;
    struct http *http;
    struct rooms *rooms;
    struct account *account;
    struct order *order;
    struct signals *signals;
    struct store_job *job;
    struct store_lock *lock;
    struct deploy *deploy;
    struct store_cert *before; /* installed when we began, or NULL */
    struct store_cert *after;
    const char *state; /* "issued", "unchanged", "remembered"; NULL: err says why not */
    char *change;      /* what is remembered, or NULL */
    struct err err;
    struct err deploy_err; /* the hooks' failures, if any */
    bool is_over;
};

/* Ends the task: err says why, or NULL. The first call counts. */
void issue_finish(struct issue *issue, const struct err *err);

/* Runs the deploy hooks if they have not been run for what is installed; then the task ends. */
void issue_deploy(struct issue *issue);

/* Leaves *ret_cert alone when there is none. */
int issue_load_installed(struct issue *issue, struct store_cert **ret_cert, struct err *err);

/* Opens issue->rooms, unless they are open. */
int issue_open_rooms(struct issue *issue, struct err *err);

/* issue_decide.c: 1: issue now. 0: nothing is due; the task ends by itself. */
int issue_decide(struct issue *issue, struct err *err);

/* issue_save.c: warns of credentials that only this run's environment has, or, when asked to,
 * writes them into the configuration. */
void issue_keep_credentials(const struct issue *issue);

/* issue_tell.c: the last events, and the exit status. */
enum task_exit issue_tell(const struct issue *issue);

/* The same for a request that makes no sense. */
enum task_exit issue_tell_refusal(const struct issue_request *request, const struct err *err);

#endif
