/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Providers that hold one value a name: what is there now goes before the next comes, whether it is
 * this run's, another run's, or leased.
 */
#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"
#include "order/values_impl.h"

/* Another run does not tell us when its value is gone: we look. A little at random, so that two
 * that gave way to each other do not do so for ever. */
#define HELD_CHECK_MS 500
#define HELD_JITTER_MS 250

/* ---- Who has the place ---- */

bool value_is_taken_elsewhere(const struct value *v)
{
    const struct provider_facts *facts = provider_facts(v->provider);

    return facts != NULL && !facts->can_hold_several &&
           journal_owner_is_taken(v->values->journal, provider_name(v->provider), v->owner,
                                  v->text);
}

const struct value *value_find_holder(const struct value *v)
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

/* A lease may stand for hours: that is not waited for. */
bool value_is_leased(struct value *v)
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

/* ---- Waiting for it ---- */

void values_wake_held(struct values *values)
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
    values_wake_held(values);
}

static void start_held_check(struct values *values)
{
    if (values->held_check == NULL) {
        int64_t delay_ms = HELD_CHECK_MS + (int64_t)clock_random(HELD_JITTER_MS);

        values->held_check = loop_timer_start(values->loop, delay_ms, check_held, values);
    }
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

/* Two orders may each have what the other waits for: one must give up some day. */
void value_give_way(struct value *v, const struct value *holder)
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
        value_tell_users(v);
        values_settle(v->values);
        return;
    }
    v->state = VALUE_HELD;
    values_settle(v->values);
    start_held_check(v->values);
}
