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
 * look leaves fewer parents. One that is between two looks, its parent gone and its child not yet
 * there, is found by the second of two looks that meet nobody alive. */
#define KILL_ROUNDS_MAX 64
#define QUIET_ROUNDS 2
#define REAP_MS_MAX 1000

void session_harden_self(void)
{
    struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};

    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* Leaders that were started and are not yet ended: children of this process, as its strays are. */
static struct {
    pid_t *items;
    size_t n, cap;
} leaders;

static bool is_leader(pid_t pid)
{
    for (size_t i = 0; i < leaders.n; i++) {
        if (leaders.items[i] == pid) {
            return true;
        }
    }
    return false;
}

static void forget_leader(pid_t pid)
{
    size_t kept = 0;

    for (size_t i = 0; i < leaders.n; i++) {
        if (leaders.items[i] != pid) {
            leaders.items[kept++] = leaders.items[i];
        }
    }
    leaders.n = kept;
    if (kept == 0) {
        mem_free(leaders.items);
        leaders.items = NULL;
        leaders.cap = 0;
    }
}

/* The group of this process gets what is typed. A process behind the terminal may only ask for that
 * while the signal that would stop it is blocked. */
void session_take_terminal(void)
{
    sigset_t stop, before;

    (void)sigemptyset(&stop);
    (void)sigaddset(&stop, SIGTTOU);
    (void)sigprocmask(SIG_BLOCK, &stop, &before);
    (void)tcsetpgrp(STDIN_FILENO, getpgrp());
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
}

/* From here to execve() only async-signal-safe calls: libcurl's resolver may run a thread that held
 * the allocator's lock when we forked. fds lie above SESSION_FDS_MAX, so that none is overwritten
 * before it is moved. */
static void child_exec(const struct session_plan *plan, const int *fds)
{
    struct sigaction by_default = {.sa_handler = SIG_DFL};
    sigset_t none;

    if (plan->is_on_terminal) {
        (void)setpgid(0, 0);
        session_take_terminal();
    } else {
        (void)setsid();
    }
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
        VEC_PUSH(leaders.items, leaders.n, leaders.cap) = pid;
        *ret_pid = pid;
    }
    return result;
}

/* ---- The end of a session ---- */

struct process {
    pid_t pid, parent, session;
    unsigned long long started; /* with pid: this process and no later one of its number */
    bool is_dead, is_ours;
};

struct processes {
    struct process *items;
    size_t n, cap;
};

/* A file of /proc as text; false if the process is gone. */
static bool proc_read(pid_t pid, const char *name, char *text, size_t size)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, size - 1) : -1;
    text[len > 0 ? len : 0] = '\0';
    return len > 0;
}

/* /proc/PID/stat: the name in the middle may hold anything, so fields count from the last ')'. */
static bool process_read(pid_t pid, struct process *ret)
{
    char text[1024];
    int parent, session;
    unsigned long long started;
    char state;

    if (!proc_read(pid, "stat", text, sizeof(text))) {
        return false;
    }
    const char *rest = strrchr(text, ')');
    if (rest == NULL || sscanf(rest + 1,
                               " %c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
                               "%*d %*d %llu",
                               &state, &parent, &session, &started) != 4) {
        return false;
    }
    *ret = (struct process){
        .pid = pid,
        .parent = parent,
        .session = session,
        .started = started,
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
            process_read((pid_t)strtol(entry->d_name, NULL, 10), &one)) {
            VEC_PUSH(all->items, all->n, all->cap) = one;
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

static bool has_no_new_privs(pid_t pid)
{
    static const char FIELD[] = "\nNoNewPrivs:\t";
    char text[4096];
    const char *at = proc_read(pid, "status", text, sizeof(text)) ? strstr(text, FIELD) : NULL;

    return at != NULL && at[sizeof(FIELD) - 1] == '1';
}

/*
 * What a worker that has died lost: it is our child now, though we never started it. no_new_privs,
 * which nobody can take off again, tells it from what others here may have left running on purpose
 * (a hook that starts a service). Where we have it ourselves, as under a systemd unit, there is no
 * such sign; there the unit's end is theirs.
 */
static bool is_stray(const struct process *p)
{
    return p->parent == getpid() && p->session != getsid(0) && !is_leader(p->pid) &&
           prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 && has_no_new_privs(p->pid);
}

/* Whether it leads the first session or should (a debugger has none of its own), a process's parent
 * is marked, or its session is one that a marked process led. */
static bool belongs(const struct processes *all, const struct process *p, const pid_t *sessions,
                    size_t n_sessions)
{
    for (size_t i = 0; i < n_sessions; i++) {
        if (p->session == sessions[i] || p->pid == sessions[0]) {
            return true;
        }
    }
    for (size_t i = 0; i < all->n; i++) {
        if (all->items[i].is_ours && all->items[i].pid == p->parent) {
            return true;
        }
    }
    return is_stray(p);
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

/* By its number only as long as that is still its own: between looking and killing it may have
 * ended, and the number have become a stranger's. False if it lives on, for we may not kill it. */
static bool process_kill(const struct process *p)
{
    AUTO_FD int fd = (int)syscall(SYS_pidfd_open, p->pid, 0);
    struct process now;

    if (fd < 0) {
        return errno == ESRCH;
    }
    if (!process_read(p->pid, &now) || now.started != p->started || now.is_dead) {
        return true;
    }
    return syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0 || errno == ESRCH;
}

/* Kills all that belongs to the session but its leader. One look is enough where it finds nobody.
 * Whoever was found, be it dead or dying by itself, may have left a child behind the look's back.
 */
static void kill_members(pid_t leader)
{
    pid_t sessions[SESSIONS_MAX] = {leader};
    size_t n_sessions = 1;
    struct processes all = {.items = NULL};
    bool has_found = false;

    for (int round = 0, quiet = 0; round < KILL_ROUNDS_MAX && quiet < QUIET_ROUNDS; round++) {
        bool is_quiet = true;

        processes_read(&all);
        mark(&all, sessions, &n_sessions);
        for (size_t i = 0; i < all.n; i++) {
            const struct process *p = &all.items[i];

            if (!p->is_ours || p->pid == leader) {
                continue;
            }
            has_found = true;
            if (p->is_dead && p->parent == getpid()) {
                (void)waitpid(p->pid, NULL, WNOHANG);
            } else if (!p->is_dead && process_kill(p)) {
                is_quiet = false;
            }
        }
        quiet = is_quiet ? (has_found ? quiet + 1 : QUIET_ROUNDS) : 0;
    }
    mem_free(all.items);
}

void session_kill(pid_t pid)
{
    /* Stopped first: so it stays the parent of what it started until all of that is found. */
    (void)kill(pid, SIGSTOP);
    kill_members(pid);
    (void)kill(pid, SIGKILL);
}

void session_end(pid_t pid)
{
    forget_leader(pid);
    kill_members(pid);
}

void session_leave(pid_t pid)
{
    forget_leader(pid);
}

void session_kill_and_reap(pid_t pid)
{
    struct timespec pause = {.tv_nsec = 1000000};

    session_kill(pid);
    for (int ms = 0; ms < REAP_MS_MAX && waitpid(pid, NULL, WNOHANG) == 0; ms++) {
        (void)nanosleep(&pause, NULL);
    }
    session_end(pid);
}
