/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the fs files share. For them only. */
#ifndef BASE_FS_IMPL_H
#define BASE_FS_IMPL_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* A descriptor, or negative with ERR_NOT_FOUND where there is nothing. Never waits. */
int fs_open_read(const char *path, struct err *err);

/* Whether a mount of this type ("fuse.sshfs") is another host's. */
bool fs_mount_is_remote(const char *type);

/* The type in a line of /proc/self/mountinfo, if that is the mount of this device; to mem_free. */
char *fs_mount_parse(const char *line, unsigned major_number, unsigned minor_number);

/* Appends all that is left; path is for the error's text. */
int fs_read_fd(int fd, const char *path, struct buf *to, struct err *err);

/* Whether this user namespace has a place for uid. An owner without one shows as the overflow uid,
 * which is a stranger's or the real root's: nobody inside can be it. A mapped uid of the same
 * number is a user like any other. */
bool fs_is_uid_mapped(uid_t uid);

/* Names of files that are being written: ".NAME." and hexadecimal digits. */
#define FS_TEMP_DIGITS 16
bool fs_is_temp_name(const char *name);

/* fs_folder.c: a descriptor (O_PATH) of a folder to write to. Run by root, all folders on the way
 * must be root's or owner's, and closed to others; see fs_stage.h. */
int fs_open_folder(const char *path, uid_t owner, struct err *err);
int fs_set_no_folder(const char *path, struct err *err); /* by errno */

#endif
