/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Which paths a worker may reach, as rules for Landlock. Landlock only allows, and always a whole
 * folder: where a folder that is allowed holds a path that is denied, its entries are allowed one
 * by one instead, as they are now.
 */
#ifndef PROVIDER_REACH_H
#define PROVIDER_REACH_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct reach_rule {
    char *path;
    bool is_writable;
};

struct reach {
    struct strv denied; /* real paths */
    struct reach_rule *rules;
    size_t n, cap;
};

#define REACH_RULES_MAX 4096

void reach_init(struct reach *reach, const struct strv *denied); /* denied may be NULL */
void reach_done(struct reach *reach);
void reach_copy(struct reach *to, const struct reach *from); /* to is uninitialised */

/* Libraries, programs, CA certificates, resolver files, a few devices, the temporary folder. */
void reach_add_system(struct reach *reach);

/* A path with all below it, but for what is denied. Absent: nothing. */
void reach_add(struct reach *reach, const char *path, bool is_writable);

/* Whether the file that path leads to is out of every worker's reach. */
bool reach_denies(const struct reach *reach, const char *path);

/* What an option names. A file is meant even where its folder is denied; programs are not
 * writable. */
void reach_add_named(struct reach *reach, const char *path);

#endif
