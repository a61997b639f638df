/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "order/siblings.h"

#include "base/mem.h"
#include "order/machine.h"

struct siblings {
    struct order **orders;
    size_t n, cap;
};

struct siblings *siblings_new(void)
{
    return NEW(struct siblings);
}

void siblings_free(struct siblings *siblings)
{
    if (siblings != NULL) {
        mem_free(siblings->orders);
        mem_free(siblings);
    }
}

void siblings_join(struct siblings *siblings, struct order *order)
{
    VEC_PUSH(siblings->orders, siblings->n, siblings->cap) = order;
}

void siblings_leave(struct siblings *siblings, const struct order *order)
{
    for (size_t i = 0; i < siblings->n; i++) {
        if (siblings->orders[i] == order) {
            siblings->orders[i] = siblings->orders[--siblings->n];
            return;
        }
    }
}

/* One that is about to be made, or whose answer is on its way, may be given any authorization of
 * its names. */
static bool may_use(const struct order *order, const struct order_name *name)
{
    if (order->state >= ORDER_CLEANUP || order->env.acme != name->order->env.acme) {
        return false;
    }
    return order->order == NULL ? strv_has(&order->names_wanted, name->identifier)
                                : strv_has(&order->order->authz_urls, name->authz->url);
}

bool siblings_need(const struct siblings *siblings, const struct order_name *name)
{
    for (size_t i = 0; i < siblings->n; i++) {
        if (siblings->orders[i] != name->order && may_use(siblings->orders[i], name)) {
            return true;
        }
    }
    return false;
}
