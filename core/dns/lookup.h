/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What the recursive resolvers are asked: the root's name servers, and addresses of name servers
 * that a delegation named. Each only once in a run; several may wait for one answer.
 */
#ifndef DNS_LOOKUP_H
#define DNS_LOOKUP_H

#include "base/str.h"
#include "dns/bell.h"
#include "dns/dns_impl.h"

#include <stddef.h>

struct lookup {
    struct dns *dns;
    char *name;
    uint16_t type; /* MESSAGE_A, MESSAGE_AAAA or MESSAGE_NS */
    bool is_done;
    bool is_answered; /* false: no resolver answered */
    int64_t done_ms;
    struct sockaddr_storage *addresses; /* A, AAAA: the answer; NS: what came along for them */
    struct strv names; /* NS: the answer; for each address the same index in owners */
    struct strv owners;
    size_t n_addresses, cap_addresses;
    char why[128]; /* the last failure */
    struct bell bell;
    struct race *race;
    struct lookup *next;
};

/* A lookup that is done, or under way: then wait at its bell. Lives as long as dns. */
struct lookup *lookup_get(struct dns *dns, const char *name, uint16_t type);
void lookup_free_all(struct dns *dns);

#endif
