/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Copies of the certificate in force, for servers that want their files elsewhere, under another
 * user, or in another form. */
#ifndef STORE_STORE_COPY_H
#define STORE_STORE_COPY_H

#include "config/copy.h"
#include "store/store.h"

#include <stddef.h>

/*
 * Makes the copies that the rules say, those that are there already excepted; the paths written are
 * appended. Each is written beside its place with its owner and mode first (base/fs_stage.h), and
 * only when all are, are they put there: on failure hardly ever some and not the others. The error
 * begins with the rule's key. The caller holds the certificate's lock.
 */
int store_copy(struct store *store, const char *name, const struct copy_rule *rules, size_t n_rules,
               struct strv *ret_written, struct err *err);

/* Whether the rule's owner, group and password are there, for who wants to know before there is a
 * certificate. ERR_CONFIG or what reading the password's file said. */
int store_copy_check(const struct copy_rule *rule, struct err *err);

#endif
