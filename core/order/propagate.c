/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Waiting until the name servers of a site serve what was published there. The watch begins while
 * the provider is still at it, since its answer takes as long to come back as the servers' does;
 * what it sees counts once the provider has said yes. Its times count from there, too.
 */
#include "order/machine.h"

#include "base/event.h"
#include "base/mem.h"
#include "order/patience.h"

/* How long a provider gets before the servers are looked at: sooner, they have nothing to show. */
#define EARLY_LOOK_MS 40

/* What is seen of names that are still being published is kept until they are. */
static void tell_servers(const struct order_site *site)
{
    for (size_t i = 0; i < site->order->n_names && site->n_servers > 0; i++) {
        const struct order_name *name = &site->order->names[i];

        if (name_is_at(name, site, NAME_PROPAGATE)) {
            event_emit(EVENT_NOTICE, EVENT_SERVERS, name->identifier,
                       FIELD("certificate", site->order->certificate),
                       FIELD_INT("good", (int64_t)site->n_good),
                       FIELD_INT("total", (int64_t)site->n_servers),
                       FIELD("waiting", site->waiting));
        }
    }
}

static void show_progress(void *arg, size_t good, size_t total, const struct strv *waiting)
{
    struct order_site *site = arg;
    AUTO_FREE char *servers = strv_join(waiting, ", ");

    site->n_good = good;
    site->n_servers = total;
    str_set(&site->waiting, servers);
    tell_servers(site);
}

static void show_warning(void *arg, const char *text)
{
    const struct order_site *site = arg;

    event_log(EVENT_WARNING, site->place->owner, "%s", text);
}

/* ---- What the watch says ---- */

static bool is_waited_for(const struct order_name *name, const struct order_site *site)
{
    return (name_is_at(name, site, NAME_PUBLISH) || name_is_at(name, site, NAME_PROPAGATE)) &&
           !name->is_seen;
}

static void mark_seen(struct order_site *site)
{
    for (size_t i = 0; i < site->order->n_names; i++) {
        struct order_name *name = &site->order->names[i];

        if (name->is_watched && is_waited_for(name, site)) {
            name->is_seen = true;
            name_try_answer(name);
        }
    }
}

/* That the servers do not show it is no fault of theirs: nobody has created it. */
static void fail_by_hand(struct order_name *name)
{
    const struct order_site *site = name->site;
    struct err err = ERR_INIT;

    (void)err_set(&err, ERR_HUMAN,
                  "the TXT record at %s must be created by hand; %zu of %zu name servers show it",
                  site->place->owner, site->n_good, site->n_servers);
    name_fail(name, &err, false);
}

static void finish_watch(void *arg, const struct err *err)
{
    struct order_site *site = arg;
    struct order *order = site->order;

    site->watch = NULL;
    if (order->state > ORDER_VALIDATE) {
        return;
    }
    if (err == NULL) {
        mark_seen(site);
        return;
    }
    if (site->is_watch_early) {
        return; /* the provider is slow, not the servers: the watch that counts is still to come */
    }
    for (size_t i = 0; i < order->n_names && order->state <= ORDER_VALIDATE; i++) {
        struct order_name *name = &order->names[i];

        if (!name_is_at(name, site, NAME_PROPAGATE) || name->is_seen) {
            continue;
        }
        if (site->is_by_hand) {
            fail_by_hand(name);
        } else {
            name_fail(name, err, false);
        }
    }
}

/* The owner became a CNAME: what was published is taken back, and the names begin again where it
 * leads. */
