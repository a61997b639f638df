/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The orders of a run that are on their way at the same time. A CA may list one pending
 * authorization in several of an account's orders: who gives up must not take it from the others.
 */
#ifndef ORDER_SIBLINGS_H
#define ORDER_SIBLINGS_H

#include <stdbool.h>

struct order;
struct order_name;
struct siblings;

struct siblings *siblings_new(void);
/* Takes NULL; all orders have left. */
void siblings_free(struct siblings *siblings);

/* From an order's beginning to its end; each once. */
void siblings_join(struct siblings *siblings, struct order *order);
void siblings_leave(struct siblings *siblings, const struct order *order);

/* Whether another order of the account has the name's authorization too, or may get it. */
bool siblings_need(const struct siblings *siblings, const struct order_name *name);

#endif
