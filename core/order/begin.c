/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * NEW and AUTHORIZE: the key on disk, then the order, made or taken up again where a run before
 * this one was cut off; then its authorizations.
 */
#include "order/machine.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/event.h"
#include "base/mem.h"

#include <string.h>

/* ---- The order's record in the journal ---- */

/* Writes what the next run has to know. Before newOrder the URL is missing: the key is not. */
int order_record(struct order *order, struct err *err)
{
    const struct journal_order *known = journal_find_order(order->env.journal, order->certificate);
    const struct journal_order record = {
        .certificate = order->certificate,
        .directory = order->env.ca->directory,
        .account = (char *)(uintptr_t)acme_account_url(order->env.acme),
        .url = order->order == NULL ? NULL : order->order->url,
        .key_tag = order->key_tag,
        .profile = order->profile,
        .names = order->names_wanted,
        .expires_s = order->order == NULL ? 0 : order->order->expires_s,
        .parked_s = order->end != ORDER_END_PARKED          ? 0
                    : known != NULL && known->parked_s != 0 ? known->parked_s
                                                            : clock_wall_s(),
    };

    return journal_put_order(order->env.journal, &record, err);
}

void order_take(struct order *order, struct acme_order *fresh)
{
    if (order->order != NULL && fresh->url == NULL) {
        fresh->url = TAKE(order->order->url); /* only newOrder's answer has to carry it */
    }
    acme_order_free(order->order);
    order->order = fresh;
}

/* ---- Taking up an order ---- */

/* The recorded order, if it is for exactly this and its key is there. */
static struct journal_order *find_fitting(struct journal *journal, struct store *store,
                                          const struct order_wish *wish, struct key **ret_key)
{
    struct journal_order *record = journal_find_order(journal, wish->certificate);
    AUTO_PTR(key) struct key *key = NULL;
    struct err err = ERR_INIT;

    if (record == NULL || record->key_tag == NULL || !str_eq(record->directory, wish->directory) ||
        !str_eq(record->profile, wish->profile) || !strv_is_same_set(&record->names, wish->names) ||
        (record->expires_s != 0 && record->expires_s <= clock_wall_s())) {
        return NULL;
    }
    if (store_pending_key_load(store, wish->certificate, record->key_tag, &key, &err) < 0) {
        event_log(EVENT_DEBUG, wish->certificate, "not resuming: %s", err.text);
        return NULL;
    }
    if (key_get_type(key) != wish->key_type) {
        return NULL;
    }
    *ret_key = TAKE(key);
    return record;
}

bool order_can_resume(struct journal *journal, struct store *store, const struct order_wish *wish)
{
    AUTO_PTR(key) struct key *key = NULL;
    const struct journal_order *record = find_fitting(journal, store, wish, &key);

    return record != NULL && record->url != NULL;
}

static struct journal_order *find_resumable(struct order *order)
{
    const struct order_wish wish = {
        .certificate = order->certificate,
        .directory = order->env.ca->directory,
        .profile = order->profile,
        .names = &order->names_wanted,
        .key_type = order->key_type,
    };
    struct key *key = NULL;
    struct journal_order *record = find_fitting(order->env.journal, order->env.store, &wish, &key);

    if (record != NULL) {
        key_unref(order->key);
        order->key = key;
        str_set(&order->key_tag, record->key_tag);
        order->is_key_saved = true;
    }
    return record;
}

static void start_new_order(struct order *order);

/* An account that the CA has forgotten may be made anew, once; then newOrder comes again. */
static void judge_refusal(struct order *order, const struct acme_reply *reply)
{
    struct err err = *reply->err;

    order_keep_refusal(order, reply);
    if (reply->problem == NULL || order->env.account_refused == NULL || order->has_mended_account) {
        order_fail(order, &err, false);
        return;
    }
    order->has_mended_account = true;
    order->is_account_ready = false;
    if (order->env.account_refused(order->env.account_arg, reply->problem, &err) < 0) {
        order_fail(order, &err, false);
    }
}

