/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/lane.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "provider/paths.h"
#include "provider/session.h"

#include "acme-plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_TURN_MAX (256u * 1024u)         /* bytes a turn of the loop takes from one worker */
#define OUTPUT_LOGGED_MAX (64u * 1024u)      /* bytes a call: more is counted, not logged */
#define OUTPUT_MAX (8u * 1024u * 1024u)      /* bytes a call: more ends the worker */
#define FRAME_BYTES_MAX (8u * 1024u * 1024u) /* the same for frames */
#define LINE_BYTES_MAX 1024u
#define DESCRIBE_MS 10000
#define CLOSE_MS 2000

struct lane {
    struct loop *loop;
    struct lane_events events;
    char *label, *path, *name, *user_name;
    enum event_level log_up_to;

    pid_t pid; /* 0 once reaped */
    int socket, output;
    struct loop_child *child;
    struct loop_fd *socket_watch, *output_watch;
    struct loop_timer *timer; /* for describing and closing */

    struct buf in, out, line;
    char *last_line; /* what it printed last, for the error */
    uint32_t call;
    bool is_confined, is_described, is_in_call, is_closing, is_killed;
    bool is_debugged;
    struct provider_isolation isolation;
    size_t frame_bytes, output_bytes;
    struct err verdict; /* why we ended it; ERR_NONE: it ended by itself */
};

/* ---- Ending ---- */

static void close_fds(struct lane *l)
{
    loop_fd_unwatch(&l->socket_watch);
    loop_fd_unwatch(&l->output_watch);
    cleanup_fd(&l->socket);
    cleanup_fd(&l->output);
    l->socket = l->output = -1;
}

void lane_free(struct lane *l)
{
    if (l == NULL) {
        return;
    }
    loop_child_unwatch(&l->child);
    loop_timer_cancel(&l->timer);
    if (l->pid > 0) {
        session_kill_and_reap(l->pid);
    }
    if (l->is_debugged) {
        session_take_terminal();
    }
    close_fds(l);
    buf_done(&l->in);
    buf_done(&l->out);
    buf_done(&l->line);
    mem_free(l->label);
    mem_free(l->path);
    mem_free(l->name);
    mem_free(l->user_name);
    mem_free(l->last_line);
    mem_free(l);
}

void lane_kill(struct lane *l, const struct err *why)
{
    if (l->verdict.class == ERR_NONE) {
        l->verdict = *why;
    }
    if (!l->is_killed && l->pid > 0) {
        l->is_killed = true;
        session_kill(l->pid);
    }
}

static void kill_for(struct lane *l, const char *what)
{
    struct err why = ERR_INIT;

    (void)err_set(&why, ERR_PROVIDER, "plug-in '%s' %s: its process was ended", l->name, what);
    lane_kill(l, &why);
}

/* ---- Output ---- */

static void log_line(struct lane *l)
{
    if (l->line.len > 0) {
        str_set(&l->last_line, buf_str(&l->line));
        event_log(EVENT_DEBUG, l->label, "output: %s", buf_str(&l->line));
    }
    buf_clear(&l->line);
}

static void take_output(struct lane *l, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n' || l->line.len >= LINE_BYTES_MAX) {
            log_line(l);
        }
        if (bytes[i] != '\n' && bytes[i] != '\0') {
            buf_add_char(&l->line, bytes[i]);
        }
    }
}

/* What goes beyond the ceiling is still read, so that the plug-in does not block on a full pipe. */
static size_t read_output(struct lane *l)
{
    char bytes[8192];
    ssize_t n = read(l->output, bytes, sizeof(bytes));

    if (n <= 0) {
        errno = n == 0 ? 0 : errno; /* the end is not "nothing yet" */
        return 0;
    }
    if (l->output_bytes < OUTPUT_LOGGED_MAX) {
        take_output(l, bytes, (size_t)n);
        if (l->output_bytes + (size_t)n >= OUTPUT_LOGGED_MAX) {
            event_log(EVENT_NOTICE, l->label, "it prints too much: the rest is not logged");
        }
    }
    l->output_bytes += (size_t)n;
    if (l->output_bytes > OUTPUT_MAX) {
        kill_for(l, "printed more than 8 MiB in one call");
    }
    return (size_t)n;
}

