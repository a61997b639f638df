/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* How an answer is read while walking down to a name: pure, without a wire. */
#ifndef DNS_WALK_H
#define DNS_WALK_H

#include "dns/message.h"

enum walk_step {
    WALK_LAME,      /* this server is of no use here */
    WALK_RECURSIVE, /* it answered as a recursive resolver does: without authority */
    WALK_REFERRAL,  /* go on below, see cut_from_referral() */
    WALK_CNAME,
    WALK_DNAME,
    WALK_END, /* authoritative: the name is in a zone of this server, or would be */
};

struct walk_reading {
    enum walk_step step;
    const char *why;  /* WALK_LAME: in words; static, or NULL: the rcode says it */
    char target[256]; /* WALK_CNAME, WALK_DNAME */
    const char *zone; /* WALK_END: the zone that holds the name, or NULL if not said; borrowed */
    uint32_t minimum; /* with zone: its negative TTL */
};

/* Reads an answer of a server of zone to a question for name. */
void walk_read(const struct message *message, const char *zone, const char *name,
               struct walk_reading *ret_reading);

#endif
