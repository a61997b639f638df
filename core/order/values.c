/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "order/values.h"

#include "base/mem.h"
#include "order/values_impl.h"

/* ---- Life of the table ---- */

struct values *values_new(struct loop *loop)
{
    struct values *values = NEW(struct values);

    values->loop = loop;
    values->held_max_ms = VALUES_HELD_MAX_MS;
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
void values_settle(struct values *values)
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
    values_settle(values);
}

void values_wait_cancel(struct values *values, void *arg)
{
    for (size_t i = values->n_waiters; i-- > 0;) {
        if (values->waiters[i].arg == arg) {
            drop_waiter(values, i);
        }
    }
}

void value_rest(struct value *v, enum value_state state)
{
    v->state = state;
    values_wake_held(v->values);
    values_settle(v->values);
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
        v->entry = value_find_known(v);
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
        value_tell_users(v);
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

bool value_is_unwanted(const struct value *v)
{
    return v->n_uses == 0 && !v->is_kept;
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
    if (!value_is_unwanted(v)) {
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

static bool has_such(const struct values *values, const char *identifier, const char *value,
                     bool (*is_such)(const struct value *v))
{
    for (size_t i = 0; i < values->n; i++) {
        const struct value *v = values->items[i];

        if (is_such(v) && str_eq(v->identifier, identifier) && str_eq(v->text, value)) {
            return true;
        }
    }
    return false;
}

static bool is_spared(const struct value *v)
{
    return v->is_spared;
}

static bool is_left_standing(const struct value *v)
{
    return v->is_left_standing;
}

bool values_is_spared(const struct values *values, const char *identifier, const char *value)
{
    return has_such(values, identifier, value, is_spared);
}

bool values_is_left_standing(const struct values *values, const char *identifier, const char *value)
{
    return has_such(values, identifier, value, is_left_standing);
}
