/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Other processes: the core, and another instance's worker that runs at the same time. */
#include "hunter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void try_entries(pid_t pid)
{
    static const char *const ENTRIES[] = {"environ", "mem",  "maps",      "smaps",      "auxv",
                                          "stack",   "cwd/", "root/etc/", "syscall",    "map_files",
                                          "fd",      "task", "fdinfo",    "personality"};
    char path[128];
    char bytes[16];

    for (size_t i = 0; i < sizeof(ENTRIES) / sizeof(ENTRIES[0]); i++) {
        (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, ENTRIES[i]);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0) {
            continue;
        }
        if (read(fd, bytes, 1) > 0 || errno == EISDIR || strcmp(ENTRIES[i], "mem") == 0) {
            hunter_got("opened %s", path);
        }
        (void)close(fd);
    }
}

/* Its end of a socket or a lock, by its own number or through /proc. */
static void try_descriptors_of(pid_t pid)
{
    char path[128];
    int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);

    for (int fd = 0; fd < 32; fd++) {
        int mine = pid_fd >= 0 ? (int)syscall(SYS_pidfd_getfd, pid_fd, fd, 0) : -1;

        if (mine >= 0) {
            hunter_got("took descriptor %d of %d", fd, (int)pid);
            (void)close(mine);
        }
        (void)snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)pid, fd);
        mine = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (mine >= 0) {
            hunter_got("opened %s", path);
            (void)close(mine);
        }
    }
    if (pid_fd >= 0) {
        if (!hunter_may_signal && syscall(SYS_pidfd_send_signal, pid_fd, 0, NULL, 0) == 0) {
            hunter_got("could signal by descriptor %d", (int)pid);
        }
        (void)close(pid_fd);
    }
}

/* Where the program lies is the same in each of its processes often enough; any address will do. */
static void try_memory(pid_t pid)
{
    char bytes[16];
    struct iovec local = {bytes, sizeof(bytes)};
    struct iovec remote = {(void *)(size_t)&hunter_word, sizeof(bytes)};

    errno = 0;
    if (process_vm_readv(pid, &local, 1, &remote, 1, 0) > 0 || errno == EFAULT) {
        hunter_got("could read the memory of %d", (int)pid);
    }
    errno = 0;
    if (process_vm_writev(pid, &local, 1, &remote, 1, 0) > 0 || errno == EFAULT) {
        hunter_got("could write the memory of %d", (int)pid);
    }
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0) {
        hunter_got("traced %d", (int)pid);
        (void)ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
        (void)waitpid(pid, NULL, __WALL);
        (void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
    }
}

void hunter_try_process(pid_t pid)
{
    try_entries(pid);
    try_descriptors_of(pid);
    try_memory(pid);
    if (!hunter_may_signal && kill(pid, 0) == 0) {
        hunter_got("could signal %d", (int)pid);
    }
}

/* 0 to 2 are the null device and the log, 3 and 4 the core's frames and this plug-in's file, 5 the
 * run's lock. */
static void try_own_descriptors(void)
{
    char path[64], target[256];

    for (int fd = 6; fd < 256; fd++) {
        struct stat st;

        if (fstat(fd, &st) < 0) {
            continue;
        }
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        ssize_t len = readlink(path, target, sizeof(target) - 1);
        target[len > 0 ? len : 0] = '\0';
        hunter_got("holds descriptor %d %s", fd, target);
    }
}

static void try_environment(void)
{
    for (char **at = environ; hunter_word[0] != '\0' && *at != NULL; at++) {
        if (strstr(*at, hunter_word) != NULL) {
            hunter_got("environment has %s", *at);
        }
    }
}

static void try_socket(void)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t len = strlen(hunter_socket);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(to.sun_path + 1, hunter_socket, len);
    if (len > 0 && fd >= 0 &&
        connect(fd, (struct sockaddr *)&to,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) == 0) {
        hunter_got("connected to %s", hunter_socket);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

void hunter_try_self(void)
{
    try_own_descriptors();
    try_environment();
    try_socket();
}
