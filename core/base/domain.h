/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Names as certificates carry them: normalised once, where they come in, so that all that follows
 * can compare bytes. Lower case, A-labels (IDNA 2008, non-transitional), no dot at the end.
 */
#ifndef BASE_DOMAIN_H
#define BASE_DOMAIN_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

/*
 * Normalises one name for a certificate, "*." in front allowed. Refused with the reason,
 * ERR_CONFIG: empty labels, labels over 63 or names over 253 bytes, other characters than letters,
 * digits and hyphens (underscores with the reason that no CA issues for them), hyphens at a label's
 * end, several or inner wildcards, IP addresses, bad UTF-8, names that IDNA refuses. To mem_free.
 */
int domain_normalize(const char *text, char **ret_name, struct err *err);

/* The same for a list, comma lists split, duplicates folded, order kept. The error names each bad
 * one. */
int domain_normalize_all(const struct strv *texts, struct strv *ret_names, struct err *err);

/* "*.example.com" -> "example.com"; borrowed from name. */
const char *domain_base(const char *name);
bool domain_is_wildcard(const char *name);

/* Where a CA looks for the values of a name, "*." or not (RFC 8555 section 8.4), if no CNAME leads
 * elsewhere: "_acme-challenge.example.com"; the second with a dot at the end. To mem_free. */
#define DOMAIN_CHALLENGE_LABEL "_acme-challenge."
char *domain_challenge_owner(const char *name);
char *domain_challenge_fqdn(const char *name);

/* Whether name is zone or lies below it; both without a dot at the end, or both with. The root is
 * ".". */
bool domain_is_within(const char *name, const char *zone);

#endif
