/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The two trees of STATE, real certificates and those for trials, each opened when it is needed. */
#ifndef TASK_TREES_H
#define TASK_TREES_H

#include "store/store.h"
#include "task/task.h"

struct trees {
    struct task_env *env;
    const char *command;     /* for lock files; borrowed */
    struct store *stores[2]; /* real, staging; NULL: not opened yet */
    bool is_only_seen;       /* nothing is made or changed */
};

/* *ret_store is the trees'. */
int trees_get(struct trees *trees, bool is_staging, struct store **ret_store, struct err *err);
void trees_close(struct trees *trees);

#endif
