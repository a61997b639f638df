/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What stands in a zone at some names, of the types that this room reads: to compare before and
 * after. Asked of the zone's servers, not of a resolver. */
#ifndef DNS_SURVEY_H
#define DNS_SURVEY_H

#include "dns/dns.h"
#include "dns/place.h"

#include <stddef.h>

struct dns_survey;

/* lines: "www.example.com A 192.0.2.1", "example.com TXT "v=spf1 -all"", sorted, bytes escaped. A
 * question that no server answers with authority is a line too: "example.com NS ?". Valid during
 * the call. */
typedef void dns_survey_fn(void *arg, const struct strv *lines);

/* Everything is copied. */
struct dns_survey *dns_survey_start(struct dns *dns, const struct dns_place *place,
                                    const struct strv *names, dns_survey_fn *done, void *arg);
void dns_survey_cancel(struct dns_survey **survey);

#endif