static void on_output(void *arg, uint32_t events)
{
    struct lane *l = arg;

    (void)events;
    if (read_output(l) == 0 && errno != EAGAIN && errno != EINTR) {
        /* Closed: not a sign of death, a plug-in may close its standard output. */
        loop_fd_unwatch(&l->output_watch);
    }
}

/* ---- Frames ---- */

static void take_refusal(struct lane *l, struct frame_in *in)
{
    int32_t status = (int32_t)frame_get_u32(in);
    AUTO_FREE char *text = frame_get_text(in, 8192);
    struct err why = ERR_INIT;

    (void)status;
    (void)err_set(&why, ERR_PROVIDER, "plug-in '%s' (%s) %s", l->name, l->path,
                  text != NULL ? text : "gave no reason");
    lane_kill(l, &why);
}

/* Comes before the plug-in is loaded, so it is the worker that says it and not the plug-in. */
static void take_confinement(struct lane *l, struct frame_in *in)
{
    uint32_t landlock = frame_get_u32(in);
    uint32_t bits = frame_get_u32(in);

    if (!frame_is_whole(in)) {
        kill_for(l, "sent a damaged frame");
        return;
    }
    describe_isolation(landlock, bits, &l->isolation);
    l->is_confined = true;
}

static void take_description(struct lane *l, struct frame_in *in)
{
    struct provider_description *description = NULL;
    struct err err = ERR_INIT;

    if (describe_parse(in, l->path, l->name, &description, &err) < 0) {
        (void)err_set(&l->verdict, ERR_PROVIDER, "plug-in '%s' (%s) %s", l->name, l->path,
                      err.text);
        lane_kill(l, &l->verdict);
        return;
    }
    description->isolation = l->isolation;
    description->isolation.user = str_dup(l->user_name);
    l->is_described = true;
    loop_timer_cancel(&l->timer);
    l->events.described(l->events.arg, description);
}

static void take_log(struct lane *l, struct frame_in *in)
{
    static const enum event_level LEVELS[] = {EVENT_ERROR, EVENT_WARNING, EVENT_NOTICE,
                                              EVENT_DEBUG};
    uint32_t level = frame_get_u32(in);
    AUTO_FREE char *text = frame_get_text(in, 8192);

    if (text == NULL || !frame_is_whole(in)) {
        kill_for(l, "sent a damaged log text");
        return;
    }
    enum event_level at = LEVELS[level < ARRAY_LEN(LEVELS) ? level : ARRAY_LEN(LEVELS) - 1];
    if (at <= l->log_up_to) {
        event_log(at, l->label, "%s", text);
    }
}

/* The frame's form is right; is it one that may come now? */
static void take_frame(struct lane *l, struct frame_in *in)
{
    if (!l->is_described) {
        if (in->kind == FRAME_REFUSED) {
            take_refusal(l, in);
        } else if (in->kind == FRAME_CONFINED && !l->is_confined) {
            take_confinement(l, in);
        } else if (in->kind == FRAME_DESCRIBE && l->is_confined) {
            take_description(l, in);
        } else {
            kill_for(l, "sent something before its description");
        }
        return;
    }
    if (in->kind == FRAME_LOG) {
        take_log(l, in);
    } else if (!l->is_in_call || in->call != l->call) {
        if (!l->is_closing) {
            kill_for(l, "answered a call that nobody made");
        }
    } else if (!l->events.frame(l->events.arg, in)) {
        kill_for(l, "sent a frame that the interface does not have");
    }
}

/* Frames that came whole. A callback may have freed nothing here: lanes are freed in ended() only,
 * or by the owner from elsewhere; is_killed stops the reading. */
static void take_frames(struct lane *l)
{
    struct frame_in in;
    size_t used = 0;

    while (!l->is_killed) {
        int found = frame_open(l->in.bytes, l->in.len, &in, &used);

        if (found == 0) {
            return;
        }
        l->frame_bytes += found > 0 ? used : 0;
        if (found < 0) {
            kill_for(l, "sent bytes that are no frame");
        } else if (l->frame_bytes > FRAME_BYTES_MAX) {
            kill_for(l, "sent more than 8 MiB in one call");
        } else {
            take_frame(l, &in);
            buf_consume(&l->in, used);
        }
    }
}

