/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the files of this room share behind struct dns. */
#ifndef DNS_DNS_IMPL_H
#define DNS_DNS_IMPL_H

#include "dns/bell.h"
#include "dns/dns.h"
#include "dns/exchange.h"

struct cut;
struct gate;
struct hop;
struct lookup;
struct moved;

enum { DNS_CACHE_MS = 600 * 1000 }; /* how long a delegation or an address is believed */

struct dns {
    struct loop *loop;
    struct net *net;
    struct sockaddr_storage *resolvers;
    size_t n_resolvers;
    struct lookup *lookups; /* what resolvers were asked */
    struct cut *cuts;       /* delegations, newest first */
    struct gate *gates;     /* delegations being looked for */
    struct hop *hops;       /* names being walked to */
    struct moved *moved;    /* names that became CNAMEs */
    struct bell look_now;   /* rung by dns_look_now(); watches wait on it */
};

#endif
