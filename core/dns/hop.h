/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The walk to one name, down from the deepest known cut to the zone that holds it, or to the CNAME
 * that stands there. Walks to the same name are one walk; walks that come by the same unknown
 * delegation let the first ask for it.
 */
#ifndef DNS_HOP_H
#define DNS_HOP_H

#include "base/err.h"
#include "dns/cut.h"
#include "dns/walk.h"

struct hop {
    struct dns *dns;
    char *name;
    unsigned n_users;
    struct bell bell;
    struct hop *next;

    /* The outcome. err.class is not ERR_NONE: failed, nothing else counts. */
    struct err err;
    enum walk_step step; /* WALK_END, WALK_CNAME or WALK_DNAME */
    char *target;        /* of a CNAME or DNAME */
    char *wildcard_target;
    uint32_t minimum;
    struct strv values; /* TXT at name, escaped */

    /* On the way. */
    struct cut *cut; /* where the walk is; at WALK_END: the zone */
    size_t depth;    /* labels below cut that a delegation may have */
    char *zone;      /* as the last answer had it, or NULL */
    char *soa_asked; /* WALK_END without a zone: whose SOA is being asked */
    struct race *race;
    struct exchange *sibling;
    struct sockaddr_storage winner;
    char *winner_text;
    struct bell_waiter cut_waiter;
    size_t n_raced; /* addresses of cut when it was last asked */
    struct bell_waiter gate_waiter;
    struct gate *gate; /* the one we hold */
    struct loop_timer *begin;
    unsigned n_recursive; /* answers without authority in this race */
    unsigned n_answered;
    unsigned n_servfails;
    struct strv failures; /* "ns1.example.com (192.0.2.1): REFUSED" */
};

/* The waiter is called once, with the outcome valid during its call, unless it leaves before. */
struct hop *hop_join(struct dns *dns, const char *name, struct bell_waiter *waiter, bell_fn *fn,
                     void *arg);
void hop_leave(struct hop *hop, struct bell_waiter *waiter);

#endif
