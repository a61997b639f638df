/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What fs.c and fs_trust.c share. For them only. */
#ifndef BASE_FS_IMPL_H
#define BASE_FS_IMPL_H

#include "base/buf.h"
#include "base/err.h"

/* A descriptor, or negative with ERR_NOT_FOUND where there is nothing. Never waits. */
int fs_open_read(const char *path, struct err *err);

/* Appends all that is left; path is for the error's text. */
int fs_read_fd(int fd, const char *path, struct buf *to, struct err *err);

#endif
