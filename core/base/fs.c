/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Reading with checks, writing in whole steps. Every change is followed by an fsync of the folder
 * that holds it, unless its name says otherwise: a rename that only the page cache knows is not a
 * promise. Who may read or write what is in fs_trust.c.
 */
#include "base/fs.h"

#include "base/b64.h"
#include "base/clock.h"
#include "base/fs_impl.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* A name taken by chance 16 times over 64 random bits is no chance. */
enum { TEMP_TRIES = 16, READ_PIECE = 16384 };

const char *fs_home(void)
{
    const char *home = getenv("HOME");
    const struct passwd *user = NULL;

    if (home != NULL && *home == '/') {
        return home;
    }
    user = getpwuid(geteuid());
    return user != NULL && user->pw_dir[0] == '/' ? user->pw_dir : NULL;
}

int fs_open_read(const char *path, struct err *err)
{
    /* NONBLOCK: a FIFO in the place of a file must not hang the run. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0) {
        int cause = errno;

        (void)err_set_errno(err, "cannot open '%s'", path);
        if (cause == ENOENT || cause == ENOTDIR) {
            err->class = ERR_NOT_FOUND;
        }
        return err_code(err);
    }
    return fd;
}

int fs_read_fd(int fd, const char *path, struct buf *to, struct err *err)
{
    char piece[READ_PIECE]; /* not from the heap: ten thousand certificates are many small files */
    ssize_t got = 0;

    do {
        got = read(fd, piece, sizeof(piece));
        if (got > 0) {
            buf_add(to, piece, (size_t)got);
        }
    } while (!to->has_overflown && (got > 0 || (got < 0 && errno == EINTR)));
    if (got < 0) {
        (void)err_set_errno(err, "cannot read '%s'", path);
    } else if (to->has_overflown) {
        (void)err_set(err, ERR_FAILED, "'%s' is larger than %zu bytes", path, to->max);
    }
    if (to->is_secret) {
        mem_wipe(piece, sizeof(piece));
    }
    return got < 0 || to->has_overflown ? err_code(err) : 0;
}

int fs_read(const char *path, struct buf *to, struct err *err)
{
    AUTO_FD int fd = fs_open_read(path, err);

    return fd < 0 ? fd : fs_read_fd(fd, path, to, err);
}

char *fs_join(const char *dir, const char *name)
{
    size_t dir_len = strlen(dir);
    size_t name_len = strlen(name);
    bool has_slash = dir_len > 0 && dir[dir_len - 1] == '/';
    char *path = mem_alloc(dir_len + 1 + name_len + 1, 1);

    /* By hand: a run over thousands of certificates makes tens of thousands of paths. */
    memcpy(path, dir, dir_len + 1);
    path[dir_len] = '/';
    memcpy(path + dir_len + (has_slash ? 0 : 1), name, name_len + 1);
    return path;
}

/* The folder that holds path, to mem_free. */
static char *parent_of(const char *path)
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    while (len > 0 && path[len - 1] != '/') {
        len--;
    }
    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    return len == 0 ? str_dup(".") : str_dup_len(path, len);
}

/* A name beside path that no one else uses and that fs_list() does not show. */
static char *temp_name_for(const char *path)
{
    AUTO_FREE char *dir = parent_of(path);
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    AUTO_FREE char *hidden =
        str_fmt(".%s.%016llx", name, (unsigned long long)clock_random(UINT64_MAX));

    return fs_join(dir, hidden);
}

bool fs_is_temp_name(const char *name)
{
    size_t len = strlen(name);

    return name[0] == '.' && len > FS_TEMP_DIGITS + 2 && name[len - FS_TEMP_DIGITS - 1] == '.' &&
           strspn(name + len - FS_TEMP_DIGITS, "0123456789abcdef") == FS_TEMP_DIGITS;
}

void fs_drop_temporaries(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry = NULL;

    if (dir == NULL) {
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (fs_is_temp_name(entry->d_name)) {
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }
    (void)closedir(dir);
}

int fs_fsync_dir(const char *path, struct err *err)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return err_set_errno(err, "cannot open the folder '%s'", path);
    }
    /* Some network and overlay file systems know no fsync of folders: they order renames
     * themselves. */
    if (fsync(fd) < 0 && errno != EINVAL && errno != EROFS) {
        return err_set_errno(err, "cannot write the folder '%s' to disk", path);
    }
    return 0;
}

