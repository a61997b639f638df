/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Values on their way into the DNS: the intent on disk, the call, and who is told. */
#include "base/crash.h"
#include "base/event.h"
#include "base/mem.h"
#include "order/values_impl.h"

#include <string.h>

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
                changes[i]->verb == PROVIDER_ADD ? value_is_taken_elsewhere(v) : value_is_needed(v);
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

void value_tell_users(struct value *v)
{
    for (size_t i = 0; i < v->n_uses; i++) {
        if (v->uses[i]->published != NULL && v->uses[i]->telling == NULL) {
            v->uses[i]->telling = loop_timer_start(v->values->loop, 0, tell_use, v->uses[i]);
        }
    }
}

/* ---- Adding ---- */

struct journal_entry *value_find_known(const struct value *v)
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
    if (value_is_unwanted(v)) {
        value_start_remove(v);
    } else if (result->is_dropped && v->n_uses > 0) {
        value_give_way(v, NULL);
    } else {
        value_tell_users(v);
        values_settle(v->values);
    }
}

void value_start_add(struct value *v)
{
    const struct value *holder = value_find_holder(v);

    if (holder != NULL) {
        value_give_way(v, holder);
        return;
    }
    if (value_is_leased(v)) {
        v->state = VALUE_FAILED;
        value_tell_users(v);
        values_settle(v->values);
        return;
    }
    if (value_is_taken_elsewhere(v)) {
        value_give_way(v, NULL);
        return;
    }
    v->held_since_ms = 0;
    v->state = VALUE_ADDING;
    v->was_known = v->entry != NULL;
    v->n_removals = 0;
    value_submit(v, PROVIDER_ADD, finish_add);
}
