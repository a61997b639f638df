/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Locks between runs: flock and a timer. */
#include "store/store_lock.h"

#include "base/b64.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "store/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Soon enough after a short holder, and no load beside a long one. */
#define FIRST_WAIT_MS 20
#define LONGEST_WAIT_MS 500
#define VANISHED_MAX 8
#define HOLDER_MAX 1024
#define FILE_NAME_MAX 200

static const char *const kind_names[] = {
    [STORE_LOCK_CERT] = "certificate",
    [STORE_LOCK_ACCOUNT] = "account",
    [STORE_LOCK_PLUGIN_ZONE] = "zone",
};

struct store_lock {
    int fd;
};

struct lock_wait {
    struct store_job job;
    enum store_lock_kind kind;
    char *name;
    char *path;
    bool is_shared;
    int64_t deadline_ms;
    int64_t wait_ms;
    unsigned n_vanished;
    store_lock_done_fn *done;
    void *arg;
};

/* "certificate-example.com.lock". A zone or account may hold anything: what is not plain is
 * replaced, and a hash keeps it apart from its neighbours. */
static char *format_file_name(const struct store *store, enum store_lock_kind kind,
                              const char *name)
{
    AUTO_FREE char *plain = str_fmt("%.*s", FILE_NAME_MAX, name);
    AUTO_FREE char *hash = NULL;

    for (char *c = plain; *c != '\0'; c++) {
        if (strchr("abcdefghijklmnopqrstuvwxyz0123456789.-", *c) == NULL) {
            *c = '_';
        }
    }
    if (!str_eq(plain, name)) {
        hash = hex_sha256(name, 8);
    }
    return str_fmt("%s%s-%s%s%s.lock", store->is_staging ? "staging-" : "", kind_names[kind], plain,
                   hash == NULL ? "" : "-", hash == NULL ? "" : hash);
}

void store_lock_release(struct store_lock *lock)
{
    if (lock != NULL) {
        close(lock->fd);
        mem_free(lock);
    }
}

int store_lock_fd(const struct store_lock *lock)
{
    return lock->fd;
}

/* Says in the file who we are. Nothing depends on it: a full disk must not stop what makes room on
 * it. */
static void sign(const struct lock_wait *w, int fd)
{
    AUTO(buf_done) struct buf text = BUF(HOLDER_MAX);
    char host[256] = "?";
    char since[CLOCK_TEXT_MAX];

    (void)gethostname(host, sizeof(host) - 1);
    clock_format(clock_wall_s(), since);
    buf_addf(&text, "host %s\npid %ld\nsince %s\ncommand %.500s\n", host, (long)getpid(), since,
             w->job.store->command);
    if (ftruncate(fd, 0) == 0) {
        ssize_t written = pwrite(fd, buf_str(&text), text.len, 0);
        (void)written;
    }
}

/* The holder's lines as one, for the message. */
static char *describe_holder(int fd)
{
    AUTO(strv_done) struct strv lines = STRV_INIT;
    char text[HOLDER_MAX];
    ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

    if (len <= 0) {
        return str_dup("another run");
    }
    text[len] = '\0';
    str_trim(text);
    strv_add_split(&lines, text, "\n");
    AUTO_FREE char *joined = strv_join(&lines, ", ");
    return str_fmt("another run (%s)", joined);
}

/* 1: locked; 0: not, *ret_holder says who holds it or is untouched when the file vanished;
 * negative: an error. */
static int try_lock(const struct lock_wait *w, struct store_lock **ret_lock, char **ret_holder,
                    struct err *err)
{
    AUTO_FD int fd =
        open(w->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    struct stat opened;
    struct stat named;
    int got = 0;

    if (fd < 0) {
        return err_set_errno(err, "cannot open the lock '%s'", w->path);
    }
    got = fs_try_lock(fd, w->is_shared, err);
    if (got < 0) {
        return err_wrap(err, "'%s'", w->path);
    }
    if (got == 0) {
        *ret_holder = describe_holder(fd);
        return 0;
    }
    /* Somebody may have tidied the file away between open and flock: then this lock guards nothing.
     */
    if (fstat(fd, &opened) < 0 || stat(w->path, &named) < 0 || opened.st_ino != named.st_ino ||
        opened.st_dev != named.st_dev) {
        return 0;
    }
    sign(w, fd);
    *ret_lock = NEW(struct store_lock);
    (*ret_lock)->fd = TAKE_FD(fd);
    return 1;
}

static void drop(struct store_job *job)
{
    struct lock_wait *w = (struct lock_wait *)job;

    mem_free(w->name);
    mem_free(w->path);
    mem_free(w);
}

static void finish(struct lock_wait *w, struct store_lock *lock, const struct err *err)
{
    store_lock_done_fn *done = w->done;
    void *arg = w->arg;

    drop(&w->job);
    done(arg, lock, lock == NULL ? err : NULL);
}

static void run(void *arg)
{
    struct lock_wait *w = arg;
    AUTO_FREE char *holder = NULL;
    struct store_lock *lock = NULL;
    struct err err = ERR_INIT;
    int64_t left_ms = w->deadline_ms - loop_now_ms(w->job.store->loop);
    int got = try_lock(w, &lock, &holder, &err);

    w->job.turn = NULL;
    if (got == 0 && holder == NULL && w->n_vanished++ < VANISHED_MAX) {
        w->job.turn = loop_timer_start(w->job.store->loop, 0, run, w);
        return;
    }
    if (got == 0 && left_ms > 0) {
        w->job.turn = loop_timer_start(w->job.store->loop,
                                       w->wait_ms < left_ms ? w->wait_ms : left_ms, run, w);
        w->wait_ms = w->wait_ms * 2 < LONGEST_WAIT_MS ? w->wait_ms * 2 : LONGEST_WAIT_MS;
        return;
    }
    if (got == 0) {
        err_set(&err, ERR_LOCKED, "the %s '%s' is held by %s", kind_names[w->kind], w->name,
                holder == NULL ? "another run" : holder);
    }
    finish(w, lock, &err);
}

struct store_job *store_lock_start(struct store *store, enum store_lock_kind kind, const char *name,
                                   bool is_shared, int64_t timeout_ms, store_lock_done_fn *done,
                                   void *arg)
{
    struct lock_wait *w = NEW(struct lock_wait);
    AUTO_FREE char *file = format_file_name(store, kind, name);

    w->kind = kind;
    w->name = str_dup(name);
    w->path = fs_join(store->folders[STORE_LOCKS], file);
    w->is_shared = is_shared;
    w->deadline_ms = clock_mono_ms() + timeout_ms; /* the loop may not have turned for long */
    w->wait_ms = FIRST_WAIT_MS;
    w->done = done;
    w->arg = arg;
    store_job_start(&w->job, store, run, drop);
    return &w->job;
}
