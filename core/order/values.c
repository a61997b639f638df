/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "order/values.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/event.h"
#include "base/mem.h"
#include "order/values_impl.h"

#include <string.h>

/* Another run does not tell us when its value is gone: we look. A little at random, so that two
 * that gave way to each other do not do so for ever. */
#define HELD_CHECK_MS 500
#define HELD_JITTER_MS 250
/* Who keeps a value for longer is stuck, or waits for us somewhere else. */
#define HELD_MAX_MS 600000

/* ---- Life of the table ---- */

struct values *values_new(struct loop *loop)
{
    struct values *values = NEW(struct values);

    values->loop = loop;
    values->held_max_ms = HELD_MAX_MS;
    return values;
}

void values_open(struct values *values, struct provider_set *set, struct journal *journal,
                 struct dns *dns)
{
    values->set = set;
    values->journal = journal;
    values->dns = dns;
}

static void value_free(struct value *v)
{
    provider_job_cancel(&v->job);
    for (size_t i = 0; i < v->n_uses; i++) {
        loop_timer_cancel(&v->uses[i]->telling);
        mem_free(v->uses[i]);
    }
    dns_place_free(v->place);
    mem_free(v->uses);
    mem_free(v->owner);
    mem_free(v->zone);
    mem_free(v->text);
    mem_free(v->certificate);
    mem_free(v->identifier);
    mem_free(v->token);
    mem_free(v->key_authorization);
    mem_free(v);
}

static void drop_waiter(struct values *values, size_t at)
{
    mem_free(values->waiters[at].certificate);
    values->waiters[at] = values->waiters[--values->n_waiters];
}

void values_free(struct values *values)
{
    if (values == NULL) {
        return;
    }
    for (size_t i = 0; i < values->n; i++) {
        value_free(values->items[i]);
    }
    loop_timer_cancel(&values->flush);
    loop_timer_cancel(&values->idle_check);
    while (values->n_waiters > 0) {
        drop_waiter(values, values->n_waiters - 1);
    }
    mem_free(values->waiters);
    strv_done(&values->claims);
    loop_timer_cancel(&values->held_check);
    questions_free(values);
    strv_done(&values->told_standing);
    mem_free(values->lost);
    mem_free(values->items);
    mem_free(values->touched);
    mem_free(values);
}

/* ---- Idleness ---- */

bool value_is_busy(const struct value *v)
{
    return v->state == VALUE_ADDING || v->state == VALUE_REMOVING || v->state == VALUE_CHECKING;
}

static bool is_idle_for(const struct values *values, const struct idle_waiter *waiter)
{
    for (size_t i = 0; i < values->n; i++) {
        const struct value *v = values->items[i];

        if (value_is_busy(v) && (waiter->certificate == NULL || v->certificate == NULL ||
                                 str_eq(v->certificate, waiter->certificate))) {
            return false;
        }
    }
    return true;
}

/* Who is told may begin to wait again, or give up others' waits: each time from the start. */
static void check_idle(void *arg)
{
    struct values *values = arg;

    values->idle_check = NULL;
    for (size_t i = 0; i < values->n_waiters; i++) {
        struct idle_waiter waiter = values->waiters[i];

        if (is_idle_for(values, &waiter)) {
            if (values->n_waiters > 1) {
                values->idle_check = loop_timer_start(values->loop, 0, check_idle, values);
            }
            drop_waiter(values, i);
            waiter.done(waiter.arg);
            return; /* the values may be gone by now */
        }
    }
}

/* A value came to rest: perhaps it was the last. */
static void settle(struct values *values)
{
    if (values->n_waiters > 0 && values->idle_check == NULL) {
        values->idle_check = loop_timer_start(values->loop, 0, check_idle, values);
    }
}

void values_wait_idle(struct values *values, const char *certificate, values_settled_fn *done,
                      void *arg)
{
    VEC_PUSH(values->waiters, values->n_waiters, values->cap_waiters) =
        (struct idle_waiter){.certificate = str_dup(certificate), .done = done, .arg = arg};
    settle(values);
}