/* False when the socket has nothing more (for now, or for ever). */
static bool read_socket(struct lane *l)
{
    char bytes[32768];
    ssize_t n = recv(l->socket, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (n <= 0) {
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            loop_fd_unwatch(&l->socket_watch); /* the pidfd tells of its death, not this */
        }
        return false;
    }
    buf_add(&l->in, bytes, (size_t)n);
    take_frames(l);
    return !l->is_killed;
}

static void write_socket(struct lane *l)
{
    while (l->out.len > 0) {
        ssize_t n = send(l->socket, l->out.bytes, l->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (n <= 0) {
            if (errno != EAGAIN && errno != EINTR) {
                buf_clear(&l->out);
            }
            break;
        }
        mem_wipe(l->out.bytes, (size_t)n);
        buf_consume(&l->out, (size_t)n);
    }
    if (l->socket_watch != NULL) {
        loop_fd_change(l->socket_watch, EPOLLIN | (l->out.len > 0 ? (uint32_t)EPOLLOUT : 0u));
    }
}

static void on_socket(void *arg, uint32_t events)
{
    struct lane *l = arg;
    size_t left = READ_TURN_MAX;

    if ((events & EPOLLOUT) != 0) {
        write_socket(l);
    }
    while (left >= 32768 && read_socket(l)) {
        left -= 32768;
    }
}

/* ---- Death ---- */

static void describe_death(const struct lane *l, int wait_status, struct err *ret_err)
{
    if (WIFSIGNALED(wait_status)) {
        (void)err_set(ret_err, ERR_PROVIDER, "plug-in '%s' was killed by signal %d (%s)", l->name,
                      WTERMSIG(wait_status), strsignal(WTERMSIG(wait_status)));
    } else {
        (void)err_set(ret_err, ERR_PROVIDER, "plug-in '%s' ended its process with status %d",
                      l->name, WEXITSTATUS(wait_status));
    }
    if (l->last_line != NULL) {
        (void)err_hint(ret_err, "the last line it printed: %s", l->last_line);
    }
}

/* What it sent before it died still counts; what it started dies with it, so that no grandchild
 * keeps the output open or goes on writing. */
static void on_death(void *arg, int wait_status)
{
    struct lane *l = arg;
    struct err why = ERR_INIT;
    pid_t pid = l->pid;
    size_t left = 4 * FRAME_MAX;

    l->child = NULL;
    l->pid = 0;
    session_end(pid);
    if (!l->is_killed) {
        while (left >= 32768 && read_socket(l)) {
            left -= 32768;
        }
    }
    for (left = OUTPUT_LOGGED_MAX; left >= 8192 && read_output(l) > 0; left -= 8192) {
    }
    log_line(l);
    loop_timer_cancel(&l->timer);
    close_fds(l);
    if (l->verdict.class != ERR_NONE) {
        why = l->verdict;
    } else {
        describe_death(l, wait_status, &why);
    }
    l->events.ended(l->events.arg, &why);
}

static void on_describe_deadline(void *arg)
{
    struct lane *l = arg;

    l->timer = NULL;
    kill_for(l, "did not describe itself within 10 s");
}

static void on_close_deadline(void *arg)
{
    struct lane *l = arg;

    l->timer = NULL;
    kill_for(l, "did not close within 2 s");
}

/* ---- Sending ---- */

static void send_bytes(struct lane *l, const struct frame_out *frame)
{
    buf_add(&l->out, frame->bytes, frame->len);
    write_socket(l);
}

bool lane_send_call(struct lane *l, struct frame_out *frame, uint32_t call)
{
    if (!frame_end(frame)) {
        return false;
    }
    l->call = call;
    l->is_in_call = true;
    l->frame_bytes = 0;
    l->output_bytes = 0;
    send_bytes(l, frame);
    return true;
}

void lane_end_call(struct lane *l)
{
    l->is_in_call = false;
}

static void send_bare(struct lane *l, enum frame_kind kind)
{
    struct frame_out frame = {.bytes = NULL};

    frame_begin(&frame, kind, l->call);
    if (frame_end(&frame)) {
        send_bytes(l, &frame);
    }
    frame_out_done(&frame);
}

void lane_send_cancel(struct lane *l)
{
    send_bare(l, FRAME_CANCEL);
}

void lane_close(struct lane *l)
{
    if (l->is_closing || l->is_killed) {
        return;
    }
    l->is_closing = true;
    send_bare(l, FRAME_CLOSE);
    loop_timer_cancel(&l->timer);
    if (!l->is_debugged) {
        l->timer = loop_timer_start(l->loop, CLOSE_MS, on_close_deadline, l);
    }
}

/* ---- Starting ---- */

static const char *const PASSED_VARIABLES[] = {
    "PATH",         "LANG",          "LC_ALL",      "LC_CTYPE",      "TZ",
    "TMPDIR",       "http_proxy",    "https_proxy", "HTTPS_PROXY",   "all_proxy",
    "ALL_PROXY",    "no_proxy",      "NO_PROXY",    "SSL_CERT_FILE", "SSL_CERT_DIR",
#ifdef ACME_SANITIZE
    "ASAN_OPTIONS", "UBSAN_OPTIONS",
#endif
};

static void build_environment(const struct user *user, struct strv *env)
{
    for (size_t i = 0; i < ARRAY_LEN(PASSED_VARIABLES); i++) {
        const char *value = getenv(PASSED_VARIABLES[i]);

        if (value != NULL) {
            strv_take(env, str_fmt("%s=%s", PASSED_VARIABLES[i], value));
        }
    }
    const char *home = user->is_switched ? user->home : getenv("HOME");
    strv_take(env, str_fmt("HOME=%s", home != NULL ? home : user->home));
    strv_take(env, str_fmt("USER=%s", user->name));
    strv_take(env, str_fmt("LOGNAME=%s", user->name));
}

static int open_plugin(const char *path, int *ret_fd, struct err *err)
{
    AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        (void)err_set_errno(err, "cannot open plug-in '%s'", path);
        err->class = ERR_PROVIDER;
        return err_code(err);
    }
    if (fs_check_trusted(fd, path, err) < 0) {
        err->class = ERR_PROVIDER;
        return err_wrap(err, "plug-in '%s' is not loaded", path);
    }
    *ret_fd = TAKE_FD(fd);
    return 0;
}

