/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What a CA has asked to be spared until later, for all runs to know:
 *
 *     STATE/accounts/HOST-HASH8/ID/limits/account-UNTIL.json          all of the account's orders
 *                                         names-HASH-UNTIL.json       orders for one set of names
 *
 * One file each, so that runs side by side lose nothing of each other's.
 */
#ifndef STORE_STORE_LIMIT_H
#define STORE_STORE_LIMIT_H

#include "store/store.h"

#include <stdint.h>

struct store_limit {
    struct strv names; /* orders for exactly these; none: all of the account's */
    int64_t noted_s, until_s;
    char *text; /* the CA's words */
};

void store_limit_done(struct store_limit *limit);

struct store_limits {
    struct store_limit *items;
    size_t n, cap;
};

void store_limits_done(struct store_limits *limits);

/* The account's folder must be there. */
int store_limit_save(struct store *store, const char *directory_url, const char *account_id,
                     const struct store_limit *limit, struct err *err);

/* Those that an order for these names has to heed, and that end after now_s. Those that are over
 * are removed on the way, and damaged ones. ERR_FAILED: a newer program wrote one. */
int store_limits_load(struct store *store, const char *directory_url, const char *account_id,
                      const struct strv *names, int64_t now_s, struct store_limits *ret_limits,
                      struct err *err);

#endif
