/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/fs_stage.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/fs_impl.h"
#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void fs_stage_done(struct fs_stage *stage)
{
    if (stage->temp != NULL) {
        (void)unlinkat(stage->folder, stage->temp, 0);
    }
    cleanup_fd(&stage->folder);
    mem_free(stage->folder_path);
    mem_free(stage->name);
    mem_free(stage->temp);
    *stage = (struct fs_stage)FS_STAGE_INIT;
}

/* ---- What is there ---- */

static int refuse_link(const struct fs_stage *stage, const char *path, struct err *err)
{
    char target[PATH_MAX];
    ssize_t len = readlinkat(stage->folder, stage->name, target, sizeof(target) - 1);

    target[len < 0 ? 0 : len] = '\0';
    (void)err_set(err, ERR_CONFIG,
                  "'%s' is a symlink to '%s', which is neither followed nor "
                  "replaced",
                  path, target);
    return err_hint(err, "give the path of the file itself, or remove the link");
}

static int check_place(const struct fs_stage *stage, const char *path, struct err *err)
{
    struct stat st;

    if (fstatat(stage->folder, stage->name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        return errno == ENOENT ? 0 : err_set_errno(err, "cannot examine '%s'", path);
    }
    if (S_ISLNK(st.st_mode)) {
        return refuse_link(stage, path, err);
    }
    if (!S_ISREG(st.st_mode)) {
        return err_set(err, ERR_CONFIG, "'%s' is %s, not a file that could be replaced", path,
                       S_ISDIR(st.st_mode) ? "a folder" : "a device or socket");
    }
    return 0;
}

int fs_stage_open(const struct fs_place *place, struct fs_stage *ret_stage, struct err *err)
{
    AUTO(fs_stage_done)
    struct fs_stage stage = {
        .folder = -1, .mode = place->mode, .uid = place->uid, .gid = place->gid};
    const char *slash = strrchr(place->path, '/');

    if (*place->path != '/' || slash[1] == '\0') {
        return err_set(err, ERR_CONFIG, "'%s' is not the absolute path of a file", place->path);
    }
    stage.folder_path = str_dup_len(place->path, (size_t)(slash - place->path));
    stage.name = str_dup(slash + 1);
    if (*stage.folder_path == '\0') {
        str_set(&stage.folder_path, "/");
    }
    stage.folder = fs_open_folder(stage.folder_path, place->uid, err);
    if (stage.folder < 0 || check_place(&stage, place->path, err) < 0) {
        return err_code(err);
    }
    *ret_stage = stage;
    stage = (struct fs_stage)FS_STAGE_INIT;
    return 0;
}

bool fs_stage_holds(const struct fs_stage *stage, struct buf *content)
{
    uid_t uid = stage->uid == FS_UID_NONE ? geteuid() : stage->uid;
    AUTO_FD int fd =
        openat(stage->folder, stage->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct err ignored = ERR_INIT; /* it is written anew */
    struct stat st;

    return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == uid &&
           (stage->gid == FS_GID_NONE || st.st_gid == stage->gid) &&
           (st.st_mode & 07777) == stage->mode &&
           fs_read_fd(fd, stage->name, content, &ignored) == 0;
}

/* ---- The new one ---- */

/* Temporaries of the same file: those of others are not ours to judge. */
static void drop_leftovers(const struct fs_stage *stage)
{
    int fd = openat(stage->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    AUTO_FREE char *prefix = str_fmt(".%s.", stage->name);
    const struct dirent *entry = NULL;

    if (dir == NULL) {
        cleanup_fd(&fd);
        return;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (str_has_prefix(entry->d_name, prefix) && fs_is_temp_name(entry->d_name) &&
            strlen(entry->d_name) == strlen(prefix) + FS_TEMP_DIGITS) {
            (void)unlinkat(stage->folder, entry->d_name, 0);
        }
    }
    (void)closedir(dir);
}

/* Owner first: to give a file away takes set-id bits off it, and mode is what counts. */
static int make_ours(const struct fs_stage *stage, int fd, struct err *err)
{
    if ((stage->uid != FS_UID_NONE || stage->gid != FS_GID_NONE) &&
        fchown(fd, stage->uid, stage->gid) < 0) {
        return err_set_errno(err, "cannot give '%s/%s' to user %ld, group %ld", stage->folder_path,
                             stage->name, (long)(int)stage->uid, (long)(int)stage->gid);
    }
    return fchmod(fd, stage->mode) < 0 ? err_set_errno(err, "cannot set the mode of '%s/%s'",
                                                       stage->folder_path, stage->name)
                                       : 0;
}

static int write_content(int fd, const char *path, const void *bytes, size_t len, struct err *err)
{
    if (fs_write_all(fd, path, bytes, len, err) < 0) {
        return err_code(err);
    }
    return fsync(fd) < 0 ? err_set_errno(err, "cannot write '%s' to disk", path) : 0;
}

int fs_stage_fill(struct fs_stage *stage, const void *bytes, size_t len, struct err *err)
{
    AUTO_FREE char *path = fs_join(stage->folder_path, stage->name);
    AUTO_FREE char *temp =
        str_fmt(".%s.%016llx", stage->name, (unsigned long long)clock_random(UINT64_MAX));
    AUTO_FD int fd = -1;

    drop_leftovers(stage);
    fd = openat(stage->folder, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_set_errno(err, "cannot create a file in '%s'", stage->folder_path);
    }
    stage->temp = TAKE(temp);
    if (make_ours(stage, fd, err) < 0 || write_content(fd, path, bytes, len, err) < 0) {
        return err_code(err);
    }
    /* Network file systems and quotas report a lost write no earlier than here. */
    return close(TAKE_FD(fd)) < 0 ? err_set_errno(err, "cannot write '%s'", path) : 0;
}

int fs_stage_commit(struct fs_stage *stage, struct err *err)
{
    AUTO_FD int folder = openat(stage->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (renameat(stage->folder, stage->temp, stage->folder, stage->name) < 0) {
        return err_set_errno(err, "cannot replace '%s/%s'", stage->folder_path, stage->name);
    }
    str_set(&stage->temp, NULL);
    /* A folder that we may write and not read (0300) orders its renames by itself. */
    if (folder >= 0 && fsync(folder) < 0 && errno != EINVAL && errno != EROFS) {
        return err_set_errno(err, "cannot write the folder '%s' to disk", stage->folder_path);
    }
    return 0;
}
