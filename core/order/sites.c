/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What happens at one final owner: its names are gathered, so that all values go in one call and
 * none is answered before all are live; then they are published.
 */
#include "order/machine.h"

#include "base/event.h"
#include "base/mem.h"

/* How long the first name of a site waits for others whose authorization or place is not known yet.
 */
#define GATHER_MS 1000
/* How long a value is taken to be remembered at most, whatever its TTL. */
#define FADE_MAX_S 120u

/* ---- Finding and making sites ---- */

static struct order_site *get_site(struct order_name *name)
{
    const struct order_owner *owner = name->owner;
    struct order *order = name->order;
    AUTO_FREE char *fqdn = str_fmt("%s.", owner->place->owner);
    struct order_site *site = NULL;

    for (size_t i = 0; i < order->n_sites; i++) {
        if (str_eq(order->sites[i]->fqdn, fqdn)) {
            return order->sites[i];
        }
    }
    site = NEW(struct order_site);
    site->order = order;
    site->fqdn = TAKE(fqdn);
    site->place = dns_place_copy(owner->place);
    site->n_providers = owner->choices.n;
    site->providers = mem_alloc(site->n_providers, sizeof(struct site_provider));
    for (size_t i = 0; i < site->n_providers; i++) {
        site->providers[i].provider = owner->choices.items[i].provider;
        site->providers[i].zone = str_dup(owner->choices.items[i].zone);
        site->is_by_hand =
            site->is_by_hand || provider_is_by_hand(owner->choices.items[i].provider);
    }
    VEC_PUSH(order->sites, order->n_sites, order->cap_sites) = site;
    return site;
}

static void end_gathering(void *arg);

void name_seek_site(struct order_name *name)
{
    struct order_owner *owner = name->owner;
    struct order_site *site = NULL;

    if (!owner->is_found) {
        return;
    }
    if (owner->err.class != ERR_NONE) {
        name_fail(name, &owner->err, false);
        return;
    }
    site = get_site(name);
    name->site = site;
    name->n_uses = site->n_providers;
    name->uses = mem_alloc(name->n_uses, sizeof(struct name_use));
    for (size_t i = 0; i < name->n_uses; i++) {
        name->uses[i].name = name;
    }
    name_go(name, NAME_HOLD, NULL);
    if (!site->is_gathered && site->gather == NULL) {
        site->gather = loop_timer_start(name->order->env.loop, GATHER_MS, end_gathering, site);
    }
    sites_advance(name->order);
}

/* ---- Who is here ---- */

bool name_is_at(const struct order_name *name, const struct order_site *site, enum name_state state)
{
    return name->site == site && name->state == state;
}

size_t site_count(const struct order_site *site, enum name_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < site->order->n_names; i++) {
        n += name_is_at(&site->order->names[i], site, state) ? 1 : 0;
    }
    return n;
}

bool site_has_waiting(const struct order_site *site)
{
    return site_count(site, NAME_HOLD) > 0;
}

/* ---- Publishing ---- */

/* Nothing more comes of a dialogue that broke off: names that went through before need not be
 * waited for, since their order waits for this one. */
static void end_dialogue(struct order *order, const struct provider *provider,
                         const struct err *err)
{
    for (size_t i = 0; i < order->n_names && order->state <= ORDER_VALIDATE; i++) {
        struct order_name *name = &order->names[i];

        for (size_t k = 0; name->state == NAME_PROPAGATE && k < name->n_uses; k++) {
            if (value_use_provider(name->uses[k].use) == provider) {
                name_fail(name, err, false);
                break;
            }
        }
    }
}

static void fail_publishing(struct name_use *use, const struct err *err)
{
    const struct provider *provider = value_use_provider(use->use);
    struct order_name *name = use->name;
    struct order_site *site = name->site;
    const struct err told = *err;

    name_fail(name, &told, false);
    site_watch(site);
    if (provider_is_attended(provider) && !provider_is_by_hand(provider)) {
        end_dialogue(name->order, provider, &told);
    }
}

static void finish_publish(void *arg, const struct err *err)
{
    struct name_use *use = arg;
    struct order_name *name = use->name;
    struct order_site *site = name->site;

    if (err != NULL) {
        fail_publishing(use, err);
        return;
    }
    use->is_published = true;
    use_start_settling(use);
    for (size_t i = 0; i < name->n_uses; i++) {
        if (!name->uses[i].is_published) {
            return;
        }
    }
    name_go(name, NAME_PROPAGATE, site->is_by_hand ? "to be created by hand" : NULL);
    site_watch(site);
}

static void publish_name(struct order_name *name)
{
    struct order_site *site = name->site;

    name_go(name, NAME_PUBLISH, NULL);
    for (size_t i = 0; i < site->n_providers; i++) {
        const struct value_wish wish = {
            .provider = site->providers[i].provider,
            .owner = site->fqdn,
            .zone = site->providers[i].zone,
            .value = name->value,
            .certificate = name->order->certificate,
            .identifier = name->authz->identifier,
            .token = name->token,
            .key_authorization = name->key_authorization,
            .is_wildcard = name->authz->is_wildcard,
            .place = site->place,
        };

        name->uses[i].use =
            values_publish(name->order->env.values, &wish, finish_publish, &name->uses[i]);
    }
}

static void publish_site(struct order_site *site)
{
    struct order *order = site->order;

    for (size_t i = 0; i < order->n_names; i++) {
        struct order_name *name = &order->names[i];

        if (!name_is_at(name, site, NAME_HOLD) || (site->is_serial && site->turn != NULL)) {
            continue;
        }
        site->turn = site->is_serial ? name : NULL;
        publish_name(name);
    }
    site_watch_soon(site);
}

