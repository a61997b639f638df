/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the files of renewal share. */
#ifndef TASK_RENEWAL_IMPL_H
#define TASK_RENEWAL_IMPL_H

#include "task/renewal.h"

/* The limit in force that ends last; *ret_until_s stays as it is when there is none. */
int renewal_find_limit(struct store *store, const struct renewal_order *order, int64_t now_s,
                       int64_t *ret_until_s, char **ret_text, struct err *err);

#endif
