/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The loop's signals are blocked, so a plain read() would not notice Ctrl-C: the wait is cut into
 * short pieces that look for a pending signal. It is left pending: the loop that comes after takes
 * it and ends the run in order.
 */
#include "cli/ask.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/sink_impl.h"
#include "task/signals.h"

#include <errno.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

enum { ANSWER_MAX = 1024, LOOK_MS = 100 };

bool ask_is_possible(void)
{
    return isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1;
}

/* True when there is something to read, false when a signal came first. */
static bool wait_for_input(void)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};

    while (!signals_are_pending()) {
        int n = poll(&fd, 1, LOOK_MS);

        if (n > 0) {
            return true;
        }
        if (n < 0 && errno != EINTR) {
            return false;
        }
    }
    return false;
}

/* A line without its end; NULL at the end of input. */
static char *read_line(void)
{
    AUTO(buf_done) struct buf line = BUF_SECRET(ANSWER_MAX);
    char c = '\0';

    while (wait_for_input()) {
        ssize_t n = read(STDIN_FILENO, &c, 1);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        if (c == '\n') {
            char *answer = buf_take(&line);

            str_trim(answer);
            return answer;
        }
        buf_add_char(&line, c);
    }
    return NULL;
}

static void show(struct sink *sink, const char *question, const char *choices)
{
    AUTO(buf_done) struct buf text = BUF(SINK_TEXT_MAX);

    sink_pause(sink);
    text_add_clean(&text, question, true);
    buf_addf(&text, "%s ", choices);
    sink_write(sink, SINK_ERR, buf_str(&text), text.len);
}

static char *ask_line(void *arg, const char *question)
{
    char *answer = NULL;

    show(arg, question, str_has_suffix(question, "?") || str_has_suffix(question, ":") ? "" : ":");
    answer = read_line();
    if (answer == NULL) {
        sink_write(arg, SINK_ERR, "\n", 1);
    }
    return answer;
}

/* A signal is noticed by read_line(), so the terminal is always put back. */
static char *ask_secret(void *arg, const char *question)
{
    struct termios before;
    struct termios silent;
    char *answer = NULL;
    bool is_silent = tcgetattr(STDIN_FILENO, &before) == 0;

    if (is_silent) {
        silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        is_silent = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    }
    if (!is_silent) {
        return NULL; /* it would be shown */
    }
    show(arg, question, "");
    answer = read_line();
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    sink_write(arg, SINK_ERR, "\n", 1);
    return answer;
}

static bool ask_yes(void *arg, const char *question)
{
    AUTO_FREE char *answer = NULL;

    show(arg, question, " [y/N]");
    answer = read_line();
    if (answer == NULL) {
        sink_write(arg, SINK_ERR, "\n", 1);
        return false;
    }
    return str_eq_nocase(answer, "y") || str_eq_nocase(answer, "yes");
}

struct task_ask ask_terminal(struct sink *sink)
{
    return (struct task_ask){.arg = sink, .yes = ask_yes, .line = ask_line, .secret = ask_secret};
}
