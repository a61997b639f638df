/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What all DNS work of a run shares: the resolvers, the delegations found so far, what is known of
 * each name server, and the questions in flight. find.h says where a challenge name lives, watch.h
 * waits until its servers serve the values, gone.h asks what is left of them.
 *
 * Names go in and come out as text: lower case, A-labels, no dot at the end; the root is ".".
 */
#ifndef DNS_DNS_H
#define DNS_DNS_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

#include <stdint.h>

struct dns;

struct dns_settings {
    /* "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:53", "fe80::1%eth0". Empty: the
     * nameserver lines of resolv_conf. Asked only for the root, and for addresses of name servers.
     */
    struct strv resolvers;
    const char *resolv_conf; /* NULL: /etc/resolv.conf; borrowed for dns_new() only */
    /* Sockets at most; 0: 200. A hundred names on four servers are 400 questions; at 64 they cost
     * six round trips one after the other. */
    unsigned max_in_flight;
};

/* ERR_CONFIG names the resolver that is not an address, or the file that names none. The loop must
 * outlive it. */
int dns_new(struct loop *loop, const struct dns_settings *settings, struct dns **ret_dns,
            struct err *err);

/* Everything started with it must have ended or been cancelled. */
void dns_free(struct dns *dns);
DEFINE_AUTO_PTR(dns, dns_free);

/* Every watch that is waiting for its next look has it now: somebody wants to know. */
void dns_look_now(struct dns *dns);

/* Packets and TCP connections sent out so far, for the benchmark and -v. */
uint64_t dns_question_count(const struct dns *dns);

#endif
