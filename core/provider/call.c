/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One call: take the locks of its zones, tell the caller what is about to be sent, send, listen,
 * and hand the outcome on. Its deadline runs from sending.
 */
#include "provider/set.h"

#include "base/cleanup.h"
#include "base/crash.h"
#include "base/event.h"
#include "base/mem.h"

#include "acme-plugin.h"

#include <string.h>

#define CALL_TIMEOUT_MS 120000
#define HOOK_PLUGIN "exec-hook" /* runs a program of the user's in each call */
#define CALL_GRACE_MS 1000      /* between "your time is up" and the end of the process */

static void release_locks(struct call *c)
{
    for (size_t i = 0; i < c->n_locks; i++) {
        if (c->locks[i].handle != NULL) {
            c->provider->set->hooks.unlock(c->provider->set->hooks.arg, c->locks[i].handle);
        }
        mem_free(c->locks[i].zone);
    }
    mem_free(c->locks);
    c->locks = NULL;
    c->n_locks = 0;
}

void call_free(struct call *c)
{
    release_locks(c);
    loop_timer_cancel(&c->deadline);
    strv_done(&c->zones);
    mem_free(c->text);
    mem_free(c->jobs);
    mem_free(c);
}

static bool is_hook(const struct provider *p)
{
    return str_eq(p->plugin->name, HOOK_PLUGIN);
}

/* The user knows better than the plug-in, and better of one instance than of all. */
int64_t call_timeout_ms(const struct provider *p)
{
    int64_t general_ms = is_hook(p) ? p->set->hook_timeout_ms : p->set->call_timeout_ms;

    if (p->set->debugger.n > 0) {
        return DEBUG_TIMEOUT_MS;
    }
    if (p->keys.call_timeout_ms > 0) {
        return p->keys.call_timeout_ms;
    }
    if (general_ms > 0) {
        return general_ms;
    }
    return p->plugin->call_timeout_s > 0 ? (int64_t)p->plugin->call_timeout_s * 1000
                                         : CALL_TIMEOUT_MS;
}

int call_timeout_err(const struct provider *p, struct err *err)
{
    int64_t timeout_ms = call_timeout_ms(p);
    bool is_whole = timeout_ms % 1000 == 0;

    return err_set(err, ERR_PROVIDER, "the call did not end within %lld %s (%s)",
                   (long long)(is_whole ? timeout_ms / 1000 : timeout_ms), is_whole ? "s" : "ms",
                   p->keys.call_timeout_ms == 0 && is_hook(p) ? "hook-timeout" : "call-timeout");
}

static const char *verb_name(uint32_t verb)
{
    static const char *const NAMES[] = {
        [FRAME_VERB_ADD] = "add",     [FRAME_VERB_REMOVE] = "remove",
        [FRAME_VERB_APPLY] = "apply", [FRAME_VERB_SETTLED] = "settled",
        [FRAME_VERB_ZONES] = "zones",
    };

    return NAMES[verb];
}

/* ---- Sending ---- */

static void add_record(struct frame_out *f, const struct provider_job *job)
{
    const struct provider_change *c = &job->change;
    const struct provider_facts *facts = &job->provider->facts;
    uint32_t ttl_s = c->ttl_s != 0 ? c->ttl_s : facts->ttl_s;

    frame_add_u32(f, c->verb == PROVIDER_ADD ? ACME_ADD : ACME_REMOVE);
    frame_add_u32(f, ttl_s < facts->plugin->min_ttl_s ? facts->plugin->min_ttl_s : ttl_s);
    frame_add_u32(f, c->is_wildcard ? ACME_RECORD_WILDCARD : 0u);
    frame_add_text(f, c->fqdn);
    frame_add_text(f, c->zone);
    frame_add_bytes(f, c->value, c->value_len);
    frame_add_bytes(f, c->receipt_len > 0 ? c->receipt : NULL, c->receipt_len);
    frame_add_text(f, c->identifier);
    frame_add_text(f, c->token);
    frame_add_text(f, c->key_authorization);
}

