/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What PowerDNS says when it refuses, and what a user can do about it. */
#include "powerdns.h"

#include <stdio.h>

/* The words are those of servers from 4.1 to 5.1. */
static const struct kit_meaning REFUSALS[] = {
    {"Conflicts with", ACME_REJECTED,
     "another record stands there that a TXT record cannot stand beside, most likely a CNAME that "
     "this server serves to others: take it away, or put it where acme-dns can see and follow it"},
    {"out of zone", ACME_REJECTED,
     "the name does not lie in the zone: is zone = in [provider] or [zone] right?"},
    {"does not support editing", ACME_BAD_CONFIG,
     "the zone's backend is read-only for the API: keep the zone in a database (gsqlite3, gmysql, "
     "gpgsql, lmdb), or use the plug-in rfc2136 with the server that the zone comes from"},
    {"Not in expected format", ACME_REJECTED,
     "the server wants the value written in another way: please report this with its version"},
    {"Duplicate record", ACME_RETRY,
     "somebody else is writing the same name: it is read and written again"},
    {"Failed to rectify", ACME_REJECTED,
     "the change was taken back because the zone's DNSSEC data could not be put in order: try "
     "pdnsutil rectify-zone, and see the server's log"},
};

void explain_judge(void *context, const struct kit_request *request,
                   const struct kit_answer *answer, struct kit_verdict *v)
{
    (void)context;
    if (answer->status == 400 || answer->status == 422) {
        kit_verdict_explain(v, REFUSALS, sizeof(REFUSALS) / sizeof(REFUSALS[0]));
    } else if (answer->status == 401) {
        (void)snprintf(v->hint, sizeof(v->hint),
                       "api-key must be what api-key= says in the server's pdns.conf");
    } else if (answer->status == 404 && request->zone == NULL) {
        v->status = ACME_BAD_CONFIG;
        (void)snprintf(
            v->hint, sizeof(v->hint),
            "there is no PowerDNS API with this server-id: api-url is what stands before "
            "/api/v1, server-id is localhost but behind some proxies");
    } else if (answer->status == 404) {
        (void)snprintf(v->hint, sizeof(v->hint),
                       "the server does not have this zone: pdnsutil list-all-zones shows those "
                       "that it has");
    }
}
