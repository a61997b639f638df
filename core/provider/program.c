/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/program.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/words.h"
#include "provider/session.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

struct program {
    struct loop *loop;
    program_done_fn *done;
    void *arg;
    pid_t pid;
    int fds[2]; /* its standard output, its standard error */
    struct loop_fd *watches[2];
    struct buf texts[2];
    struct loop_child *child;
    struct loop_timer *timer;
    bool has_timed_out, may_leave_others, keeps_line_ends;
};

static void program_free(struct program *p)
{
    loop_child_unwatch(&p->child);
    loop_timer_cancel(&p->timer);
    if (p->pid > 0) {
        session_kill_and_reap(p->pid);
    }
    for (int i = 0; i < 2; i++) {
        loop_fd_unwatch(&p->watches[i]);
        cleanup_fd(&p->fds[i]);
        buf_done(&p->texts[i]);
    }
    mem_free(p);
}

void program_cancel(struct program **program)
{
    if (*program != NULL) {
        program_free(*program);
        *program = NULL;
    }
}

/* False once there is nothing more for now. */
static bool read_some(struct program *p, int i)
{
    char bytes[4096];
    ssize_t n = p->fds[i] >= 0 ? read(p->fds[i], bytes, sizeof(bytes)) : 0;

    if (n > 0) {
        buf_add(&p->texts[i], bytes, (size_t)n);
        mem_wipe(bytes, (size_t)n);
        return true;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        loop_fd_unwatch(&p->watches[i]);
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
    struct program *p = arg;

    p->timer = NULL;
    p->has_timed_out = true;
    if (p->may_leave_others) {
        (void)kill(-p->pid, SIGKILL); /* what made a session of its own is a service */
    } else {
        session_kill(p->pid);
    }
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
    struct program *p = arg;
    pid_t pid = p->pid;

    p->child = NULL;
    p->pid = 0;
    if (p->may_leave_others) {
        session_leave(pid);
    } else {
        session_end(pid);
    }
    for (int i = 0; i < 2; i++) {
        for (int turn = 0; turn < 64 && read_some(p, i); turn++) {
        }
    }
    if (!p->keeps_line_ends) {
        drop_line_ends(&p->texts[0]);
    }
    drop_line_ends(&p->texts[1]);
    p->done(p->arg, &(struct program_end){.has_timed_out = p->has_timed_out,
                                          .wait_status = wait_status,
                                          .output = &p->texts[0],
                                          .errors = &p->texts[1]});
    program_free(p);
}

static int start(struct program *p, const struct program_plan *plan, struct err *err)
{
    AUTO(strv_done) struct strv words = STRV_INIT;
    AUTO_FREE char *program = NULL;
    AUTO_FREE char **argv = NULL;
    int out[2], errors[2];

    if (words_split(plan->line, &words, err) < 0 ||
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
    p->fds[0] = out[0];
    AUTO_FD int child_out = out[1];
    if (pipe2(errors, O_CLOEXEC) < 0) {
        return err_set_errno(err, "cannot make a pipe");
    }
    p->fds[1] = errors[0];
    AUTO_FD int child_errors = errors[1];
    (void)fcntl(p->fds[0], F_SETFL, O_NONBLOCK);
    (void)fcntl(p->fds[1], F_SETFL, O_NONBLOCK);
    const struct session_plan session = {
        .executable = program,
        .argv = argv,
        .env = plan->env,
        .fds = {plan->input > 0 ? plan->input : -1, child_out, child_errors},
        .n_fds = 3};
    return session_start(&session, &p->pid, err);
}

int program_start(struct loop *loop, const struct program_plan *plan, program_done_fn *done,
                  void *arg, struct program **ret_program, struct err *err)
{
    struct program *p = NEW(struct program);

    *p = (struct program){.loop = loop,
                          .done = done,
                          .arg = arg,
                          .fds = {-1, -1},
                          .may_leave_others = plan->may_leave_others,
                          .keeps_line_ends = plan->keeps_line_ends};
    buf_init(&p->texts[0], plan->output_max);
    buf_init(&p->texts[1], plan->errors_max);
    p->texts[0].is_secret = p->texts[1].is_secret = true;
    if (start(p, plan, err) < 0) {
        program_free(p);
        return err_code(err);
    }
    p->child = loop_child_watch(loop, p->pid, on_exit_of, p);
    p->watches[0] = loop_fd_watch(loop, p->fds[0], EPOLLIN, on_output, p);
    p->watches[1] = loop_fd_watch(loop, p->fds[1], EPOLLIN, on_errors, p);
    p->timer = loop_timer_start(loop, plan->deadline_ms, on_deadline, p);
    *ret_program = p;
    return 0;
}
