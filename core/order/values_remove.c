/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Values on their way out: removed, looked after at the servers, and only then struck off the
 * journal; and the sweep, which does the same with what earlier runs left.
 */
#include "acme-plugin.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/domain.h"
#include "base/event.h"
#include "base/mem.h"
#include "order/values_impl.h"

#include <string.h>

/* How long the servers may take to drop a value before it is removed once more. Secondaries that
 * lag are no reason to wait: the record is gone where it counts. */
#define GONE_TIMEOUT_MS 2000
#define REMOVALS_MAX 2
/* Values that one question can ask for. */
#define CHECKED_MAX 32

/* ---- Who else counts on it ---- */

/* An order that is parked, a lease or a permanent record may be behind an entry of the same value
 * that this run has taken over. */
static bool is_needed_here(const struct value *v)
{
    size_t cursor = 0;
    const struct journal_entry *entry = NULL;

    while ((entry = journal_next(v->values->journal, &cursor)) != NULL) {
        if (entry != v->entry && str_eq(entry->provider, provider_name(v->provider)) &&
            str_eq(entry->owner, v->owner) && str_eq(entry->value, v->text) &&
            (entry->kind != JOURNAL_ORDER || !str_eq(entry->certificate, v->entry->certificate)) &&
            !journal_may_end(entry, clock_wall_s())) {
            return true;
        }
    }
    return false;
}

bool value_is_needed(struct value *v)
{
    return v->entry != NULL &&
           (is_needed_here(v) || journal_stands_elsewhere(v->values->journal, v->entry));
}

/* Strikes the entries off that were ours to end; the value goes on standing. */
static void leave_to_others(struct value *v)
{
    size_t cursor = 0;
    struct journal_entry *entry = NULL;
    struct err err = ERR_INIT;

    event_log(EVENT_DEBUG, v->owner, "somebody else still needs the value, and removes it");
    while ((entry = journal_next(v->values->journal, &cursor)) != NULL) {
        bool is_ours = entry == v->entry ||
                       (entry->kind == JOURNAL_ORDER && journal_may_end(entry, clock_wall_s()));

        if (is_ours && str_eq(entry->provider, provider_name(v->provider)) &&
            str_eq(entry->owner, v->owner) && str_eq(entry->value, v->text) &&
            journal_mark_removed(entry, &err) < 0) {
            event_log(EVENT_WARNING, "journal", "%s", err.text);
        }
    }
    v->entry = NULL;
    v->is_spared = true;
    value_rest(v, VALUE_GONE);
}

/* ---- The servers ---- */

static void rest_removed(struct value *v)
{
    value_forget(v);
    v->is_left_standing = provider_is_by_hand(v->provider);
    if (provider_is_attended(v->provider)) {
        v->values->n_handed_over++;
    } else {
        v->values->n_removed++;
    }
    value_rest(v, VALUE_GONE);
}

static void question_free(struct value_question *question)
{
    struct values *values = question->values;

    for (size_t i = 0; i < values->n_questions; i++) {
        if (values->questions[i] == question) {
            values->questions[i] = values->questions[--values->n_questions];
            break;
        }
    }
    dns_gone_cancel(&question->gone);
    mem_free(question);
}

void questions_free(struct values *values)
{
    while (values->n_questions > 0) {
        question_free(values->questions[0]);
    }
    mem_free(values->questions);
}

/* Judges the values that the question held; one that is wanted again does not point here. */
static void finish_gone(void *arg, const struct strv *still_standing, const struct err *err)
{
    struct value_question *question = arg;
    struct values *values = question->values;

    question->gone = NULL;
    for (size_t i = 0; i < values->n; i++) {
        struct value *v = values->items[i];

        if (v->question != question) {
            continue;
        }
        v->question = NULL;
        if (err == NULL && strv_has(still_standing, v->text)) {
            event_log(EVENT_DEBUG, v->owner,
                      "a server still serves the value after its removal; removing it again");
            value_start_remove(v);
        } else {
            rest_removed(v);
        }
    }
    question_free(question);
}

