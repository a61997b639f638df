/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * CLEANUP, PARKED and DONE: nothing of ours is left in the DNS, or the journal says what is; then
 * the end, or another try.
 */
#include "order/machine.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/event.h"

#define CLEANUP_MS 30000
#define ATTEMPTS_MAX 3
/* Validators see the DNS from several networks; a moment lets those that lag catch up. */
#define RETRY_PAUSE_MS 10000

/* An order of an earlier run that this one did not come to look at: the next run goes on with it,
 * and its values may be what the CA is looking at. */
static bool is_left_for_later(const struct order *order)
{
    const struct journal_order *record = journal_find_order(order->env.journal, order->certificate);

    return order->order == NULL && record != NULL && record->url != NULL;
}

static bool is_order_over(const struct order *order)
{
    return order->is_dead || (order->order != NULL && acme_order_is_over(order->order));
}

/* The CA has made the order, and not all of its names are proven. */
static bool is_pending(const struct order *order)
{
    const struct acme_order *current = order->order;

    return current != NULL &&
           (current->status == ACME_STATUS_PENDING || current->status == ACME_STATUS_UNKNOWN);
}

/* Nothing has come of it yet, and nothing says that nothing will: the next run goes on with it. */
static bool can_go_on(const struct order *order)
{
    return order->end == ORDER_END_FAILED && is_pending(order) && !is_order_over(order) &&
           (order->order->expires_s == 0 || order->order->expires_s > clock_wall_s());
}

/* Nobody is asked to take back today what they are asked for again tomorrow. */
static void keep_awaited(struct order *order)
{
    char until[CLOCK_TEXT_MAX] = "";
    size_t n_kept = 0;

    for (size_t i = 0; i < order->n_names; i++) {
        struct order_name *name = &order->names[i];

        for (size_t k = 0; name->state != NAME_VALID && k < name->n_uses; k++) {
            if (use_is_by_hand(&name->uses[k])) {
                values_keep(&name->uses[k].use);
                n_kept++;
            }
        }
    }
    if (n_kept > 0 && order->err.class != ERR_HUMAN) {
        if (order->order->expires_s != 0) {
            clock_format(order->order->expires_s, until);
        }
        event_log(EVENT_NOTICE, order->certificate,
                  "the TXT records are still wanted: run the same command again%s%s, and it goes "
                  "on from here with the same values",
                  *until == '\0' ? "" : " before ", until);
    }
}

/* Takes every value back. Runs beside FINALIZE: once the order is ready nobody looks at them. */
void order_start_cleaning(struct order *order)
{
    if (order->is_cleaning) {
        return;
    }
    order->is_cleaning = true;
    crash_point("cleanup-before");
    sites_stop(order);
    if (can_go_on(order)) {
        keep_awaited(order);
    }
    for (size_t i = 0; i < order->n_names; i++) {
        name_stop(&order->names[i]);
    }
    if (!is_left_for_later(order)) {
        values_sweep(order->env.values, order->certificate);
    }
}

/* ---- Giving up what the CA still holds open for a dead order ---- */

static void leave_cleanup(struct order *order);

static bool is_deactivating(const struct order *order)
{
    for (size_t i = 0; i < order->n_names; i++) {
        if (order->names[i].call != NULL) {
            return true;
        }
    }
    return false;
}

static void finish_deactivation(void *arg, struct acme_authz *authz, const struct acme_reply *reply)
{
    struct order_name *name = arg;

    name->call = NULL;
    if (reply->err == NULL) {
        acme_authz_free(authz);
    } else {
        event_log(EVENT_DEBUG, name->identifier, "cannot deactivate the authorization: %s",
                  reply->err->text);
    }
    if (name->order->is_values_clean && !is_deactivating(name->order)) {
        leave_cleanup(name->order);
    }
}

static void deactivate_pending(struct order *order)
{
    for (size_t i = 0; i < order->n_names; i++) {
        struct order_name *name = &order->names[i];

        if (name->authz != NULL && name->authz->status == ACME_STATUS_PENDING &&
            name->state != NAME_FAILED && name->state != NAME_VALID && name->call == NULL &&
            !siblings_need(order->env.siblings, name)) {
            name->call =
                acme_authz_deactivate(order->env.acme, name->authz->url, finish_deactivation, name);
        }
    }
}

/* ---- CLEANUP ---- */

static void try_again(void *arg)
{
    struct order *order = arg;

    order->timer = NULL;
    if (order->is_cancelled) {
        order_go(order, ORDER_DONE);
        return;
    }
    owners_find(order);
    order_go(order, ORDER_NEW);
}

/* A CA that did not find a value has seen what stood there before, or that nothing did, and goes on
 * seeing it for as long as its resolver remembers. */
static int64_t find_pause_ms(const struct order *order)
{
    int64_t pause_ms = RETRY_PAUSE_MS * (int64_t)order->attempt;
    int64_t fade_ms = order->is_validation ? sites_fade_ms(order) : 0;

    return fade_ms > pause_ms ? fade_ms : pause_ms;
}