static uint32_t verb_of(const struct provider *p, const struct provider_job *job)
{
    if (job->kind == JOB_SETTLED) {
        return FRAME_VERB_SETTLED;
    }
    if (job->kind == JOB_ZONES) {
        return FRAME_VERB_ZONES;
    }
    if ((p->plugin->callbacks & PROVIDER_HAS_APPLY) != 0) {
        return FRAME_VERB_APPLY;
    }
    return job->change.verb == PROVIDER_ADD ? FRAME_VERB_ADD : FRAME_VERB_REMOVE;
}

static void kill_late(struct call *c)
{
    struct err why = ERR_INIT;

    (void)call_timeout_err(c->provider, &why);
    lane_kill(c->slot->lane, &why);
}

static void on_grace_end(void *arg)
{
    struct call *c = arg;

    c->deadline = NULL;
    if (c->is_cancelled) {
        struct err why = ERR_INIT;

        (void)err_set(&why, ERR_CANCELLED, "cancelled while it was running");
        lane_kill(c->slot->lane, &why);
    } else {
        kill_late(c);
    }
}

static void on_deadline(void *arg)
{
    struct call *c = arg;

    c->is_over_deadline = true;
    c->deadline = loop_timer_start(c->provider->set->loop, CALL_GRACE_MS, on_grace_end, c);
    lane_send_cancel(c->slot->lane);
}

static int tell_before(const struct call *c, bool *ret_dropped, struct err *err)
{
    const struct provider_hooks *hooks = &c->provider->set->hooks;
    const struct provider_change **changes;
    int result;

    if (hooks->about_to_call == NULL || c->jobs[0]->kind != JOB_CHANGE) {
        return 0;
    }
    changes = mem_alloc(c->n, sizeof(struct provider_change *));
    for (size_t i = 0; i < c->n; i++) {
        changes[i] = &c->jobs[i]->change;
    }
    result = hooks->about_to_call(hooks->arg, c->provider, changes, c->n, ret_dropped, err);
    mem_free(changes);
    return result;
}

static bool send_frame(struct call *c)
{
    struct frame_out frame = {.bytes = NULL};
    bool is_sent;

    frame_begin(&frame, FRAME_CALL, c->id);
    frame_add_u32(&frame, c->verb);
    frame_add_u32(&frame, (uint32_t)call_timeout_ms(c->provider));
    frame_add_u32(&frame, c->jobs[0]->kind == JOB_ZONES ? 0 : (uint32_t)c->n);
    for (size_t i = 0; i < c->n && c->jobs[0]->kind != JOB_ZONES; i++) {
        add_record(&frame, c->jobs[i]);
    }
    is_sent = lane_send_call(c->slot->lane, &frame, c->id);
    frame_out_done(&frame);
    return is_sent;
}

/* The slot is free again: nothing was sent. */
static void give_back(struct call *c, const struct err *why)
{
    c->slot->call = NULL;
    c->slot->state = SLOT_IDLE;
    outcome_unsent(c, why);
}

/* Takes the jobs out that the caller does not want sent after all. Their callbacks come last: they
 * may do anything but end this call. */
static void drop_jobs(struct call *c, const bool *is_dropped)
{
    AUTO_FREE struct provider_job **dropped = mem_alloc(c->n, sizeof(struct provider_job *));
    size_t n_dropped = 0;
    size_t n_kept = 0;
    struct err why = ERR_INIT;

    for (size_t i = 0; i < c->n; i++) {
        if (is_dropped[i]) {
            dropped[n_dropped++] = c->jobs[i];
        } else {
            c->jobs[n_kept++] = c->jobs[i];
        }
    }
    c->n = n_kept;
    (void)err_set(&why, ERR_CANCELLED, "provider '%s': not wanted any more", c->provider->name);
    for (size_t i = 0; i < n_dropped; i++) {
        const struct provider_result result = {
            .is_dropped = true,
            .status = ACME_CANCELLED,
            .may_be_in_force = dropped[i]->first_sent_ms != 0,
            .receipt = dropped[i]->change.receipt,
            .receipt_len = dropped[i]->change.receipt_len,
            .err = &why,
        };

        queue_finish(dropped[i], &result);
    }
}

static void mark_sent(struct call *c)
{
    c->is_sent = true;
    for (size_t i = 0; i < c->n; i++) {
        if (c->jobs[i]->first_sent_ms == 0) {
            c->jobs[i]->first_sent_ms = c->sent_ms;
        }
    }
}

