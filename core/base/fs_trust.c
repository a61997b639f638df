/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Whose a file is and who else could touch it: the checks before its content is believed or kept
 * secret. */
#include "base/fs.h"

#include "base/fs_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_ours(const struct stat *st)
{
    return st->st_uid == geteuid() || st->st_uid == 0;
}

int fs_read_private(const char *path, bool is_group_ok, struct buf *to, struct err *err)
{
    const mode_t forbidden = is_group_ok ? 027 : 077;
    AUTO_FD int fd = fs_open_read(path, err);
    struct stat st;

    if (fd < 0) {
        return fd;
    }
    if (fstat(fd, &st) < 0) {
        return err_set_errno(err, "cannot examine '%s'", path);
    }
    if (!S_ISREG(st.st_mode)) {
        return err_set(err, ERR_CONFIG, "'%s' is not a regular file", path);
    }
    if (!is_ours(&st)) {
        return err_set(err, ERR_CONFIG, "'%s' belongs to user %lu: a secret must be ours or root's",
                       path, (unsigned long)st.st_uid);
    }
    if ((st.st_mode & forbidden) != 0) {
        (void)err_set(err, ERR_CONFIG, "'%s' has mode %04o, want %04o or stricter", path,
                      (unsigned)st.st_mode & 07777, is_group_ok ? 0640u : 0600u);
        return err_hint(err, "chmod %04o '%s'", is_group_ok ? 0640u : 0600u, path);
    }
    return fs_read_fd(fd, path, to, err);
}

bool fs_is_uid_mapped(uid_t uid)
{
    FILE *map = fopen("/proc/self/uid_map", "re");
    unsigned long first = 0;
    unsigned long outside = 0;
    unsigned long count = 0;
    bool is_mapped = map == NULL; /* without /proc: the strict answer */

    while (!is_mapped && fscanf(map, "%lu %lu %lu", &first, &outside, &count) == 3) {
        is_mapped = uid >= first && uid - first < count;
    }
    if (map != NULL) {
        (void)fclose(map);
    }
    return is_mapped;
}

int fs_check_trusted(int fd, const char *path, struct err *err)
{
    struct stat st;

    if (geteuid() != 0) {
        return 0;
    }
    if (fstat(fd, &st) < 0) {
        return err_set_errno(err, "cannot examine '%s'", path);
    }
    if ((st.st_mode & 022) != 0) {
        (void)err_set(err, ERR_CONFIG,
                      "'%s' has mode %04o: run by root, it must not be writable by group or others",
                      path, (unsigned)st.st_mode & 07777);
        return err_hint(err, "chmod go-w '%s'", path);
    }
    if (st.st_uid != 0 && fs_is_uid_mapped(st.st_uid)) {
        (void)err_set(err, ERR_CONFIG, "'%s' belongs to user %lu: run by root, it must be root's",
                      path, (unsigned long)st.st_uid);
        return err_hint(err, "chown root '%s'", path);
    }
    return 0;
}

int fs_check_folder(const char *path, struct err *err)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        int cause = errno;

        (void)err_set_errno(err, "cannot open the folder '%s'", path);
        err->class = cause == ENOENT ? ERR_NOT_FOUND : err->class;
        return err_code(err);
    }
    return fs_check_trusted(fd, path, err);
}
