/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Whom a worker becomes. */
#ifndef PROVIDER_USER_H
#define PROVIDER_USER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define USER_DEFAULT "_acme-dns"

struct user {
    char *name, *home;
    uid_t uid;
    gid_t gid;
    gid_t *groups; /* none for the default user */
    size_t n_groups;
    bool is_switched; /* another one than this process's */
    bool is_asked;    /* named by the user of this program */
};

void user_done(struct user *user);

/* A user that was asked for by name: an error if it does not exist or cannot be had. */
int user_find(const char *name, struct user *ret_user, struct err *err);

/* The default: `name` (NULL: _acme-dns), else nobody with *ret_warning set, when run by root;
 * ourselves otherwise, or where a user namespace knows neither. *ret_warning: a sentence to
 * mem_free, or NULL. */
void user_find_default(const char *name, struct user *ret_user, char **ret_warning);

#endif
