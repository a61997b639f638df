/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The account at the CA that a command works for: loaded, or made on first use. Its key is on disk
 * before the CA hears of it. The lock is shared while the account is used, exclusive while it is
 * made.
 */
#ifndef TASK_ACCOUNT_H
#define TASK_ACCOUNT_H

#include "acme/acme.h"
#include "store/store_account.h"
#include "task/eab.h"
#include "task/task.h"

struct account;

struct account_request {
    const struct ca *ca;
    const char *email; /* or NULL */
    bool has_agreed_tos;
    struct eab_flags eab; /* borrowed */
};

/* Both are the account's; they live as long as it. The client is there before the account is ready.
 */
struct account_parts {
    struct acme_client *client;
    struct key *key;
};

/* has_client(): key and client are there, so that what needs no account can begin. ready(): the
 * client signs for the account, or err says why not. lost(), which may be NULL: the CA was not to
 * be had after all; requests under way end by that themselves. */
struct account_callbacks {
    void (*has_client)(void *arg, const struct account_parts *parts);
    void (*ready)(void *arg, const struct err *err);
    void (*lost)(void *arg, const struct err *err);
};

/* request, store and http are borrowed and must outlive the account. */
struct account *account_open(struct task_env *env, struct store *store, struct http *http,
                             const struct account_request *request,
                             const struct account_callbacks *callbacks, void *arg);

/*
 * For order_env: the CA refuses what the account has signed. One that the CA does not know any more
 * is made anew with the same key, where the terms are agreed to and no binding is wanted: 0, and
 * ready() comes again. Else negative, with account and key file added to err.
 */
int account_refused(void *arg, const struct acme_problem *problem, struct err *err);

/* Frees client and key too, releases the lock. Takes NULL. */
void account_close(struct account *account);

const char *account_id(const struct account *account);

#endif
