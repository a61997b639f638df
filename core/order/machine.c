/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The order's states in one table, and the little code that moves an order along it.
 *
 *     NEW -> AUTHORIZE -> VALIDATE -> FINALIZE -> DOWNLOAD -> INSTALL -> CLEANUP -> DONE
 *      ^                     |            |                                ^  |
 *      |                  each name:      '-- still processing: PARKED     |  |
 *      |       FIND HOLD PUBLISH PROPAGATE RESPOND VALIDATE                |  |
 *      '------- another try, at most twice --------------------------------|--'
 *                                     any failure, any signal -------------'
 *
 * Removing values begins when the order is ready, beside FINALIZE; the state CLEANUP waits for its
 * end.
 */
#include "order/machine.h"

#include "base/event.h"
#include "base/mem.h"

#include <stddef.h>

/* What running calls of providers get to end by themselves. */
#define CANCEL_GRACE_MS 2000

struct order_row {
    const char *name;
    void (*enter)(struct order *order);
    const char *waits_for;
    size_t
        deadline; /* offset of an int64_t in struct settings; 0: the state has its own, or none */
    enum order_state on_success;
    enum order_state on_deadline;
};

#define SETTING(field) offsetof(struct settings, field)

static const struct order_row ORDER_ROWS[ORDER_STATES] = {
    [ORDER_NEW] = {"NEW", order_enter_new, "the account and the new order",
                   SETTING(issuance_timeout_ms), ORDER_AUTHORIZE, ORDER_CLEANUP},
    [ORDER_AUTHORIZE] = {"AUTHORIZE", order_enter_authorize, "the authorizations",
                         SETTING(issuance_timeout_ms), ORDER_VALIDATE, ORDER_CLEANUP},
    [ORDER_VALIDATE] = {"VALIDATE", order_enter_validate, "the CA's validation", 0, ORDER_FINALIZE,
                        ORDER_CLEANUP},
    [ORDER_FINALIZE] = {"FINALIZE", order_enter_finalize, "the CA to issue",
                        SETTING(issuance_timeout_ms), ORDER_DOWNLOAD, ORDER_PARKED},
    [ORDER_DOWNLOAD] = {"DOWNLOAD", order_enter_download, "the certificate",
                        SETTING(issuance_timeout_ms), ORDER_INSTALL, ORDER_CLEANUP},
    [ORDER_INSTALL] = {"INSTALL", order_enter_install, "the disk", 0, ORDER_CLEANUP, ORDER_CLEANUP},
    [ORDER_CLEANUP] = {"CLEANUP", order_enter_cleanup, "values to be removed", 0, ORDER_DONE,
                       ORDER_DONE},
    [ORDER_PARKED] = {"PARKED", order_enter_parked, "a later run", 0, ORDER_DONE, ORDER_DONE},
    [ORDER_DONE] = {"DONE", order_enter_done, "nothing", 0, ORDER_DONE, ORDER_DONE},
};

static const char *const NAME_STATE_NAMES[NAME_STATES] = {
    [NAME_AUTHORIZE] = "AUTHORIZE", [NAME_FIND] = "FIND",           [NAME_HOLD] = "HOLD",
    [NAME_PUBLISH] = "PUBLISH",     [NAME_PROPAGATE] = "PROPAGATE", [NAME_RESPOND] = "RESPOND",
    [NAME_VALIDATE] = "VALIDATE",   [NAME_VALID] = "VALID",         [NAME_FAILED] = "FAILED",
};

static void pass_deadline(void *arg)
{
    struct order *order = arg;
    const struct order_row *row = &ORDER_ROWS[order->state];
    struct err err = ERR_INIT;

    order->deadline = NULL;
    if (row->on_deadline != ORDER_CLEANUP) {
        order_go(order, row->on_deadline);
        return;
    }
    (void)err_set(&err, ERR_TIMEOUT, "gave up in state %s: waited %lld s for %s", row->name,
                  (long long)((loop_now_ms(order->env.loop) - order->began_ms) / 1000),
                  row->waits_for);
    order_fail(order, &err, false);
}

void order_go(struct order *order, enum order_state state)
{
    const struct order_row *row = &ORDER_ROWS[state];

    loop_timer_cancel(&order->deadline);
    loop_timer_cancel(&order->timer);
    order->state = state;
    if (row->deadline != 0) {
        const char *base = (const char *)order->env.settings;

        order->deadline = loop_timer_start(order->env.loop,
                                           *(const int64_t *)(const void *)(base + row->deadline),
                                           pass_deadline, order);
    }
    event_emit(EVENT_NOTICE, EVENT_ORDER, order->certificate, FIELD("state", row->name));
    row->enter(order);
}

void order_succeed(struct order *order)
{
    order_go(order, ORDER_ROWS[order->state].on_success);
}

void order_fail(struct order *order, const struct err *err, bool is_retriable)
{
    if (order->state == ORDER_CLEANUP || order->state == ORDER_DONE) {
        return; /* the first reason is the one to tell */
    }
    order->end = ORDER_END_FAILED;
    order->err = *err;
    order->is_retriable = is_retriable;
    order_stop_work(order);
    order_go(order, ORDER_CLEANUP);
}