void values_wait_cancel(struct values *values, void *arg)
{
    for (size_t i = values->n_waiters; i-- > 0;) {
        if (values->waiters[i].arg == arg) {
            drop_waiter(values, i);
        }
    }
}

/* ---- Handing changes in ---- */

static void flush_touched(void *arg)
{
    struct values *values = arg;

    values->flush = NULL;
    for (size_t i = 0; i < values->n_touched; i++) {
        provider_release(values->touched[i]);
    }
    values->n_touched = 0;
}

/* All that is submitted in one turn of the loop leaves together at its end. */
static void touch(struct values *values, struct provider *provider)
{
    for (size_t i = 0; i < values->n_touched; i++) {
        if (values->touched[i] == provider) {
            return;
        }
    }
    VEC_PUSH(values->touched, values->n_touched, values->cap_touched) = provider;
    if (values->flush == NULL) {
        values->flush = loop_timer_start(values->loop, 0, flush_touched, values);
    }
}

void value_submit(struct value *v, enum provider_verb verb, provider_done_fn *done)
{
    const struct provider_change change = {
        .verb = verb,
        .fqdn = v->owner,
        .zone = v->zone,
        .value = v->text,
        .value_len = strlen(v->text),
        .identifier = v->identifier,
        .token = v->token,
        .key_authorization = v->key_authorization,
        .is_wildcard = v->is_wildcard,
        .is_known = v->was_known,
        .is_unwatched = v->is_unwatched,
        .receipt = v->entry == NULL ? NULL : v->entry->receipt,
        .receipt_len = v->entry == NULL ? 0 : v->entry->receipt_len,
        .user = v,
    };

    v->job = provider_submit(v->provider, &change, done, v);
    touch(v->values, v->provider);
}

static void log_journal_error(const struct err *err)
{
    event_log(EVENT_WARNING, "journal", "%s", err->text);
}

/* A provider of one value a name would lose what another run has there. */
static bool is_taken_elsewhere(const struct value *v)
{
    const struct provider_facts *facts = provider_facts(v->provider);

    return facts != NULL && !facts->can_hold_several &&
           journal_owner_is_taken(v->values->journal, provider_name(v->provider), v->owner,
                                  v->text);
}

/* ---- Before a call ---- */

struct journal_entry value_describe(const struct value *v)
{
    return (struct journal_entry){
        .kind = v->lease_until_s == 0 ? JOURNAL_ORDER : JOURNAL_LEASE,
        .certificate = v->certificate,
        .provider = (char *)(uintptr_t)provider_name(v->provider),
        .owner = v->owner,
        .zone = v->zone,
        .identifier = v->identifier,
        .value = v->text,
        .until_s = v->lease_until_s,
        .is_awaited = provider_is_by_hand(v->provider),
    };
}

/* The intent of every add in the call is on disk before the first byte goes to the worker. */
static int write_intents(struct values *values, const struct provider *provider,
                         const struct provider_change *const *changes, size_t n, struct err *err)
{
    AUTO_FREE struct journal_entry *intents = mem_alloc(n, sizeof(*intents));
    AUTO_FREE struct journal_entry **entries = mem_alloc(n, sizeof(struct journal_entry *));
    AUTO_FREE struct value **added = mem_alloc(n, sizeof(struct value *));
    size_t n_added = 0;

    for (size_t i = 0; i < n; i++) {
        struct value *v = changes[i]->user;

        if (v == NULL || changes[i]->verb != PROVIDER_ADD ||
            (v->entry != NULL && !v->entry->is_leaving)) {
            continue;
        }
        intents[n_added] = value_describe(v);
        added[n_added++] = v;
    }
    if (n_added > 0 && journal_add_intents(values->journal, intents, n_added, entries, err) < 0) {
        return err_wrap(err, "nothing was sent to provider '%s'", provider_name(provider));
    }
    for (size_t i = 0; i < n_added; i++) {
        added[i]->entry = entries[i];
    }
    return 0;
}

/* Only now is it sure what other runs have: the locks of the zones are held, where there are any.
 * Where there are none our intent, which they can read by now, keeps one of two from being sent. */
