/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/place.h"

#include "base/buf.h"
#include "base/mem.h"

const char *dns_class_name(enum dns_class class)
{
    static const char *const NAMES[] = {[DNS_CLASS_UNKNOWN] = "unknown",
                                        [DNS_CLASS_GOOD] = "good",
                                        [DNS_CLASS_LAME] = "lame",
                                        [DNS_CLASS_DEAD] = "dead"};

    return (size_t) class < ARRAY_LEN(NAMES) ? NAMES[class] : "unknown";
}

void dns_place_free(struct dns_place *place)
{
    if (place == NULL) {
        return;
    }
    for (size_t i = 0; i < place->n_hops; i++) {
        mem_free(place->hops[i].from);
        mem_free(place->hops[i].to);
    }
    for (size_t i = 0; i < place->n_servers; i++) {
        mem_free(place->servers[i].ns);
        mem_free(place->servers[i].text);
    }
    mem_free(place->hops);
    mem_free(place->servers);
    mem_free(place->name);
    mem_free(place->owner);
    mem_free(place->zone);
    mem_free(place->wildcard_target);
    strv_done(&place->values);
    strv_done(&place->warnings);
    mem_free(place);
}

struct dns_place *dns_place_copy(const struct dns_place *place)
{
    struct dns_place *copy = NEW(struct dns_place);

    copy->name = str_dup(place->name);
    copy->owner = str_dup(place->owner);
    copy->zone = str_dup(place->zone);
    copy->wildcard_target = str_dup(place->wildcard_target);
    copy->soa_minimum_s = place->soa_minimum_s;
    copy->n_hops = place->n_hops;
    copy->n_servers = place->n_servers;
    copy->hops = mem_alloc(place->n_hops, sizeof(*copy->hops));
    copy->servers = mem_alloc(place->n_servers, sizeof(*copy->servers));
    for (size_t i = 0; i < place->n_hops; i++) {
        copy->hops[i] = (struct dns_hop){.from = str_dup(place->hops[i].from),
                                         .to = str_dup(place->hops[i].to),
                                         .kind = place->hops[i].kind};
    }
    for (size_t i = 0; i < place->n_servers; i++) {
        copy->servers[i] = place->servers[i];
        copy->servers[i].ns = str_dup(place->servers[i].ns);
        copy->servers[i].text = str_dup(place->servers[i].text);
    }
    strv_copy(&copy->values, &place->values);
    strv_copy(&copy->warnings, &place->warnings);
    return copy;
}

char *dns_place_path(const struct dns_place *place)
{
    struct buf path = BUF((size_t)64 * 1024);

    buf_add_str(&path, place->name);
    for (size_t i = 0; i < place->n_hops; i++) {
        buf_addf(&path, " -> %s (%s)", place->hops[i].to,
                 place->hops[i].kind == DNS_HOP_CNAME ? "CNAME" : "DNAME");
    }
    return buf_take(&path);
}
