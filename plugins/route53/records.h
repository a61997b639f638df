/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The TXT sets of owners: reading them, and replacing them in one transaction. */
#ifndef ROUTE53_RECORDS_H
#define ROUTE53_RECORDS_H

#include "name.h"
#include "route53.h"
#include "rrset.h"

/* AWS's limits of one ChangeResourceRecordSets. */
#define RECORDS_BATCH_MAX 1000
#define RECORDS_BATCH_BYTES_MAX 32000

struct owner {
    char name[NAME_SIZE]; /* in Route 53's spelling */
    struct rrset now;     /* as last read */
    struct rrset wanted;
    bool is_read, is_done, has_failed;
    bool has_changed; /* the last reading found it other than the one before */
};

/* Reads `now` of these owners. As many as lie side by side come with one request, if they are
 * sorted by name_compare(). */
int32_t records_read(struct route53 *p, struct acme_call *call, const char *zone_id,
                     struct owner *const *owners, size_t n, struct kit_fault *f);

/*
 * Makes `wanted` of each owner what is there, all or none, provided that `now` still is. Owners
 * that want nothing else than they have take no part. *ret_change_id is "" where nothing had to be
 * sent. On failure *answer holds the code.
 */
int32_t records_replace(struct route53 *p, struct acme_call *call, const char *zone_id,
                        struct owner *const *owners, size_t n, char ret_change_id[ROUTE53_ID_SIZE],
                        struct aws_answer *answer, struct kit_fault *f);

/* What an owner takes of a batch's limits. */
size_t records_count(const struct owner *owner);
size_t records_weight(const struct owner *owner);

#endif
