/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Asks a provider, again and again until its time is up, whether it says itself that a value is
 * live. */
#ifndef ORDER_SETTLING_H
#define ORDER_SETTLING_H

#include "base/loop.h"
#include "config/settings.h"
#include "provider/provider.h"

struct settling;

struct settling_callbacks {
    /* What is asked about; called for each question. What it points to lives until the next. */
    void (*describe)(void *arg, struct provider_change *ret_change);
    /* It is live, or the provider does not say so in its time, which is warned of: then its name
     * servers alone decide. The handle is gone by then. */
    void (*done)(void *arg);
};

/* provider has such a callback (provider_facts()->has_settled). subject is for the warning;
 * callbacks must live as long as the handle. */
struct settling *settling_start(struct loop *loop, const struct settings *settings,
                                struct provider *provider, const char *subject,
                                const struct settling_callbacks *callbacks, void *arg);

/* Takes NULL, leaves NULL. */
void settling_cancel(struct settling **settling);

#endif
