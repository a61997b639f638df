/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Files for other programs, in folders that are not ours: written beside their place with owner and
 * mode in force before any content, and put there in one step, when everything else is ready too.
 *
 *     fs_stage_open() -> fs_stage_holds()? -> fs_stage_fill() -> fs_stage_commit()
 *
 * Until the last call nothing that was there has changed; fs_stage_done() takes back what was
 * written and not committed.
 */
#ifndef BASE_FS_STAGE_H
#define BASE_FS_STAGE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

#define FS_UID_NONE ((uid_t)-1)
#define FS_GID_NONE ((gid_t)-1)

/* Where a file belongs, and whose it is to be. */
struct fs_place {
    const char *path; /* absolute */
    mode_t mode;
    uid_t uid; /* FS_UID_NONE: the process's */
    gid_t gid; /* FS_GID_NONE: whatever a new file gets there */
};

struct fs_stage {
    int folder; /* held, so that a path that changes meanwhile changes nothing */
    char *folder_path;
    char *name; /* in the folder */
    char *temp; /* the new file's name, while it is not in its place; or NULL */
    mode_t mode;
    uid_t uid;
    gid_t gid;
};

#define FS_STAGE_INIT \
    {                 \
        .folder = -1  \
    }

/*
 * Finds the folder and looks at what is at the place: nothing or a regular file, else ERR_CONFIG (a
 * symlink is neither followed nor replaced). Run by root, the folder and all above it must belong
 * to root or to the file's owner and be closed to other writers (those above may be sticky), and
 * symlinks on the way are followed only where both they and their folder are root's.
 */
int fs_stage_open(const struct fs_place *place, struct fs_stage *ret_stage, struct err *err);
void fs_stage_done(struct fs_stage *stage);

/* Whether a file is there that has the owner, group and mode wanted; its content is appended. */
bool fs_stage_holds(const struct fs_stage *stage, struct buf *content);

/* Writes the new file, to disk, beside its place. What a killed run left there is removed: only one
 * run may stage at a place at a time. */
int fs_stage_fill(struct fs_stage *stage, const void *bytes, size_t len, struct err *err);

/* Puts it in its place. */
int fs_stage_commit(struct fs_stage *stage, struct err *err);

#endif
