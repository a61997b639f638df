/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Several that wait for one thing: a lookup, a delegation, a walk already under way. Ringing calls
 * each that waits, once; a waiter may leave at any time, also from inside another's call.
 */
#ifndef DNS_BELL_H
#define DNS_BELL_H

#include <stdbool.h>

typedef void bell_fn(void *arg);

/* Lives inside its owner; all zero: not waiting. */
struct bell_waiter {
    bell_fn *fn;
    void *arg;
    struct bell_waiter *next;
    struct bell_waiter **at; /* what points at it; NULL: not waiting */
};

struct bell {
    struct bell_waiter *first;
};

/* The last to come is called last. One that waits already, here or elsewhere, waits anew. */
void bell_wait(struct bell *bell, struct bell_waiter *waiter, bell_fn *fn, void *arg);
void bell_leave(struct bell_waiter *waiter);

/* Calls those that wait now; who waits again meanwhile hears the next ring. The bell itself may be
 * freed from inside a call. */
void bell_ring(struct bell *bell);

static inline bool bell_is_awaited(const struct bell *bell)
{
    return bell->first != (struct bell_waiter *)0;
}

#endif
