/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * STATE on disk: which folders there are, with which modes, and how names become paths.
 * Certificates, accounts and locks have headers of their own.
 *
 *     STATE/certs/NAME/   accounts/HOST-HASH8/ID/   journal/   locks/   logs/autorenew/
 *     STATE/staging/{certs,accounts,journal}        the same for CAs that only practise
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

#include <stdbool.h>

struct store;

/* Makes what is missing of STATE. With is_staging, certificates, accounts and journal are those
 * below STATE/staging; locks and logs are common. The loop must outlive the store. */
int store_open(struct loop *loop, const char *state_dir, bool is_staging, struct store **ret_store,
               struct err *err);
/* The same for who only looks: nothing is made, and what is missing is empty. */
int store_look(struct loop *loop, const char *state_dir, bool is_staging, struct store **ret_store,
               struct err *err);
void store_free(struct store *store);

/* Whether there ever was one with is_staging: who only looks makes none. */
bool store_has_staging(const char *state_dir);
DEFINE_AUTO_PTR(store, store_free);

/* Whether a certificate, or a trial, of that name has a folder; of any text. */
bool store_has_certificate(const char *state_dir, const char *name);

bool store_is_staging(const struct store *store);

enum store_folder {
    STORE_STATE,
    STORE_CERTS,
    STORE_ACCOUNTS,
    STORE_JOURNAL,
    STORE_LOCKS,
    STORE_LOGS,
};

/* Its path, borrowed from the store. */
const char *store_folder(const struct store *store, enum store_folder folder);

/* What this run is, for lock files: "acme-dns issue -d example.com". Copied. */
void store_set_command(struct store *store, const char *command);

/* A certificate's NAME (and an account's ID): [a-z0-9._-], 1 to 128 bytes, no dot or hyphen in
 * front. ERR_CONFIG with the rule. */
int store_name_check(const char *name, struct err *err);

/* The NAME for a certificate whose first domain (normalised) is this one: without "*.", and
 * shortened with a hash when it is over 128 bytes. To mem_free. */
char *store_name_for(const char *domain);

/* A piece of work under way: begins and completes in the loop. Cancel takes the address of the
 * owner's variable (NULL inside is fine) and leaves NULL; work that had not begun never will, and
 * no callback comes. The handle is dead when its callback begins: callbacks start by setting the
 * variable to NULL. */
struct store_job;
void store_job_cancel(struct store_job **job);

/* err is NULL when all went well. */
typedef void store_done_fn(void *arg, const struct err *err);

#endif
