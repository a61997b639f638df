/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Jobs of one instance, from being handed in to being dispatched. Everything happens in on_wake(),
 * which a timer of the loop calls: so no caller of provider_submit() ever meets its own callback.
 */
#include "provider/set.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include "acme-plugin.h"

#include <string.h>

#define GATHER_MS 1000

/* ---- Jobs ---- */

static void *copy_bytes(const void *bytes, size_t len)
{
    return bytes != NULL ? mem_copy(bytes, len) : NULL;
}

static void copy_change(struct provider_change *to, const struct provider_change *from)
{
    *to = *from;
    to->fqdn = str_dup(from->fqdn);
    to->zone = str_dup(from->zone);
    to->value = copy_bytes(from->value, from->value_len);
    to->identifier = str_dup(from->identifier);
    to->token = str_dup(from->token);
    to->key_authorization = str_dup(from->key_authorization);
    to->receipt = copy_bytes(from->receipt, from->receipt_len);
}

/* The copies are ours, the type borrows: hence the casts through a union. */
static void free_copy(const void *copy)
{
    union {
        const void *from;
        void *to;
    } p = {.from = copy};

    mem_free(p.to);
}

void family_leave(struct provider_job *job)
{
    if (job->family != NULL && --job->family->n_users == 0) {
        mem_free(job->family);
    }
    job->family = NULL;
    job->batch = 0;
}

static void job_free(struct provider_job *job)
{
    family_leave(job);
    free_copy(job->change.fqdn);
    free_copy(job->change.zone);
    free_copy(job->change.value);
    free_copy(job->change.identifier);
    free_copy(job->change.token);
    free_copy(job->change.key_authorization);
    free_copy(job->change.receipt);
    mem_free(job->text);
    mem_free(job);
}

static void unlink_job(struct provider_job *job)
{
    struct provider *p = job->provider;

    if (job->prev != NULL) {
        job->prev->next = job->next;
    } else {
        p->first = job->next;
    }
    if (job->next != NULL) {
        job->next->prev = job->prev;
    } else {
        p->last = job->prev;
    }
}

static struct provider_job *job_new(struct provider *p, enum job_kind kind, void *arg)
{
    struct provider_job *job = NEW(struct provider_job);

    job->provider = p;
    job->kind = kind;
    job->arg = arg;
    job->is_released = kind != JOB_CHANGE;
    job->queued_ms = loop_now_ms(p->set->loop);
    job->prev = p->last;
    if (p->last != NULL) {
        p->last->next = job;
    } else {
        p->first = job;
    }
    p->last = job;
    queue_wake(p, 0);
    return job;
}

struct provider_job *provider_submit(struct provider *provider,
                                     const struct provider_change *change, provider_done_fn *done,
                                     void *arg)
{
    struct provider_job *job = job_new(provider, JOB_CHANGE, arg);

    job->done = done;
    copy_change(&job->change, change);
    return job;
}

struct provider_job *provider_settled(struct provider *provider,
                                      const struct provider_change *change, provider_done_fn *done,
                                      void *arg)
{
    struct provider_job *job = job_new(provider, JOB_SETTLED, arg);

    job->done = done;
    copy_change(&job->change, change);
    return job;
}

struct provider_job *provider_zones(struct provider *provider, provider_zones_fn *done, void *arg)
{
    struct provider_job *job = job_new(provider, JOB_ZONES, arg);

    job->zones_done = done;
    return job;
}

void provider_job_cancel(struct provider_job **job)
{
    struct provider_job *it = *job;

    *job = NULL;
    if (it == NULL) {
        return;
    }
    if (it->is_running) {
        it->is_orphan = true;
    } else {
        unlink_job(it);
        job_free(it);
    }
}

void provider_job_hang_up(struct provider_job *job)
{
    if (job != NULL && job->provider->console != NULL) {
        job->is_cancelled = true;
        queue_wake(job->provider, 0);
    }
}

