/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/crash.h"

#ifdef ACME_CRASH_POINTS

#include "base/mem.h"
#include "base/str.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How often the point that shall kill was passed. */
static int64_t passed;

/* Appends in one write, so that the lines of several processes do not mix. */
static void trace(const char *name)
{
    const char *path = secure_getenv("ACME_DNS_CRASH_TRACE");
    AUTO_FD int fd = -1;
    AUTO_FREE char *line = NULL;

    if (path == NULL) {
        return;
    }
    fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    line = str_fmt("%s\n", name);
    if (fd >= 0 && write(fd, line, strlen(line)) < 0) {
        abort(); /* a test that cannot see the points must not pass */
    }
}

void crash_point(const char *name)
{
    const char *wanted = secure_getenv("ACME_DNS_CRASH_AT");
    size_t len = strlen(name);
    int64_t nth = 1;

    trace(name);
    if (wanted == NULL || strncmp(wanted, name, len) != 0) {
        return;
    }
    if (wanted[len] == ':' ? !str_parse_int(wanted + len + 1, 1, INT32_MAX, &nth)
                           : wanted[len] != '\0') {
        return;
    }
    if (++passed == nth) {
        (void)kill(getpid(), SIGKILL);
    }
}

#endif