static void ask(struct values *values, struct value **asked, size_t n)
{
    struct value_question *question = NEW(struct value_question);
    const char *texts[CHECKED_MAX];

    question->values = values;
    VEC_PUSH(values->questions, values->n_questions, values->cap_questions) = question;
    for (size_t i = 0; i < n; i++) {
        asked[i]->question = question;
        texts[i] = asked[i]->text;
    }
    question->gone = dns_gone_start(values->dns, asked[0]->place, texts, n, GONE_TIMEOUT_MS,
                                    finish_gone, question);
}

/* Once no removal at the owner is under way any more, all that were removed are asked for together.
 */
static void ask_servers(struct values *values, const struct provider *provider, const char *owner)
{
    struct value *asked[CHECKED_MAX];
    size_t n = 0;

    for (size_t i = 0; i < values->n; i++) {
        if (values->items[i]->state == VALUE_REMOVING &&
            value_is_at(values->items[i], provider, owner)) {
            return;
        }
    }
    for (size_t i = 0; i < values->n; i++) {
        struct value *v = values->items[i];

        if (v->state == VALUE_CHECKING && v->question == NULL && value_is_at(v, provider, owner)) {
            asked[n++] = v;
        }
        if (n == CHECKED_MAX || (n > 0 && i + 1 == values->n)) {
            ask(values, asked, n);
            n = 0;
        }
    }
}

/* ---- Removing ---- */

static void fail_removal(struct value *v, const struct err *err)
{
    if (v->n_uses > 0) {
        value_start_add(v);
        return;
    }
    if (err->class == ERR_CANCELLED && v->n_removals < REMOVALS_MAX) {
        value_start_remove(v); /* it shared its call with adds that were to end */
        return;
    }
    v->err = *err;
    value_rest(v, VALUE_LEFT);
}

static void take_removal(struct value *v)
{
    if (v->n_uses > 0) {
        value_forget(v);
        value_start_add(v);
    } else if (v->place == NULL || v->values->dns == NULL || v->n_removals >= REMOVALS_MAX ||
               provider_is_attended(v->provider)) {
        rest_removed(v);
    } else {
        v->state = VALUE_CHECKING;
    }
}

/* Providers that cannot take a value away let it be pushed out by later ones: nothing is left to
 * do, and nothing to look after. */
static void let_stand(struct value *v, const struct err *why)
{
    struct strv *told = &v->values->told_standing;

    if (v->n_uses > 0) {
        take_removal(v);
        return;
    }
    if (!strv_has(told, provider_name(v->provider))) {
        strv_add(told, provider_name(v->provider));
        event_log(EVENT_NOTICE, v->owner, "%s", why->text);
    }
    value_forget(v);
    v->is_left_standing = true;
    v->values->n_handed_over++;
    value_rest(v, VALUE_GONE);
}

static void finish_remove(void *arg, const struct provider_result *result)
{
    struct value *v = arg;

    v->job = NULL;
    crash_point("provider-remove-after");
    if (result->is_ok) {
        take_removal(v);
    } else if (!result->is_dropped && result->status == ACME_UNSUPPORTED) {
        let_stand(v, result->err);
    } else if (!result->is_dropped) {
        fail_removal(v, result->err);
    } else {
        leave_to_others(v);
        if (v->n_uses > 0) {
            value_start_add(v);
        }
    }
    ask_servers(v->values, v->provider, v->owner);
}

void value_start_remove(struct value *v)
{
    if (v->entry == NULL) {
        value_rest(v, VALUE_GONE);
        return;
    }
    v->state = VALUE_REMOVING;
    v->is_spared = false;
    v->is_left_standing = false;
    v->n_removals++;
    crash_point("provider-remove-before");
    value_submit(v, PROVIDER_REMOVE, finish_remove);
}

/* The intent, as a lease that is over at once, lets the next run end what is begun here. */
int values_take_back(struct values *values, const struct value_wish *wish, struct err *err)
{
    struct value *v = value_find(values, wish->provider, wish->owner, wish->value);
    struct journal_entry intent;

    if (v == NULL) {
        v = value_new(values, wish->provider, wish->owner, wish->zone, wish->value);
    } else if (value_is_busy(v)) {
        return 0; /* a provider that was named twice is asked once */
    }
    value_take_wish(v, wish);
    v->lease_until_s = clock_wall_s();
    intent = value_describe(v);
    if (journal_add_intents(values->journal, &intent, 1, &v->entry, err) < 0) {
        return err_code(err);
    }
    v->n_removals = 0;
    value_start_remove(v);
    return 0;
}