static bool is_debugged(const struct lane_plan *plan)
{
    return plan->debugger != NULL && plan->debugger->n > 0;
}

static bool add_setup(struct frame_out *f, const struct lane_plan *plan, const char *name)
{
    uint32_t flags = (plan->user->is_switched ? FRAME_SETUP_SWITCH_USER : 0u) |
                     (plan->may_gain_privileges ? FRAME_SETUP_NEW_PRIVS : 0u) |
                     (plan->user->is_asked ? FRAME_SETUP_KEEP_CAPS : 0u);

    frame_begin(f, FRAME_SETUP, 0);
    frame_add_text(f, plan->plugin_path);
    frame_add_text(f, name);
    frame_add_text(f, plan->core_version);
    frame_add_u32(f, flags);
    frame_add_u32(f, (uint32_t)plan->user->uid);
    frame_add_u32(f, (uint32_t)plan->user->gid);
    frame_add_u32(f, is_debugged(plan) ? 0 : (uint32_t)getpid());
    frame_add_u32(f, (uint32_t)plan->user->n_groups);
    for (size_t i = 0; i < plan->user->n_groups; i++) {
        frame_add_u32(f, (uint32_t)plan->user->groups[i]);
    }
    frame_add_u32(f, (uint32_t)plan->reach->n);
    for (size_t i = 0; i < plan->reach->n; i++) {
        frame_add_u32(f, plan->reach->rules[i].is_writable ? 1 : 0);
        frame_add_text(f, plan->reach->rules[i].path);
    }
    return frame_end(f);
}

