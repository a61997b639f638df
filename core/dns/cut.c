/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The table of cuts. How one finds its servers is in cut_servers.c. */
#include "dns/cut.h"

#include "base/clock.h"
#include "base/mem.h"
#include "dns/address.h"
#include "dns/cut_impl.h"
#include "dns/name.h"

#include <stdlib.h>
#include <string.h>

static struct cut *cut_new(struct dns *dns, const char *name)
{
    struct cut *cut = NEW(struct cut);

    cut->dns = dns;
    cut->name = str_dup(name);
    cut->born_ms = loop_now_ms(dns->loop);
    cut->next = dns->cuts;
    dns->cuts = cut;
    return cut;
}

static bool is_fresh(const struct cut *cut)
{
    bool has_failed = cut->is_complete && cut->n_servers == 0;

    return !has_failed && loop_now_ms(cut->dns->loop) - cut->born_ms < DNS_CACHE_MS;
}

static struct cut *find_exact(struct dns *dns, const char *name)
{
    for (struct cut *cut = dns->cuts; cut != NULL; cut = cut->next) {
        if (strcmp(cut->name, name) == 0 && is_fresh(cut)) {
            return cut;
        }
    }
    return NULL;
}

struct cut *cut_find(struct dns *dns, const char *name)
{
    for (;; name = name_parent(name)) {
        struct cut *cut = find_exact(dns, name);

        if (cut != NULL) {
            return cut;
        }
        if (strcmp(name, ".") == 0) {
            return cut_new(dns, ".");
        }
    }
}

struct cut *cut_find_complete(struct dns *dns, const char *zone)
{
    for (struct cut *cut = dns->cuts; cut != NULL; cut = cut->next) {
        if (cut->is_complete && cut->n_servers > 0 && strcmp(cut->name, zone) == 0) {
            return cut;
        }
    }
    return NULL;
}

struct cut_server *cut_find_server(struct cut *cut, const struct sockaddr_storage *address)
{
    for (size_t i = 0; i < cut->n_servers; i++) {
        if (address_equals(&cut->servers[i]->address, address)) {
            return cut->servers[i];
        }
    }
    return NULL;
}

void cut_add_address(struct cut *cut, const char *ns, const struct sockaddr_storage *address,
                     bool is_glue)
{
    struct cut_server *server = cut_find_server(cut, address);
    char text[ADDRESS_TEXT_MAX];

    if (server != NULL && (is_glue || !server->is_glue)) {
        return;
    }
    if (server == NULL) {
        if (cut->n_servers >= CUT_SERVERS_MAX) {
            return;
        }
        server = NEW(struct cut_server);
        server->cut = cut;
        server->address = *address;
        VEC_PUSH(cut->servers, cut->n_servers, cut->cap_servers) = server;
    }
    address_format(address, text);
    str_set(&server->ns, ns);
    mem_free(server->text);
    server->text = str_fmt("%s (%s)", ns, text);
    server->is_glue = is_glue;
}

static void server_free(struct cut_server *server)
{
    exchange_cancel(&server->probe);
    mem_free(server->ns);
    mem_free(server->text);
    mem_free(server);
}

