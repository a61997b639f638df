/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What comes from the kernel about processes: the end of a child by its pidfd, signals by a
 * signalfd. Both are watched descriptors like any other. */
#include "base/loop_impl.h"

#include "base/mem.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where a kernel or a sandbox has no pidfd, the child is asked this often. */
enum { CHILD_POLL_MS = 10 };

struct loop_child {
    struct loop_link link;
    struct loop *loop;
    pid_t pid;
    int pid_fd; /* -1 without one */
    struct loop_fd *watch;
    struct loop_timer *poll;
    loop_child_fn *fn;
    void *arg;
};

struct loop_signal {
    struct loop_link link;
    struct loop *loop;
    int signo;
    bool is_dead; /* unwatched while signals are being told */
    loop_signal_fn *fn;
    void *arg;
};

static void child_free(struct loop_child *child)
{
    loop_link_remove(&child->link);
    loop_timer_cancel(&child->poll);
    loop_fd_unwatch(&child->watch);
    if (child->pid_fd >= 0) {
        (void)close(child->pid_fd);
    }
    mem_free(child);
}

/* Reaps if it has ended; the number cannot be another process's before that. */
static bool reap(struct loop_child *child)
{
    loop_child_fn *fn = child->fn;
    void *arg = child->arg;
    int status = 0;
    pid_t got = 0;

    do {
        got = waitpid(child->pid, &status, WNOHANG);
    } while (got < 0 && errno == EINTR);
    if (got == 0) {
        return false;
    }
    child_free(child);
    /* Someone else took the status: all that is known is that it has ended, and not well. */
    fn(arg, got < 0 ? 255 << 8 : status);
    return true;
}

static void on_pid_fd(void *arg, uint32_t events)
{
    (void)events;
    (void)reap(arg);
}

static void on_child_poll(void *arg)
{
    struct loop_child *child = arg;

    child->poll = NULL;
    if (!reap(child)) {
        child->poll = loop_timer_start(child->loop, CHILD_POLL_MS, on_child_poll, child);
    }
}

struct loop_child *loop_child_watch(struct loop *loop, pid_t pid, loop_child_fn *fn, void *arg)
{
    struct loop_child *child = NEW(struct loop_child);

    child->loop = loop;
    child->pid = pid;
    child->fn = fn;
    child->arg = arg;
    loop_link_append(&loop->children, &child->link);
    child->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0); /* close-on-exec by itself */
    if (child->pid_fd >= 0) {
        child->watch = loop_fd_watch(loop, child->pid_fd, EPOLLIN, on_pid_fd, child);
    } else {
        child->poll = loop_timer_start(loop, 0, on_child_poll, child);
    }
    return child;
}

void loop_child_unwatch(struct loop_child **at)
{
    struct loop_child *child = TAKE(*at);

    if (child != NULL) {
        child_free(child);
    }
}

void loop_children_free(struct loop *loop)
{
    while (loop->children.next != &loop->children) {
        child_free((struct loop_child *)loop->children.next);
    }
}

/* What is no longer watched stays pending for whoever asks next, instead of being swallowed here.
 */
static void update_signals(struct loop *loop)
{
    sigset_t wanted;

    (void)sigemptyset(&wanted);
    for (struct loop_link *at = loop->signals.next; at != &loop->signals; at = at->next) {
        if (!((struct loop_signal *)at)->is_dead) {
            (void)sigaddset(&wanted, ((struct loop_signal *)at)->signo);
        }
    }
    loop->signal_fd = signalfd(loop->signal_fd, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void bury_signals(struct loop *loop)
{
    struct loop_link *next = NULL;

    for (struct loop_link *at = loop->signals.next; at != &loop->signals; at = next) {
        next = at->next;
        if (((struct loop_signal *)at)->is_dead) {
            loop_link_remove(at);
            mem_free(at);
        }
    }
}

static void tell_signal(struct loop *loop, int signo)
{
    loop->is_telling_signal = true;
    for (struct loop_link *at = loop->signals.next; at != &loop->signals; at = at->next) {
        struct loop_signal *watch = (struct loop_signal *)at;

        if (watch->signo == signo && !watch->is_dead) {
            watch->fn(watch->arg, signo);
        }
    }
    loop->is_telling_signal = false;
    bury_signals(loop);
}

static void on_signal_fd(void *arg, uint32_t events)
{
    struct loop *loop = arg;
    struct signalfd_siginfo got;

    (void)events;
    while (read(loop->signal_fd, &got, sizeof(got)) == (ssize_t)sizeof(got)) {
        tell_signal(loop, (int)got.ssi_signo);
    }
}

struct loop_signal *loop_signal_watch(struct loop *loop, int signo, loop_signal_fn *fn, void *arg)
{
    struct loop_signal *watch = NEW(struct loop_signal);
    sigset_t one;

    watch->loop = loop;
    watch->signo = signo;
    watch->fn = fn;
    watch->arg = arg;
    loop_link_append(&loop->signals, &watch->link);
    (void)sigemptyset(&one);
    (void)sigaddset(&one, signo);
    (void)sigprocmask(SIG_BLOCK, &one, NULL);
    update_signals(loop);
    if (loop->signal_watch == NULL && loop->signal_fd >= 0) {
        loop->signal_watch = loop_fd_watch(loop, loop->signal_fd, EPOLLIN, on_signal_fd, loop);
        loop->n_fds--; /* waiting for a signal alone is no reason to go on */
    }
    return watch;
}

void loop_signal_unwatch(struct loop_signal **at)
{
    struct loop_signal *watch = TAKE(*at);

    if (watch == NULL) {
        return;
    }
    watch->is_dead = true;
    update_signals(watch->loop);
    if (!watch->loop->is_telling_signal) {
        bury_signals(watch->loop);
    }
}

void loop_signals_free(struct loop *loop)
{
    while (loop->signals.next != &loop->signals) {
        struct loop_link *first = loop->signals.next;

        loop_link_remove(first);
        mem_free(first);
    }
    if (loop->signal_watch != NULL) {
        loop->n_fds++;
        loop_fd_unwatch(&loop->signal_watch);
    }
    if (loop->signal_fd >= 0) {
        (void)close(loop->signal_fd);
    }
}

void loop_block_signals(void)
{
    static const int BLOCKED[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;

    (void)sigemptyset(&set);
    for (size_t i = 0; i < ARRAY_LEN(BLOCKED); i++) {
        (void)sigaddset(&set, BLOCKED[i]);
    }
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
}
