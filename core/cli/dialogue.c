/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cli/dialogue.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, BACKGROUND_LOOK_MS = 1000 };

struct dialogue {
    struct sink *sink;
    struct loop *loop;
    struct loop_fd *watch;    /* while somebody waits */
    struct loop_timer *later; /* in the watch's place while the terminal is somebody else's */
    void (*heard)(void *arg, const char *line);
    void *heard_arg;
    struct buf line; /* the beginning of it */
    bool is_terminal;
};

static void hush(void *arg)
{
    struct dialogue *dialogue = arg;

    loop_fd_unwatch(&dialogue->watch);
    loop_timer_cancel(&dialogue->later);
    dialogue->heard = NULL;
}

static void tell(struct dialogue *dialogue, const char *line)
{
    void (*heard)(void *arg, const char *line) = dialogue->heard;
    void *heard_arg = dialogue->heard_arg;

    hush(dialogue);
    heard(heard_arg, line);
}

static bool has_input(void)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&fd, 1, 0) > 0;
}

enum step { STEP_MORE, STEP_LATER, STEP_LINE, STEP_END };

/* One byte, if there is one: those behind the line's end are for the next who reads. */
static enum step read_byte(struct dialogue *dialogue)
{
    char c = '\0';
    ssize_t n = 0;

    if (!has_input()) {
        return STEP_LATER;
    }
    n = read(STDIN_FILENO, &c, 1);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
        return STEP_LATER;
    }
    if (n <= 0) {
        return STEP_END;
    }
    if (c == '\n') {
        return STEP_LINE;
    }
    buf_add_char(&dialogue->line, c);
    return STEP_MORE;
}

static void watch_input(void *arg);

/* What is typed into a shell that we were sent to the background of is not for us, and taking it
 * would stop us (SIGTTIN). */
static bool is_in_background(const struct dialogue *dialogue)
{
    return dialogue->is_terminal && tcgetpgrp(STDIN_FILENO) != getpgrp();
}

static void on_input(void *arg, uint32_t events)
{
    struct dialogue *dialogue = arg;
    enum step step = STEP_MORE;

    (void)events; /* a plain file cannot be watched, and is always ready: the read tells */
    if (is_in_background(dialogue)) {
        loop_fd_unwatch(&dialogue->watch);
        dialogue->later =
            loop_timer_start(dialogue->loop, BACKGROUND_LOOK_MS, watch_input, dialogue);
        return;
    }
    for (int i = 0; i < LINE_MAX_BYTES && step == STEP_MORE; i++) {
        step = read_byte(dialogue);
    }
    if (step == STEP_MORE) {
        step = STEP_LINE; /* so long is nobody's answer */
    }
    if (step == STEP_LINE || step == STEP_END) {
        AUTO_FREE char *line = buf_take(&dialogue->line);

        if (dialogue->is_terminal && step == STEP_LINE) {
            sink_note_enter(dialogue->sink, line);
        }
        tell(dialogue, step == STEP_LINE ? line : NULL);
    }
}

static void watch_input(void *arg)
{
    struct dialogue *dialogue = arg;

    dialogue->later = NULL;
    dialogue->watch = loop_fd_watch(dialogue->loop, STDIN_FILENO, EPOLLIN, on_input, dialogue);
}

static void await(void *arg, void (*heard)(void *heard_arg, const char *line), void *heard_arg)
{
    struct dialogue *dialogue = arg;

    hush(dialogue);
    dialogue->heard = heard;
    dialogue->heard_arg = heard_arg;
    watch_input(dialogue);
}

static int say(void *arg, const char *line, struct err *err)
{
    const struct dialogue *dialogue = arg;

    if (!sink_write_line(dialogue->sink, line)) {
        return err_set(err, ERR_PROVIDER, "cannot write to standard output: %s",
                       errno == EPIPE ? "nobody reads it" : "it takes nothing");
    }
    return 0;
}

static void clear_output(void *arg)
{
    const struct dialogue *dialogue = arg;

    sink_clear_output(dialogue->sink);
}

struct task_console dialogue_open(struct sink *sink, struct loop *loop,
                                  struct dialogue **ret_dialogue)
{
    struct dialogue *dialogue = NEW(struct dialogue);
    bool is_json = sink_is_json(sink);

    dialogue->sink = sink;
    dialogue->loop = loop;
    buf_init(&dialogue->line, LINE_MAX_BYTES);
    dialogue->is_terminal = isatty(STDIN_FILENO) == 1;
    *ret_dialogue = dialogue;
    return (struct task_console){
        .arg = dialogue,
        .say = is_json ? NULL : say,
        .await = await,
        .hush = hush,
        .clear_output = is_json ? NULL : clear_output,
    };
}

void dialogue_close(struct dialogue *dialogue)
{
    if (dialogue == NULL) {
        return;
    }
    hush(dialogue);
    buf_done(&dialogue->line);
    mem_free(dialogue);
}