static int fsync_parent(const char *path, struct err *err)
{
    AUTO_FREE char *dir = parent_of(path);

    return fs_fsync_dir(dir, err);
}

int fs_write_all(int fd, const char *path, const void *bytes, size_t len, struct err *err)
{
    const char *at = bytes;

    while (len > 0) {
        ssize_t put = write(fd, at, len);

        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0) {
            return err_set_errno(err, "cannot write '%s'", path);
        }
        at += put;
        len -= (size_t)put;
    }
    return 0;
}

/* Creates path with exactly that mode before any content is there. -1 with errno left. */
static int create_exclusive(const char *path, mode_t mode)
{
    /* First without any rights but ours, then widened to what was asked: never wider in between. */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0700);

    if (fd >= 0 && fchmod(fd, mode) < 0) {
        int cause = errno;

        (void)close(fd);
        (void)unlink(path);
        errno = cause;
        return -1;
    }
    return fd;
}

/* Fills and closes fd, the new file at path; what failed is unlinked. */
static int fill_and_close(int fd, const char *path, const void *bytes, size_t len, struct err *err)
{
    int failed = fs_write_all(fd, path, bytes, len, err);

    if (failed == 0 && fsync(fd) < 0) {
        failed = err_set_errno(err, "cannot write '%s' to disk", path);
    }
    /* NFS and quotas report a lost write here. */
    if (close(fd) < 0 && failed == 0) {
        failed = err_set_errno(err, "cannot write '%s'", path);
    }
    if (failed != 0) {
        (void)unlink(path);
    }
    return failed;
}

int fs_write_new(const char *path, const void *bytes, size_t len, mode_t mode, struct err *err)
{
    int fd = create_exclusive(path, mode);

    if (fd < 0) {
        return err_set_errno(err, "cannot create '%s'", path);
    }
    if (fill_and_close(fd, path, bytes, len, err) < 0) {
        return err_code(err);
    }
    return fsync_parent(path, err);
}

int fs_write_atomic_unsynced(const char *path, const void *bytes, size_t len, mode_t mode,
                             struct err *err)
{
    AUTO_FREE char *temp = NULL;
    int fd = -1;

    for (int i = 0; i < TEMP_TRIES && fd < 0; i++) {
        mem_free(temp);
        temp = temp_name_for(path);
        fd = create_exclusive(temp, mode);
        if (fd < 0 && errno != EEXIST) {
            break;
        }
    }
    if (fd < 0) {
        return err_set_errno(err, "cannot create '%s'", temp);
    }
    if (fill_and_close(fd, temp, bytes, len, err) < 0) {
        return err_wrap(err, "cannot replace '%s'", path);
    }
    if (rename(temp, path) < 0) {
        (void)err_set_errno(err, "cannot replace '%s'", path);
        (void)unlink(temp);
        return err_code(err);
    }
    return 0;
}

int fs_write_atomic(const char *path, const void *bytes, size_t len, mode_t mode, struct err *err)
{
    if (fs_write_atomic_unsynced(path, bytes, len, mode, err) < 0) {
        return err_code(err);
    }
    return fsync_parent(path, err);
}

int fs_mkdir_unsynced(const char *path, mode_t mode, bool *ret_is_new, struct err *err)
{
    AUTO_FD int fd = -1;

    if (mkdir(path, mode & 0700) < 0) {
        int cause = errno;

        if (cause == EEXIST && fs_is_dir(path)) {
            *ret_is_new = false;
            return 0;
        }
        errno = cause;
        return err_set_errno(err, "cannot make the folder '%s'", path);
    }
    /* On the descriptor, so that a link put there meanwhile does not get the mode. */
    fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fchmod(fd, mode) < 0) {
        return err_set_errno(err, "cannot set the mode of the folder '%s'", path);
    }
    *ret_is_new = true;
    return 0;
}

