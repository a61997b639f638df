/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "order/values.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/event.h"
#include "base/mem.h"
#include "dns/gone.h"

#include <string.h>

/* How long the servers may take to drop a value before it is removed once more. Secondaries that
 * lag are no reason to wait: the record is gone where it counts. */
#define GONE_TIMEOUT_MS 2000
#define REMOVALS_MAX 2
/* Values of one owner that one question can ask for; more are taken at the provider's word. */
#define CHECKED_MAX 32

enum value_state {
    VALUE_HELD,
    VALUE_ADDING,
    VALUE_PRESENT,
    VALUE_FAILED, /* not added; may stand all the same if entry is not NULL */
    VALUE_REMOVING,
    VALUE_CHECKING, /* removed; the servers are being asked */
    VALUE_GONE,
    VALUE_LEFT, /* could not be removed: the journal keeps it */
};

struct value_use {
    struct value *value;
    value_published_fn *published;
    void *arg;
    struct loop_timer *telling;
};

struct value {
    struct values *values;
    struct provider *provider;
    char *owner, *zone, *text;
    char *certificate, *identifier, *token, *key_authorization;
    bool is_wildcard;
    struct dns_place *place; /* or NULL */
    enum value_state state;
    struct value_use **uses;
    size_t n_uses, cap_uses;
    struct provider_job *job;
    struct dns_gone *gone; /* one for all values of the owner; hangs on the last that was removed */
    bool was_known;        /* an entry was there before this add */
    struct journal_entry *entry; /* NULL: never handed to the provider, or known to be gone */
    unsigned n_removals;
    struct err err; /* why FAILED or LEFT */
};

struct values {
    struct loop *loop;
    struct provider_set *set;
    struct journal *journal;
    struct dns *dns;
    struct value **items;
    size_t n, cap;
    struct provider **touched; /* have queued changes that may go at the end of this turn */
    size_t n_touched, cap_touched;
    struct loop_timer *flush;
    struct loop_timer *idle_check;
    values_settled_fn *idle_done;
    void *idle_arg;
    size_t n_removed;
    size_t n_lost; /* entries that the sweep could not even hand to a provider */
    struct err first_lost;
};

static void start_add(struct value *v);
static void start_remove(struct value *v);

/* ---- Life of the table ---- */

struct values *values_new(struct loop *loop)
{
    struct values *values = NEW(struct values);

    values->loop = loop;
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
    dns_gone_cancel(&v->gone);
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
    mem_free(values->items);
    mem_free(values->touched);
    mem_free(values);
}

/* ---- Idleness ---- */

static bool is_busy(const struct value *v)
{
    return v->state == VALUE_ADDING || v->state == VALUE_REMOVING || v->state == VALUE_CHECKING;
}

static void check_idle(void *arg)
{
    struct values *values = arg;
    values_settled_fn *done = values->idle_done;

    values->idle_check = NULL;
    for (size_t i = 0; i < values->n; i++) {
        if (is_busy(values->items[i])) {
            return;
        }
    }
    values->idle_done = NULL;
    if (done != NULL) {
        done(values->idle_arg);
    }
}

/* A value came to rest: perhaps it was the last. */
static void settle(struct values *values)
{
    if (values->idle_done != NULL && values->idle_check == NULL) {
        values->idle_check = loop_timer_start(values->loop, 0, check_idle, values);
    }
}

void values_wait_idle(struct values *values, values_settled_fn *done, void *arg)
{
    values->idle_done = done;
    values->idle_arg = arg;
    settle(values);
}