/* ---- Opening ---- */

/* Ends the wait for its providers. */
static void close_site(struct order_site *site)
{
    for (size_t k = 0; k < site->n_providers && site->is_opening && !site->is_open; k++) {
        provider_unready(site->providers[k].provider, site);
    }
    site->is_opening = false;
    site->n_ready = 0;
}

static void finish_ready(void *arg, const struct err *err)
{
    struct order_site *site = arg;
    struct order *order = site->order;

    if (err != NULL) {
        const struct err told = *err;

        close_site(site); /* a name that comes later tries again */
        for (size_t i = 0; i < order->n_names; i++) {
            if (name_is_at(&order->names[i], site, NAME_HOLD)) {
                name_fail(&order->names[i], &told, false);
            }
        }
        return;
    }
    if (++site->n_ready < site->n_providers) {
        return;
    }
    site->is_open = true;
    for (size_t i = 0; i < site->n_providers; i++) {
        const struct provider_facts *facts = provider_facts(site->providers[i].provider);

        if (facts != NULL && !facts->can_hold_several) {
            site->is_serial = true;
        }
    }
    publish_site(site);
}

static void open_site(struct order_site *site)
{
    if (site->is_open) {
        publish_site(site);
        return;
    }
    if (site->is_opening) {
        return;
    }
    site->is_opening = true;
    for (size_t i = 0; i < site->n_providers; i++) {
        provider_ready(site->providers[i].provider, finish_ready, site);
    }
}

static void end_gathering(void *arg)
{
    struct order_site *site = arg;

    site->gather = NULL;
    site->is_gathered = true;
    sites_advance(site->order);
}

/* Sites whose names are all here are opened; a site is complete when no name of the order is still
 * without an authorization or a place, or when it has waited long enough. */
void sites_advance(struct order *order)
{
    bool is_complete =
        names_count(order, NAME_AUTHORIZE) == 0 && names_count(order, NAME_FIND) == 0;

    for (size_t i = 0; i < order->n_sites; i++) {
        struct order_site *site = order->sites[i];

        if (!is_complete && !site->is_gathered) {
            continue;
        }
        site->is_gathered = true;
        loop_timer_cancel(&site->gather);
        if (site_has_waiting(site)) {
            open_site(site);
        }
    }
}

static void end_fading(void *arg)
{
    struct order_site *site = arg;

    site->fade = NULL;
    for (size_t i = 0; i < site->order->n_names; i++) {
        if (name_is_at(&site->order->names[i], site, NAME_PROPAGATE)) {
            name_try_answer(&site->order->names[i]);
        }
    }
}

bool site_has_faded(struct order_site *site)
{
    int64_t left_ms = site->faded_ms - loop_now_ms(site->order->env.loop);

    if (left_ms > 0 && site->fade == NULL) {
        site->fade = loop_timer_start(site->order->env.loop, left_ms, end_fading, site);
    }
    return left_ms <= 0;
}

/* How long a resolver that has just asked may answer from memory. */
static uint32_t find_fade_s(const struct order_site *site)
{
    uint32_t ttl_s = 0;

    for (size_t i = 0; i < site->n_providers; i++) {
        const struct provider_facts *facts = provider_facts(site->providers[i].provider);

        ttl_s = facts != NULL && facts->ttl_s > ttl_s ? facts->ttl_s : ttl_s;
    }
    return 1 + (ttl_s < FADE_MAX_S ? ttl_s : FADE_MAX_S); /* resolvers count whole seconds */
}

int64_t sites_fade_ms(const struct order *order)
{
    int64_t fade_ms = 0;

    for (size_t i = 0; i < order->n_sites; i++) {
        int64_t site_ms = (int64_t)find_fade_s(order->sites[i]) * 1000;

        fade_ms = site_ms > fade_ms ? site_ms : fade_ms;
    }
    return fade_ms;
}

/* The CA has just asked for the value before, and the next name's validation would fail on it. */
static void begin_fading(struct order_site *site)
{
    uint32_t ttl_s = find_fade_s(site);

    site->faded_ms = loop_now_ms(site->order->env.loop) + (int64_t)ttl_s * 1000;
    event_log(EVENT_NOTICE, site->place->owner,
              "holds one value at a time: the next name is answered in %u s, when the TTL of the "
              "value before has passed",
              ttl_s);
}

/* A name that had its turn at a provider of one value a name is through: the next one's turn. */
void site_end_turn(struct order_name *name)
{
    struct order_site *site = name->site;

    if (site == NULL || site->turn != name) {
        return;
    }
    site->turn = NULL;
    name_stop(name);
    if (site_has_waiting(site)) {
        begin_fading(site);
    }
    publish_site(site);
}

void sites_stop(struct order *order)
{
    for (size_t i = 0; i < order->n_sites; i++) {
        struct order_site *site = order->sites[i];

        loop_timer_cancel(&site->gather);
        loop_timer_cancel(&site->fade);
        site_stop_watching(site);
        if (!site->is_open) {
            close_site(site);
        }
    }
}

void sites_free(struct order *order)
{
    sites_stop(order);
    for (size_t i = 0; i < order->n_sites; i++) {
        struct order_site *site = order->sites[i];

        for (size_t k = 0; k < site->n_providers; k++) {
            mem_free(site->providers[k].zone);
        }
        mem_free(site->providers);
        dns_place_free(site->place);
        mem_free(site->fqdn);
        mem_free(site->waiting);
        mem_free(site);
    }
    mem_free(TAKE(order->sites));
    order->n_sites = 0;
    order->cap_sites = 0;
}