void queue_finish(struct provider_job *job, const struct provider_result *result)
{
    unlink_job(job);
    if (job->kind == JOB_ZONES && !job->is_orphan) {
        job->zones_done(job->arg, NULL, result);
    } else if (!job->is_orphan) {
        job->done(job->arg, result);
    }
    job_free(job);
}

void queue_requeue(struct provider_job *job, int64_t delay_ms)
{
    struct provider *p = job->provider;

    job->is_running = false;
    job->is_released = true;
    job->has_failed = job->is_done = false;
    mem_free(job->text);
    job->text = NULL;
    job->not_before_ms = loop_now_ms(p->set->loop) + delay_ms;
    /* An orphan that is to be tried again is an add that nobody wants any more. */
    if (job->is_orphan) {
        unlink_job(job);
        job_free(job);
    }
    queue_wake(p, 0);
}

void queue_fail_all(struct provider *p, const struct err *why, int32_t status)
{
    struct provider_result result = {.status = status, .err = why};
    struct provider_job *job = p->first;

    /* Not those that callbacks submit meanwhile: what takes a failed add back may fare better. */
    for (; job != NULL; job = job->next) {
        job->is_doomed = !job->is_running;
    }
    for (job = p->first; job != NULL;) {
        if (!job->is_doomed) {
            job = job->next;
            continue;
        }
        result.may_be_in_force = job->first_sent_ms != 0;
        queue_finish(job, &result);
        job = p->first; /* the callback may have changed anything */
    }
}

bool job_is_removal(const struct provider_job *job)
{
    return job->kind == JOB_CHANGE && job->change.verb == PROVIDER_REMOVE;
}

void queue_cancel(struct provider *p)
{
    for (struct provider_job *job = p->first; job != NULL; job = job->next) {
        if (job->is_running || (job_is_removal(job) && !p->set->is_closing)) {
            continue;
        }
        job->is_cancelled = true;
    }
    if (p->first != NULL) {
        queue_wake(p, 0);
    }
}

void queue_free(struct provider *p)
{
    while (p->first != NULL) {
        struct provider_job *job = p->first;

        unlink_job(job);
        job_free(job);
    }
}

void provider_release(struct provider *provider)
{
    for (struct provider_job *job = provider->first; job != NULL; job = job->next) {
        job->is_released = true;
    }
    if (provider->first != NULL) {
        queue_wake(provider, 0);
    }
}

void queue_release_zone(struct provider *p, const char *zone)
{
    for (struct provider_job *job = p->first; job != NULL; job = job->next) {
        if (!job->is_running && str_eq(job->change.zone, zone)) {
            job->is_released = true;
        }
    }
}

/* ---- Choosing ---- */

static bool is_same_value(const struct provider_job *a, const struct provider_job *b)
{
    return a->kind == JOB_CHANGE && b->kind == JOB_CHANGE &&
           a->change.value_len == b->change.value_len && str_eq(a->change.fqdn, b->change.fqdn) &&
           memcmp(a->change.value, b->change.value, a->change.value_len) == 0;
}

static bool is_batched(const struct provider *p)
{
    return (p->plugin->callbacks & PROVIDER_HAS_APPLY) != 0;
}

static bool is_zone_free(const struct provider *p, const char *zone)
{
    if (p->plugin->serial == ACME_SERIAL_FREE || zone == NULL) {
        return true;
    }
    for (const struct provider_job *job = p->first; job != NULL; job = job->next) {
        if (job->is_running && str_eq(job->change.zone, zone)) {
            return false;
        }
    }
    return true;
}

/* One value at one name is changed in the order of the requests. */
static bool is_first_of_value(const struct provider_job *job)
{
    for (const struct provider_job *other = job->prev; other != NULL; other = other->prev) {
        if (is_same_value(job, other)) {
            return false;
        }
    }
    return true;
}