static void finish_new_order(void *arg, struct acme_order *fresh, const struct acme_reply *reply)
{
    struct order *order = arg;
    struct err err = ERR_INIT;

    order->call = NULL;
    if (reply->err != NULL) {
        judge_refusal(order, reply);
        return;
    }
    crash_point("order-new-after");
    if (fresh->is_replaces_refused) {
        mem_free(TAKE(order->replaces)); /* another try would only be refused once more */
    }
    order_take(order, fresh);
    if (order_record(order, &err) < 0) {
        order_fail(order, &err, false);
        return;
    }
    order_succeed(order);
}

/* The CA has said no to this order, not that it is busy or that we should come back. */
static bool is_refused_for_good(const struct acme_reply *reply)
{
    return reply->problem != NULL && reply->problem->status >= 400 &&
           reply->problem->status < 500 && reply->err->class != ERR_LATER &&
           reply->err->class != ERR_NETWORK;
}

static void finish_resume(void *arg, struct acme_order *found, const struct acme_reply *reply)
{
    struct order *order = arg;

    order->call = NULL;
    if (reply->err != NULL && !is_refused_for_good(reply)) {
        order_fail(order, reply->err, false); /* the record stays: the next run tries again */
        return;
    }
    if (reply->err != NULL || acme_order_is_over(found)) {
        event_log(EVENT_NOTICE, order->certificate,
                  "the order of an earlier run cannot be used any more (%s); making a new one",
                  reply->err != NULL ? reply->err->text : acme_status_name(found->status));
        acme_order_free(found);
        start_new_order(order);
        return;
    }
    event_log(EVENT_NOTICE, order->certificate, "going on with the order of an earlier run (%s)",
              acme_status_name(found->status));
    order_take(order, found);
    order_succeed(order);
}

static void start_new_order(struct order *order)
{
    const struct acme_order_request request = {
        .names = &order->names_wanted, .profile = order->profile, .replaces = order->replaces};
    struct err err = ERR_INIT;

    if (order_record(order, &err) < 0) {
        order_fail(order, &err, false);
        return;
    }
    crash_point("order-new-before");
    order->call = acme_order_new(order->env.acme, &request, finish_new_order, order);
    acme_prefetch_nonces(order->env.acme, order->n_names);
}

/* ---- The key ---- */

static void finish_csr(void *arg, const uint8_t *bytes, size_t len, const struct err *err)
{
    struct order *order = arg;

    order->key_job = NULL;
    if (err != NULL) {
        order_fail(order, err, false);
        return;
    }
    mem_free(order->csr);
    order->csr = mem_copy(bytes, len);
    order->csr_len = len;
    order_begin_continue(order);
}

static void finish_key_save(void *arg, const struct err *err)
{
    struct order *order = arg;

    order->store_job = NULL;
    if (err != NULL) {
        order_fail(order, err, false);
        return;
    }
    order->is_key_saved = true;
    order_begin_continue(order);
}

static void finish_key(void *arg, struct key *key, const struct err *err)
{
    struct order *order = arg;

    order->key_job = NULL;
    if (err != NULL) {
        order_fail(order, err, false);
        return;
    }
    order->key = key;
    order_begin_continue(order);
}

/* What is missing before the CA can be asked is started; once nothing is, the CA is. */
void order_begin_continue(struct order *order)
{
    const struct journal_order *record = NULL;

    if (order->state != ORDER_NEW || order->key_job != NULL || order->store_job != NULL ||
        order->call != NULL) {
        return;
    }
    if (order->key == NULL) {
        order->key_job = key_generate(order->env.loop, order->key_type, finish_key, order);
        return;
    }
    if (!order->is_key_saved) {
        order->store_job =
            store_pending_key_save(order->env.store, order->certificate, order->key_tag, order->key,
                                   finish_key_save, order);
        return;
    }
    if (order->csr == NULL) {
        order->key_job =
            key_csr(order->env.loop, order->key, &order->names_wanted, finish_csr, order);
        return;
    }
    if (!order->is_account_ready) {
        return;
    }
    record = journal_find_order(order->env.journal, order->certificate);
    if (record != NULL && record->url != NULL && order->attempt == 1 &&
        str_eq(record->key_tag, order->key_tag) &&
        str_eq(record->account, acme_account_url(order->env.acme))) {
        order->call = acme_order_get(order->env.acme, record->url, finish_resume, order);
    } else if (order_may_begin(order)) {
        start_new_order(order);
    }
}

