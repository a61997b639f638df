/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* From a zone's name to the id of its hosted zone. */
#ifndef ROUTE53_ZONES_H
#define ROUTE53_ZONES_H

#include "route53.h"

/* Takes the values of hosted-zone-id. */
int32_t zones_init(struct route53 *p, const struct acme_open *o, struct kit_fault *f);
void zones_done(struct route53 *p);

/* The hosted zone of that name (absolute); asks Route 53 the first time. The text lives until the
 * next call of this function. */
int32_t zones_find(struct route53 *p, struct acme_call *call, const char *zone, const char **ret_id,
                   struct kit_fault *f);

/* Reports every public zone that the credentials show, or those that hosted-zone-id names. */
int32_t zones_report(struct route53 *p, struct acme_call *call, struct kit_fault *f);

/* ---- delegation.c ---- */

#define DELEGATION_SERVERS_MAX 16

struct delegation {
    char servers[DELEGATION_SERVERS_MAX][256]; /* without the dot at the end */
    size_t n;
};

/* Asks the system's resolver for the name servers of a zone. It exists and is delegated, so that no
 * negative answer about a challenge's name can come into a cache. Empty if there is no answer. */
void delegation_find(const char *zone, struct delegation *ret_delegation);

/* Whether any of these servers is that one; case and a dot at the end do not matter. */
bool delegation_has(const struct delegation *d, const char *server);

#endif
