/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A TXT record set as Route 53 has it. To be replaced, it must be named with exactly the values and
 * the time to live that it has: so texts that are not ours are kept as they came, byte by byte.
 */
#ifndef ROUTE53_RRSET_H
#define ROUTE53_RRSET_H

#include "xml.h"

#include <acme-kit.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rrset {
    char **values; /* each in Route 53's spelling: "\"...\"" */
    size_t n;      /* 0: there is no such set */
    uint32_t ttl_s;
    char *special; /* why the set is none that can be changed by values; NULL: it is a simple one */
};

void rrset_done(struct rrset *set);
void rrset_copy(struct rrset *to, const struct rrset *from); /* what `to` held is released */
bool rrset_equals(const struct rrset *a, const struct rrset *b);

/* Reads a <ResourceRecordSet>; what *set held is released. False if Route 53 would not write so. */
bool rrset_read(struct rrset *set, const struct xml *element);

/* Adds the value unless it is there; a new set gets ttl_s. */
void rrset_add(struct rrset *set, const void *value, size_t len, uint32_t ttl_s);
void rrset_remove(struct rrset *set, const void *value, size_t len);

/* How many bytes all values together have. */
size_t rrset_weight(const struct rrset *set);

/* Adds a <Change> of a batch. name in Route 53's spelling. */
void rrset_write(const struct rrset *set, const char *name, const char *action,
                 struct kit_text *to);

#endif
