/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The processes of a program's session: whatever it started and did not move out of it. */
#include "exec-hook.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SWEEPS 20 /* rounds of killing, against programs that fork faster than one looks */

/* The session of a process; -1 when it is gone or a zombie. */
static pid_t session_of(const char *pid)
{
    char path[64];
    char stat[512];
    const char *behind = NULL;
    char state = '?';
    int session = -1;
    FILE *file = NULL;

    (void)snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
    file = fopen(path, "re");
    if (file == NULL) {
        return -1;
    }
    if (fgets(stat, sizeof(stat), file) != NULL) {
        behind = strrchr(stat, ')'); /* the name before it may hold anything */
    }
    (void)fclose(file);
    if (behind == NULL || sscanf(behind + 1, " %c %*d %*d %d", &state, &session) != 2) {
        return -1;
    }
    return state == 'Z' ? -1 : session;
}

/* Signals those of the session that lost their parent: they have become our children. How many
 * there were that had not ended. */
static unsigned signal_adopted(pid_t session, int signo)
{
    char path[64];
    FILE *file = NULL;
    unsigned n = 0;
    int pid = 0;

    (void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
    file = fopen(path, "re");
    while (file != NULL && fscanf(file, "%d", &pid) == 1) {
        if (pid != session && getsid(pid) == session && waitpid(pid, NULL, WNOHANG) == 0) {
            (void)kill(pid, signo);
            n++;
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return n;
}

/* Sends a signal to every process of the session. How many there were. Where Landlock hides /proc,
 * those in groups of their own are found once their parent has ended: a plug-in's process is the
 * one that they go to (PR_SET_CHILD_SUBREAPER), and what is its own below /proc is left to it. */
unsigned session_signal(pid_t session, int signo)
{
    DIR *proc = opendir("/proc");
    const struct dirent *entry = NULL;
    unsigned n = 0;

    (void)kill(-session, signo);
    if (proc == NULL) {
        return signal_adopted(session, signo);
    }
    while ((entry = readdir(proc)) != NULL) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);

        if (pid > 1 && pid != getpid() && session_of(entry->d_name) == session) {
            (void)kill(pid, signo);
            n++;
        }
    }
    (void)closedir(proc);
    return n;
}

void session_sweep(pid_t session)
{
    const struct timespec nap = {0, 5000000};

    for (unsigned i = 0; i < SWEEPS && session_signal(session, SIGKILL) > 0; i++) {
        (void)nanosleep(&nap, NULL);
    }
}
