/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What a job asks and keeps of its certificate's renewals. Keeping is never what it fails by. */
#include "task/job_impl.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"
#include "store/store_account.h"

/* The account may not be open yet; its name is known all the same. */
static struct renewal_order order_of(const struct job *job)
{
    const struct ca *ca = job->wanted->ca;

    return (struct renewal_order){
        .directory_url = ca->directory,
        .account_id = ca->account != NULL ? ca->account : STORE_ACCOUNT_DEFAULT,
        .names = &job->wanted->now.names,
    };
}

void job_judge(const struct job *job, const struct store_cert *cert,
               struct renewal_verdict *ret_verdict)
{
    const struct renewal_order order = order_of(job);
    const struct renewal_subject subject = {
        .name = job->wanted->name,
        .cert = cert,
        .renew_before_s = cert == NULL ? 0
                                       : margin_seconds(&job->wanted->renew_before,
                                                        cert->not_after_s - cert->not_before_s),
        .directory_url = order.directory_url,
        .account_id = order.account_id,
        .names = order.names,
    };

    renewal_judge(job->store, &subject, clock_wall_s(), ret_verdict);
}

int job_check_limits(const struct job *job, struct err *err)
{
    struct renewal_order order = order_of(job);
    AUTO(renewal_verdict_done) struct renewal_verdict verdict = {.is_due = false};

    job_judge(job, job->before, &verdict);
    order.is_in_danger = verdict.is_in_danger;
    if (renewal_check_limits(job->store, &order, clock_wall_s(), err) == 0) {
        return 0;
    }
    if (err->class == ERR_LATER) {
        return err_code(err);
    }
    /* What cannot be read stops no renewal: the CA says again what it wants. */
    event_log(EVENT_WARNING, job->wanted->name, "%s", err->text);
    err_clear(err);
    return 0;
}

char *job_replaces(const struct job *job)
{
    const struct renewal_order order = order_of(job);

    return job->request->is_trial ? NULL : renewal_replaces(job->store, job->before, &order);
}

/* ---- What came of it ---- */

static void warn_unless_kept(const struct job *job, int code, const struct err *err)
{
    if (code < 0) {
        event_log(EVENT_WARNING, job->wanted->name, "%s", err->text);
    }
}

void job_note_refusal(const struct job *job, const struct order_result *result)
{
    const struct renewal_order order = order_of(job);
    struct err err = ERR_INIT;

    if (result->refusal != NULL) {
        warn_unless_kept(job,
                         renewal_note_limit(job->store, &order, result->refusal,
                                            result->retry_after_s, clock_wall_s(), &err),
                         &err);
    }
}

void job_note_failure(const struct job *job)
{
    const struct renewal_failure failure = {.why = &job->err, .is_validation = job->is_validation};
    struct err err = ERR_INIT;

    warn_unless_kept(job,
                     renewal_note_failure(job->store, job->wanted->name, job->before, &failure,
                                          clock_wall_s(), &err),
                     &err);
}

void job_note_success(const struct job *job)
{
    struct err err = ERR_INIT;

    warn_unless_kept(
        job, renewal_note_success(job->store, job->before, job->after, clock_wall_s(), &err), &err);
}

/* ---- Asking the CA ---- */

static void finish_first_ask(void *arg, bool is_silent)
{
    struct job *job = arg;

    job->ask = NULL;
    if (is_silent) {
        run_give_up_client(job->run, job->wanted->ca);
    }
    job_begin(job);
}

/* Only the CA that would be asked for the next one is asked about this one. */
bool job_ask_first(struct job *job)
{
    const struct ca *ca = job->wanted->ca;
    AUTO(renewal_verdict_done) struct renewal_verdict verdict = {.is_due = false};
    struct acme_client *client = NULL;
    struct err err = ERR_INIT;

    if (job->before == NULL || job->request->is_forced || job->request->is_trial ||
        !str_eq(job->before->directory_url, ca->directory)) {
        return false;
    }
    job_judge(job, job->before, &verdict);
    if (!verdict.wants_ari) {
        return false;
    }
    if (run_open_client(job->run, ca, &client, &err) < 0) {
        event_log(EVENT_DEBUG, job->wanted->name, "the CA is not asked when to renew: %s",
                  err.text);
        return false;
    }
    job->ask = renewal_ask_start(run_env(job->run)->loop, job->store, client, job->before,
                                 RENEWAL_ASK_MS, finish_first_ask, job);
    return true;
}

static void finish_last_ask(void *arg, bool is_silent)
{
    struct job *job = arg;

    (void)is_silent;
    job->ask = NULL;
    job_finish(job, NULL);
}

void job_end(struct job *job)
{
    if (job->after == NULL || job->client == NULL) {
        job_finish(job, NULL);
        return;
    }
    job->ask = renewal_ask_start(run_env(job->run)->loop, job->store, job->client, job->after,
                                 RENEWAL_ASK_QUICKLY_MS, finish_last_ask, job);
}
