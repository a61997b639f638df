/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What becomes of each job of a call that has ended: done, failed, tried again, or tried again in
 * halves because the batch was refused as a whole and one change of it may be the guilty one.
 */
#include "provider/set.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include "acme-plugin.h"

#include <string.h>

#define RETRY_FIRST_MS 500

const char *outcome_status_name(int32_t status)
{
    static const char *const NAMES[] = {
        "did not work this time", "refuses this credential",  "has no zone for it",
        "refuses the change",     "has wrong settings",       "cannot do that",
        "gave up when asked to",  "found a fault of its own",
    };

    if (status >= ACME_RETRY && status <= ACME_BUG) {
        return NAMES[status - ACME_RETRY];
    }
    return status == ACME_OK ? "done" : "returned an unknown status";
}

/* A refusal leaves nothing behind; anything vaguer may. */
static bool may_be_in_force(int32_t status)
{
    return status != ACME_DENIED && status != ACME_NO_ZONE && status != ACME_REJECTED &&
           status != ACME_BAD_CONFIG && status != ACME_UNSUPPORTED;
}

static const char *action_of(const struct provider_job *job)
{
    if (job->kind != JOB_CHANGE) {
        return job->kind == JOB_SETTLED ? "say whether it is live" : "list its zones";
    }
    return job->change.verb == PROVIDER_ADD ? "add" : "remove";
}

static void describe(const struct provider_job *job, const struct call *c, int32_t status,
                     const char *text, struct err *err)
{
    const struct provider *p = job->provider;
    bool is_named = status >= ACME_RETRY && status <= ACME_BUG;

    /* The worker knows the deadline too, and may be the first to see it pass. */
    if (c->is_over_deadline || (status == ACME_CANCELLED && !c->is_cancelled)) {
        (void)call_timeout_err(p, err);
        if (text != NULL && text[0] != '\0') {
            (void)err_hint(err, "%s", text);
        }
    } else if (is_named) {
        (void)err_set(err, status == ACME_CANCELLED ? ERR_CANCELLED : ERR_PROVIDER, "it %s%s%s",
                      outcome_status_name(status), text != NULL && text[0] != '\0' ? ": " : "",
                      text != NULL ? text : "");
    } else {
        (void)err_set(err, ERR_PROVIDER,
                      "plug-in '%s' returned %d, which is no status of the interface%s%s",
                      p->keys.plugin, status, text != NULL && text[0] != '\0' ? ": " : "",
                      text != NULL ? text : "");
    }
    (void)err_wrap(err, "provider '%s' cannot %s%s%s", p->name, action_of(job),
                   job->change.fqdn != NULL ? " " : "",
                   job->change.fqdn != NULL ? job->change.fqdn : "");
}

static void succeed(struct provider_job *job)
{
    struct provider_result result = {
        .is_ok = true, .receipt = job->change.receipt, .receipt_len = job->change.receipt_len};

    if (job->family != NULL) {
        job->family->fruitless = 0;
    }
    queue_finish(job, &result);
}

static void fail(struct provider_job *job, const struct call *c, int32_t status,
                 uint32_t retry_after_s, const char *text)
{
    struct err err = ERR_INIT;
    struct provider_result result = {.status = status,
                                     .may_be_in_force = may_be_in_force(status) || job->was_vague,
                                     .receipt = job->change.receipt,
                                     .receipt_len = job->change.receipt_len,
                                     .err = &err};

    describe(job, c, status, text, &err);
    err.retry_after_s = retry_after_s;
    queue_finish(job, &result);
}

/* RETRY of settled() is its answer; of a change, a request to try again within the call's time. */
static bool try_again(struct provider_job *job, const struct call *c, uint32_t retry_after_s)
{
    const struct provider *p = job->provider;
    int64_t now_ms = loop_now_ms(p->set->loop);
    int64_t delay_ms =
        retry_after_s > 0 ? (int64_t)retry_after_s * 1000 : (int64_t)RETRY_FIRST_MS << job->retries;

    if (job->kind != JOB_CHANGE || job->retries >= RETRIES_MAX || c->is_cancelled ||
        c->is_over_deadline || now_ms + delay_ms > job->first_sent_ms + call_timeout_ms(p)) {
        return false;
    }
    job->retries++;
    job->was_vague = true;
    queue_requeue(job, delay_ms);
    return true;
}

static void refuse(struct provider_job *job, const struct call *c, int32_t status,
                   uint32_t retry_after_s, const char *text)
{
    if (status == ACME_RETRY && try_again(job, c, retry_after_s)) {
        return;
    }
    fail(job, c, status, retry_after_s, text);
}

/* ---- Batches ---- */

static struct family *family_of(struct provider_job **jobs, size_t n)
{
    struct family *family = jobs[0]->family;