/* Orders of earlier runs that are of no use now: their values may be swept, their keys go. */
static void drop_records(struct order *order)
{
    struct journal_order *record = NULL;
    struct err err = ERR_INIT;

    order_drop_keys(order->env.store, order->env.journal, order->certificate);
    while ((record = journal_find_order(order->env.journal, order->certificate)) != NULL) {
        if (record->parked_s != 0) {
            event_log(EVENT_WARNING, order->certificate,
                      "giving up the order %s, which the CA was still processing",
                      record->url == NULL ? "" : record->url);
        }
        if (journal_end_order(record, &err) < 0) {
            event_log(EVENT_WARNING, order->certificate, "%s", err.text);
        }
    }
}

/* A certificate is replaced once (RFC 9773 section 5). One that a killed run has ordered a
 * successor for is taken, unless that order is gone on with: to ask would only cost a refusal. */
static void forget_replaced(struct order *order)
{
    if (order->attempt == 1 && journal_find_order(order->env.journal, order->certificate) != NULL) {
        mem_free(TAKE(order->replaces));
    }
}

void order_enter_new(struct order *order)
{
    char now[CLOCK_TEXT_MAX];

    order->attempt++;
    forget_replaced(order);
    order->is_clean = false;
    order->is_cleaning = false;
    order->has_finalized = false;
    order->n_too_early = 0;
    order->last_answer_ms = 0;
    order->is_dead = false;
    order->is_validation = false;
    acme_problem_free(TAKE(order->refusal));
    order->is_hold_over = false;
    order->is_values_clean = false;
    order->end = ORDER_END_FAILED;
    err_clear(&order->err);
    acme_order_free(TAKE(order->order));
    names_drop_authz(order);
    sites_free(order);
    if (order->key == NULL && find_resumable(order) == NULL) {
        drop_records(order);
        clock_format(clock_wall_s(), now);
        mem_free(order->key_tag);
        order->key_tag =
            str_fmt("%.4s%.2s%.2s-%06x", now, now + 5, now + 8, (unsigned)clock_random(0x1000000));
    }
    order_begin_continue(order);
}

/* ---- AUTHORIZE ---- */

static void finish_authorizations(struct order *order)
{
    struct err err = ERR_INIT;

    for (size_t i = 0; i < order->n_names; i++) {
        if (order->names[i].authz == NULL) {
            (void)err_set(&err, ERR_CA, "the CA's order has no authorization for '%s'",
                          order->names[i].identifier);
            order_fail(order, &err, false);
            return;
        }
    }
    order_succeed(order);
}

static void finish_authz(void *arg, struct acme_authz *authz, const struct acme_reply *reply)
{
    struct order_authz *slot = arg;
    struct order *order = slot->order;
    struct order_name *name = NULL;

    slot->call = NULL;
    if (reply->err != NULL) {
        order_fail(order, reply->err, false);
        return;
    }
    name = names_find(order, authz);
    if (name == NULL || name->authz != NULL) {
        AUTO_FREE char *identifier = acme_authz_name(authz);

        event_log(EVENT_DEBUG, order->certificate,
                  "the CA lists an authorization for '%s' that was not ordered, or twice",
                  identifier);
        acme_authz_free(authz);
    } else {
        name_take_authz(name, authz);
    }
    if (order->state == ORDER_AUTHORIZE && --order->n_authz_left == 0) {
        finish_authorizations(order);
    }
}

void order_enter_authorize(struct order *order)
{
    const struct acme_order *current = order->order;

    names_drop_authz(order);
    if (current->status != ACME_STATUS_PENDING && current->status != ACME_STATUS_UNKNOWN) {
        order_look_at(order); /* ready or further: authorizations may not even be readable */
        return;
    }
    mem_free(order->authzs);
    order->n_authzs = current->authz_urls.n;
    order->n_authz_left = order->n_authzs;
    order->authzs = mem_alloc(order->n_authzs, sizeof(struct order_authz));
    for (size_t i = 0; i < order->n_authzs; i++) {
        order->authzs[i].order = order;
        order->authzs[i].call = acme_authz_get(order->env.acme, current->authz_urls.items[i],
                                               finish_authz, &order->authzs[i]);
    }
    if (order->n_authzs == 0) {
        finish_authorizations(order);
    }
}
