/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Preloaded into acme-dns by tests: disks that fail, file systems that are elsewhere, clocks that
 * are wrong. Other programs that the preload reaches are left alone.
 *
 *     FAULTS_PROGRAM   the program's name; without it nothing happens
 *     FAULTS_CALLS     names of calls that count, with commas between: fsync,fdatasync,rename,...
 *     FAULTS_BELOW     only what lies below this folder counts
 *     FAULTS_AT        the number of the one that fails, from 1; "3+": it and all after it
 *     FAULTS_ERRNO     a number: what it fails with (5, EIO, without)
 *     FAULTS_TRACE     a file: a line for each that counts, "NUMBER CALL PATH"
 *     FAULTS_FS_TYPE   hexadecimal: what statfs() says of everything below FAULTS_BELOW
 *     FAULTS_NOW       what the wall clock said when the program began, in seconds since 1970
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define PATH_LEN 4096
#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

static bool is_on;
static const char *calls, *below, *trace;
static long first, fs_type, shift_s;
static bool fails_on;
static int cause = EIO;
static long n_seen;

static long number_of(const char *variable, int base, long otherwise)
{
    const char *text = getenv(variable);

    return text == NULL ? otherwise : strtol(text, NULL, base);
}

__attribute__((constructor)) static void begin(void)
{
    const char *program = getenv("FAULTS_PROGRAM");
    const char *at = getenv("FAULTS_AT");
    struct timespec now = {0};

    is_on = program != NULL && strcmp(program, program_invocation_short_name) == 0;
    calls = getenv("FAULTS_CALLS");
    below = getenv("FAULTS_BELOW");
    trace = getenv("FAULTS_TRACE");
    first = number_of("FAULTS_AT", 10, 0);
    fails_on = at != NULL && at[0] != '\0' && at[strlen(at) - 1] == '+';
    cause = (int)number_of("FAULTS_ERRNO", 10, EIO);
    fs_type = number_of("FAULTS_FS_TYPE", 16, 0);
    if (is_on && getenv("FAULTS_NOW") != NULL && NEXT(clock_gettime)(CLOCK_REALTIME, &now) == 0) {
        shift_s = number_of("FAULTS_NOW", 10, 0) - (long)now.tv_sec;
    }
}

static bool is_listed(const char *name)
{
    size_t len = strlen(name);

    for (const char *at = calls; at != NULL && *at != '\0'; at += *at == ',') {
        size_t n = strcspn(at, ",");

        if (n == len && strncmp(at, name, n) == 0) {
            return true;
        }
        at += n;
    }
    return false;
}

static bool is_below(const char *path)
{
    size_t len = below == NULL ? 0 : strlen(below);

    return len == 0 || (strncmp(path, below, len) == 0 && (path[len] == '/' || path[len] == '\0'));
}

static void note(const char *name, const char *path)
{
    char line[PATH_LEN + 64];
    int len = snprintf(line, sizeof(line), "%ld %s %s\n", n_seen, name, path);
    int fd = open(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    if (fd >= 0 && NEXT(write)(fd, line, (size_t)len) == len) {
        (void)NEXT(close)(fd);
    }
}

/* Whether this call is to fail; errno is set then. */
static bool fails(const char *name, const char *path)
{
    if (!is_on || !is_listed(name) || !is_below(path)) {
        return false;
    }
    n_seen++;
    if (trace != NULL) {
        note(name, path);
    }
    if (n_seen == first || (fails_on && n_seen > first)) {
        errno = cause;
        return true;
    }
    return false;
}

/* The path that a descriptor was opened by, or "". */
static const char *path_of(int fd, char path[static PATH_LEN])
{
    char link[64];
    int saved = errno;
    ssize_t len = 0;

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = is_on ? readlink(link, path, PATH_LEN - 1) : 0;
    path[len < 0 ? 0 : len] = '\0';
    errno = saved;
    return path;
}

static bool fails_fd(const char *name, int fd)
{
    char path[PATH_LEN];

    return is_on && is_listed(name) && fails(name, path_of(fd, path));
}

int fsync(int fd)
{
    return fails_fd("fsync", fd) ? -1 : NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
    return fails_fd("fdatasync", fd) ? -1 : NEXT(fdatasync)(fd);
}

int close(int fd)
{
    bool failed = fails_fd("close", fd);
    int code = NEXT(close)(fd); /* also where it is to fail: the descriptor is gone */

    if (failed) {
        errno = cause;
    }
    return failed ? -1 : code;
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    return fails_fd("write", fd) ? -1 : NEXT(write)(fd, bytes, len);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return fails_fd("write", fd) ? -1 : NEXT(pwrite)(fd, bytes, len, at);
}

int rename(const char *from, const char *to)
{
    return fails("rename", to) ? -1 : NEXT(rename)(from, to);
}

int symlink(const char *target, const char *path)
{
    return fails("symlink", path) ? -1 : NEXT(symlink)(target, path);
}

int mkdir(const char *path, mode_t mode)
{
    return fails("mkdir", path) ? -1 : NEXT(mkdir)(path, mode);
}

int unlink(const char *path)
{
    return fails("unlink", path) ? -1 : NEXT(unlink)(path);
}

int rmdir(const char *path)
{
    return fails("rmdir", path) ? -1 : NEXT(rmdir)(path);
}

/* Only opening for writing counts. */
int open(const char *path, int flags, ...)
{
    mode_t mode = 0;

    if (flags & O_CREAT) {
        va_list more;

        va_start(more, flags);
        mode = va_arg(more, mode_t);
        va_end(more);
    }
    return (flags & O_ACCMODE) != O_RDONLY && fails("open", path) ? -1
                                                                  : NEXT(open)(path, flags, mode);
}

/* ---- Where a file system is ---- */

int statfs(const char *path, struct statfs *ret)
{
    int code = NEXT(statfs)(path, ret);

    if (is_on && fs_type != 0 && is_below(path)) {
        ret->f_type = fs_type;
    }
    return code;
}

int fstatfs(int fd, struct statfs *ret)
{
    char path[PATH_LEN];
    int code = NEXT(fstatfs)(fd, ret);

    if (is_on && fs_type != 0 && is_below(path_of(fd, path))) {
        ret->f_type = fs_type;
    }
    return code;
}

/* ---- The clock ---- */

time_t time(time_t *ret)
{
    struct timespec now = {0};
    time_t at = 0;

    (void)NEXT(clock_gettime)(CLOCK_REALTIME, &now);
    at = now.tv_sec + shift_s;
    if (ret != NULL) {
        *ret = at;
    }
    return at;
}

int clock_gettime(clockid_t clock, struct timespec *ret)
{
    int code = NEXT(clock_gettime)(clock, ret);

    if (code == 0 && clock == CLOCK_REALTIME) {
        ret->tv_sec += shift_s;
    }
    return code;
}

int gettimeofday(struct timeval *ret, void *zone)
{
    int code = NEXT(gettimeofday)(ret, zone);

    ret->tv_sec += shift_s;
    return code;
}
