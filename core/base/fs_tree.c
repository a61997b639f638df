/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Removing: whole folders, and secrets. */
#include "base/fs.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_FOLDERS_MAX 16

/* As far as it goes: a disk that is full, or broken, must not keep the file. */
static void overwrite(int fd, off_t len)
{
    static const char zeros[512];
    ssize_t put = 1;

    for (off_t at = 0; at < len && put > 0; at += put) {
        size_t rest = (size_t)(len - at);

        put = pwrite(fd, zeros, rest < sizeof(zeros) ? rest : sizeof(zeros), at);
    }
    (void)fdatasync(fd);
}

int fs_wipe(const char *path, struct err *err)
{
    AUTO_FD int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1) {
        overwrite(fd, st.st_size);
    }
    return fs_unlink(path, err);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static int remove_tree(const char *path, struct err *err)
{
    /* Contents before their folder; nothing behind a link or on another file system. */
    if (nftw(path, remove_one, OPEN_FOLDERS_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) < 0 &&
        errno != ENOENT) {
        return err_set_errno(err, "cannot remove '%s'", path);
    }
    return 0;
}

int fs_remove_tree(const char *path, struct err *err)
{
    char real[PATH_MAX];
    struct stat st;

    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && realpath(path, real) != NULL &&
        remove_tree(real, err) < 0) {
        return err_code(err);
    }
    return remove_tree(path, err);
}