    if (family == NULL) {
        family = NEW(struct family);
        family->fruitless_max = 4;
        for (size_t left = n; left > 1; left /= 2) {
            family->fruitless_max += 2;
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (jobs[i]->family == NULL) {
            jobs[i]->family = family;
            family->n_users++;
        }
    }
    return family;
}

static void send_in_parts(struct provider *p, struct provider_job **jobs, size_t n, bool is_halved,
                          int32_t status)
{
    size_t middle = is_halved ? n / 2 : n;
    uint32_t front = ++p->next_call; /* any number that no other batch has */
    uint32_t back = ++p->next_call;

    for (size_t i = 0; i < n; i++) {
        jobs[i]->batch = i < middle ? front : back;
        jobs[i]->was_vague = jobs[i]->was_vague || may_be_in_force(status);
        queue_requeue(jobs[i], 0);
    }
}

/* Refused, and the plug-in did not say which are guilty (or, is_halved false, named them: then the
 * rest go again together). When part after part is refused, the fault is not in single changes. */
static void split(struct call *c, struct provider_job **jobs, size_t n, bool is_halved,
                  int32_t status)
{
    struct family *family = family_of(jobs, n);

    family->fruitless++;
    if (n > 1 && family->fruitless > family->fruitless_max) {
        for (size_t i = 0; i < n; i++) {
            fail(jobs[i], c, status, c->retry_after_s, c->text);
        }
        return;
    }
    send_in_parts(c->provider, jobs, n, is_halved && n > 1, status);
}

static bool is_splittable(int32_t status)
{
    return status != ACME_RETRY && status != ACME_CANCELLED && status != ACME_BAD_CONFIG;
}

/* What the plug-in said: of the call, or else of the first change that it named. */
static const char *text_of(const struct call *c, int32_t status)
{
    for (size_t i = 0; c->text == NULL && i < c->n; i++) {
        const struct provider_job *job = c->jobs[i];

        if (job->has_failed && job->status == status && job->text != NULL) {
            return job->text;
        }
    }
    return c->text;
}

/* The call failed; those that were not singled out share its status, and what was said of it. */
static void settle_rest(struct call *c, struct provider_job **rest, size_t n, size_t n_named,
                        int32_t status, const char *text)
{
    bool is_splitting = is_splittable(status) && !c->is_cancelled && !c->is_over_deadline;

    if (is_splitting && (n > 1 || n_named > 0) && n > 0) {
        split(c, rest, n, n_named == 0, status);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        refuse(rest[i], c, status, c->retry_after_s, text);
    }
}

static void finish_zones(struct call *c, int32_t status)
{
    const struct provider_result named = {.is_ok = true};
    struct provider_job *job = c->jobs[0];

    if (status != ACME_OK) {
        refuse(job, c, status, 0, job->text != NULL ? job->text : c->text);
        return;
    }
    if (!job->is_orphan) {
        job->zones_done(job->arg, &c->zones, &named);
    }
    job->is_orphan = true; /* told */
    queue_finish(job, &named);
}

static void release_zones(const struct call *c)
{
    for (size_t i = 0; i < c->n; i++) {
        queue_release_zone(c->provider, c->jobs[i]->change.zone);
    }
}

void outcome_of_result(struct call *c, int32_t status)
{
    struct provider_job **rest = mem_alloc(c->n, sizeof(struct provider_job *));
    struct provider *p = c->provider;
    size_t n_rest = 0, n_named = 0;

    release_zones(c);
    if (status == ACME_OK && c->has_failed) {
        /* It said that the call fails, and forgot to return so. */
        status = c->status != ACME_OK ? c->status : ACME_BUG;
    }
    AUTO_FREE char *text = str_dup(text_of(c, status)); /* jobs take theirs along */
    if (c->jobs[0]->kind == JOB_ZONES) {
        finish_zones(c, status);
        c->n = 0;
    }
    for (size_t i = 0; i < c->n; i++) {
        struct provider_job *job = c->jobs[i];

        if (job->has_failed && (status == ACME_OK || c->n > 1)) {
            n_named++;
            refuse(job, c, job->status, job->retry_after_s, job->text);
        } else if (status == ACME_OK || job->is_done) {
            n_named++;
            succeed(job);
        } else if (c->n == 1 && job->has_failed) {
            refuse(job, c, status, job->retry_after_s, job->text);
        } else {
            rest[n_rest++] = job;
        }
    }
    settle_rest(c, rest, n_rest, n_named, status, text);
    mem_free(rest);
    call_free(c);
    queue_wake(p, 0);
}

/* What a worker had been told to do before it ended may have been done. */
static void end_all(struct call *c, const struct err *why, bool was_sent)
{
    struct provider *p = c->provider;

    for (size_t i = 0; i < c->n; i++) {
        struct provider_job *job = c->jobs[i];
        struct provider_result result = {
            .status = why->class == ERR_CANCELLED ? ACME_CANCELLED : ACME_BUG,
            .may_be_in_force = was_sent || job->first_sent_ms != 0,
            .receipt = job->change.receipt,
            .receipt_len = job->change.receipt_len,
            .err = why,
        };

        if (was_sent && job->is_done) {
            succeed(job);
        } else if (was_sent && job->has_failed && !may_be_in_force(job->status)) {
            fail(job, c, job->status, job->retry_after_s, job->text);
        } else {
            queue_finish(job, &result);
        }
    }
    call_free(c);
    queue_wake(p, 0);
}

void outcome_of_death(struct call *c, const struct err *why)
{
    struct err reason = *why;

    release_zones(c);
    end_all(c, &reason, true);
}

void outcome_unsent(struct call *c, const struct err *why)
{
    struct err reason = *why;

    end_all(c, &reason, false);
}
