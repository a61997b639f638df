/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The inside of revoke: what is to be revoked (revoke_find.c), and doing it (revoke.c). */
#ifndef TASK_REVOKE_IMPL_H
#define TASK_REVOKE_IMPL_H

#include "acme/acme.h"
#include "store/store_cert.h"
#include "task/revoke.h"

/* What is to be revoked. */
struct revoke_target {
    struct store *store;     /* the tree that it, or its account, is in */
    struct store_cert *cert; /* installed here, or archived; NULL: only its file is known */
    enum store_shelf shelf;  /* where it lies; out of force no server reads it any more */
    struct cert_chain *chain;
    struct key *key; /* the certificate's own, if it is here */
    struct ca *ca;
    char *account_id;
};

void revoke_target_done(struct revoke_target *target);

/* ERR_CONFIG: none or several fit, an unusable file, a CA that is not known. */
int revoke_find(struct task_env *env, const struct revoke_request *request,
                struct revoke_target *ret_target, struct err *err);

/*
 * Has another certificate, with a new key, issued and deployed in the place of the installed one,
 * which the target is in archived/ then. Otherwise than EXIT_DONE it is not to be revoked; that was
 * told.
 */
enum task_exit revoke_reissue(struct task_env *env, struct revoke_target *target);

/* An order with the certificate's key, whose end the journal was not told of, would bring it back.
 */
int revoke_forget_orders(const struct revoke_target *target, struct err *err);

/* 0, 1, 4, 5, or unspecified, keyCompromise, superseded, cessationOfOperation. */
int revoke_parse_reason(const char *text, enum acme_reason *ret_reason, struct err *err);
const char *revoke_reason_name(enum acme_reason reason);

#endif