/* What becomes the process. env finds the debugger in PATH, and needs the terminal's kind. */
static void build_command(const struct lane_plan *plan, struct strv *argv, struct strv *env)
{
    build_environment(plan->user, env);
    if (is_debugged(plan)) {
        const char *terminal = getenv("TERM");

        strv_add(argv, "env");
        for (size_t i = 0; i < plan->debugger->n; i++) {
            strv_add(argv, plan->debugger->items[i]);
        }
        strv_add(argv, plan->executable);
        strv_take(env, str_fmt("TERM=%s", terminal != NULL ? terminal : "dumb"));
    } else {
        strv_add(argv, "acme-dns-worker");
    }
    strv_add(argv, plan->label);
    strv_take(argv, NULL);
    strv_take(env, NULL);
}

/* Its standard descriptors, and those that frame.h promises. A debugger has our terminal; what it
 * prints is no result of ours, so it goes where our errors go. */
static int start_session(struct lane *l, const struct lane_plan *plan, const int fds[3],
                         struct err *err)
{
    AUTO(strv_done) struct strv argv = STRV_INIT;
    AUTO(strv_done) struct strv env = STRV_INIT;
    int output = fds[0];

    build_command(plan, &argv, &env);
    struct session_plan session = {
        .executable = plan->executable,
        .argv = argv.items,
        .env = env.items,
        .fds = {-1, output, output, fds[1], fds[2], plan->inherit_fd},
        .n_fds = plan->inherit_fd >= 0 ? 6 : 5,
    };
    if (is_debugged(plan)) {
        session.executable = "/usr/bin/env";
        session.fds[0] = STDIN_FILENO;
        session.fds[1] = session.fds[2] = STDERR_FILENO;
        session.is_on_terminal = true;
    }
    int result = session_start(&session, &l->pid, err);
    argv.n--; /* the NULL at the end */
    env.n--;
    return result;
}

/* The child's ends are closed here when the caller's scope ends. */
static int start_process(struct lane *l, const struct lane_plan *plan, struct err *err)
{
    int sockets[2], pipes[2];
    AUTO_FD int plugin = -1;

    if (open_plugin(plan->plugin_path, &plugin, err) < 0) {
        return err_code(err);
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) {
        return err_set_errno(err, "cannot make a socket pair");
    }
    l->socket = sockets[0];
    AUTO_FD int child_socket = sockets[1];
    if (pipe2(pipes, O_CLOEXEC) < 0) {
        return err_set_errno(err, "cannot make a pipe");
    }
    l->output = pipes[0];
    AUTO_FD int child_output = pipes[1];
    (void)fcntl(l->output, F_SETFL, O_NONBLOCK);
    return start_session(l, plan, (const int[3]){child_output, child_socket, plugin}, err);
}

int lane_start(struct loop *loop, const struct lane_plan *plan, const struct lane_events *events,
               struct lane **ret_lane, struct err *err)
{
    struct lane *l = NEW(struct lane);
    struct frame_out setup = {.bytes = NULL};
    int result;

    *l = (struct lane){.loop = loop, .events = *events, .socket = -1, .output = -1};
    buf_init(&l->in, FRAME_MAX + FRAME_HEAD + 65536);
    buf_init(&l->out, (size_t)4 * FRAME_MAX);
    l->out.is_secret = true;
    buf_init(&l->line, LINE_BYTES_MAX + 1);
    l->label = str_dup(plan->label);
    l->path = str_dup(plan->plugin_path);
    l->name = paths_plugin_name(plan->plugin_path);
    l->user_name = str_dup(plan->user->name);
    l->log_up_to = plan->log_up_to;
    l->is_debugged = is_debugged(plan);
    result = start_process(l, plan, err);
    if (result == 0) {
        l->child = loop_child_watch(loop, l->pid, on_death, l);
        l->socket_watch = loop_fd_watch(loop, l->socket, EPOLLIN, on_socket, l);
        l->output_watch = loop_fd_watch(loop, l->output, EPOLLIN, on_output, l);
        if (!l->is_debugged) {
            l->timer = loop_timer_start(loop, DESCRIBE_MS, on_describe_deadline, l);
        }
        if (add_setup(&setup, plan, l->name)) {
            send_bytes(l, &setup);
        } else {
            result = err_set(err, ERR_FAILED, "a worker's set-up is larger than 1 MiB");
        }
        frame_out_done(&setup);
    }
    if (result < 0) {
        lane_free(l);
        return result;
    }
    *ret_lane = l;
    return 0;
}
