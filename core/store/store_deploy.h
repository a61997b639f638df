/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which version of a certificate was copied to its places and its deploy hooks have been run for:
 * certs/NAME/deploy.json. */
#ifndef STORE_STORE_DEPLOY_H
#define STORE_STORE_DEPLOY_H

#include "base/str.h"
#include "store/store.h"

#include <stdint.h>

struct store_deploy {
    char *version;      /* all succeeded for it; NULL: for none yet */
    struct strv copies; /* that were made of it, as the task room writes them */
    struct strv hooks;  /* of its own, that were run for it */
    int64_t done_s;
    char *error; /* why they failed the last time, or NULL */
    int64_t failed_s;
    int64_t n_failures; /* in a row */
};

void store_deploy_done(struct store_deploy *deploy);

/* All zero when nothing is known, also when the file is damaged: hooks are then run once more.
 * ERR_FAILED: a newer program wrote it. */
int store_deploy_load(struct store *store, const char *name, struct store_deploy *ret_deploy,
                      struct err *err);
int store_deploy_save(struct store *store, const char *name, const struct store_deploy *deploy,
                      struct err *err);

#endif
