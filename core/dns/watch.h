/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Propagation: waits until every authoritative address of a zone serves all values of one owner,
 * and can say at any time who does not. One watch is one owner; many run side by side.
 *
 *     GOOD   authoritative, all wanted values there       WAIT  authoritative, not (all) there yet
 *     MOVED  a CNAME stands there now                     LAME  not authoritative, refuses, fails
 *     DEAD   silent over UDP and TCP
 */
#ifndef DNS_WATCH_H
#define DNS_WATCH_H

#include "dns/dns.h"
#include "dns/place.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dns_watch;

enum dns_watch_mode {
    DNS_WATCH_KNOWN_BROKEN, /* the default: who was LAME or DEAD before publishing has no vote */
    DNS_WATCH_ALL,          /* every routable address must be GOOD */
    DNS_WATCH_ANY,          /* one GOOD is enough */
    DNS_WATCH_WAIT,         /* ask nobody, wait wait_s */
};

struct dns_watch_policy {
    enum dns_watch_mode mode;
    uint32_t wait_s;     /* for DNS_WATCH_WAIT */
    int64_t timeout_ms;  /* 0: 300 s */
    int64_t interval_ms; /* the longest pause between looks; 0: 5 s */
    int64_t
        settle_ms; /* after all are GOOD: servers behind an anycast address that we cannot see */
};

/* "known-broken", "all", "any", "wait:SECONDS"; false and nothing changed for anything else. */
bool dns_watch_parse_mode(const char *text, struct dns_watch_policy *policy);

struct dns_watch_callbacks {
    /* After each change. waiting: the texts of the servers with a vote that are not GOOD. */
    void (*progress)(void *arg, size_t good, size_t total, const struct strv *waiting);
    /* A server lost its vote; said once for each server of a zone in a run, not once a name. */
    void (*warned)(void *arg, const char *text);
    /* The owner became a CNAME. The watch is over, done is not called: find the place again. */
    void (*moved)(void *arg, const char *target);
    /* NULL: passed. Else ERR_PROPAGATION, whose text is a table: a line for each server with its
     * name, address, last answer and the age of that. */
    void (*done)(void *arg, const struct err *err);
};

/* Asks every server of the zone for its SOA, unless that was done in this run: so that the classes
 * before publishing are known when a watch begins. Needs no end; its results stay in dns. */
void dns_probe_start(struct dns *dns, const struct dns_place *place);

/* progress and warned may be NULL. Everything is copied. */
struct dns_watch *dns_watch_start(struct dns *dns, const struct dns_place *place,
                                  const char *const *values, size_t n_values,
                                  const struct dns_watch_policy *policy,
                                  const struct dns_watch_callbacks *callbacks, void *arg);
/* For a watch that began before the values were all published: now they are. Looks at once, and the
 * policy's times count from here; what was confirmed stays confirmed. */
void dns_watch_restart(struct dns_watch *watch);

void dns_watch_cancel(struct dns_watch **watch);

#endif