static bool is_eligible(const struct provider_job *job, int64_t now_ms)
{
    return !job->is_running && job->is_released && job->not_before_ms <= now_ms &&
           is_zone_free(job->provider, job->change.zone) && is_first_of_value(job);
}

static size_t job_bytes(const struct provider_job *job)
{
    const struct provider_change *c = &job->change;

    return 64 + strlen(c->fqdn) + strlen(c->zone) + c->value_len + c->receipt_len +
           (c->identifier != NULL ? strlen(c->identifier) : 0) +
           (c->token != NULL ? strlen(c->token) : 0) +
           (c->key_authorization != NULL ? strlen(c->key_authorization) : 0);
}

static bool goes_with(const struct provider_job *first, const struct provider_job *job)
{
    bool is_any_zone = (first->provider->plugin->traits & ACME_TRAIT_BATCH_ANY_ZONE) != 0;

    return job->kind == JOB_CHANGE && job->batch == first->batch &&
           (is_any_zone || str_eq(job->change.zone, first->change.zone));
}

/* The first job that may go, and all that may go with it. To mem_free; NULL: none. */
static struct provider_job **choose(struct provider *p, int64_t now_ms, size_t *ret_n)
{
    struct provider_job **jobs = NULL;
    size_t n = 0, cap = 0, bytes = 0;

    for (struct provider_job *job = p->first; job != NULL && n < CALL_CHANGES_MAX;
         job = job->next) {
        if (!is_eligible(job, now_ms)) {
            continue;
        }
        if (n > 0 && (!is_batched(p) || jobs[0]->kind != JOB_CHANGE || !goes_with(jobs[0], job))) {
            continue;
        }
        bytes += job->kind == JOB_ZONES ? 0 : job_bytes(job);
        if (n > 0 && bytes > CALL_BYTES_MAX) {
            break;
        }
        VEC_PUSH(jobs, n, cap) = job;
        if (job->kind != JOB_CHANGE) {
            break;
        }
    }
    *ret_n = n;
    return jobs;
}

/* ---- Dispatching ---- */

/* Without a word from provider_release() changes wait a second for company. */
static void release_old(struct provider *p, int64_t now_ms)
{
    bool is_time = false;

    for (const struct provider_job *job = p->first; job != NULL; job = job->next) {
        is_time = is_time || (!job->is_released && job->queued_ms + GATHER_MS <= now_ms);
    }
    for (struct provider_job *job = p->first; is_time && job != NULL; job = job->next) {
        job->is_released = true;
    }
}

/* One more worker for each group that waits, as far as the plug-in's serial lets them be used. */
static void start_worker(struct provider *p)
{
    struct slot *empty = crew_find(p, SLOT_EMPTY);
    struct err err = ERR_INIT;

    if (empty == NULL || p->deaths > DEATHS_MAX) {
        return;
    }
    if (crew_start(p, empty, &err) < 0) {
        p->deaths++;
        p->last_death = err;
        queue_wake(p, 0);
    }
}

static size_t count_groups(struct provider *p, int64_t now_ms)
{
    size_t n = 0;

    for (struct provider_job *job = p->first; job != NULL; job = job->next) {
        bool is_new = is_eligible(job, now_ms);

        for (const struct provider_job *other = p->first; is_new && other != job;
             other = other->next) {
            is_new = !(is_batched(p) && is_eligible(other, now_ms) && goes_with(other, job));
        }
        n += is_new ? 1 : 0;
        if (n >= CREW_MAX) {
            break;
        }
    }
    return n;
}

static void dispatch(struct provider *p, int64_t now_ms)
{
    struct slot *idle;
    struct provider_job **jobs = NULL;
    size_t n = 0;

    while ((idle = crew_find(p, SLOT_IDLE)) != NULL && (jobs = choose(p, now_ms, &n)) != NULL) {
        for (size_t i = 0; i < n; i++) {
            jobs[i]->is_running = true;
        }
        call_start(idle, jobs, n); /* owns the array */
    }
    if (idle == NULL) {
        size_t starting = crew_count(p, SLOT_STARTING) + crew_count(p, SLOT_OPENING);

        for (size_t groups = count_groups(p, now_ms); groups > starting; groups--) {
            start_worker(p);
        }
    }
}

