/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* FINALIZE, DOWNLOAD and INSTALL: from an order that is ready to files on disk. */
#include "order/machine.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/event.h"
#include "base/mem.h"

#include <string.h>

/* A CA whose order says `ready` and whose finalize says orderNotReady is asked this often. */
#define TOO_EARLY_MAX 5

/* ---- FINALIZE ---- */

static void look_at_final(struct order *order);

static void finish_final_poll(void *arg, struct acme_order *fresh, const struct acme_reply *reply)
{
    struct order *order = arg;

    order->call = NULL;
    if (reply->err != NULL) {
        order_fail(order, reply->err, false);
        return;
    }
    order_take(order, fresh);
    order->poll_hint_s = reply->retry_after_s;
    look_at_final(order);
}

static void poll_final(void *arg)
{
    struct order *order = arg;

    order->timer = NULL;
    order->call = acme_order_get(order->env.acme, order->order->url, finish_final_poll, order);
}

static void finish_finalize(void *arg, struct acme_order *fresh, const struct acme_reply *reply)
{
    struct order *order = arg;

    order->call = NULL;
    if (reply->err != NULL) {
        /* Asked again, the CA would say the same. */
        order->is_dead = reply->problem != NULL && reply->err->class == ERR_CA;
        order_keep_refusal(order, reply);
        order_fail(order, reply->err, false);
        return;
    }
    crash_point("order-finalize-after");
    order_take(order, fresh);
    order->poll_hint_s = reply->retry_after_s;
    order->has_finalized = order->order->status != ACME_STATUS_READY;
    look_at_final(order);
}

static void send_finalize(struct order *order)
{
    crash_point("order-finalize-before");
    acme_poll_init_finalize(&order->poll);
    order->call = acme_order_finalize(order->env.acme, order->order, order->csr, order->csr_len,
                                      finish_finalize, order);
}

static void look_at_final(struct order *order)
{
    const int64_t patience_ms = order->env.settings->issuance_timeout_ms;

    switch (order->order->status) {
    case ACME_STATUS_VALID:
        order_succeed(order);
        break;
    case ACME_STATUS_READY:
        if (!order->has_finalized && order->n_too_early < TOO_EARLY_MAX) {
            order->n_too_early++;
            send_finalize(order);
            break;
        }
        __attribute__((fallthrough)); /* accepted, and not shown yet */
    case ACME_STATUS_PROCESSING:
    case ACME_STATUS_UNKNOWN:
        order->timer = loop_timer_start(
            order->env.loop,
            acme_poll_next_ms(&order->poll, order->poll_hint_s, false, patience_ms), poll_final,
            order);
        break;
    case ACME_STATUS_PENDING:
    case ACME_STATUS_INVALID:
    case ACME_STATUS_DEACTIVATED:
    case ACME_STATUS_EXPIRED:
    case ACME_STATUS_REVOKED: {
        struct err err = ERR_INIT;

        (void)err_set(&err, ERR_CA, "the order became %s after it was finalized",
                      acme_status_name(order->order->status));
        if (order->order->error != NULL) {
            (void)acme_problem_to_err(order->order->error, order->env.ca->eab_help, -1, &err);
        }
        order_fail(order, &err, false);
        break;
    }
    }
}

void order_enter_finalize(struct order *order)
{
    acme_poll_init_finalize(&order->poll);
    order->poll_hint_s = -1;
    look_at_final(order);
}

/* ---- DOWNLOAD ---- */

static void finish_download(void *arg, struct acme_chain *chain, const struct acme_reply *reply)
{
    struct order *order = arg;

    order->call = NULL;
    if (reply->err != NULL) {
        order_fail(order, reply->err, false);
        return;
    }
    mem_free(order->chain_pem);
    order->chain_pem = TAKE(chain->pem);
    acme_chain_free(chain);
    order_succeed(order);
}

void order_enter_download(struct order *order)
{
    struct err err = ERR_INIT;

    if (order->order->certificate == NULL) {
        (void)err_set(&err, ERR_CA, "the order is valid but names no certificate");
        order_fail(order, &err, false);
        return;
    }
    crash_point("order-download-before");
    order->call =
        acme_chain_get(order->env.acme, order->order->certificate, finish_download, order);
}

/* ---- INSTALL ---- */

static void finish_install(void *arg, const struct store_cert *cert, const struct err *err)
{
    struct order *order = arg;
    struct err again = ERR_INIT;

    order->store_job = NULL;
    if (err != NULL) {
        order->is_dead = err->class == ERR_CA; /* the chain does not fit, and will not */
        order_fail(order, err, false);
        return;
    }
    if (cert->warning != NULL) {
        event_log(EVENT_WARNING, order->certificate, "%s", cert->warning);
    }
    /* What is told to the user is what the next run will read. */
    if (store_cert_load(order->env.store, order->certificate, &order->installed, &again) < 0) {
        order_fail(order, &again, false);
        return;
    }
    order->end = ORDER_END_INSTALLED;
    order_succeed(order);
}

/* All that an installation would look at, and no file. */
static void end_trial(struct order *order)
{
    AUTO_PTR(cert_chain) struct cert_chain *chain = NULL;
    struct err err = ERR_INIT;

    if (cert_chain_parse(order->chain_pem, strlen(order->chain_pem), &chain, &err) < 0 ||
        cert_chain_verify(chain, order->key, &order->names_wanted, clock_wall_s(), &err) < 0) {
        order->is_dead = true;
        order_fail(order, &err, false);
        return;
    }
    order->end = ORDER_END_INSTALLED;
    order_succeed(order);
}

void order_enter_install(struct order *order)
{
    const struct store_install install = {
        .name = order->certificate,
        .chain_pem = order->chain_pem,
        .chain_len = strlen(order->chain_pem),
        .key = order->key,
        .domains = &order->names_wanted,
        .ca_name = order->env.ca->name,
        .directory_url = order->env.ca->directory,
        .account_id = order->account_id,
        .profile = order->profile,
        .providers = order->providers.n > 0 ? &order->providers : NULL,
        .default_provider = provider_default(order->env.providers, order->map),
        .order_url = order->order->url,
        .certificate_url = order->order->certificate,
        .privkey_mode = order->privkey_mode,
        .privkey_gid = order->privkey_gid,
    };

    if (order->is_trial) {
        end_trial(order);
        return;
    }
    crash_point("order-install-before");
    order->store_job = store_cert_install(order->env.store, &install, finish_install, order);
}
