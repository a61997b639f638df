/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The inside of a run: the account that several certificates share. */
#ifndef TASK_RUN_IMPL_H
#define TASK_RUN_IMPL_H

#include "task/run.h"

struct run_account;

struct run_account *run_account_open(struct task_env *env, struct store *store, struct http *http,
                                     const struct account_request *request);
void run_account_free(struct run_account *account);

bool run_account_is_for(const struct run_account *account, const struct store *store,
                        const struct ca *ca);

struct run_member *run_account_join(struct run_account *account,
                                    const struct account_callbacks *callbacks, void *arg);

#endif