static void send_call(struct call *c)
{
    AUTO_FREE bool *is_dropped = mem_alloc(c->n, sizeof(bool));
    struct err err = ERR_INIT;

    if (tell_before(c, is_dropped, &err) < 0) {
        give_back(c, &err);
        return;
    }
    drop_jobs(c, is_dropped);
    if (c->n == 0) {
        give_back(c, &err);
        return;
    }
    crash_point("provider-call-before");
    c->sent_ms = loop_now_ms(c->provider->set->loop);
    if (c->provider->console == NULL && !send_frame(c)) {
        (void)err_set(&err, ERR_FAILED, "provider '%s': a change is larger than 1 MiB",
                      c->provider->name);
        give_back(c, &err);
        return;
    }
    mark_sent(c);
    if (c->provider->console != NULL) {
        c->provider->console->start(c); /* whoever waits for it has a deadline */
        return;
    }
    c->deadline =
        loop_timer_start(c->provider->set->loop, call_timeout_ms(c->provider), on_deadline, c);
    crash_point("provider-call-sent");
}

/* ---- Locks, one after the other in the order of their names ---- */

static void take_next_lock(struct call *c);

static void on_locked(void *locked_arg, const struct err *err)
{
    struct call_lock *lock = locked_arg;
    struct call *c = lock->call;

    if (err != NULL) {
        struct err why = *err;

        give_back(c, &why);
        return;
    }
    c->n_held++;
    take_next_lock(c);
}

static void take_next_lock(struct call *c)
{
    const struct provider_hooks *hooks = &c->provider->set->hooks;

    if (c->n_held == c->n_locks) {
        send_call(c);
        return;
    }
    struct call_lock *lock = &c->locks[c->n_held];
    lock->handle = hooks->lock(hooks->arg, c->provider->keys.plugin, lock->zone, on_locked, lock);
}

static void list_locks(struct call *c)
{
    const struct provider *p = c->provider;
    struct strv zones = STRV_INIT;

    /* A lock that waits for a person or a dialogue would hold other runs for hours. */
    if (p->set->hooks.lock != NULL && p->plugin->serial != ACME_SERIAL_FREE && p->console == NULL &&
        c->jobs[0]->kind == JOB_CHANGE) {
        for (size_t i = 0; i < c->n; i++) {
            strv_add_unique(&zones, c->jobs[i]->change.zone);
        }
    }
    strv_sort(&zones);
    c->locks = mem_alloc(zones.n, sizeof(*c->locks));
    c->n_locks = zones.n;
    for (size_t i = 0; i < zones.n; i++) {
        c->locks[i] = (struct call_lock){.call = c, .zone = str_dup(zones.items[i])};
    }
    strv_done(&zones);
}

void call_start(struct slot *slot, struct provider_job **jobs, size_t n)
{
    struct call *c = NEW(struct call);

    *c = (struct call){.provider = slot->provider,
                       .slot = slot,
                       .jobs = jobs,
                       .n = n,
                       .id = ++slot->provider->next_call,
                       .verb = verb_of(slot->provider, jobs[0])};
    slot->state = SLOT_BUSY;
    slot->call = c;
    list_locks(c);
    take_next_lock(c);
}

/* ---- Listening ---- */

static void keep_text(char **at, char *text)
{
    mem_free(*at);
    *at = text;
}

static bool take_fail(struct call *c, struct frame_in *in)
{
    uint32_t index = frame_get_u32(in);
    int32_t status = (int32_t)frame_get_u32(in);
    uint32_t retry_after_s = frame_get_u32(in);
    char *text = frame_get_text(in, 8192);

    if (!frame_is_whole(in) || (index != FRAME_INDEX_CALL && index >= c->n)) {
        mem_free(text);
        return false;
    }
    if (index == FRAME_INDEX_CALL) {
        c->has_failed = true;
        c->status = status;
        c->retry_after_s = retry_after_s;
        keep_text(&c->text, text);
        return true;
    }
    c->jobs[index]->has_failed = true;
    c->jobs[index]->status = status;
    c->jobs[index]->retry_after_s = retry_after_s;
    keep_text(&c->jobs[index]->text, text);
    return true;
}