static void finish_cancelled(struct provider *p)
{
    struct err why = ERR_INIT;
    struct provider_result result = {.status = ACME_CANCELLED, .err = &why};
    struct provider_job *job = p->first;

    (void)err_set(&why, ERR_CANCELLED, "provider '%s': cancelled before it was sent", p->name);
    while (job != NULL) {
        if (job->is_cancelled && !job->is_running) {
            result.may_be_in_force = job->first_sent_ms != 0;
            queue_finish(job, &result);
            job = p->first;
        } else {
            job = job->next;
        }
    }
}

/* Questions that the plug-in has no callback for. */
static void answer_unasked(struct provider *p)
{
    struct err why = ERR_INIT;
    struct provider_job *job = p->first;

    (void)err_set(&why, ERR_PROVIDER, "plug-in '%s' cannot list zones", p->keys.plugin);
    while (job != NULL) {
        bool has_settled = (p->plugin->callbacks & PROVIDER_HAS_SETTLED) != 0;
        bool has_zones = (p->plugin->callbacks & PROVIDER_HAS_ZONES) != 0;

        if (job->kind == JOB_SETTLED && !has_settled && !job->is_running) {
            queue_finish(job, &(struct provider_result){.is_ok = true});
            job = p->first;
        } else if (job->kind == JOB_ZONES && !has_zones && !job->is_running) {
            queue_finish(job, &(struct provider_result){.status = ACME_UNSUPPORTED, .err = &why});
            job = p->first;
        } else {
            job = job->next;
        }
    }
}

/* When the next job that must still wait may go. */
static void plan_next_wake(struct provider *p, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;

    for (const struct provider_job *job = p->first; job != NULL; job = job->next) {
        int64_t at_ms = job->is_released ? job->not_before_ms : job->queued_ms + GATHER_MS;

        if (!job->is_running && at_ms > now_ms && at_ms < next_ms) {
            next_ms = at_ms;
        }
    }
    if (next_ms != INT64_MAX) {
        queue_wake(p, next_ms - now_ms);
    }
}

static void on_wake(void *arg)
{
    struct provider *p = arg;
    int64_t now_ms = loop_now_ms(p->set->loop);

    p->wake_timer = NULL;
    console_end_cancelled(p);
    finish_cancelled(p);
    if (!p->set->is_closing && (p->state != INSTANCE_READY || p->n_waiters > 0)) {
        instance_begin(p);
    }
    if (p->state == INSTANCE_FAILED) {
        struct err why = p->failure;

        queue_fail_all(p, &why, ACME_BAD_CONFIG);
        return;
    }
    if (p->state != INSTANCE_READY || p->set->is_closing) {
        return;
    }
    if (p->deaths > DEATHS_MAX) {
        struct err why = p->last_death;

        (void)err_wrap(&why, "provider '%s': its workers keep ending", p->name);
        p->deaths = 0; /* those that come later may be luckier */
        queue_fail_all(p, &why, ACME_BUG);
        return;
    }
    answer_unasked(p);
    release_old(p, now_ms);
    dispatch(p, now_ms);
    plan_next_wake(p, now_ms);
}

void queue_wake(struct provider *p, int64_t delay_ms)
{
    int64_t at_ms = loop_now_ms(p->set->loop) + delay_ms;

    if (p->wake_timer != NULL && p->wake_at_ms <= at_ms) {
        return;
    }
    loop_timer_cancel(&p->wake_timer);
    p->wake_at_ms = at_ms;
    p->wake_timer = loop_timer_start(p->set->loop, delay_ms, on_wake, p);
}
