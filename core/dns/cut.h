/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A zone cut: the delegation that a walk from the root came by, its name servers and their
 * addresses.
 *
 *     known -------- glue came along, or the first address was found --> walkable
 *     walkable ----- NS asked of the zone itself, all addresses known --> complete
 *
 * Addresses of servers named inside the zone are asked of the zone (RD=0), the others of the
 * resolver. Cuts live as long as dns.
 */
#ifndef DNS_CUT_H
#define DNS_CUT_H

#include "base/str.h"
#include "dns/bell.h"
#include "dns/dns_impl.h"
#include "dns/message.h"
#include "dns/place.h"
#include "dns/race.h"

enum { CUT_NAMES_MAX = 16, CUT_SERVERS_MAX = 48 };

struct cut_server {
    struct cut *cut;
    char *ns;
    char *text; /* "ns1.example.com (192.0.2.1)" */
    struct sockaddr_storage address;
    bool is_glue; /* the parent's word only */
    /* Before publishing, see probe.c. */
    struct exchange *probe;
    enum dns_class class;
    char why[96]; /* LAME, DEAD: the answer in words */
    bool is_unroutable;
    bool is_warned; /* that it has no vote was said */
};

struct cut {
    struct dns *dns;
    char *name;
    int64_t born_ms;
    bool offers_recursion; /* every answer on the way here had RA=1: see hop.c */
    struct strv ns_parent;
    struct strv ns_child;
    struct cut_server **servers;
    size_t n_servers, cap_servers;

    struct bell walkable; /* rings when there may be more addresses, and at the end */
    struct bell complete;
    bool is_started;
    bool is_complete;
    bool is_probed;
    char why[128]; /* why there is no address */

    struct cut_task *tasks;
    unsigned n_open_tasks;
    bool is_child_asked;
    struct race *child_race;
    struct bell_waiter root_waiter;
    struct lookup *root_lookup;
    struct cut *next;
};

/* The deepest cut known and still fresh that holds name; at least the root's. */
struct cut *cut_find(struct dns *dns, const char *name);

/* The newest at zone whose servers are all known, and none of which goes any more, however old it
 * is; NULL if there is none. */
struct cut *cut_find_complete(struct dns *dns, const char *zone);

/* The cut that a referral in message hands name over to, strictly below parent; NULL if it is none.
 * New, or the one that was known. */
struct cut *cut_from_referral(struct cut *parent, const char *name, const struct message *message);

/* The cut at zone, for which servers of another one answer with authority too. */
struct cut *cut_from_sibling(struct cut *host, const char *zone);

/* Starts what makes it complete. The root only becomes walkable. */
void cut_start(struct cut *cut);

/* Its addresses, the promising first; at most RACE_RUNNERS_MAX. Borrowed texts. Returns how many.
 */
size_t cut_runners(const struct cut *cut, struct race_runner runners[static RACE_RUNNERS_MAX]);

/* Lets the addresses that became known since run too. */
void cut_extend_race(const struct cut *cut, struct race *race);

struct cut_server *cut_find_server(struct cut *cut, const struct sockaddr_storage *address);
void cut_stop_all(struct dns *dns); /* nothing of theirs is under way or waits afterwards */
void cut_free_all(struct dns *dns);

#endif