/* ---- What earlier runs left ---- */

static void keep_lost(struct values *values, const struct journal_entry *entry,
                      const struct err *err)
{
    for (size_t i = 0; i < values->n_lost; i++) {
        if (values->lost[i].entry == entry) {
            return;
        }
    }
    VEC_PUSH(values->lost, values->n_lost, values->cap_lost) =
        (struct lost_entry){.entry = entry, .err = *err};
}

/* The owner that the CA asks for, where nothing leads elsewhere. */
static char *challenge_owner(const struct journal_entry *entry)
{
    return entry->kind != JOURNAL_PERMANENT && entry->identifier[0] != '\0'
               ? domain_challenge_fqdn(entry->identifier)
               : str_dup(entry->owner);
}

static void sweep_entry(struct values *values, struct journal_entry *entry)
{
    AUTO_FREE char *asked_for = challenge_owner(entry);
    struct err err = ERR_INIT;
    struct provider *provider = NULL;
    struct value *v = NULL;

    if (provider_get(values->set, entry->provider, &provider, &err) < 0 ||
        provider_may_write(values->set, NULL, asked_for, entry->owner, NULL, &err) < 0) {
        keep_lost(values, entry, &err);
        return;
    }
    v = value_find(values, provider, entry->owner, entry->value);
    if (v != NULL && (v->n_uses > 0 || v->is_kept || value_is_busy(v))) {
        return;
    }
    if (v == NULL) {
        v = value_new(values, provider, entry->owner, entry->zone, entry->value);
        v->identifier = str_dup(entry->identifier);
        v->certificate = str_dup(entry->certificate);
    }
    if (v->entry == NULL) {
        v->entry = entry;
    }
    v->n_removals = 0;
    if (!provider_is_attended(provider)) {
        event_log(EVENT_NOTICE, entry->owner, "%s",
                  entry->kind == JOURNAL_LEASE ? "removing a value that was leased"
                                               : "removing a value that an earlier run left");
    }
    value_start_remove(v);
}

void values_claim(struct values *values, const char *certificate)
{
    strv_add_unique(&values->claims, certificate);
}

void values_disclaim(struct values *values, const char *certificate)
{
    strv_remove(&values->claims, certificate);
    values->has_swept_rest = false;
}

/* Whether what belongs to owner (a certificate, "" or NULL) is to be swept for certificate. */
static bool is_in_sweep(const struct values *values, const char *owner, const char *certificate)
{
    if (owner != NULL && certificate != NULL && str_eq(owner, certificate)) {
        return true;
    }
    return !(owner != NULL && strv_has(&values->claims, owner)) &&
           (certificate == NULL || !values->has_swept_rest);
}

void values_sweep(struct values *values, const char *certificate)
{
    size_t cursor = 0;
    struct journal_entry *entry = NULL;

    while ((entry = journal_next(values->journal, &cursor)) != NULL) {
        if (entry->is_adopted && is_in_sweep(values, entry->certificate, certificate) &&
            journal_may_end(entry, clock_wall_s())) {
            sweep_entry(values, entry);
        }
    }
    for (size_t i = 0; i < values->n; i++) {
        struct value *v = values->items[i];

        if (v->state == VALUE_LEFT && v->n_uses == 0 && !v->is_kept &&
            is_in_sweep(values, v->certificate, certificate)) {
            v->n_removals = 0;
            value_start_remove(v);
        }
    }
    values->has_swept_rest = true;
}

const struct journal_entry *values_next_left(const struct values *values, size_t *cursor,
                                             const struct err **ret_why)
{
    size_t at = (*cursor)++;

    if (at < values->n_lost) {
        *ret_why = &values->lost[at].err;
        return values->lost[at].entry;
    }
    for (at -= values->n_lost; at < values->n; at++, (*cursor)++) {
        const struct value *v = values->items[at];

        if (v->state == VALUE_LEFT) {
            *ret_why = &v->err;
            return v->entry;
        }
    }
    return NULL;
}