int fs_mkdir(const char *path, mode_t mode, struct err *err)
{
    bool is_new = false;

    if (fs_mkdir_unsynced(path, mode, &is_new, err) < 0) {
        return err_code(err);
    }
    return is_new ? fsync_parent(path, err) : 0;
}

int fs_mkdir_all(const char *path, mode_t mode, struct err *err)
{
    AUTO_FREE char *above = parent_of(path);

    if (fs_is_dir(path)) {
        return 0;
    }
    /* Ends at "/" or ".", which are folders. */
    if (!fs_is_dir(above) && fs_mkdir_all(above, 0711, err) < 0) {
        return err_code(err);
    }
    return fs_mkdir(path, mode, err);
}

int fs_symlink_atomic(const char *target, const char *path, struct err *err)
{
    AUTO_FREE char *temp = NULL;
    int made = -1;

    for (int i = 0; i < TEMP_TRIES && made < 0; i++) {
        mem_free(temp);
        temp = temp_name_for(path);
        made = symlink(target, temp);
        if (made < 0 && errno != EEXIST) {
            break;
        }
    }
    if (made < 0) {
        return err_set_errno(err, "cannot create the link '%s'", temp);
    }
    if (rename(temp, path) < 0) {
        (void)err_set_errno(err, "cannot switch the link '%s'", path);
        (void)unlink(temp);
        return err_code(err);
    }
    return fsync_parent(path, err);
}

int fs_rename_unsynced(const char *from, const char *to, struct err *err)
{
    return rename(from, to) < 0 ? err_set_errno(err, "cannot rename '%s' to '%s'", from, to) : 0;
}

int fs_rename(const char *from, const char *to, struct err *err)
{
    if (fs_rename_unsynced(from, to, err) < 0 || fsync_parent(to, err) < 0) {
        return err_code(err);
    }
    return fsync_parent(from, err);
}

int fs_unlink(const char *path, struct err *err)
{
    if (unlink(path) < 0) {
        return errno == ENOENT ? 0 : err_set_errno(err, "cannot remove '%s'", path);
    }
    return fsync_parent(path, err);
}

bool fs_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

bool fs_is_dir(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void close_dir(DIR **at)
{
    if (*at != NULL) {
        (void)closedir(*at);
    }
}

typedef bool entry_fn(DIR *dir, const struct dirent *entry);

static bool is_any(DIR *dir, const struct dirent *entry)
{
    (void)dir;
    (void)entry;
    return true;
}

/* Most file systems tell in the listing, which spares a call for each of ten thousand. */
static bool is_folder(DIR *dir, const struct dirent *entry)
{
    struct stat st;

    if (entry->d_type != DT_UNKNOWN && entry->d_type != DT_LNK) {
        return entry->d_type == DT_DIR;
    }
    return fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int list_those(const char *path, entry_fn *is_wanted, struct strv *ret_names,
                      struct err *err)
{
    AUTO(close_dir) DIR *dir = opendir(path);
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct dirent *entry = NULL;

    if (dir == NULL) {
        int cause = errno;

        (void)err_set_errno(err, "cannot list the folder '%s'", path);
        if (cause == ENOENT) {
            err->class = ERR_NOT_FOUND;
        }
        return err_code(err);
    }
    errno = 0;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' && is_wanted(dir, entry)) {
            strv_add(&names, entry->d_name);
        }
        errno = 0;
    }
    if (errno != 0) {
        return err_set_errno(err, "cannot list the folder '%s'", path);
    }
    strv_sort(&names);
    strv_done(ret_names);
    *ret_names = names;
    names = (struct strv)STRV_INIT;
    return 0;
}

int fs_list(const char *path, struct strv *ret_names, struct err *err)
{
    return list_those(path, is_any, ret_names, err);
}

int fs_list_folders(const char *path, struct strv *ret_names, struct err *err)
{
    return list_those(path, is_folder, ret_names, err);
}

int fs_try_lock(int fd, bool is_shared, struct err *err)
{
    while (flock(fd, (is_shared ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK) {
            return 0;
        }
        if (errno != EINTR) {
            return err_set_errno(err, "cannot lock");
        }
    }
    return 1;
}