int values_prepare(struct values *values, const struct provider *provider,
                   const struct provider_change *const *changes, size_t n, bool *ret_dropped,
                   struct err *err)
{
    if (write_intents(values, provider, changes, n, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < n; i++) {
        struct value *v = changes[i]->user;

        if (v != NULL) {
            ret_dropped[i] =
                changes[i]->verb == PROVIDER_ADD ? is_taken_elsewhere(v) : value_is_needed(v);
        }
    }
    return 0;
}

void values_keep_receipt(struct values *values, const struct provider_change *change,
                         const void *bytes, size_t len)
{
    struct value *v = change->user;
    struct err err = ERR_INIT;

    (void)values;
    if (v != NULL && v->entry != NULL && journal_set_receipt(v->entry, bytes, len, &err) < 0) {
        log_journal_error(&err);
    }
}

/* ---- Telling users ---- */

static void tell_use(void *arg)
{
    struct value_use *use = arg;
    value_published_fn *published = use->published;

    use->telling = NULL;
    use->published = NULL;
    if (published != NULL) {
        published(use->arg, use->value->state == VALUE_PRESENT ? NULL : &use->value->err);
    }
}

/* Through the loop, one by one: a callback may release any use, its own included. */
static void tell_users(struct value *v)
{
    for (size_t i = 0; i < v->n_uses; i++) {
        if (v->uses[i]->published != NULL && v->uses[i]->telling == NULL) {
            v->uses[i]->telling = loop_timer_start(v->values->loop, 0, tell_use, v->uses[i]);
        }
    }
}

/* ---- Adding ---- */

/* The value that keeps v from being added at a provider of one value a name, or NULL. */
static const struct value *find_holder(const struct value *v)
{
    const struct provider_facts *facts = provider_facts(v->provider);

    if (facts == NULL || facts->can_hold_several) {
        return NULL;
    }
    for (size_t i = 0; i < v->values->n; i++) {
        const struct value *other = v->values->items[i];

        if (other != v && value_is_at(other, v->provider, v->owner) &&
            (value_is_busy(other) || other->state == VALUE_PRESENT ||
             (other->state == VALUE_FAILED && other->entry != NULL))) {
            return other;
        }
    }
    return NULL;
}

static void wake_held(struct values *values)
{
    for (size_t i = 0; i < values->n; i++) {
        if (values->items[i]->state == VALUE_HELD && values->items[i]->n_uses > 0) {
            value_start_add(values->items[i]);
        }
    }
}

static void check_held(void *arg)
{
    struct values *values = arg;

    values->held_check = NULL;
    wake_held(values);
}

static void start_held_check(struct values *values)
{
    if (values->held_check == NULL) {
        int64_t delay_ms = HELD_CHECK_MS + (int64_t)clock_random(HELD_JITTER_MS);

        values->held_check = loop_timer_start(values->loop, delay_ms, check_held, values);
    }
}

/* What runs have left at this place is this value: no second entry for it. */
static struct journal_entry *find_known(const struct value *v)
{
    return journal_find_value(v->values->journal, provider_name(v->provider), v->owner, v->text);
}

static void strike(struct journal_entry *entry)
{
    struct err err = ERR_INIT;

    if (journal_mark_removed(entry, &err) < 0) {
        log_journal_error(&err);
    }
}

/* Leases too: one in force would have kept the value from being removed. */
void value_forget(struct value *v)
{
    struct journal_entry *entry = NULL;
    size_t cursor = 0;

    while ((entry = journal_next(v->values->journal, &cursor)) != NULL) {
        if (entry->kind != JOURNAL_PERMANENT && str_eq(entry->owner, v->owner) &&
            str_eq(entry->value, v->text) && str_eq(entry->provider, provider_name(v->provider))) {
            strike(entry);
        }
    }
    v->entry = NULL;
}

void value_rest(struct value *v, enum value_state state)
{
    v->state = state;
    wake_held(v->values);
    settle(v->values);
}

/* The clock begins anew with each that goes before: many may share one place. */
static void note_holder(struct value *v, const struct value *holder)
{
    if (v->held_since_ms != 0 && v->holder == holder) {
        return;
    }
    v->held_since_ms = loop_now_ms(v->values->loop);
    v->holder = holder;
    if (holder == NULL) {
        event_log(EVENT_NOTICE, v->owner,
                  "provider '%s' holds one value a name, and another run has one here: waiting "
                  "until it is gone",
                  provider_name(v->provider));
    }
}

/* Another value of this run is in the way, or NULL: another run. Two orders may each have what the
 * other waits for: one must give up some day. */
static void give_way(struct value *v, const struct value *holder)
{
    note_holder(v, holder);
    if (loop_now_ms(v->values->loop) - v->held_since_ms >= v->values->held_max_ms) {
        (void)err_set(&v->err, ERR_LOCKED,
                      "%s: %s still has a value at provider '%s', which holds one a name, after "
                      "%lld s",
                      v->owner, holder == NULL ? "another run" : "another certificate's order",
                      provider_name(v->provider), (long long)(v->values->held_max_ms / 1000));
        v->held_since_ms = 0;
        v->state = VALUE_FAILED;
        tell_users(v);
        settle(v->values);
        return;
    }
    v->state = VALUE_HELD;
    settle(v->values);
    start_held_check(v->values);
}

/* Nobody wants it any more, unless a later run is to find it. */
static bool is_unwanted(const struct value *v)
{
    return v->n_uses == 0 && !v->is_kept;
}

static void finish_add(void *arg, const struct provider_result *result)
{
    struct value *v = arg;

    v->job = NULL;
    crash_point("provider-add-after");
    /* What an earlier add left, or somebody else's, may stand all the same. */
    if (!result->is_ok && !result->may_be_in_force && !v->was_known && v->entry != NULL) {
        strike(v->entry);
        v->entry = NULL;
    }
    if (result->is_ok) {
        v->state = VALUE_PRESENT;
    } else {
        v->state = VALUE_FAILED;
        v->err = *result->err;
    }
    if (is_unwanted(v)) {
        value_start_remove(v);
    } else if (result->is_dropped && v->n_uses > 0) {
        give_way(v, NULL);
    } else {
        tell_users(v);
        settle(v->values);
    }
}

/* A lease may stand for hours: that is not waited for. */
static bool is_leased_to_others(struct value *v)
{
    const struct provider_facts *facts = provider_facts(v->provider);
    AUTO_FREE char *lease =
        facts == NULL || facts->can_hold_several
            ? NULL
            : journal_find_lease(v->values->journal, provider_name(v->provider), v->owner, v->text);

    if (lease == NULL) {
        return false;
    }
    (void)err_set(&v->err, ERR_LOCKED,
                  "%s: provider '%s' holds one value a name, and another is leased there (%s)",
                  v->owner, provider_name(v->provider), lease);
    (void)err_hint(&v->err, "'acme-dns dns remove' ends a lease");
    return true;
}

void value_start_add(struct value *v)
{
    const struct value *holder = find_holder(v);

    if (holder != NULL) {
        give_way(v, holder);
        return;
    }
    if (is_leased_to_others(v)) {
        v->state = VALUE_FAILED;
        tell_users(v);
        settle(v->values);
        return;
    }
    if (is_taken_elsewhere(v)) {
        give_way(v, NULL);
        return;
    }
    v->held_since_ms = 0;
    v->state = VALUE_ADDING;
    v->was_known = v->entry != NULL;
    v->n_removals = 0;
    value_submit(v, PROVIDER_ADD, finish_add);
}

/* ---- Uses ---- */

bool value_is_at(const struct value *v, const struct provider *provider, const char *owner)
{
    return v->provider == provider && str_eq(v->owner, owner);
}

struct value *value_find(struct values *values, const struct provider *provider, const char *owner,
                         const char *text)
{
    for (size_t i = 0; i < values->n; i++) {
        struct value *v = values->items[i];

        if (value_is_at(v, provider, owner) && str_eq(v->text, text)) {
            return v;
        }
    }
    return NULL;
}

struct value *value_new(struct values *values, struct provider *provider, const char *owner,
                        const char *zone, const char *text)
{
    struct value *v = NEW(struct value);

    v->values = values;
    v->provider = provider;
    v->owner = str_dup(owner);
    v->zone = str_dup(zone);
    v->text = str_dup(text);
    v->state = VALUE_GONE;
    VEC_PUSH(values->items, values->n, values->cap) = v;
    return v;
}

void value_take_wish(struct value *v, const struct value_wish *wish)
{
    str_set(&v->certificate, wish->certificate);
    str_set(&v->identifier, wish->identifier);
    str_set(&v->token, wish->token);
    str_set(&v->key_authorization, wish->key_authorization);
    v->is_wildcard = wish->is_wildcard;
    v->is_unwatched = wish->is_unwatched;
    if (wish->place != NULL && v->place == NULL) {
        v->place = dns_place_copy(wish->place);
    }
    v->lease_until_s = wish->lease_until_s;
    if (v->entry == NULL && wish->lease_until_s == 0) {
        v->entry = find_known(v);
    }
}

struct value_use *values_publish(struct values *values, const struct value_wish *wish,
                                 value_published_fn *published, void *arg)
{
    struct value_use *use = NEW(struct value_use);
    struct value *v = value_find(values, wish->provider, wish->owner, wish->value);

    if (v == NULL) {
        v = value_new(values, wish->provider, wish->owner, wish->zone, wish->value);
    }
    *use = (struct value_use){.value = v, .published = published, .arg = arg};
    VEC_PUSH(v->uses, v->n_uses, v->cap_uses) = use;
    v->is_kept = false;
    switch (v->state) {
    case VALUE_PRESENT:
        tell_users(v);
        break;
    case VALUE_HELD:
    case VALUE_ADDING:
    case VALUE_REMOVING: /* finish_remove() adds it again */
        break;
    case VALUE_CHECKING: /* the answer finds it in another state and leaves it alone */
    case VALUE_FAILED:
    case VALUE_GONE:
    case VALUE_LEFT:
        value_take_wish(v, wish);
        v->question = NULL;
        value_start_add(v);
        break;
    }
    return use;
}

/* Takes the use off its value, which comes back. */
static struct value *end_use(struct value_use **use)
{
    AUTO_FREE struct value_use *ended = *use;
    struct value *v = ended->value;

