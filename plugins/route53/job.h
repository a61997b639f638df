/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The targets of one call in one zone: what they want of each owner, and owners' sets replaced. */
#ifndef ROUTE53_JOB_H
#define ROUTE53_JOB_H

#include "change.h"
#include "records.h"

struct job {
    struct route53 *p;
    struct acme_call *call;
    const char *zone_id;
    struct target *targets;
    size_t n_targets;
    struct kit_fault *f; /* why the last job_replace() failed */
    bool may_split;      /* that may be the fault of one owner among several */
    char message[1024];  /* AWS's words with it */
};

/* Sets owner->wanted: what is there now, and the targets' wishes. */
void job_want(const struct job *job, struct owner *owner);

/* Fails the targets of an owner, for good. */
void job_fail_owner(struct job *job, struct owner *owner, const struct kit_fault *f);

/* Keeps the owners that are still to be changed and can be; explains to the core which cannot. How
 * many are left. */
size_t job_keep_open(struct job *job, struct owner **owners, size_t n);

/* Brings all of these owners, which were read, to what is wanted, or none. Reports success. On
 * failure none was changed, unless the status is ACME_RETRY. */
int32_t job_replace(struct job *job, struct owner *const *given, size_t n);

#endif
