/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Removing: whole folders, and secrets. */
#include "base/fs.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 16 };

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

/* ---- Folders ---- */

static int remove_content(int fd, dev_t device, const char *path, int depth, struct err *err);

static int remove_folder(int above, const char *name, dev_t device, const char *path, int depth,
                         struct err *err)
{
    AUTO_FD int fd = openat(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0) {
        return err_set_errno(err, "cannot open the folder '%s'", path);
    }
    /* Asked of folders alone: on an overlay files are of other devices than the folder they lie in,
     * and a file that something is mounted on is not removed by any name. */
    if (st.st_dev != device) {
        (void)err_set(err, ERR_FAILED, "cannot remove '%s': another file system is mounted there",
                      path);
        return err_hint(err, "unmount it first");
    }
    if (remove_content(TAKE_FD(fd), device, path, depth, err) < 0) {
        return err_code(err);
    }
    return unlinkat(above, name, AT_REMOVEDIR) < 0 ? err_set_errno(err, "cannot remove '%s'", path)
                                                   : 0;
}

static int remove_entry(int folder, const char *name, dev_t device, const char *above, int depth,
                        struct err *err)
{
    AUTO_FREE char *path = fs_join(above, name);
    struct stat st;

    if (str_eq(name, ".") || str_eq(name, "..")) {
        return 0;
    }
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)) {
        return remove_folder(folder, name, device, path, depth + 1, err);
    }
    return unlinkat(folder, name, 0) < 0 && errno != ENOENT
               ? err_set_errno(err, "cannot remove '%s'", path)
               : 0;
}

/* Closes fd. */
static int remove_content(int fd, dev_t device, const char *path, int depth, struct err *err)
{
    DIR *dir = depth > DEPTH_MAX ? NULL : fdopendir(fd);
    const struct dirent *entry = NULL;
    int code = 0;

    if (dir == NULL) {
        (void)close(fd);
        return err_set(err, ERR_FAILED, "cannot list '%s'%s", path,
                       depth > DEPTH_MAX ? ": it lies too deep" : "");
    }
    while (code == 0 && (entry = readdir(dir)) != NULL) {
        code = remove_entry(dirfd(dir), entry->d_name, device, path, depth, err);
    }
    (void)closedir(dir);
    return code;
}

static int remove_tree(const char *path, struct err *err)
{
    struct stat st;

    if (lstat(path, &st) < 0) {
        return errno == ENOENT ? 0 : err_set_errno(err, "cannot examine '%s'", path);
    }
    return S_ISDIR(st.st_mode) ? remove_folder(AT_FDCWD, path, st.st_dev, path, 0, err)
                               : fs_unlink(path, err);
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