void order_keep_refusal(struct order *order, const struct acme_reply *reply)
{
    acme_problem_free(TAKE(order->refusal));
    if (reply->problem != NULL) {
        order->refusal = acme_problem_copy(reply->problem);
    }
    order->refusal_retry_s = reply->retry_after_s;
}

void name_go(struct order_name *name, enum name_state state, const char *detail)
{
    name->state = state;
    event_emit(EVENT_NOTICE, EVENT_NAME, name->identifier,
               FIELD("certificate", name->order->certificate),
               FIELD("state", NAME_STATE_NAMES[state]), FIELD("text", detail));
}

void name_fail(struct order_name *name, const struct err *err, bool is_retriable)
{
    name_give_up(name);
    name->err = *err;
    name->is_retriable = is_retriable;
    name_go(name, NAME_FAILED, err->text);
    order_name_settled(name);
}

/* ---- Life ---- */

struct order *order_start(const struct order_env *env, const struct order_request *request,
                          order_done_fn *done, void *arg)
{
    struct order *order = NEW(struct order);

    order->env = *env;
    order->certificate = str_dup(request->certificate);
    strv_copy(&order->names_wanted, request->names);
    order->key_type = request->key_type;
    order->account_id = str_dup(request->account_id);
    order->profile = str_dup(request->profile);
    order->replaces = str_dup(request->replaces);
    order->map = request->map;
    if (request->providers != NULL) {
        strv_copy(&order->providers, request->providers);
    }
    order->privkey_mode = request->privkey_mode;
    order->privkey_gid = request->privkey_gid;
    order->is_trial = request->is_trial;
    order->done = done;
    order->arg = arg;
    order->began_ms = loop_now_ms(env->loop);
    siblings_join(env->siblings, order);
    names_make(order);
    owners_guess(order);
    owners_find(order);
    order_go(order, ORDER_NEW);
    return order;
}

void order_account_ready(struct order *order, const struct err *err)
{
    if (err != NULL) {
        order_fail(order, err, false);
        return;
    }
    order->is_account_ready = true;
    order_begin_continue(order);
}

void order_stop_work(struct order *order)
{
    loop_timer_cancel(&order->deadline);
    loop_timer_cancel(&order->timer);
    key_job_cancel(&order->key_job);
    store_job_cancel(&order->store_job);
    acme_call_cancel(&order->call);
    for (size_t i = 0; i < order->n_authzs; i++) {
        acme_call_cancel(&order->authzs[i].call);
    }
    for (size_t i = 0; i < order->n_names; i++) {
        acme_call_cancel(&order->names[i].call);
    }
    order_stop_waiting(order);
    owners_stop(order);
    sites_stop(order);
}

void order_cancel(struct order *order, const char *reason)
{
    struct err err = ERR_INIT;

    order->is_cancelled = true;
    if (order->is_clean) {
        order_go(order, ORDER_DONE); /* it was about to try again */
        return;
    }
    if (!order->is_cleaning) {
        provider_cancel_all(order->env.providers, CANCEL_GRACE_MS);
    }
    if (order->state == ORDER_CLEANUP || order->state == ORDER_DONE) {
        return; /* it is ending already; removals go on */
    }
    (void)err_set(&err, ERR_CANCELLED, "%s", reason);
    order_fail(order, &err, false);
}

void order_finish(struct order *order)
{
    const struct order_result result = {
        .end = order->end,
        .cert = order->end == ORDER_END_INSTALLED ? order->installed : NULL,
        .err = order->end == ORDER_END_INSTALLED ? NULL : &order->err,
        .refusal = order->end == ORDER_END_INSTALLED ? NULL : order->refusal,
        .retry_after_s = order->refusal_retry_s,
        .is_validation = order->is_validation,
    };

    order->done(order->arg, &result);
}

/* What still stands is needed by the run that goes on with the order, or is removed by the next. */
static void keep_values(struct order *order)
{
    for (size_t i = 0; i < order->n_names; i++) {
        for (size_t k = 0; k < order->names[i].n_uses; k++) {
            values_keep(&order->names[i].uses[k].use);
        }
    }
}

void order_free(struct order *order)
{
    if (order == NULL) {
        return;
    }
    siblings_leave(order->env.siblings, order);
    order_stop_work(order);
    values_wait_cancel(order->env.values, order);
    keep_values(order);
    names_drop_authz(order);
    sites_free(order);
    owners_free(order);
    for (size_t i = 0; i < order->n_names; i++) {
        mem_free(order->names[i].identifier);
    }
    mem_free(order->names);
    mem_free(order->authzs);
    acme_order_free(order->order);
    store_cert_free(order->installed);
    key_unref(order->key);
    strv_done(&order->names_wanted);
    strv_done(&order->providers);
    strv_done(&order->warnings_told);
    mem_free(order->certificate);
    mem_free(order->account_id);
    mem_free(order->profile);
    mem_free(order->replaces);
    acme_problem_free(order->refusal);
    mem_free(order->key_tag);
    mem_free(order->csr);
    mem_free(order->chain_pem);
    mem_free(order);
}
