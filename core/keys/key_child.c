/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The child process that makes RSA keys. It is a fork without exec: it runs GnuTLS and writes one
 * PEM text into a pipe, nothing else. libcurl's resolver thread does not survive into it, and holds
 * only locks of libc that libc itself makes safe to fork under. The text fits the pipe, so one wait
 * for the child's end is enough: no partial reads.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "keys/key_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A slow board needs tens of seconds for RSA-4096 in the worst case. */
#define DEADLINE_MS 300000

struct key_child {
    struct loop_child *watch;
    struct loop_timer *deadline;
    pid_t pid;
    int pipe_fd;
    bool has_timed_out;
    enum key_type type;
    key_child_done_fn *done;
    void *arg;
};

/* Everything open is a secret or a lock of the parent's: none of it stays. */
static void drop_descriptors(int keep_fd)
{
    if (keep_fd > 3) {
        (void)close_range(3, (unsigned)keep_fd - 1, 0);
    }
    (void)close_range((unsigned)keep_fd + 1, ~0U, 0);
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static __attribute__((noreturn)) void run_child(enum key_type type, int fd, pid_t parent)
{
    struct buf pem = BUF_SECRET(KEY_FILE_MAX);
    struct err err = ERR_INIT;
    struct key *key = NULL;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(1);
    }
    drop_descriptors(fd);
    if (key_generate_now(type, &key, &err) < 0 || key_to_pem(key, &pem, &err) < 0 ||
        !write_all(fd, pem.bytes, pem.len)) {
        _exit(1);
    }
    _exit(0);
}

static int read_key(int fd, struct key **ret_key, struct err *err)
{
    AUTO(buf_done) struct buf pem = BUF_SECRET(KEY_FILE_MAX);
    char part[4096];
    ssize_t n = 0;

    while ((n = read(fd, part, sizeof(part))) > 0) {
        buf_add(&pem, part, (size_t)n);
    }
    mem_wipe(part, sizeof(part));
    if (n < 0) {
        return err_set_errno(err, "cannot read the new key");
    }
    return key_from_pem(buf_str(&pem), pem.len, ret_key, err);
}

static void on_exit_status(void *arg, int wait_status)
{
    struct key_child *child = arg;
    struct key *key = NULL;
    struct err err = ERR_INIT;
    key_child_done_fn *done = child->done;
    void *done_arg = child->arg;

    child->watch = NULL;
    child->pid = -1;
    if (child->has_timed_out) {
        err_set(&err, ERR_TIMEOUT, "making a key of type %s took longer than %d s",
                key_type_name(child->type), DEADLINE_MS / 1000);
    } else if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
        err_set(&err, ERR_FAILED, "the process that makes a key of type %s failed (%s %d)",
                key_type_name(child->type), WIFSIGNALED(wait_status) ? "signal" : "status",
                WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status));
    } else {
        (void)read_key(child->pipe_fd, &key, &err);
    }
    key_child_kill(child);
    done(done_arg, key, key == NULL ? &err : NULL);
}

static void on_deadline(void *arg)
{
    struct key_child *child = arg;

    child->deadline = NULL;
    child->has_timed_out = true;
    (void)kill(child->pid, SIGKILL);
}

int key_child_start(struct loop *loop, enum key_type type, key_child_done_fn *done, void *arg,
                    struct key_child **ret_child, struct err *err)
{
    int ends[2] = {-1, -1};
    pid_t parent = getpid();
    pid_t pid = -1;
    struct key_child *child = NULL;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        return err_set_errno(err, "cannot make a pipe");
    }
    pid = fork();
    if (pid == 0) {
        run_child(type, ends[1], parent);
    }
    close(ends[1]);
    if (pid < 0) {
        err_set_errno(err, "cannot start a process");
        close(ends[0]);
        return err_code(err);
    }
    child = NEW(struct key_child);
    *child =
        (struct key_child){.pid = pid, .pipe_fd = ends[0], .type = type, .done = done, .arg = arg};
    child->watch = loop_child_watch(loop, pid, on_exit_status, child);
    child->deadline = loop_timer_start(loop, DEADLINE_MS, on_deadline, child);
    *ret_child = child;
    return 0;
}

/* Also the end of one that is through: there is nothing left to kill then. */
void key_child_kill(struct key_child *child)
{
    if (child == NULL) {
        return;
    }
    loop_timer_cancel(&child->deadline);
    if (child->pid > 0) {
        loop_child_unwatch(&child->watch);
        (void)kill(child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    close(child->pipe_fd);
    mem_free(child);
}
