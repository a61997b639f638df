/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/session.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A process that forks faster than it is killed loses after this many looks at the latest: each
 * look leaves fewer parents. */
#define KILL_ROUNDS_MAX 64
#define REAP_MS_MAX 1000

void session_harden_self(void)
{
    struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};

    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
}

/* From here to execve() only async-signal-safe calls: libcurl's resolver may run a thread that held
 * the allocator's lock when we forked. fds lie above SESSION_FDS_MAX, so that none is overwritten
 * before it is moved. */
static void child_exec(const struct session_plan *plan, const int *fds)
{
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigset_t none;

    (void)setsid();
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (int i = 0; i < plan->n_fds; i++) {
        if (dup2(fds[i], i) < 0) {
            _exit(126);
        }
    }
    if (syscall(SYS_close_range, (unsigned)plan->n_fds, ~0u, 0) < 0) {
        _exit(126);
    }
    for (int signo = 1; signo < NSIG; signo++) {
        (void)sigaction(signo, &by_default, NULL);
    }
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)execve(plan->executable, plan->argv, plan->env);
    _exit(127);
}

/* Copies of the plan's descriptors, out of the way of 0 to n_fds. */
static int lift_fds(const struct session_plan *plan, int *fds, struct err *err)
{
    AUTO_FD int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (null < 0) {
        return err_set_errno(err, "cannot open /dev/null");
    }
    for (int i = 0; i < plan->n_fds; i++) {
        fds[i] = fcntl(plan->fds[i] < 0 ? null : plan->fds[i], F_DUPFD_CLOEXEC, SESSION_FDS_MAX);
        if (fds[i] < 0) {
            return err_set_errno(err, "cannot copy a descriptor");
        }
    }
    return 0;
}

int session_start(const struct session_plan *plan, pid_t *ret_pid, struct err *err)
{
    int fds[SESSION_FDS_MAX] = {-1, -1, -1, -1, -1, -1};
    int result = lift_fds(plan, fds, err);
    pid_t pid = -1;

    if (result == 0 && access(plan->executable, X_OK) < 0) {
        result = err_set_errno(err, "cannot execute '%s'", plan->executable);
    }
    if (result == 0) {
        pid = fork();
        if (pid == 0) {
            child_exec(plan, fds);
        }
        if (pid < 0) {
            result = err_set_errno(err, "cannot start a process");
        }
    }
    for (int i = 0; i < SESSION_FDS_MAX; i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
    if (result == 0) {
        *ret_pid = pid;
    }
    return result;
}

/* ---- The end of a session ---- */

struct process {
    pid_t pid, parent, session;
    bool is_dead;
    bool is_ours;
};

struct processes {
    struct process *items;
    size_t n, cap;
};

/* /proc/PID/stat: the name in the middle may hold anything, so fields count from the last ')'. */
static bool process_read(const char *pid_text, struct process *ret)
{
    char path[64];
    char text[512];
    int parent, session, group;
    char state;

    (void)snprintf(path, sizeof(path), "/proc/%s/stat", pid_text);
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (len <= 0) {
        return false;
    }
    text[len] = '\0';
    const char *rest = strrchr(text, ')');
    if (rest == NULL || sscanf(rest + 1, " %c %d %d %d", &state, &parent, &group, &session) != 4) {
        return false;
    }
    *ret = (struct process){
        .pid = (pid_t)strtol(pid_text, NULL, 10),
        .parent = parent,
        .session = session,
        .is_dead = state == 'Z' || state == 'X',
    };
    return true;
}

static void processes_read(struct processes *all)
{
    DIR *dir = opendir("/proc");
    const struct dirent *entry;
    struct process one;

    all->n = 0;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
            process_read(entry->d_name, &one)) {
            VEC_PUSH(all->items, all->n, all->cap) = one;
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

/* Whether a process's parent is marked, or its session is one that a marked process led. */
static bool belongs(const struct processes *all, const struct process *p, const pid_t *sessions,
                    size_t n_sessions)
{
    for (size_t i = 0; i < n_sessions; i++) {
        if (p->session == sessions[i]) {
            return true;
        }
    }
    for (size_t i = 0; i < all->n; i++) {
        if (all->items[i].is_ours && all->items[i].pid == p->parent) {
            return true;
        }
    }
    return false;
}

#define SESSIONS_MAX 64

/* Marks all that descend from the sessions, and notes the sessions these made for themselves. */
static void mark(struct processes *all, pid_t *sessions, size_t *n_sessions)
{
    bool has_changed = true;

    while (has_changed) {
        has_changed = false;
        for (size_t i = 0; i < all->n; i++) {
            struct process *p = &all->items[i];

            if (p->is_ours || p->pid == getpid() || !belongs(all, p, sessions, *n_sessions)) {
                continue;
            }
            p->is_ours = true;
            has_changed = true;
            if (p->session == p->pid && p->pid != sessions[0] && *n_sessions < SESSIONS_MAX) {
                sessions[(*n_sessions)++] = p->pid;
            }
        }
    }
}

void session_kill(pid_t pid)
{
    pid_t sessions[SESSIONS_MAX] = {pid};
    size_t n_sessions = 1;
    struct processes all = {.items = NULL};
    bool has_killed = true;

    /* Stopped first: so it stays the parent of what it started until all of that is found. */
    (void)kill(pid, SIGSTOP);
    for (int round = 0; has_killed && round < KILL_ROUNDS_MAX; round++) {
        has_killed = false;
        processes_read(&all);
        mark(&all, sessions, &n_sessions);
        for (size_t i = 0; i < all.n; i++) {
            const struct process *p = &all.items[i];

            if (p->is_ours && !p->is_dead && p->pid != pid && kill(p->pid, SIGKILL) == 0) {
                has_killed = true;
            }
        }
    }
    (void)kill(pid, SIGKILL);
    mem_free(all.items);
}

void session_kill_and_reap(pid_t pid)
{
    struct timespec pause = {.tv_nsec = 1000000};

    session_kill(pid);
    for (int ms = 0; ms < REAP_MS_MAX && waitpid(pid, NULL, WNOHANG) == 0; ms++) {
        (void)nanosleep(&pause, NULL);
    }
}
