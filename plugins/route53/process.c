/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * credential_process of a profile: a program that prints keys. It is run without a shell.
 */
#include "alloc.h"
#include "credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 64
#define OUTPUT_MAX 65536
#define RUN_MS 60000
#define LOOK_MS 100 /* how often the call's end is looked for */

/* ---- The command line: words, quotes and backslashes as in acme-dns.conf(5) ---- */

struct words {
    char *items[WORDS_MAX + 1];
    size_t n;
};

static const char BLANKS[] = " \t";

/* Copies one word to *to, which moves on. NULL: a quote is open; else where to go on. */
static const char *copy_word(const char *from, char **to)
{
    char quote = '\0';

    for (; *from != '\0' && (quote != '\0' || strchr(BLANKS, *from) == NULL); from++) {
        if (quote == '\0' && (*from == '"' || *from == '\'')) {
            quote = *from;
        } else if (*from == quote) {
            quote = '\0';
        } else {
            bool is_escape =
                *from == '\\' && from[1] != '\0' &&
                (quote == '\0' || (quote == '"' && (from[1] == '"' || from[1] == '\\')));

            from += is_escape ? 1 : 0;
            *(*to)++ = *from;
        }
    }
    *(*to)++ = '\0';
    return quote == '\0' ? from : NULL;
}

/* Writes the words to `to`, which has two bytes more than the command. False if there are none or
 * too many, or a quote is open. */
static bool split(const char *command, char *to, struct words *words)
{
    words->n = 0;
    command += strspn(command, BLANKS);
    while (*command != '\0') {
        if (words->n == WORDS_MAX) {
            return false;
        }
        words->items[words->n++] = to;
        command = copy_word(command, &to);
        if (command == NULL) {
            return false;
        }
        command += strspn(command, BLANKS);
    }
    words->items[words->n] = NULL;
    return words->n > 0;
}

/* ---- Running it ---- */

/* errno-like. The program gets no input, our standard error, and a pipe as its output. */
static int start(char *const *argv, pid_t *ret_pid, int *ret_fd)
{
    posix_spawn_file_actions_t actions;
    int pipe_fds[2];
    int error = 0;

    if (pipe2(pipe_fds, O_CLOEXEC) < 0) {
        return errno;
    }
    error = posix_spawn_file_actions_init(&actions);
    if (error == 0) {
        error = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        if (error == 0) {
            error = posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], 1);
        }
        if (error == 0) {
            error = posix_spawnp(ret_pid, argv[0], &actions, NULL, argv, environ);
        }
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    (void)close(pipe_fds[1]);
    if (error != 0) {
        (void)close(pipe_fds[0]);
        return error;
    }
    *ret_fd = pipe_fds[0];
    return 0;
}

static int64_t now_ms(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Reads until the program closes its output. A constant text says what went wrong, NULL: nothing.
 */
static const char *read_output(struct acme_call *call, int fd, struct kit_text *to)
{
    int64_t end_ms = now_ms() + RUN_MS;

    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        char bytes[4096];
        ssize_t n = 0;

        if (call->host->ms_left(call) == 0 || now_ms() >= end_ms) {
            return "did not end in time";
        }
        if (poll(&wait, 1, LOOK_MS) <= 0) {
            continue;
        }
        n = read(fd, bytes, sizeof(bytes));
        if (n < 0 && errno != EINTR) {
            return "cannot be listened to";
        }
        if (n == 0) {
            return NULL;
        }
        kit_text_add(to, bytes, n > 0 ? (size_t)n : 0);
        gnutls_memset(bytes, 0, sizeof(bytes));
        if (to->len > OUTPUT_MAX) {
            return "printed more than 64 KiB";
        }
    }
}

static int wait_for(pid_t pid)
{
    int wait_status = 0;

    while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR) {
    }
    return wait_status;
}

/* Its output has ended, and so should it: a program that stays is not waited for beyond its time.
 */
static const char *wait_for_end(struct acme_call *call, pid_t pid, int *ret_wait_status)
{
    int64_t end_ms = now_ms() + RUN_MS;

    while (waitpid(pid, ret_wait_status, WNOHANG) == 0) {
        if (now_ms() >= end_ms || call->host->sleep_ms(call, 5) != ACME_OK) {
            (void)kill(pid, SIGKILL);
            *ret_wait_status = wait_for(pid);
            return "did not end in time";
        }
    }
    return NULL;
}

static int32_t fail_program(struct kit_fault *f, const char *program, const char *what)
{
    return kit_fault_set(f, ACME_BAD_CONFIG,
                         "credential_process: '%.200s' %s (it runs as the plug-in's user, and "
                         "reaches what core-allow-path names)",
                         program, what);
}

static int32_t collect(struct acme_call *call, const char *program, pid_t pid, int fd,
                       struct keys *ret_keys, struct kit_fault *f)
{
    KIT_TEXT(output);
    const char *wrong = read_output(call, fd, &output);
    int wait_status = 0;
    char what[64];

    (void)close(fd);
    if (wrong != NULL) {
        (void)kill(pid, SIGKILL);
        (void)wait_for(pid);
        return fail_program(f, program, wrong);
    }
    wrong = wait_for_end(call, pid, &wait_status);
    if (wrong != NULL) {
        return fail_program(f, program, wrong);
    }
    if (wait_status != 0) {
        (void)snprintf(what, sizeof(what), "ended with %s %d",
                       WIFSIGNALED(wait_status) ? "signal" : "exit status",
                       WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status));
        return fail_program(f, program, what);
    }
    if (keys_from_json(kit_text_str(&output), output.len, "SessionToken", "credential_process",
                       ret_keys, f) != ACME_OK) {
        f->status = ACME_BAD_CONFIG;
    }
    return f->status;
}

int32_t process_run(struct acme_call *call, const char *command, struct keys *ret_keys,
                    struct kit_fault *f)
{
    char *bytes = alloc_zero(strlen(command) + 2, 1);
    struct words words;
    pid_t pid = 0;
    int fd = -1;
    int error = 0;

    f->status = ACME_OK;
    if (!split(command, bytes, &words)) {
        free(bytes);
        return kit_fault_set(f, ACME_BAD_CONFIG,
                             "credential_process: the command is empty, too long, or has an open "
                             "quote");
    }
    error = start(words.items, &pid, &fd);
    if (error != 0) {
        char what[128];

        (void)snprintf(what, sizeof(what), "cannot be started: %s", strerror(error));
        (void)fail_program(f, words.items[0], what);
    } else {
        (void)collect(call, words.items[0], pid, fd, ret_keys, f);
    }
    free(bytes);
    return f->status;
}
