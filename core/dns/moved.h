/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Owners that were seen to become CNAMEs while their values were awaited. The next walk to one is
 * likely to ask a server that does not know of the CNAME yet, and would lead to where it was
 * before.
 */
#ifndef DNS_MOVED_H
#define DNS_MOVED_H

#include "dns/dns_impl.h"

void moved_note(struct dns *dns, const char *owner, const char *target);

/* Where owner was seen to lead, or NULL; borrowed. Forgotten after DNS_CACHE_MS. */
const char *moved_find(struct dns *dns, const char *owner);
void moved_free_all(struct dns *dns);

#endif
