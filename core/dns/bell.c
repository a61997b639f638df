/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/bell.h"

#include <stddef.h>

void bell_wait(struct bell *bell, struct bell_waiter *waiter, bell_fn *fn, void *arg)
{
    struct bell_waiter **at = &bell->first;

    bell_leave(waiter);
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *waiter = (struct bell_waiter){.fn = fn, .arg = arg, .at = at};
    *at = waiter;
}

void bell_leave(struct bell_waiter *waiter)
{
    if (waiter->at == NULL) {
        return;
    }
    *waiter->at = waiter->next;
    if (waiter->next != NULL) {
        waiter->next->at = waiter->at;
    }
    waiter->at = NULL;
    waiter->next = NULL;
}

void bell_ring(struct bell *bell)
{
    struct bell_waiter *ringing = bell->first;

    bell->first = NULL;
    if (ringing != NULL) {
        ringing->at = &ringing;
    }
    while (ringing != NULL) {
        struct bell_waiter *waiter = ringing;

        bell_leave(waiter);
        waiter->fn(waiter->arg);
    }
}
