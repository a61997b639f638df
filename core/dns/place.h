/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Where a challenge name really lives: the answer of dns_find_start(). A plain value. */
#ifndef DNS_PLACE_H
#define DNS_PLACE_H

#include "base/cleanup.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* What one address said of the zone before anything was published. */
enum dns_class {
    DNS_CLASS_UNKNOWN, /* not asked yet, or the answer is not there yet */
    DNS_CLASS_GOOD,    /* answers with authority */
    DNS_CLASS_LAME,    /* REFUSED, NOTAUTH, SERVFAIL, or without authority */
    DNS_CLASS_DEAD,    /* silent over UDP and TCP, or unreachable */
};

const char *dns_class_name(enum dns_class class);

/* One address of one name server; a server with three addresses is three of these. */
struct dns_server {
    char *ns;   /* "ns1.example.com" */
    char *text; /* "ns1.example.com (192.0.2.1)" */
    struct sockaddr_storage address;
    enum dns_class class;
    bool is_unroutable; /* this host has no route for it: never asked, no vote */
};

enum dns_hop_kind { DNS_HOP_CNAME, DNS_HOP_DNAME };

struct dns_hop {
    char *from;
    char *to;
    enum dns_hop_kind kind;
};

struct dns_place {
    char *name;  /* as asked for */
    char *owner; /* where the values go: name after all hops */
    char *zone;  /* the zone that holds owner; may be owner itself; never "." */
    uint32_t soa_minimum_s;
    struct dns_hop *hops; /* in order; none: owner is name */
    size_t n_hops;
    struct dns_server *servers; /* every address of every name server of zone, at least one */
    size_t n_servers;
    char *wildcard_target; /* where a wildcard CNAME points that covers owner today, or NULL */
    struct strv values;    /* TXT values that stand at owner today, strings joined, bytes escaped */
    struct strv warnings;  /* what a person should know, a sentence each */
};

void dns_place_free(struct dns_place *place);
DEFINE_AUTO_PTR(dns_place, dns_place_free);
struct dns_place *dns_place_copy(const struct dns_place *place);

/* "a.example -> b.example.net (CNAME) -> c.example.org (DNAME)", or the name alone. To mem_free. */
char *dns_place_path(const struct dns_place *place);

#endif
