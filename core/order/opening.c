/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Before newOrder: can those open who are to publish? A mistake in their settings would cost the CA
 * an order that nobody can meet. They open beside the directory, the account and the nonces, so
 * that there is mostly nothing to wait for; a provider that takes its time is not waited for.
 */
#include "order/machine.h"

#include "base/mem.h"

/* How long newOrder is held, from when it could go out. */
#define HOLD_MS 2000

static void go_on(void *arg, const struct err *err)
{
    (void)err; /* looked at in order_may_begin() */
    order_begin_continue(arg);
}

static void end_hold(void *arg)
{
    struct order *order = arg;

    order->timer = NULL;
    order->is_hold_over = true;
    order_begin_continue(order);
}

void order_stop_waiting(struct order *order)
{
    struct provider *provider = NULL;
    size_t cursor = 0;

    while ((provider = provider_next(order->env.providers, &cursor)) != NULL) {
        provider_unready(provider, order);
    }
}

static void guess_providers(const struct order_owner *owner, struct provider_choices *ret_choices,
                            bool *ret_is_certain)
{
    AUTO_FREE char *name = str_fmt("%s.", owner->name);

    provider_guess(owner->order->env.providers, owner->order->map, name, ret_choices,
                   ret_is_certain);
}

void owners_guess(struct order *order)
{
    for (size_t i = 0; i < order->n_owners; i++) {
        struct provider_choices guessed = PROVIDER_CHOICES_INIT;
        bool is_certain = false;

        guess_providers(order->owners[i], &guessed, &is_certain);
        provider_choices_done(&guessed);
    }
}

/* 1: all are open. 0: not yet, or those that cannot be are not known to be the right ones.
 * Negative: err says why one of them cannot be. */
static int judge_choices(struct order *order, const struct provider_choices *choices,
                         bool is_certain, struct err *err)
{
    int are_open = 1;

    for (size_t i = 0; i < choices->n; i++) {
        struct provider *provider = choices->items[i].provider;
        const struct err *why = provider_failure(provider);

        if (why != NULL && is_certain) {
            *err = *why;
            return err_code(err);
        }
        if (why == NULL && provider_facts(provider) == NULL) {
            provider_unready(provider, order);
            provider_ready(provider, go_on, order);
        }
        are_open = why != NULL || provider_facts(provider) == NULL ? 0 : are_open;
    }
    return are_open;
}

/* A place that is not to be found, or that CNAMEs lead to, is no reason to stop here: the CA may
 * not want its value. Where the name leads nowhere else, and nobody can be had to write there,
 * somebody has to mend that first. */
static bool is_nobodys(const struct order_owner *owner)
{
    return owner->place != NULL && owner->place->n_hops == 0 && owner->err.class == ERR_CONFIG;
}

static int judge_owner(struct order_owner *owner, struct err *err)
{
    struct provider_choices guessed = PROVIDER_CHOICES_INIT;
    bool is_certain = false;
    int are_open = 0;

    if (owner->is_found && is_nobodys(owner)) {
        *err = owner->err;
        return err_code(err);
    }
    if (owner->is_found) {
        return judge_choices(owner->order, &owner->choices, true, err);
    }
    guess_providers(owner, &guessed, &is_certain);
    are_open = guessed.n == 0 ? 0 : judge_choices(owner->order, &guessed, is_certain, err);
    provider_choices_done(&guessed);
    return are_open;
}

bool order_may_begin(struct order *order)
{
    struct err err = ERR_INIT;
    bool are_open = true;

    for (size_t i = 0; i < order->n_owners && !order->is_hold_over; i++) {
        int is_open = judge_owner(order->owners[i], &err);

        if (is_open < 0) {
            order_fail(order, &err, false);
            return false;
        }
        are_open = are_open && is_open > 0;
    }
    if (!are_open && order->timer == NULL) {
        order->timer = loop_timer_start(order->env.loop, HOLD_MS, end_hold, order);
    }
    if (are_open) {
        loop_timer_cancel(&order->timer);
        order_stop_waiting(order);
    }
    return are_open;
}
