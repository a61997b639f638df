/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Opening a folder that root is to write to, or run a program of. A path is only as good as the
 * worst folder in it: who can write one can put a symlink there and have root write somewhere else.
 * So the path is walked a component at a time, each opened in the one before, which has been
 * checked and is held; nothing that changes meanwhile can lead astray.
 */
#include "base/fs.h"
#include "base/fs_impl.h"
#include "base/fs_stage.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 16 };

#define FOLDER_FLAGS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct walk {
    const char *path; /* for messages */
    char *rest;       /* what is left of it, links replaced by what they say */
    int fd;           /* the folder reached */
    uid_t owner;      /* may own folders beside root */
    bool is_to_file;  /* the last component may be one */
    bool is_roots;    /* the folder reached is root's */
    unsigned n_links;
};

static void walk_done(struct walk *walk)
{
    cleanup_fd(&walk->fd);
    mem_free(walk->rest);
}

/* What is at fd, as /proc knows it. To mem_free. */
static char *name_of(int fd)
{
    AUTO_FREE char *link = str_fmt("/proc/self/fd/%d", fd);
    char path[PATH_MAX];
    ssize_t len = readlink(link, path, sizeof(path) - 1);

    return len < 0 ? str_dup("a folder in it") : str_dup_len(path, (size_t)len);
}

static int refuse_folder(int fd, const struct walk *walk, const char *why, struct err *err)
{
    AUTO_FREE char *folder = name_of(fd);

    (void)err_set(err, ERR_CONFIG,
                  "'%s': %s: others could take root's file away or put another "
                  "in its place",
                  folder, why);
    return err_hint(err,
                    "run by root, '%s' and each folder above it must belong to root or to the "
                    "file's owner, and be writable by nobody else",
                    walk->path);
}

/* Those above may be open to all where nobody can take away what is another's, as /tmp is. On the
 * way to a file that is root's a group may have been let in: Debian had /usr/local/bin for staff.
 */
static int check_folder(struct walk *walk, int fd, bool is_last, struct err *err)
{
    const mode_t forbidden = walk->is_to_file ? 002 : 022;
    struct stat st;

    if (fstat(fd, &st) < 0) {
        return err_set_errno(err, "cannot examine '%s'", walk->path);
    }
    walk->is_roots = st.st_uid == 0;
    if (st.st_uid != 0 && st.st_uid != walk->owner && fs_is_uid_mapped(st.st_uid)) {
        AUTO_FREE char *why = str_fmt("it belongs to user %lu", (unsigned long)st.st_uid);

        return refuse_folder(fd, walk, why, err);
    }
    if ((st.st_mode & forbidden) != 0 && (is_last || (st.st_mode & S_ISVTX) == 0)) {
        AUTO_FREE char *why = str_fmt("it has mode %04o", (unsigned)st.st_mode & 07777);

        return refuse_folder(fd, walk, why, err);
    }
    return 0;
}

/* The next component, to mem_free; NULL at the end. */
static char *take_component(struct walk *walk)
{
    const char *start = walk->rest + strspn(walk->rest, "/");
    size_t len = strcspn(start, "/");
    char *name = len == 0 ? NULL : str_dup_len(start, len);
    char *rest = str_dup(start + len);

    mem_free(walk->rest);
    walk->rest = rest;
    return name;
}

static int open_root(struct walk *walk, struct err *err)
{
    cleanup_fd(&walk->fd);
    walk->fd = open("/", FOLDER_FLAGS);
    return walk->fd < 0 ? err_set_errno(err, "cannot open '/'")
                        : check_folder(walk, walk->fd, false, err);
}

/* A link says what only root could have made it say, or is not followed. */
static int follow(struct walk *walk, int link, uid_t link_owner, struct err *err)
{
    char target[PATH_MAX];
    ssize_t len = readlinkat(link, "", target, sizeof(target) - 1);

    if (len <= 0) {
        return err_set_errno(err, "cannot read a symlink in '%s'", walk->path);
    }
    target[len] = '\0';
    if (!walk->is_roots || (link_owner != 0 && fs_is_uid_mapped(link_owner))) {
        return refuse_folder(walk->fd, walk,
                             "a symlink in it, which root would follow, is not root's", err);
    }
    if (++walk->n_links > LINKS_MAX) {
        return err_set(err, ERR_CONFIG, "'%s' leads through more than %d symlinks", walk->path,
                       (int)LINKS_MAX);
    }
    char *rest = str_fmt("%s/%s", target, walk->rest);
    mem_free(walk->rest);
    walk->rest = rest;
    return *target == '/' ? open_root(walk, err) : 0;
}

static int step(struct walk *walk, const char *name, struct err *err)
{
    AUTO_FD int next = openat(walk->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    bool is_last = walk->rest[strspn(walk->rest, "/")] == '\0';
    struct stat st;

    if (next < 0 || fstat(next, &st) < 0) {
        return fs_set_no_folder(walk->path, err);
    }
    if (S_ISLNK(st.st_mode)) {
        return follow(walk, next, st.st_uid, err);
    }
    if (walk->is_to_file && is_last) {
        return 0;
    }
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return fs_set_no_folder(walk->path, err);
    }
    cleanup_fd(&walk->fd);
    walk->fd = TAKE_FD(next);
    return check_folder(walk, walk->fd, is_last, err);
}

int fs_set_no_folder(const char *path, struct err *err)
{
    int cause = errno;

    (void)err_set_errno(err, "cannot open the folder '%s'", path);
    if (cause == ENOENT || cause == ENOTDIR) {
        err->class = ERR_CONFIG;
        (void)err_hint(err, "make it first: it is not for acme-dns to decide whose it is");
    }
    return err_code(err);
}

static int walk_all(struct walk *walk, struct err *err)
{
    int code = open_root(walk, err);
    char *name = NULL;

    while (code == 0 && (name = take_component(walk)) != NULL) {
        code = step(walk, name, err);
        mem_free(name);
    }
    return code;
}

int fs_open_folder(const char *path, uid_t owner, struct err *err)
{
    AUTO(walk_done)
    struct walk walk = {.path = path, .rest = str_dup(path), .fd = -1, .owner = owner};

    if (geteuid() != 0) {
        int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? fs_set_no_folder(path, err) : fd;
    }
    return walk_all(&walk, err) < 0 ? err_code(err) : TAKE_FD(walk.fd);
}

int fs_check_way(const char *path, struct err *err)
{
    AUTO(walk_done)
    struct walk walk = {
        .path = path, .rest = str_dup(path), .fd = -1, .owner = FS_UID_NONE, .is_to_file = true};

    return geteuid() != 0 ? 0 : walk_all(&walk, err);
}
