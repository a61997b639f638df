/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/fs.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>

#define OPEN_FOLDERS_MAX 16

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

int fs_remove_tree(const char *path, struct err *err)
{
    /* Contents before their folder; nothing behind a link or on another file system. */
    if (nftw(path, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 &&
        errno != ENOENT) {
        return err_set_errno(err, "cannot remove '%s'", path);
    }
    return 0;
}