static void follow_move(void *arg, const char *target)
{
    struct order_site *site = arg;
    struct order *order = site->order;

    site->watch = NULL;
    event_log(EVENT_NOTICE, site->place->owner, "became a CNAME for %s; following it", target);
    for (size_t i = 0; i < order->n_names; i++) {
        struct order_name *name = &order->names[i];

        if (is_waited_for(name, site) || name_is_at(name, site, NAME_HOLD)) {
            name_stop(name);
            mem_free(TAKE(name->uses));
            name->n_uses = 0;
            name->site = NULL;
            name->is_watched = false;
            name->is_seen = false;
            name_go(name, NAME_FIND, NULL);
            owner_find_again(name->owner);
        }
    }
    site->turn = NULL;
    for (size_t i = 0; i < order->n_names; i++) {
        if (order->names[i].state == NAME_FIND) {
            name_seek_site(&order->names[i]);
        }
    }
}

static void fill_policy(const struct order_site *site, struct dns_watch_policy *ret_policy)
{
    AUTO_FREE struct provider **providers = mem_alloc(site->n_providers, sizeof(struct provider *));

    for (size_t i = 0; i < site->n_providers; i++) {
        providers[i] = site->providers[i].provider;
    }
    patience_fill_policy(site->order->env.settings, providers, site->n_providers, ret_policy);
}

/* ---- Starting it ---- */

/* Starts a watch over all that is waited for. */
static void start_watch(struct order_site *site)
{
    static const struct dns_watch_callbacks CALLBACKS = {
        .progress = show_progress,
        .warned = show_warning,
        .moved = follow_move,
        .done = finish_watch,
    };
    struct order *order = site->order;
    AUTO_FREE const char **values = mem_alloc(order->n_names, sizeof(char *));
    struct dns_watch_policy policy;

    site->n_watched = 0;
    site->n_servers = 0;
    for (size_t i = 0; i < order->n_names; i++) {
        struct order_name *name = &order->names[i];

        if (name->site == site) {
            name->is_watched = is_waited_for(name, site);
        }
        if (name->site == site && name->is_watched) {
            values[site->n_watched++] = name->value;
        }
    }
    if (site->n_watched > 0) {
        fill_policy(site, &policy);
        site->watch = dns_watch_start(order->env.dns, site->place, values, site->n_watched, &policy,
                                      &CALLBACKS, site);
    }
}

static void look_early(void *arg)
{
    struct order_site *site = arg;

    site->early_look = NULL;
    if (site->watch == NULL) {
        site->is_watch_early = true;
        start_watch(site);
    }
}

void site_watch_soon(struct order_site *site)
{
    if (site->watch == NULL) {
        site->n_servers = 0; /* what was seen was of other values */
    }
    if (site->watch == NULL && site->early_look == NULL &&
        site->order->env.settings->propagation.kind != PROPAGATION_WAIT) {
        site->early_look = loop_timer_start(site->order->env.loop, EARLY_LOOK_MS, look_early, site);
    }
}

/* Whether the watch that began early waits for exactly what is waited for now. */
static bool is_early_watch_right(const struct order_site *site)
{
    size_t n = 0;

    for (size_t i = 0; i < site->order->n_names; i++) {
        const struct order_name *name = &site->order->names[i];

        if (is_waited_for(name, site)) {
            if (!name->is_watched) {
                return false;
            }
            n++;
        }
    }
    return site->watch != NULL && site->is_watch_early && n == site->n_watched;
}

/* Once nothing at the site is on its way to the provider, the servers have their time to show it.
 */
void site_watch(struct order_site *site)
{
    if (site_count(site, NAME_PUBLISH) > 0) {
        return;
    }
    loop_timer_cancel(&site->early_look);
    tell_servers(site);
    for (size_t i = 0; i < site->order->n_names; i++) {
        if (site->order->names[i].site == site) {
            name_try_answer(&site->order->names[i]); /* seen already, while it was published */
        }
    }
    if (is_early_watch_right(site)) {
        dns_watch_restart(site->watch);
    } else {
        dns_watch_cancel(&site->watch);
        start_watch(site);
    }
    site->is_watch_early = false;
}

void site_stop_watching(struct order_site *site)
{
    loop_timer_cancel(&site->early_look);
    dns_watch_cancel(&site->watch);
}
