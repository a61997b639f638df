/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The inside of a job, shared by the files that each hold a part of it. */
#ifndef TASK_JOB_IMPL_H
#define TASK_JOB_IMPL_H

#include "order/order.h"
#include "store/store_cert.h"
#include "store/store_lock.h"
#include "task/job.h"
#include "task/renewal.h"
#include "task/renewal_ask.h"
#include "task/wanted.h"

enum job_trial { JOB_TRIAL_NONE, JOB_TRIAL_PASSED, JOB_TRIAL_FAILED };

struct job {
    struct run *run;
    const struct issue_request *request;
    job_done_fn *done;
    void *arg;
    struct wanted *wanted;
    struct provider_map *map; /* who publishes for it */
    struct store *store;      /* the run's */
    struct rooms *rooms;      /* the run's; NULL: not needed yet */
    struct run_member *member;
    struct order *order;
    struct store_job *lock_job;
    struct around_wait *around_wait; /* for pre-hooks */
    struct store_lock *lock;
    struct deploy *deploy;
    struct renewal_ask *ask;
    struct acme_client *client; /* the account's; NULL: it was not needed */
    struct store_cert *before;  /* installed when we began, or NULL */
    struct store_cert *after;
    const char *state; /* "issued", "unchanged", "remembered"; NULL: err says why not */
    char *change;      /* what is remembered, or NULL */
    struct err err;
    struct err deploy_err; /* the hooks' failures, if any */
    struct err post_err;   /* a post-hook's, where the run is for this one alone */
    enum job_trial trial;  /* that went before it */
    struct err trial_err;  /* if it failed */
    bool has_entered;      /* an order was about to begin: post-hooks are due */
    bool is_validation;    /* the order failed by one */
    bool is_gone;          /* deleted or revoked since it was planned for */
    bool is_held_back;     /* the CA has asked to be spared before: nothing was tried */
    bool has_met_limit;    /* it asked now */
    bool is_trying;        /* from here on a failure is one of this certificate's renewals */
    bool is_over;
};

DEFINE_AUTO_PTR(job, job_free);

/* Decides, and begins what is to be done. */
void job_begin(struct job *job);

/* Runs the deploy hooks if they have not been run for what is installed; then job_end(). */
void job_deploy(struct job *job);

/* Leaves *ret_cert alone when there is none. */
int job_load_installed(struct job *job, struct store_cert **ret_cert, struct err *err);

/* Gets job->rooms, unless it has them. */
int job_open_rooms(struct job *job, struct err *err);

/* job_decide.c: reads the clock and what is installed. */
int job_look(struct job *job, struct err *err);

/* 1: issue now. 0: nothing is due; the job ends by itself. */
int job_decide(struct job *job, struct err *err);

/* job_renewal.c: whether it is due; whether the CA lets us order; what the order replaces, to
 * mem_free, or NULL. */
void job_judge(const struct job *job, const struct store_cert *cert,
               struct renewal_verdict *ret_verdict);
int job_check_limits(const struct job *job, struct err *err);
char *job_replaces(const struct job *job);
/* What is remembered for later runs. */
void job_note_refusal(const struct job *job, const struct order_result *result);
void job_note_failure(const struct job *job);
void job_note_success(const struct job *job);
/* Asks the CA when to renew, if it is time to; job_begin() follows. False: there was no need. */
bool job_ask_first(struct job *job);
/* Ends the job; what was installed is asked about before that, in a few seconds. */
void job_end(struct job *job);

/* job_trial.c: under the lock, notes what a trial before it has come to. True: that was all. */
bool job_end_by_trial(struct job *job);

/* job_save.c: warns of credentials that only this run's environment has, or, when asked to, writes
 * them into the configuration. */
void job_keep_credentials(const struct job *job);

#endif
