/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Where each challenge owner really is, and who publishes there: found while the CA is still being
 * asked. */
#include "order/machine.h"

#include "base/mem.h"
#include "order/where.h"

/* A CNAME that appears while we wait leads elsewhere; more often than this somebody is playing. */
#define MOVES_MAX 3

/* May we write there, and who does? The answer is in owner->err and owner->choices. */
static void choose_providers(struct order_owner *owner)
{
    const struct order_env *env = &owner->order->env;

    if (where_choose(env->providers, owner->order->map, owner->place, &owner->choices,
                     &owner->err) < 0) {
        return;
    }
    for (size_t i = 0; i < owner->choices.n; i++) {
        provider_start(owner->choices.items[i].provider);
    }
    dns_probe_start(env->dns, owner->place);
}

static void finish_find(void *arg, struct dns_place *place, const struct err *err)
{
    struct order_owner *owner = arg;
    struct order *order = owner->order;

    owner->find = NULL;
    owner->is_found = true;
    if (err != NULL) {
        owner->err = *err;
    } else {
        owner->place = place;
        /* What a hundred names of one zone have in common is said once. */
        where_tell(place, &order->warnings_told);
        choose_providers(owner);
    }
    for (size_t i = 0; i < order->n_names && order->state <= ORDER_VALIDATE; i++) {
        if (order->names[i].owner == owner && order->names[i].state == NAME_FIND) {
            name_seek_site(&order->names[i]);
        }
    }
    order_begin_continue(order); /* newOrder may have waited for this */
}

static void owner_clear(struct order_owner *owner)
{
    dns_find_cancel(&owner->find);
    dns_place_free(TAKE(owner->place));
    provider_choices_done(&owner->choices);
    owner->is_found = false;
    err_clear(&owner->err);
}

void owners_find(struct order *order)
{
    for (size_t i = 0; i < order->n_owners; i++) {
        struct order_owner *owner = order->owners[i];

        if (owner->place == NULL) {
            owner_clear(owner);
            owner->find = dns_find_start(order->env.dns, owner->name, finish_find, owner);
        }
    }
}

void owner_find_again(struct order_owner *owner)
{
    if (owner->find != NULL) {
        return;
    }
    owner_clear(owner);
    if (++owner->n_moves > MOVES_MAX) {
        owner->is_found = true;
        (void)err_set(&owner->err, ERR_PROPAGATION,
                      "%s became a CNAME %d times while its value was awaited", owner->name,
                      MOVES_MAX + 1);
        return;
    }
    owner->find = dns_find_start(owner->order->env.dns, owner->name, finish_find, owner);
}

const struct provider *order_find_attended(const struct order *order)
{
    for (size_t i = 0; i < order->n_owners; i++) {
        const struct provider_choices *choices = &order->owners[i]->choices;

        for (size_t k = 0; k < choices->n; k++) {
            if (provider_is_attended(choices->items[k].provider)) {
                return choices->items[k].provider;
            }
        }
    }
    return NULL;
}

void owners_stop(struct order *order)
{
    for (size_t i = 0; i < order->n_owners; i++) {
        dns_find_cancel(&order->owners[i]->find);
    }
}

void owners_free(struct order *order)
{
    for (size_t i = 0; i < order->n_owners; i++) {
        owner_clear(order->owners[i]);
        mem_free(order->owners[i]->name);
        mem_free(order->owners[i]);
    }
    mem_free(order->owners);
}
