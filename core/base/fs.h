/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Files as this program needs them: private ones are checked, changes are whole or not there, and
 * on disk before the next step. Paths are given; nothing here knows the layout of STATE.
 */
#ifndef BASE_FS_H
#define BASE_FS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Reads a whole file into `to` (whose ceiling holds). ERR_NOT_FOUND if it is not there. */
int fs_read(const char *path, struct buf *to, struct err *err);

/* The same for secrets: a regular file that is ours (or root's) and that group and others cannot
 * read (with is_group_ok: others). Checked on the opened descriptor. */
int fs_read_private(const char *path, bool is_group_ok, struct buf *to, struct err *err);

/* The home folder: of the environment, else (cron, systemd) of the password database. NULL: there
 * is none. It lives until the next call of this function or of getpwuid(). */
const char *fs_home(void);

/* Run by root, refuses what anyone but root could have written; in a user namespace an unmapped
 * owner passes if group and others cannot write. For everything that causes execution or carries
 * secrets. */
int fs_check_trusted(int fd, const char *path, struct err *err);

/* The same of a folder, in which others could put links. ERR_NOT_FOUND if there is none. */
int fs_check_folder(const char *path, struct err *err);

/* Run by root, refuses an absolute path at which others could put another file: a folder or a link
 * on the way is not root's, or a folder is open to everybody (but for what is sticky, as /tmp). For
 * what is opened once more by its path after it was checked, as programs are. */
int fs_check_way(const char *path, struct err *err);

/* Writes path anew: a temporary file beside it with that mode from the start, fsync, rename, fsync
 * of the folder. */
int fs_write_atomic(const char *path, const void *bytes, size_t len, mode_t mode, struct err *err);

/*
 * "_unsynced": without the fsync of the folder, each of which a disk may take milliseconds for.
 * After a power cut it may not have happened: the old file, whole, or nothing new. For who fsyncs
 * the folder later, and for what the next run does again.
 */
int fs_write_atomic_unsynced(const char *path, const void *bytes, size_t len, mode_t mode,
                             struct err *err);
int fs_mkdir_unsynced(const char *path, mode_t mode, bool *ret_is_new, struct err *err);
int fs_rename_unsynced(const char *from, const char *to, struct err *err);

/* Writes all of it to an opened file; path is for the error's text. */
int fs_write_all(int fd, const char *path, const void *bytes, size_t len, struct err *err);

/* Creates path, which must not exist, with mode; content, fsync, folder fsynced. */
int fs_write_new(const char *path, const void *bytes, size_t len, mode_t mode, struct err *err);

/* Makes a folder (and, for _all, those above it, 0711) unless it is there. mode is exact, whatever
 * the umask. An existing folder is left as it is. */
int fs_mkdir(const char *path, mode_t mode, struct err *err);
int fs_mkdir_all(const char *path, mode_t mode, struct err *err);

/* Points the symlink `path` at `target` in one step: a new link beside it, rename, folder fsynced.
 */
int fs_symlink_atomic(const char *target, const char *path, struct err *err);

int fs_fsync_dir(const char *path, struct err *err);
int fs_rename(const char *from, const char *to, struct err *err); /* and fsyncs both folders */
int fs_unlink(const char *path, struct err *err); /* absent is fine; fsyncs the folder */
/* As fs_unlink(), but a regular file is written over before where that is possible, unless it has
 * other names too. What the storage below keeps of it is not ours to say. */
int fs_wipe(const char *path, struct err *err);
bool fs_exists(const char *path);
bool fs_is_dir(const char *path);

/* Removes what fs_write_atomic() and fs_symlink_atomic() of a killed process left in a folder. Only
 * for who alone writes there now. */
void fs_drop_temporaries(const char *path);

/* Removes a folder with all that is in it; links in it are removed, not followed, and a file system
 * mounted below it is left alone and named. Where path itself is a link, what it leads to goes
 * first. Absent is fine. */
int fs_remove_tree(const char *path, struct err *err);

/* Names in a folder, sorted, without those that begin with a dot. ERR_NOT_FOUND if there is none.
 */
int fs_list(const char *path, struct strv *ret_names, struct err *err);
/* Only those of folders, and of links to folders. */
int fs_list_folders(const char *path, struct strv *ret_names, struct err *err);

/* dir + "/" + name, to mem_free. */
char *fs_join(const char *dir, const char *name);

/* "NFS" or the like, to mem_free, if path, or what is there of the folders above it, lies on a file
 * system that is another host's: flock may hold for one host only there, or not at all. Else NULL.
 */
char *fs_find_remote(const char *path);

/* An advisory lock (flock) on an opened descriptor, without waiting: 1 got it, 0 held by another,
 * or negative. */
int fs_try_lock(int fd, bool is_shared, struct err *err);

#endif