    *use = NULL;
    for (size_t i = 0; i < v->n_uses; i++) {
        if (v->uses[i] == ended) {
            v->uses[i] = v->uses[--v->n_uses];
            break;
        }
    }
    loop_timer_cancel(&ended->telling);
    return v;
}

void values_release(struct value_use **use)
{
    struct value *v = NULL;

    if (*use == NULL) {
        return;
    }
    v = end_use(use);
    if (!is_unwanted(v)) {
        return;
    }
    switch (v->state) {
    case VALUE_PRESENT:
    case VALUE_FAILED:
    case VALUE_HELD: /* what an earlier run added may stand */
        value_start_remove(v);
        break;
    case VALUE_ADDING: /* finish_add() removes it */
        provider_job_hang_up(v->job);
        break;
    case VALUE_REMOVING:
    case VALUE_CHECKING:
    case VALUE_GONE:
    case VALUE_LEFT:
        break;
    }
}

void values_keep(struct value_use **use)
{
    if (*use != NULL) {
        end_use(use)->is_kept = true;
    }
}

const void *value_use_receipt(const struct value_use *use, size_t *ret_len)
{
    const struct journal_entry *entry = use->value->entry;

    *ret_len = entry == NULL ? 0 : entry->receipt_len;
    return entry == NULL ? NULL : entry->receipt;
}

struct provider *value_use_provider(const struct value_use *use)
{
    return use->value->provider;
}

size_t values_n_removed(const struct values *values)
{
    return values->n_removed;
}

size_t values_n_handed_over(const struct values *values)
{
    return values->n_handed_over;
}

bool values_is_spared(const struct values *values, const char *identifier, const char *value)
{
    for (size_t i = 0; i < values->n; i++) {
        const struct value *v = values->items[i];

        if (v->is_spared && str_eq(v->identifier, identifier) && str_eq(v->text, value)) {
            return true;
        }
    }
    return false;
}
