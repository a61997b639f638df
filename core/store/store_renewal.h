/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What is remembered of a certificate's renewals between runs: certs/NAME/renewal.json. All of it
 * can be lost without harm; what then counts is the certificate itself. Moments are in seconds
 * since 1970, 0 where there is none.
 */
#ifndef STORE_STORE_RENEWAL_H
#define STORE_STORE_RENEWAL_H

#include "store/store.h"

#include <stdint.h>

struct store_renewal {
    /* The certificate that was issued when the one before was due, by the calendar and not because
     * somebody or something hurried; NULL: that in force was not. */
    char *in_turn_sha256;

    /* What the CA said of when to renew (RFC 9773). */
    char *ari_sha256;                /* of which certificate; NULL: nothing was asked yet */
    int64_t ari_start_s, ari_end_s;  /* the window, or 0: it has none */
    int64_t ari_moment_s;            /* drawn in it, once for each window */
    char *ari_explanation_url;       /* https, or NULL */
    int64_t ari_asked_s, ari_next_s; /* not to be asked again before that */
    int64_t ari_led_s;               /* when it has last led to an early renewal */

    /* Failures since the last success. */
    int64_t n_failures;        /* in a row; without those that another try does not make worse */
    int64_t failed_s, retry_s; /* the last one; left alone until */
    char *error_class;         /* its class, as in events, or NULL */
    char *error;
    bool is_staging_next; /* a validation failed: the next try goes to the CA's staging partner */

    /* What failure hooks have been told since the certificate was last in order. */
    int64_t failure_told_s, danger_told_s;

    char *warning; /* NULL, or why the file could not be used, to show */
};

void store_renewal_done(struct store_renewal *renewal);

/* Nothing remembered, with ->warning where the file is damaged. ERR_FAILED: a newer program wrote
 * it. *ret_renewal is the caller's to end in either case. */
int store_renewal_load(struct store *store, const char *name, struct store_renewal *ret_renewal,
                       struct err *err);

/* For a name without a folder: nothing is done. Never over the file of a newer program. */
int store_renewal_save(struct store *store, const char *name, const struct store_renewal *renewal,
                       struct err *err);

#endif
