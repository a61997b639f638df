/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Groups of the system, for files that a server's group is to read. */
#ifndef BASE_GROUP_H
#define BASE_GROUP_H

#include "base/err.h"

#include <sys/types.h>

/* A group by its name or number. ERR_CONFIG: there is none of that name, or we cannot give files
 * to it, not being root nor one of its members. */
int group_find(const char *name, gid_t *ret_gid, struct err *err);

#endif
