/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Runs one program. It gets a session of its own, so that all it started can be found and ended.
 * Its end is seen by its process descriptor and never by the end of its output: a grandchild may
 * hold the pipes open for ever.
 */
#include "exec-hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SLICE_MS 100 /* how often the core is asked whether the call was cancelled */
#define FINAL_READS                                                              \
    64 /* of what a program left in its pipes; as much as a pipe holds, and more \
        */

/* One program on its way. */
struct child {
    const struct run *run;
    struct run_result *result;
    pid_t pid;
    int pidfd;
    int in;  /* ours, to its stdin; -1: none, or all is written */
    int out; /* from its stdout */
    int err; /* from its stderr */
    size_t n_written;
    char line[RUN_LINE_MAX];
    size_t line_len;
};

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void shut(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

/* Runs in the child: only async-signal-safe calls. Writes an errno to report when it fails.
 * Descriptors are not closed here: all of ours are close-on-exec, and what the worker left open on
 * purpose, the lock of its journal, must live as long as anything that could still change a zone.
 */
static void become(const struct run *run, const int fds[3], int report, pid_t parent)
{
    sigset_t none;
    int code = 0;

    (void)setsid();
    /* A worker that is killed takes the program with it. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(127);
    }
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    for (int s = 1; s < 32; s++) {
        (void)signal(s, SIG_DFL);
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(fds[i], i) < 0) {
            _exit(127);
        }
    }
    (void)fcntl(report, F_SETFD, FD_CLOEXEC);
    (void)execve(run->path, run->argv, run->envp);
    code = errno;
    (void)!write(report, &code, sizeof(code));
    _exit(127);
}

/* Opens the pipes. ends: stdin, stdout, stderr as the child sees them; its other ends in c. */
static int open_pipes(struct child *c, int ends[3], int report[2])
{
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    int err[2] = {-1, -1};
    bool is_open =
        pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0 && pipe2(report, O_CLOEXEC) == 0;

    if (is_open && c->run->input != NULL) {
        is_open = pipe2(in, O_CLOEXEC) == 0;
    } else if (is_open) {
        in[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        is_open = in[0] >= 0;
    }
    ends[0] = in[0];
    ends[1] = out[1];
    ends[2] = err[1];
    c->in = in[1];
    c->out = out[0];
    c->err = err[0];
    return is_open ? 0 : errno;
}

/* dup2() onto 0, 1, 2 must not hit a pipe that is still needed: moves them above. */
static void lift(int *fd)
{
    while (*fd >= 0 && *fd < 3) {
        int up = fcntl(*fd, F_DUPFD_CLOEXEC, 3);

        (void)close(*fd);
        *fd = up;
    }
}

/* Starts the program. 0, or an errno. */
static int start(struct child *c)
{
    int ends[3] = {-1, -1, -1};
    int report[2] = {-1, -1};
    int reason = open_pipes(c, ends, report);
    pid_t parent = getpid();

    for (size_t i = 0; i < 3; i++) {
        lift(&ends[i]);
    }
    lift(&report[1]);
    if (reason == 0) {
        c->pid = fork();
        if (c->pid == 0) {
            become(c->run, ends, report[1], parent);
        }
        reason = c->pid < 0 ? errno : 0;
    }
    for (size_t i = 0; i < 3; i++) {
        shut(&ends[i]);
    }
    shut(&report[1]);
    if (reason == 0 && read(report[0], &reason, sizeof(reason)) != (ssize_t)sizeof(reason)) {
        reason = 0; /* closed by execve(): it runs */
    } else if (reason != 0 && c->pid > 0) {
        (void)waitpid(c->pid, NULL, 0);
        c->pid = -1;
    }
    shut(&report[0]);
    if (reason == 0) {
        c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
        (void)fcntl(c->out, F_SETFL, O_NONBLOCK);
        (void)fcntl(c->err, F_SETFL, O_NONBLOCK);
        (void)fcntl(c->in, F_SETFL, O_NONBLOCK);
    }
    return reason;
}

static void end_line(struct child *c)
{
    if (c->line_len > 0 && c->line[c->line_len - 1] == '\r') {
        c->line_len--;
    }
    c->run->take_line(c->run->context, c->line, c->line_len);
    c->line_len = 0;
}

static void take_out(struct child *c, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n') {
            end_line(c);
        } else if (c->line_len < sizeof(c->line)) {
            c->line[c->line_len++] = bytes[i];
        }
    }
}

/* Keeps the end of stderr. */
static void take_err(struct child *c, const char *bytes, size_t len)
{
    struct run_result *r = c->result;
    size_t keep = 0;

    if (len >= RUN_TAIL_MAX) {
        bytes += len - RUN_TAIL_MAX;
        len = RUN_TAIL_MAX;
    }
    keep = r->tail_len + len > RUN_TAIL_MAX ? RUN_TAIL_MAX - len : r->tail_len;
    memmove(r->tail, r->tail + r->tail_len - keep, keep);
    memcpy(r->tail + keep, bytes, len);
    r->tail_len = keep + len;
}

/* Reads once. false: nothing there. */
static bool read_some(struct child *c, int *fd)
{
    char bytes[8192];
    ssize_t got = *fd < 0 ? -1 : read(*fd, bytes, sizeof(bytes));

    if (got == 0) {
        shut(fd);
    }
    if (got <= 0) {
        return false;
    }
    if (fd == &c->out) {
        take_out(c, bytes, (size_t)got);
    } else {
        take_err(c, bytes, (size_t)got);
    }
    return true;
}

/* Feeds stdin. A program that does not read its input to the end is free to do so. */
static void write_some(struct child *c)
{
    const struct run *run = c->run;
    ssize_t n = write(c->in, run->input + c->n_written, run->input_len - c->n_written);

    if (n > 0) {
        c->n_written += (size_t)n;
    }
    if ((n < 0 && errno != EAGAIN && errno != EINTR) || c->n_written == run->input_len) {
        shut(&c->in);
    }
}

/* Moves bytes until something happened or the slice is over. Whether the program has ended. */
static bool pump(struct child *c, int64_t until_ms)
{
    struct pollfd p[4] = {{.fd = c->pidfd, .events = POLLIN},
                          {.fd = c->out, .events = POLLIN},
                          {.fd = c->err, .events = POLLIN},
                          {.fd = c->in, .events = POLLOUT}};
    int64_t left = until_ms - now_ms();

    left = left < SLICE_MS ? left : SLICE_MS;
    if (poll(p, 4, left > 0 ? (int)left : 0) <= 0) {
        return false;
    }
    if (p[1].revents != 0) {
        (void)read_some(c, &c->out);
    }
    if (p[2].revents != 0) {
        (void)read_some(c, &c->err);
    }
    if (p[3].revents != 0) {
        write_some(c);
    }
    return p[0].revents != 0;
}

/* Asks the session to end, and does not wait long. */
static void stop(struct child *c)
{
    int64_t until_ms = now_ms() + RUN_GRACE_MS;

    (void)session_signal(c->pid, SIGTERM);
    while (now_ms() < until_ms && !pump(c, until_ms)) {
    }
}

static void attend(struct acme_call *call, struct child *c)
{
    int64_t limit_ms = c->run->limit_ms;
    int64_t until_ms = now_ms() + (limit_ms > 0 ? limit_ms : INT32_MAX);

    for (;;) {
        int32_t call_left = call->host->ms_left(call);

        if (call_left <= 0 || now_ms() >= until_ms) {
            c->result->end = call_left > 0 ? RUN_TIMED_OUT : RUN_CANCELLED;
            stop(c);
            return;
        }
        if (pump(c, now_ms() + call_left < until_ms ? now_ms() + call_left : until_ms)) {
            return;
        }
    }
}

/* Takes what is still in the pipes, and the exit status. */
static void finish(struct child *c)
{
    siginfo_t how = {.si_code = 0};

    for (unsigned i = 0; i < FINAL_READS && read_some(c, &c->out); i++) {
    }
    for (unsigned i = 0; i < FINAL_READS && read_some(c, &c->err); i++) {
    }
    if (c->line_len > 0) {
        end_line(c);
    }
    if (!c->run->may_leave || c->result->end != RUN_EXITED) {
        session_sweep(c->pid);
    }
    (void)waitid(P_PID, (id_t)c->pid, &how, WEXITED);
    if (c->result->end == RUN_EXITED) {
        c->result->end = how.si_code == CLD_EXITED ? RUN_EXITED : RUN_KILLED;
        c->result->code = how.si_status;
    }
}

void run_program(struct acme_call *call, const struct run *run, struct run_result *ret_result)
{
    struct child c = {
        .run = run, .result = ret_result, .pid = -1, .pidfd = -1, .in = -1, .out = -1, .err = -1};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    int reason = 0;

    *ret_result = (struct run_result){.end = RUN_EXITED};
    /* Writing to a program that does not read must not end us. */
    (void)sigaction(SIGPIPE, &ignore, &before);
    reason = start(&c);
    if (reason != 0) {
        ret_result->end = RUN_FAILED;
        ret_result->code = reason;
    } else {
        attend(call, &c);
        finish(&c);
    }
    shut(&c.in);
    shut(&c.out);
    shut(&c.err);
    shut(&c.pidfd);
    (void)sigaction(SIGPIPE, &before, NULL);
}
