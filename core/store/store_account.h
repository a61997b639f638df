/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Accounts at CAs: STATE/accounts/HOST-HASH8/ID/{key.pem,account.json}. The key is on disk before
 * the CA is told of it; account.json follows its answer. A key without account.json is thus an
 * account whose registration has to be repeated (the CA finds it by the key), never a lost one.
 */
#ifndef STORE_STORE_ACCOUNT_H
#define STORE_STORE_ACCOUNT_H

#include "keys/key.h"
#include "store/store.h"

#include <stdint.h>

#define STORE_ACCOUNT_DEFAULT "default"

struct store_account {
    char *id;
    char *directory_url;
    char *url; /* the CA's name for it (kid), verbatim; NULL: not (known to be) registered */
    struct strv contacts; /* "mailto:ops@example.com" */
    char *terms_url;      /* the terms that were agreed to, or NULL */
    char *status;         /* as the CA said last; NULL when url is */
    char *eab_kid;        /* or NULL */
    int64_t created_s;
    char *warning; /* NULL, or why account.json could not be used, to show */
};

void store_account_free(struct store_account *account);
DEFINE_AUTO_PTR(store_account, store_account_free);

/*
 * Loads account ID at that directory with its key. ERR_NOT_FOUND when there is no key. A lost or
 * damaged account.json leaves ->url NULL (and, when damaged, ->warning); of a newer format:
 * ERR_FAILED. Each ret may be NULL.
 */
int store_account_load(struct store *store, const char *directory_url, const char *id,
                       struct store_account **ret_account, struct key **ret_key, struct err *err);

/* "the key of the account URL is gone: there is no 'PATH'", to mem_free, where account.json tells
 * of an account whose key is not there; else NULL. */
char *store_account_describe_loss(struct store *store, const char *directory_url, const char *id);

/* Writes a new account's key, fsynced when done is called. ERR_FAILED if there is one already. */
struct store_job *store_account_key_save(struct store *store, const char *directory_url,
                                         const char *id, struct key *key, store_done_fn *done,
                                         void *arg);

/* Writes account.json; everything is copied. */
struct store_job *store_account_save(struct store *store, const struct store_account *account,
                                     store_done_fn *done, void *arg);

struct store_accounts {
    struct store_account **items;
    size_t n, cap;
};

void store_accounts_done(struct store_accounts *accounts);

/* All accounts, by folder and ID; those without account.json have no directory_url. */
int store_account_list(struct store *store, struct store_accounts *ret_accounts, struct err *err);

/* For messages and the journal: accounts/HOST-HASH8/ID/key.pem. To mem_free. ERR_CONFIG for a
 * directory that is not an https URL, and for a bad ID. */
int store_account_key_path(const struct store *store, const char *directory_url, const char *id,
                           char **ret_path, struct err *err);

/* "HOST-HASH8/ID", for store_lock_start. To mem_free; NULL for a directory that is no https URL. */
char *store_account_lock_name(const char *directory_url, const char *id);

#endif