void values_wait_cancel(struct values *values)
{
    values->idle_done = NULL;
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

static void submit(struct value *v, enum provider_verb verb, provider_done_fn *done)
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

/* The intent of every add in the call is on disk before the first byte goes to the worker. */
int values_write_intents(struct values *values, const struct provider *provider,
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
        intents[n_added] = (struct journal_entry){
            .kind = JOURNAL_ORDER,
            .certificate = v->certificate,
            .provider = (char *)(uintptr_t)provider_name(v->provider),
            .owner = v->owner,
            .zone = v->zone,
            .identifier = v->identifier,
            .value = v->text,
        };
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

        if (other != v && other->provider == v->provider && str_eq(other->owner, v->owner) &&
            (is_busy(other) || other->state == VALUE_PRESENT ||
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
            start_add(values->items[i]);
        }
    }
}

/* What runs have left at this place is this value: no second entry for it. */
static struct journal_entry *find_known(const struct value *v)
{
    return journal_find_value(v->values->journal, provider_name(v->provider), v->owner, v->text);
}

/* The value is known not to stand any more, whichever entries name it. */
static void forget_entry(struct value *v)
{
    struct journal_entry *entry = NULL;
    struct err err = ERR_INIT;

    while ((entry = find_known(v)) != NULL) {
        if (journal_mark_removed(entry, &err) < 0) {
            log_journal_error(&err);
        }
    }
    v->entry = NULL;
}

static void come_to_rest(struct value *v, enum value_state state)
{
    v->state = state;
    wake_held(v->values);
    settle(v->values);
}

static void finish_add(void *arg, const struct provider_result *result)
{
    struct value *v = arg;

    v->job = NULL;
    crash_point("provider-add-after");
    if (result->is_ok) {
        v->state = VALUE_PRESENT;
    } else {
        v->state = VALUE_FAILED;
        v->err = *result->err;
        if (!result->may_be_in_force && !v->was_known) {
            forget_entry(v); /* what an earlier add left may stand all the same */
        }
    }
    if (v->n_uses == 0) {
        start_remove(v);
        return;
    }
    tell_users(v);
    settle(v->values);
}

static void start_add(struct value *v)
{
    if (find_holder(v) != NULL) {
        v->state = VALUE_HELD;
        return;
    }
    v->state = VALUE_ADDING;
    v->was_known = v->entry != NULL;
    v->n_removals = 0;
    submit(v, PROVIDER_ADD, finish_add);
}

/* ---- Removing ---- */

static void finish_gone(void *arg, const struct strv *still_standing, const struct err *err);

/* Once no removal at v's owner is under way any more, one question asks for all that were removed.
 */
static void ask_servers(const struct value *v)
{
    struct values *values = v->values;
    struct value *asker = NULL;
    const char *texts[CHECKED_MAX];
    size_t n = 0;

    for (size_t i = 0; i < values->n; i++) {
        struct value *other = values->items[i];

        if (other->provider != v->provider || !str_eq(other->owner, v->owner)) {
            continue;
        }
        if (other->state == VALUE_REMOVING) {
            return;
        }
        if (other->state == VALUE_CHECKING && n < CHECKED_MAX) {
            texts[n++] = other->text;
            asker = other;
        }
    }
    if (asker != NULL && asker->gone == NULL) {
        asker->gone = dns_gone_start(values->dns, asker->place, texts, n, GONE_TIMEOUT_MS,
                                     finish_gone, asker);
    }
}

static void finish_gone(void *arg, const struct strv *still_standing, const struct err *err)
{
    struct value *asker = arg;
    struct values *values = asker->values;
    struct provider *provider = asker->provider;
    AUTO_FREE char *owner = str_dup(asker->owner);

    asker->gone = NULL;
    for (size_t i = 0; i < values->n; i++) {
        struct value *v = values->items[i];

        if (v->state != VALUE_CHECKING || v->provider != provider || !str_eq(v->owner, owner)) {
            continue;
        }
        if (err == NULL && strv_has(still_standing, v->text)) {
            event_log(EVENT_DEBUG, v->owner,
                      "a server still serves the value after its removal; removing it again");
            start_remove(v);
        } else {
            come_to_rest(v, VALUE_GONE);
        }
    }
}

static void finish_remove(void *arg, const struct provider_result *result)
{
    struct value *v = arg;

    v->job = NULL;
    crash_point("provider-remove-after");
    if (!result->is_ok) {
        v->err = *result->err;
        (void)err_wrap(&v->err, "provider '%s' cannot remove the value at %s",
                       provider_name(v->provider), v->owner);
        come_to_rest(v, VALUE_LEFT);
        ask_servers(v);
        return;
    }
    forget_entry(v);
    if (v->n_removals == 1) {
        v->values->n_removed++;
    }
    if (v->n_uses > 0) {
        start_add(v);
        return;
    }
    if (v->place == NULL || v->values->dns == NULL || v->n_removals >= REMOVALS_MAX) {
        come_to_rest(v, VALUE_GONE);
    } else {
        v->state = VALUE_CHECKING;
    }
    ask_servers(v);
}

static void start_remove(struct value *v)
{
    if (v->n_removals == 0) {
        if (v->entry == NULL) {
            come_to_rest(v, VALUE_GONE);
            return;
        }
        if (journal_stands_elsewhere(v->values->journal, v->entry)) {
            event_log(EVENT_DEBUG, v->owner, "another run still needs the value; it removes it");
            forget_entry(v);
            come_to_rest(v, VALUE_GONE);
            return;
        }
    }
    v->state = VALUE_REMOVING;
    v->n_removals++;
    crash_point("provider-remove-before");
    submit(v, PROVIDER_REMOVE, finish_remove);
}

/* ---- Uses ---- */

static struct value *find_value(struct values *values, const struct provider *provider,
                                const char *owner, const char *text)
{
    for (size_t i = 0; i < values->n; i++) {
        struct value *v = values->items[i];

        if (v->provider == provider && str_eq(v->owner, owner) && str_eq(v->text, text)) {
            return v;
        }
    }
    return NULL;
}

static struct value *add_value(struct values *values, struct provider *provider, const char *owner,
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

static void take_wish(struct value *v, const struct value_wish *wish)
{
    str_set(&v->certificate, wish->certificate);
    str_set(&v->identifier, wish->identifier);
    str_set(&v->token, wish->token);
    str_set(&v->key_authorization, wish->key_authorization);
    v->is_wildcard = wish->is_wildcard;
    if (wish->place != NULL && v->place == NULL) {
        v->place = dns_place_copy(wish->place);
    }
    if (v->entry == NULL) {
        v->entry = find_known(v);
    }
}

struct value_use *values_publish(struct values *values, const struct value_wish *wish,
                                 value_published_fn *published, void *arg)
{
    struct value_use *use = NEW(struct value_use);
    struct value *v = find_value(values, wish->provider, wish->owner, wish->value);

    if (v == NULL) {
        v = add_value(values, wish->provider, wish->owner, wish->zone, wish->value);
    }
    *use = (struct value_use){.value = v, .published = published, .arg = arg};
    VEC_PUSH(v->uses, v->n_uses, v->cap_uses) = use;
    switch (v->state) {
    case VALUE_PRESENT:
        tell_users(v);
        break;
    case VALUE_HELD:
    case VALUE_ADDING:
    case VALUE_REMOVING: /* finish_remove() adds it again */
        break;
    case VALUE_CHECKING: /* the asker's answer finds it in another state and leaves it alone */
    case VALUE_FAILED:
    case VALUE_GONE:
    case VALUE_LEFT:
        take_wish(v, wish);
        start_add(v);
        break;
    }
    return use;
}

void values_release(struct value_use **use)
{
    struct value_use *released = *use;
    struct value *v = NULL;

    if (released == NULL) {
        return;
    }
    *use = NULL;
    v = released->value;
    for (size_t i = 0; i < v->n_uses; i++) {
        if (v->uses[i] == released) {
            v->uses[i] = v->uses[--v->n_uses];
            break;
        }
    }
    loop_timer_cancel(&released->telling);
    mem_free(released);
    if (v->n_uses > 0) {
        return;
    }
    switch (v->state) {
    case VALUE_PRESENT:
    case VALUE_FAILED:
        start_remove(v);
        break;
    case VALUE_HELD:
        come_to_rest(v, VALUE_GONE);
        break;
    case VALUE_ADDING: /* finish_add() removes it */
    case VALUE_REMOVING:
    case VALUE_CHECKING:
    case VALUE_GONE:
    case VALUE_LEFT:
        break;
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

/* ---- What earlier runs left ---- */

static void count_lost(struct values *values, const struct journal_entry *entry,
                       const struct err *err)
{
    struct err told = *err;

    (void)err_wrap(&told, "%s: cannot remove the value that an earlier run left (entry %s)",
                   entry->owner, entry->id);
    if (values->n_lost++ == 0) {
        values->first_lost = told;
    }
    event_log(EVENT_WARNING, "journal", "%s", told.text);
}

static void sweep_entry(struct values *values, struct journal_entry *entry)
{
    struct err err = ERR_INIT;
    struct provider *provider = NULL;
    struct value *v = NULL;

    if (provider_get(values->set, entry->provider, &provider, &err) < 0 ||
        provider_may_write(values->set, entry->owner, entry->owner, NULL, &err) < 0) {
        count_lost(values, entry, &err);
        return;
    }
    v = find_value(values, provider, entry->owner, entry->value);
    if (v != NULL && (v->n_uses > 0 || v->entry == entry || is_busy(v))) {
        return;
    }
    if (v == NULL) {
        v = add_value(values, provider, entry->owner, entry->zone, entry->value);
        v->identifier = str_dup(entry->identifier);
    }
    v->entry = entry;
    v->n_removals = 0;
    event_log(EVENT_NOTICE, entry->owner, "removing a value that an earlier run left");
    start_remove(v);
}

void values_sweep(struct values *values)
{
    size_t cursor = 0;
    struct journal_entry *entry = NULL;

    while ((entry = journal_next(values->journal, &cursor)) != NULL) {
        if (entry->is_adopted && journal_may_end(entry, clock_wall_s())) {
            sweep_entry(values, entry);
        }
    }
}

size_t values_n_left(const struct values *values, struct err *ret_first)
{
    size_t n = values->n_lost;

    if (n > 0) {
        *ret_first = values->first_lost;
    }
    for (size_t i = 0; i < values->n; i++) {
        if (values->items[i]->state == VALUE_LEFT && n++ == 0) {
            *ret_first = values->items[i]->err;
        }
    }
    return n;
}

size_t values_n_removed(const struct values *values)
{
    return values->n_removed;
}
