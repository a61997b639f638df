/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "store/store_log.h"

#include "base/fs.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_MODE 0711
#define FOLDER_MODE 0700
#define FILE_MODE 0600
#define LOCK_NAME ".logs.txt.lock"

struct store_log {
    char *state_dir;
    char *logs_dir; /* STATE/logs */
    char *folder;   /* that, or autorenew below it */
    char *path;
    int64_t max_bytes;
    uint32_t n_kept;
    int fd;       /* -1: not open */
    bool is_torn; /* the last write was cut short: no line feed at its end */
};

struct store_log *store_log_new(const char *state_dir, bool is_scheduled, int64_t max_bytes,
                                uint32_t n_kept)
{
    struct store_log *log = NEW(struct store_log);

    log->state_dir = str_dup(state_dir);
    log->logs_dir = fs_join(state_dir, "logs");
    log->folder = is_scheduled ? fs_join(log->logs_dir, "autorenew") : str_dup(log->logs_dir);
    log->path = fs_join(log->folder, "logs.txt");
    log->max_bytes = max_bytes;
    log->n_kept = n_kept;
    log->fd = -1;
    return log;
}

void store_log_free(struct store_log *log)
{
    if (log == NULL) {
        return;
    }
    cleanup_fd(&log->fd);
    mem_free(log->state_dir);
    mem_free(log->logs_dir);
    mem_free(log->folder);
    mem_free(log->path);
    mem_free(log);
}

const char *store_log_path(const struct store_log *log)
{
    return log->path;
}

/* ---- Opening ---- */

static void close_log(struct store_log *log)
{
    cleanup_fd(&log->fd);
    log->fd = -1;
    log->is_torn = false; /* of the next file nothing is known */
}

/* Links and FIFOs in its place are refused: what is written here goes to no file of anyone else's.
 */
static int open_file(const struct store_log *log)
{
    return open(log->path,
                O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                FILE_MODE);
}

static int make_folders(const struct store_log *log, struct err *err)
{
    /* One after the other: what fs_mkdir_all() makes above is 0711, right for STATE alone. */
    if (fs_mkdir_all(log->state_dir, STATE_MODE, err) < 0 ||
        fs_mkdir_all(log->logs_dir, FOLDER_MODE, err) < 0) {
        return err_code(err);
    }
    return fs_mkdir_all(log->folder, FOLDER_MODE, err);
}

static int open_log(struct store_log *log, struct err *err)
{
    struct stat status;

    log->fd = open_file(log);
    if (log->fd < 0 && errno == ENOENT) {
        if (make_folders(log, err) < 0) {
            return err_code(err);
        }
        log->fd = open_file(log);
    }
    if (log->fd < 0) {
        return err_set_errno(err, "cannot open the log '%s'", log->path);
    }
    if (fstat(log->fd, &status) < 0 || !S_ISREG(status.st_mode)) {
        close_log(log);
        return err_set(err, ERR_FAILED, "the log '%s' is not a regular file", log->path);
    }
    return 0;
}

/* ---- Rotation ---- */

static char *old_path(const struct store_log *log, uint32_t number)
{
    return str_fmt("%s.%u", log->path, (unsigned)number);
}

/* From the oldest on, so that nothing is overwritten but what is to go. Not fsynced: a log that a
 * power cut puts back a little is still a log. */
static int shift_files(const struct store_log *log, struct err *err)
{
    if (log->n_kept == 0) {
        return unlink(log->path) < 0 ? err_set_errno(err, "cannot remove '%s'", log->path) : 0;
    }
    for (uint32_t i = log->n_kept; i > 0; i--) {
        AUTO_FREE char *to = old_path(log, i);
        AUTO_FREE char *from = i == 1 ? str_dup(log->path) : old_path(log, i - 1);

        if (rename(from, to) < 0 && (errno != ENOENT || i == 1)) {
            return err_set_errno(err, "cannot rename '%s'", from);
        }
    }
    return 0;
}

/* Whether log->fd is the file that has the name now: another run may have renamed it. */
static bool is_current(const struct store_log *log, struct stat *status)
{
    struct stat named;

    return fstat(log->fd, status) == 0 && stat(log->path, &named) == 0 &&
           named.st_dev == status->st_dev && named.st_ino == status->st_ino;
}

/* Whoever comes while another run is at it just goes on writing. */
static int rotate(struct store_log *log, struct err *err)
{
    AUTO_FREE char *lock_path = fs_join(log->folder, LOCK_NAME);
    AUTO_FD int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    struct stat status;
    int has_lock = 0;

    if (lock < 0) {
        return err_set_errno(err, "cannot open '%s'", lock_path);
    }
    has_lock = fs_try_lock(lock, false, err);
    if (has_lock <= 0) {
        return has_lock;
    }
    if (is_current(log, &status) && shift_files(log, err) < 0) {
        return err_code(err);
    }
    close_log(log);
    return open_log(log, err);
}

/* The file to write to, whoever has renamed it meanwhile. */
static int make_ready(struct store_log *log, struct err *err)
{
    struct stat status;

    if (log->fd >= 0 && !is_current(log, &status)) {
        close_log(log);
    }
    return log->fd < 0 ? open_log(log, err) : 0;
}

/* A text that is larger than the limit goes into a file of its own. */
static bool is_over(const struct store_log *log, size_t len)
{
    struct stat status;

    return fstat(log->fd, &status) == 0 && status.st_size > 0 &&
           status.st_size + (int64_t)len > log->max_bytes;
}

static int write_once(struct store_log *log, const char *lines, size_t len, struct err *err)
{
    ssize_t n = 0;

    do {
        n = write(log->fd, lines, len);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return err_set_errno(err, "cannot write the log '%s'", log->path);
    }
    log->is_torn = (size_t)n < len;
    return log->is_torn
               ? err_set(err, ERR_FAILED, "cannot write the log '%s': the disk is full", log->path)
               : 0;
}

int store_log_append(struct store_log *log, const char *lines, size_t len, struct err *err)
{
    AUTO_FREE char *after_tear = NULL;
    struct err write_err = ERR_INIT;
    int rotated = 0;

    if (make_ready(log, err) < 0) {
        return err_code(err);
    }
    /* What cannot be put aside is better too long than without its last lines. */
    rotated = is_over(log, len) ? rotate(log, err) : 0;
    if (log->fd < 0) {
        return rotated;
    }
    if (log->is_torn) {
        after_tear = str_fmt("\n%.*s", (int)len, lines);
    }
    if (write_once(log, after_tear == NULL ? lines : after_tear, after_tear == NULL ? len : len + 1,
                   &write_err) < 0) {
        *err = write_err;
        return err_code(err);
    }
    return rotated;
}
