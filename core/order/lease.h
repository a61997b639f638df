/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One value at one challenge owner for somebody else than an order of ours: another ACME client,
 * whose hook calls us. What is published is a lease: it outlives this run, and no other run takes
 * it away before it ends.
 *
 *     find -> open the providers -> publish -> watch        (publish; watch only if it is wanted)
 *     find -> open the providers ------------> watch        (somebody else has published)
 *     find -> open the providers -> take back
 */
#ifndef ORDER_LEASE_H
#define ORDER_LEASE_H

#include "base/err.h"
#include "base/loop.h"
#include "config/settings.h"
#include "dns/dns.h"
#include "dns/place.h"
#include "order/values.h"
#include "provider/provider.h"

struct lease;

/* Borrowed; must outlive the lease. */
struct lease_env {
    struct loop *loop;
    struct provider_set *providers;
    struct dns *dns;
    struct values *values;
    const struct settings *settings;
};

enum lease_verb { LEASE_PUBLISH, LEASE_WATCH, LEASE_TAKE_BACK };

/* Copied. */
struct lease_request {
    enum lease_verb verb;
    const char *identifier; /* "example.com" */
    bool is_wildcard;       /* it is wanted for *.identifier */
    const char *value;
    int64_t until_s; /* LEASE_PUBLISH: when it ends */
    bool is_watched; /* LEASE_PUBLISH: over when the name servers show it */
};

/* Comes once, from the loop; err is NULL when all went well. LEASE_TAKE_BACK: the removal has
 * begun, values_wait_idle() tells its end. */
typedef void lease_done_fn(void *arg, const struct err *err);

struct lease *lease_start(const struct lease_env *env, const struct lease_request *request,
                          lease_done_fn *done, void *arg);

/* "_acme-challenge.example.com." or where its CNAMEs lead, and its zone; NULL before it is found.
 */
const struct dns_place *lease_place(const struct lease *lease);

/* Whether all of it was published: it stands, whatever became of the wait. */
bool lease_is_published(const struct lease *lease);

/* Whether a person is one of those who publish: then what was published was only asked for. */
bool lease_is_by_hand(const struct lease *lease);

/* Who publishes, as "a, b"; to mem_free. */
char *lease_providers(const struct lease *lease);

/* Ends the work. What was published to the end stands; a part of it is taken back, which
 * values_wait_idle() waits for. Takes NULL. */
void lease_free(struct lease *lease);

#endif
