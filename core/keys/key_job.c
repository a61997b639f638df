/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Key work as jobs: started now, done at a later turn of the loop. What takes microseconds is done
 * in that turn; RSA keys come from a child process.
 */
#include "base/mem.h"
#include "keys/key.h"
#include "keys/key_internal.h"

#include <sys/stat.h>

#define SIGNATURE_MAX 1024
/* 100 names of 253 bytes fit four times. */
#define CSR_MAX (128 * 1024)

struct key_job {
    struct loop *loop;
    struct loop_timer *turn;
    struct key_child *child;
    struct key *key;
    enum key_type type;
    void *bytes; /* to be signed */
    size_t len;
    struct strv names;
    key_generate_done_fn *on_key;
    key_bytes_done_fn *on_bytes;
    void *arg;
};

static void free_job(struct key_job *job)
{
    loop_timer_cancel(&job->turn);
    key_child_kill(job->child);
    key_unref(job->key);
    mem_free(job->bytes);
    strv_done(&job->names);
    mem_free(job);
}

void key_job_cancel(struct key_job **job)
{
    if (*job != NULL) {
        free_job(TAKE(*job));
    }
}

static struct key_job *start(struct loop *loop, struct key *key, loop_timer_fn *run, void *arg)
{
    struct key_job *job = NEW(struct key_job);

    job->loop = loop;
    job->key = key == NULL ? NULL : key_ref(key);
    job->arg = arg;
    job->turn = loop_timer_start(loop, 0, run, job);
    return job;
}

/* The job is gone before the callback runs, so that the callback may do as it likes. */
static void finish_key(struct key_job *job, struct key *key, const struct err *err)
{
    key_generate_done_fn *done = job->on_key;
    void *arg = job->arg;

    free_job(job);
    done(arg, key, key == NULL ? err : NULL);
}

static void finish_bytes(struct key_job *job, const struct buf *out, const struct err *err)
{
    key_bytes_done_fn *done = job->on_bytes;
    void *arg = job->arg;
    bool has_failed = err->class != ERR_NONE;

    free_job(job);
    if (has_failed) {
        done(arg, NULL, 0, err);
    } else {
        done(arg, (const uint8_t *)buf_str(out), out->len, NULL);
    }
}

static void on_child_done(void *arg, struct key *key, const struct err *err)
{
    struct key_job *job = arg;

    job->child = NULL;
    finish_key(job, key, err);
}

/* glibc keeps malloc() whole in the child of a process with threads (libcurl's resolver is one);
 * the address sanitizer's may stay locked for ever there. */
static bool may_fork(void)
{
#ifdef __SANITIZE_ADDRESS__
    struct stat st;

    return stat("/proc/self/task", &st) == 0 && st.st_nlink == 3; /* ".", "..", this thread */
#else
    return true;
#endif
}

static void run_generate(void *arg)
{
    struct key_job *job = arg;
    struct key *key = NULL;
    struct err err = ERR_INIT;

    job->turn = NULL;
    if (job->type == KEY_EC256 || job->type == KEY_EC384 || !may_fork()) {
        (void)key_generate_now(job->type, &key, &err);
        finish_key(job, key, &err);
    } else if (key_child_start(job->loop, job->type, on_child_done, job, &job->child, &err) < 0) {
        finish_key(job, NULL, &err);
    }
}

static void run_sign(void *arg)
{
    struct key_job *job = arg;
    AUTO(buf_done) struct buf out = BUF(SIGNATURE_MAX);
    struct err err = ERR_INIT;

    job->turn = NULL;
    (void)key_sign_now(job->key, job->bytes, job->len, &out, &err);
    finish_bytes(job, &out, &err);
}

static void run_csr(void *arg)
{
    struct key_job *job = arg;
    AUTO(buf_done) struct buf out = BUF(CSR_MAX);
    struct err err = ERR_INIT;

    job->turn = NULL;
    (void)key_csr_now(job->key, &job->names, &out, &err);
    finish_bytes(job, &out, &err);
}

struct key_job *key_generate(struct loop *loop, enum key_type type, key_generate_done_fn *done,
                             void *arg)
{
    struct key_job *job = start(loop, NULL, run_generate, arg);

    job->type = type;
    job->on_key = done;
    return job;
}

struct key_job *key_sign(struct loop *loop, struct key *key, const void *bytes, size_t len,
                         key_bytes_done_fn *done, void *arg)
{
    struct key_job *job = start(loop, key, run_sign, arg);

    job->bytes = mem_copy(bytes, len);
    job->len = len;
    job->on_bytes = done;
    return job;
}

struct key_job *key_csr(struct loop *loop, struct key *key, const struct strv *names,
                        key_bytes_done_fn *done, void *arg)
{
    struct key_job *job = start(loop, key, run_csr, arg);

    strv_copy(&job->names, names);
    job->on_bytes = done;
    return job;
}
