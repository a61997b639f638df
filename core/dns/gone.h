/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Clean-up's last question: which of our values do the zone's servers still serve? */
#ifndef DNS_GONE_H
#define DNS_GONE_H

#include "dns/dns.h"
#include "dns/place.h"

#include <stddef.h>
#include <stdint.h>

struct dns_gone;

/* err NULL: still_standing (valid during the call) holds the values that some server served at its
 * last answer; empty: all gone. err: no server answered with authority. */
typedef void dns_gone_fn(void *arg, const struct strv *still_standing, const struct err *err);

/* Looks until no server that answers serves any of the values, or until timeout_ms has passed; 0:
 * looks once. Everything is copied. */
struct dns_gone *dns_gone_start(struct dns *dns, const struct dns_place *place,
                                const char *const *values, size_t n_values, int64_t timeout_ms,
                                dns_gone_fn *done, void *arg);
void dns_gone_cancel(struct dns_gone **gone);

#endif