static bool has_confirmed(const struct cut *cut, const char *ns)
{
    for (size_t i = 0; i < cut->n_servers; i++) {
        if (!cut->servers[i]->is_glue && strcmp(cut->servers[i]->ns, ns) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_stale(const struct cut *cut, const struct cut_server *server)
{
    return server->is_glue &&
           (has_confirmed(cut, server->ns) ||
            (!strv_has(&cut->ns_parent, server->ns) && !strv_has(&cut->ns_child, server->ns)));
}

void cut_drop_stale(struct cut *cut)
{
    size_t n_kept = 0;

    if (cut->ns_parent.n + cut->ns_child.n == 0) {
        return;
    }
    for (size_t i = 0; i < cut->n_servers; i++) {
        struct cut_server *server = cut->servers[i];

        if (is_stale(cut, server)) {
            continue;
        }
        /* Swapped, not overwritten: has_confirmed() goes on to see all of them. */
        cut->servers[i] = cut->servers[n_kept];
        cut->servers[n_kept++] = server;
    }
    while (cut->n_servers > n_kept) {
        server_free(cut->servers[--cut->n_servers]);
    }
}

static void take_glue(struct cut *cut, const struct message *message)
{
    for (size_t i = 0; i < message->n_records; i++) {
        const struct message_record *record = &message->records[i];
        struct sockaddr_storage address;

        if (record->section == MESSAGE_ADDITIONAL &&
            (record->type == MESSAGE_A || record->type == MESSAGE_AAAA) &&
            strv_has(&cut->ns_parent, record->owner)) {
            address_from_bytes(record->bytes, record->len, &address);
            cut_add_address(cut, record->owner, &address, true);
        }
    }
}

struct cut *cut_from_referral(struct cut *parent, const char *name, const struct message *message)
{
    const struct message_record *first = message_find(message, MESSAGE_AUTHORITY, MESSAGE_NS, NULL);
    struct cut *cut = NULL;

    if (first == NULL || strcmp(first->owner, parent->name) == 0 ||
        !name_is_within(first->owner, parent->name) || !name_is_within(name, first->owner)) {
        return NULL;
    }
    cut = find_exact(parent->dns, first->owner);
    if (cut != NULL) {
        return cut;
    }
    cut = cut_new(parent->dns, first->owner);
    for (size_t i = 0; i < message->n_records && cut->ns_parent.n < CUT_NAMES_MAX; i++) {
        const struct message_record *record = &message->records[i];

        if (record->section == MESSAGE_AUTHORITY && record->type == MESSAGE_NS &&
            strcmp(record->owner, cut->name) == 0) {
            strv_add_unique(&cut->ns_parent, record->target);
        }
    }
    take_glue(cut, message);
    cut->offers_recursion =
        message->offers_recursion && (strcmp(parent->name, ".") == 0 || parent->offers_recursion);
    return cut;
}

struct cut *cut_from_sibling(struct cut *host, const char *zone)
{
    struct cut *cut = find_exact(host->dns, zone);

    if (cut != NULL) {
        return cut;
    }
    cut = cut_new(host->dns, zone);
    cut->offers_recursion = host->offers_recursion;
    for (size_t i = 0; i < host->n_servers; i++) {
        cut_add_address(cut, host->servers[i]->ns, &host->servers[i]->address, true);
    }
    return cut;
}

/* Lower comes first: proven, then untried IPv4, untried IPv6, then the failing. Chance spreads
 * equals. */
static unsigned rank(const struct cut *cut, const struct cut_server *server)
{
    static const unsigned BY_STANDING[] = {
        [NET_PROVEN] = 0, [NET_UNPROVEN] = 2, [NET_FAILING] = 4, [NET_UNREACHABLE] = 5};
    enum net_standing standing = net_standing_of(cut->dns->net, &server->address);

    return BY_STANDING[standing] * 2 + (server->address.ss_family == AF_INET6 ? 1 : 0);
}

struct ranked {
    unsigned rank;
    unsigned chance;
    const struct cut_server *server;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a;
    const struct ranked *y = b;

    if (x->rank != y->rank) {
        return x->rank < y->rank ? -1 : 1;
    }
    return x->chance < y->chance ? -1 : x->chance > y->chance;
}

size_t cut_runners(const struct cut *cut, struct race_runner runners[static RACE_RUNNERS_MAX])
{
    struct ranked order[CUT_SERVERS_MAX];
    size_t n = cut->n_servers < RACE_RUNNERS_MAX ? cut->n_servers : RACE_RUNNERS_MAX;

    for (size_t i = 0; i < cut->n_servers; i++) {
        order[i] = (struct ranked){.rank = rank(cut, cut->servers[i]),
                                   .chance = (unsigned)clock_random(1u << 16),
                                   .server = cut->servers[i]};
    }
    qsort(order, cut->n_servers, sizeof(order[0]), compare_ranked);
    for (size_t i = 0; i < n; i++) {
        runners[i] = (struct race_runner){.address = order[i].server->address,
                                          .server = order[i].server->text};
    }
    return n;
}

void cut_extend_race(const struct cut *cut, struct race *race)
{
    struct race_runner runners[RACE_RUNNERS_MAX];
    size_t n = cut_runners(cut, runners);

    race_add_runners(race, runners, n);
}

void cut_stop_all(struct dns *dns)
{
    for (struct cut *cut = dns->cuts; cut != NULL; cut = cut->next) {
        cut_tasks_free(cut);
    }
}

void cut_free_all(struct dns *dns)
{
    while (dns->cuts != NULL) {
        struct cut *cut = dns->cuts;

        dns->cuts = cut->next;
        cut_tasks_free(cut);
        for (size_t i = 0; i < cut->n_servers; i++) {
            server_free(cut->servers[i]);
        }
        mem_free(cut->servers);
        strv_done(&cut->ns_parent);
        strv_done(&cut->ns_child);
        mem_free(cut->name);
        mem_free(cut);
    }
}
