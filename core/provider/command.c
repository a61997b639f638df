/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/command.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/words.h"
#include "provider/session.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX 65536u
#define ERRORS_MAX 1024u
#define DEADLINE_MS 30000

struct command {
    struct loop *loop;
    command_done_fn *done;
    void *arg;
    pid_t pid;
    int fds[2]; /* its standard output, its standard error */
    struct loop_fd *watches[2];
    struct buf texts[2];
    struct loop_child *child;
    struct loop_timer *timer;
    bool has_timed_out;
};

static void command_free(struct command *c)
{
    loop_child_unwatch(&c->child);
    loop_timer_cancel(&c->timer);
    if (c->pid > 0) {
        session_kill_and_reap(c->pid);
    }
    for (int i = 0; i < 2; i++) {
        loop_fd_unwatch(&c->watches[i]);
        cleanup_fd(&c->fds[i]);
        buf_done(&c->texts[i]);
    }
    mem_free(c);
}

void command_cancel(struct command **command)
{
    if (*command != NULL) {
        command_free(*command);
        *command = NULL;
    }
}

/* False once there is nothing more for now. */
static bool read_some(struct command *c, int i)
{
    char bytes[4096];
    ssize_t n = c->fds[i] >= 0 ? read(c->fds[i], bytes, sizeof(bytes)) : 0;

    if (n > 0) {
        buf_add(&c->texts[i], bytes, (size_t)n);
        mem_wipe(bytes, (size_t)n);
        return true;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        loop_fd_unwatch(&c->watches[i]);
    }
    return false;
}

static void on_output(void *arg, uint32_t events)
{
    (void)events;
    (void)read_some(arg, 0);
}

static void on_errors(void *arg, uint32_t events)
{
    (void)events;
    (void)read_some(arg, 1);
}

static void on_deadline(void *arg)
{
    struct command *c = arg;

    c->timer = NULL;
    c->has_timed_out = true;
    session_kill(c->pid);
}

static int judge(const struct command *c, int wait_status, struct err *err)
{
    if (c->has_timed_out) {
        return err_set(err, ERR_CONFIG, "the command did not end within 30 s");
    }
    if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
        (void)err_set(err, ERR_CONFIG, "the command %s %d",
                      WIFEXITED(wait_status) ? "ended with status" : "was killed by signal",
                      WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : WTERMSIG(wait_status));
        return c->texts[1].len > 0 ? err_hint(err, "it said: %s", buf_str(&c->texts[1]))
                                   : err_code(err);
    }
    if (c->texts[0].has_overflown) {
        return err_set(err, ERR_CONFIG, "the command printed more than 64 KiB");
    }
    return 0;
}

static void drop_line_ends(struct buf *text)
{
    while (text->len > 0 &&
           (text->bytes[text->len - 1] == '\n' || text->bytes[text->len - 1] == '\r')) {
        text->bytes[--text->len] = '\0';
    }
}

static void on_exit_of(void *arg, int wait_status)
{
    struct command *c = arg;
    struct err err = ERR_INIT;
    pid_t pid = c->pid;

    c->child = NULL;
    c->pid = 0;
    session_end(pid);
    for (int i = 0; i < 2; i++) {
        for (int turn = 0; turn < 64 && read_some(c, i); turn++) {
        }
    }
    drop_line_ends(&c->texts[0]);
    drop_line_ends(&c->texts[1]);
    bool is_good = judge(c, wait_status, &err) == 0;
    c->done(c->arg, is_good ? buf_str(&c->texts[0]) : NULL, c->texts[0].len, is_good ? NULL : &err);
    command_free(c);
}

static int start(struct command *c, const char *line, struct err *err)
{
    AUTO(strv_done) struct strv words = STRV_INIT;
    AUTO_FREE char *program = NULL;
    AUTO_FREE char **argv = NULL;
    int out[2], errors[2];

    if (words_split(line, &words, err) < 0 ||
        words_find_program(words.items[0], &program, err) < 0) {
        return err_code(err);
    }
    argv = mem_alloc(words.n + 1, sizeof(*argv)); /* zeroed: execve() wants a NULL at the end */
    for (size_t i = 0; i < words.n; i++) {
        argv[i] = words.items[i];
    }
    if (pipe2(out, O_CLOEXEC) < 0) {
        return err_set_errno(err, "cannot make a pipe");
    }
    c->fds[0] = out[0];
    AUTO_FD int child_out = out[1];
    if (pipe2(errors, O_CLOEXEC) < 0) {
        return err_set_errno(err, "cannot make a pipe");
    }
    c->fds[1] = errors[0];
    AUTO_FD int child_errors = errors[1];
    (void)fcntl(c->fds[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(c->fds[1], F_SETFL, O_NONBLOCK);
    struct session_plan plan = {.executable = program,
                                .argv = argv,
                                .env = environ,
                                .fds = {-1, child_out, child_errors},
                                .n_fds = 3};
    return session_start(&plan, &c->pid, err);
}

int command_start(struct loop *loop, const char *line, command_done_fn *done, void *arg,
                  struct command **ret_command, struct err *err)
{
    struct command *c = NEW(struct command);

    *c = (struct command){.loop = loop, .done = done, .arg = arg, .fds = {-1, -1}};
    buf_init(&c->texts[0], OUTPUT_MAX);
    c->texts[0].is_secret = true;
    buf_init(&c->texts[1], ERRORS_MAX);
    if (start(c, line, err) < 0) {
        command_free(c);
        return err_code(err);
    }
    c->child = loop_child_watch(loop, c->pid, on_exit_of, c);
    c->watches[0] = loop_fd_watch(loop, c->fds[0], EPOLLIN, on_output, c);
    c->watches[1] = loop_fd_watch(loop, c->fds[1], EPOLLIN, on_errors, c);
    c->timer = loop_timer_start(loop, DEADLINE_MS, on_deadline, c);
    *ret_command = c;
    return 0;
}
