/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What must hold before anything else happens in this process, and how it ends. */
#include "base/loop.h"
#include "base/mem.h"
#include "cli/run.h"
#include "task/task.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that we open must never become descriptor 0, 1 or 2, or a message goes into it. */
static void open_standard_fds(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        struct stat status;

        if (fstat(fd, &status) < 0 && open("/dev/null", O_RDWR | O_NOCTTY) < 0) {
            _exit(EXIT_FAILED);
        }
    }
}

/* Keys are in this memory: neither a core file nor another process of the same user may show them.
 */
static void close_memory(void)
{
    struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* What was begun is in the journal: the next run goes on from there. */
static void end_without_memory(size_t wanted)
{
    static const char TEXT[] = "error: out of memory; the next run cleans up\n";

    (void)wanted;
    if (write(STDERR_FILENO, TEXT, sizeof(TEXT) - 1) < 0) {
        _exit(EXIT_FAILED);
    }
    _exit(EXIT_FAILED);
}

/* So that a shell or systemd sees what ended us. */
static void die_by(int signo)
{
    sigset_t set;

    (void)signal(signo, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, signo);
    (void)raise(signo);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

int main(int argc, char **argv)
{
    int signo = 0;
    int status = 0;

    open_standard_fds();
    close_memory();
    mem_set_exhausted(end_without_memory);
    loop_block_signals();
    status = run_program(argc, argv, &signo);
    if (signo != 0) {
        die_by(signo);
        return 128 + signo;
    }
    return status;
}