static bool take_receipt(struct call *c, struct frame_in *in)
{
    uint32_t index = frame_get_u32(in);
    size_t len;
    const void *bytes = frame_get_bytes(in, &len);
    const struct provider_hooks *hooks = &c->provider->set->hooks;

    if (!frame_is_whole(in) || index >= c->n || bytes == NULL || len == 0 ||
        len > PROVIDER_RECEIPT_MAX) {
        return false;
    }
    if (c->jobs[index]->kind != JOB_CHANGE) {
        return true; /* a receipt for a question: odd, but harmless */
    }
    struct provider_change *change = &c->jobs[index]->change;
    const void *before = change->receipt;
    change->receipt = mem_copy(bytes, len);
    change->receipt_len = len;
    cleanup_mem(&before);
    if (hooks->receipt != NULL) {
        hooks->receipt(hooks->arg, c->provider, change, change->receipt, len);
    }
    return true;
}

static bool take_zone(struct call *c, struct frame_in *in)
{
    char *name = frame_get_text(in, 1024);

    if (!frame_is_whole(in) || name == NULL || c->verb != FRAME_VERB_ZONES ||
        c->zones.n >= 100000) {
        mem_free(name);
        return false;
    }
    strv_take(&c->zones, name);
    return true;
}

void call_finish(struct call *c, int32_t status)
{
    struct provider *p = c->provider;

    crash_point("provider-call-after");
    event_emit(EVENT_DEBUG, EVENT_CALL, p->name, FIELD("verb", verb_name(c->verb)),
               FIELD("zone", c->jobs[0]->change.zone != NULL ? c->jobs[0]->change.zone : ""),
               FIELD_INT("count", (int64_t)c->n),
               FIELD_INT("ms", loop_now_ms(p->set->loop) - c->sent_ms));
    if (c->slot->lane != NULL) {
        lane_end_call(c->slot->lane);
    }
    loop_timer_cancel(&c->deadline);
    c->slot->call = NULL;
    c->slot->state = SLOT_IDLE;
    p->deaths = 0;
    outcome_of_result(c, status);
}

bool call_frame(struct call *c, struct frame_in *in)
{
    uint32_t value;

    if (!c->is_sent) {
        return false;
    }
    switch (in->kind) {
    case FRAME_FAIL:
        return take_fail(c, in);
    case FRAME_RECEIPT:
        return take_receipt(c, in);
    case FRAME_ZONE:
        return take_zone(c, in);
    case FRAME_DONE:
        value = frame_get_u32(in);
        if (!frame_is_whole(in) || value >= c->n) {
            return false;
        }
        c->jobs[value]->is_done = true;
        return true;
    case FRAME_RESULT:
        value = frame_get_u32(in);
        mem_free(frame_get_text(in, 8192));
        if (!frame_is_whole(in)) {
            return false;
        }
        call_finish(c, (int32_t)value);
        return true;
    default:
        return false;
    }
}

void call_died(struct call *c, const struct err *why)
{
    struct err reason = *why;

    (void)err_wrap(&reason, "provider '%s': %s", c->provider->name, verb_name(c->verb));
    if (c->is_sent) {
        outcome_of_death(c, &reason);
    } else {
        outcome_unsent(c, &reason);
    }
}

/* Takes back what a run published, which a run that ends needs more than ever. */
static bool is_only_removing(const struct call *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (!job_is_removal(c->jobs[i])) {
            return false;
        }
    }
    return true;
}

void call_cancel(struct call *c, int64_t grace_ms)
{
    if (is_only_removing(c)) {
        return;
    }
    if (!c->is_sent) {
        struct err why = ERR_INIT;

        (void)err_set(&why, ERR_CANCELLED, "provider '%s': cancelled before it was sent",
                      c->provider->name);
        give_back(c, &why);
        return;
    }
    c->is_cancelled = true;
    if (c->provider->console != NULL) {
        console_cancel(c);
        return;
    }
    loop_timer_cancel(&c->deadline);
    c->deadline = loop_timer_start(c->provider->set->loop, grace_ms, on_grace_end, c);
    lane_send_cancel(c->slot->lane);
}
