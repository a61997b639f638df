/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Failure hooks: somebody is told of certificates that a run could not renew. One call a run tells
 * of all of them. A certificate is told of when it first fails, when it comes into danger (half of
 * the time for renewing is gone), daily while it is there, and once when it is in order again. What
 * was told is kept with its renewals (store/store_renewal.h), once the hooks have succeeded.
 */
#ifndef TASK_FAILURE_H
#define TASK_FAILURE_H

#include "base/cleanup.h"
#include "store/store.h"
#include "task/task.h"

/* ---- Whether to tell ---- */

enum failure_news {
    FAILURE_NO_NEWS,
    FAILURE_BEGUN,     /* it fails, for the first time since it was in order */
    FAILURE_LEFT,      /* a first order has failed, which nobody but the user repeats */
    FAILURE_DANGER,    /* it has come into danger */
    FAILURE_GOES_ON,   /* it is there still, a day later */
    FAILURE_RECOVERED, /* it is in order again */
};

struct failure_facts {
    bool has_failed; /* the last time it was tried */
    bool is_in_danger;
    int64_t failure_told_s, danger_told_s; /* in seconds since 1970; 0: not told */
    int64_t now_s;
};

enum failure_news failure_judge(const struct failure_facts *facts);

/* ---- Telling ---- */

struct plan;
struct failures;
struct failures *failures_new(const struct task_env *env);
void failures_free(struct failures *failures); /* kills what runs; takes NULL */
DEFINE_AUTO_PTR(failures, failures_free);

/* At the end of a run: is there news of this one? Trials of staging services are nobody's. */
void failures_look_at(struct failures *failures, struct store *store, const char *name);

/* The same for all of a plan, made before the run or now, but those that are to be left alone. */
void failures_look_through(struct failures *failures, struct store *store, const struct plan *plan);

/* Runs the hooks, if there is news. done() comes from the loop, in any case. A hook that fails
 * changes nothing about the run: it is warned of, and everything is told again by the next. */
typedef void failures_done_fn(void *arg);
void failures_send(struct failures *failures, failures_done_fn *done, void *arg);

#endif
