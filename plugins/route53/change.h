/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Values added and removed, whatever others do to the same sets meanwhile. */
#ifndef ROUTE53_CHANGE_H
#define ROUTE53_CHANGE_H

#include "route53.h"

struct owner;

/* One value to add or remove. */
struct target {
    const struct acme_record *record;
    uint32_t what; /* ACME_ADD, ACME_REMOVE */
    size_t index;  /* of the change, for reports to the core; ACME_WHOLE_CALL outside apply() */
    struct owner *owner; /* set by change_apply() */
    bool is_done;
    int32_t failed_status; /* it alone failed, and the core knows why; else ACME_OK */
};

/*
 * Makes the changes, all of one zone. What succeeds and what fails on its own is reported to the
 * core target by target. Another status than ACME_OK: the targets neither done nor failed fail with
 * it, and f says why.
 */
int32_t change_apply(struct route53 *p, struct acme_call *call, struct target *targets, size_t n,
                     struct kit_fault *f);

#endif
