/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The real terminal, descriptors and clocks behind a sink. */
#include "cli/sink.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const int FDS[] = {[SINK_OUT] = STDOUT_FILENO, [SINK_ERR] = STDERR_FILENO};

/* A reader that hangs must not hold a certificate back for ever. */
enum { WRITE_PATIENCE_MS = 10000 };

static bool write_all(void *arg, enum sink_stream stream, const char *bytes, size_t len)
{
    (void)arg;
    while (len > 0) {
        ssize_t n = write(FDS[stream], bytes, len);

        if (n >= 0) {
            bytes += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) {
            /* Another program that shares the terminal made it non-blocking. */
            struct pollfd fd = {.fd = FDS[stream], .events = POLLOUT};

            if (poll(&fd, 1, WRITE_PATIENCE_MS) == 0) {
                return false;
            }
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

static struct sink_size measure(void *arg)
{
    struct winsize size = {0};

    (void)arg;
    if ((ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 &&
         ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0) ||
        size.ws_col == 0 || size.ws_row == 0) {
        return (struct sink_size){.columns = 80, .rows = 24};
    }
    return (struct sink_size){.columns = size.ws_col, .rows = size.ws_row};
}

static int64_t now_ms(void *arg)
{
    (void)arg;
    return clock_mono_ms();
}

static int64_t wall_s(void *arg)
{
    (void)arg;
    return clock_wall_s();
}

bool sink_fd_is_journal(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char own[64];
    struct stat status;

    /* What stands in the environment may be of somebody above us, whose output was redirected
     * since. */
    if (stream == NULL || fstat(fd, &status) < 0) {
        return false;
    }
    (void)snprintf(own, sizeof(own), "%llu:%llu", (unsigned long long)status.st_dev,
                   (unsigned long long)status.st_ino);
    return strcmp(own, stream) == 0;
}

struct sink_io sink_system_io(void)
{
    return (struct sink_io){
        .write = write_all, .measure = measure, .now_ms = now_ms, .wall_s = wall_s};
}