static void leave_cleanup(struct order *order)
{
    int64_t pause_ms = find_pause_ms(order);

    if (order->is_clean) {
        return;
    }
    order->is_clean = true;
    crash_point("cleanup-after");
    loop_timer_cancel(&order->deadline);
    values_wait_cancel(order->env.values, order);
    if (order->end != ORDER_END_FAILED || !order->is_retriable || order->is_cancelled ||
        order->attempt >= ATTEMPTS_MAX) {
        order_go(order, ORDER_DONE);
        return;
    }
    event_log(EVENT_WARNING, order->certificate,
              "%s\ntrying again with a new order in %lld s (%u of %d)", order->err.text,
              (long long)(pause_ms / 1000), order->attempt + 1, ATTEMPTS_MAX);
    order->timer = loop_timer_start(order->env.loop, pause_ms, try_again, order);
}

static void finish_cleaning(void *arg)
{
    struct order *order = arg;

    order->is_values_clean = true;
    if (!is_deactivating(order)) {
        leave_cleanup(order);
    }
}

static void stop_cleaning(void *arg)
{
    struct order *order = arg;

    order->deadline = NULL;
    event_log(EVENT_WARNING, order->certificate,
              "values could not be removed within %d s; the journal keeps them for the next run",
              CLEANUP_MS / 1000);
    leave_cleanup(order);
}

void order_enter_cleanup(struct order *order)
{
    order_start_cleaning(order);
    if (order->end == ORDER_END_FAILED && is_order_over(order)) {
        deactivate_pending(order);
    }
    order->deadline = loop_timer_start(order->env.loop, CLEANUP_MS, stop_cleaning, order);
    values_wait_idle(order->env.values, order->certificate, finish_cleaning, order);
}

/* ---- The end ---- */

void order_drop_keys(struct store *store, const struct journal *journal, const char *certificate)
{
    AUTO(strv_done) struct strv tags = STRV_INIT;
    struct err err = ERR_INIT;

    if (store_pending_key_list(store, certificate, &tags, &err) < 0) {
        event_log(EVENT_WARNING, certificate, "%s", err.text);
    }
    for (size_t i = 0; i < tags.n; i++) {
        if (journal_key_is_needed(journal, certificate, tags.items[i])) {
            continue;
        }
        crash_point("order-key-drop-before");
        if (store_pending_key_drop(store, certificate, tags.items[i], &err) < 0) {
            event_log(EVENT_WARNING, certificate, "%s", err.text);
        }
        crash_point("order-key-drop-after");
    }
}

/* Ends the journal's record and drops the keys, unless the next run can go on with them. All keys:
 * one of a run that was killed before its order was recorded belongs to nothing. */
static void close_record(struct order *order)
{
    struct journal_order *record = NULL;
    struct err err = ERR_INIT;

    while ((record = journal_find_order(order->env.journal, order->certificate)) != NULL) {
        if (journal_end_order(record, &err) < 0) {
            event_log(EVENT_WARNING, order->certificate, "%s", err.text);
        }
    }
    order_drop_keys(order->env.store, order->env.journal, order->certificate);
}

static bool is_published_by_hand(const struct order *order)
{
    for (size_t i = 0; i < order->n_names; i++) {
        for (size_t k = 0; k < order->names[i].n_uses; k++) {
            if (use_is_by_hand(&order->names[i].uses[k])) {
                return true;
            }
        }
    }
    return false;
}

/* Somebody has to change the configuration, or the name, before another try can end otherwise. That
 * is found sometimes before the CA has answered newOrder and sometimes after: nothing is gone on
 * with in either case, but for what somebody has entered by hand. */
static bool is_hopeless(const struct order *order)
{
    return order->end == ORDER_END_FAILED && order->err.class == ERR_CONFIG && is_pending(order) &&
           !is_published_by_hand(order);
}

void order_enter_done(struct order *order)
{
    bool is_useless = is_order_over(order) || is_hopeless(order) ||
                      (order->order == NULL && !is_left_for_later(order));

    if (order->end == ORDER_END_INSTALLED || (order->end == ORDER_END_FAILED && is_useless)) {
        close_record(order);
    }
    order_stop_work(order);
    order_finish(order);
}

void order_enter_parked(struct order *order)
{
    char since[CLOCK_TEXT_MAX];
    char until[CLOCK_TEXT_MAX];
    struct err err = ERR_INIT;
    const struct journal_order *record = NULL;

    order_stop_work(order);
    order->end = ORDER_END_PARKED;
    if (order_record(order, &err) < 0) {
        event_log(EVENT_WARNING, order->certificate, "%s", err.text);
    }
    record = journal_find_order(order->env.journal, order->certificate);
    clock_format(record == NULL ? clock_wall_s() : record->parked_s, since);
    (void)err_set(&order->err, ERR_LATER, "the CA is still processing the order, since %s", since);
    if (order->order->expires_s != 0) {
        clock_format(order->order->expires_s, until);
        (void)err_hint(&order->err, "the next run asks again; the order expires at %s", until);
    } else {
        (void)err_hint(&order->err, "the next run asks again");
    }
    order_succeed(order);
}
