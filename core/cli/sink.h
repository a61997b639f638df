/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Where events become text. One sink is set at start:
 *
 *     plain  a line an event on standard error
 *     live   on a terminal: a line a name, redrawn in place; what is not progress scrolls above
 *     json   an object an event, a line each, on standard output
 *
 * Results (EVENT_RESULT of a success) go to standard output, all else to standard error. Every text
 * is masked (base/secret.h) and escaped (base/escape.h) here, and only here.
 */
#ifndef CLI_SINK_H
#define CLI_SINK_H

#include "base/cleanup.h"
#include "base/event.h"
#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sink_kind { SINK_PLAIN, SINK_LIVE, SINK_JSON };
enum sink_stream { SINK_OUT, SINK_ERR };

struct sink_size {
    unsigned columns, rows;
};

/* The world around, so that tests can be one. */
struct sink_io {
    void *arg;
    bool (*write)(void *arg, enum sink_stream stream, const char *bytes, size_t len);
    struct sink_size (*measure)(void *arg); /* the terminal, as it is now */
    int64_t (*now_ms)(void *arg);           /* monotonic */
    int64_t (*wall_s)(void *arg);
};

struct sink_settings {
    enum sink_kind kind;
    enum event_level level; /* less important events are dropped */
    bool has_colour[2];     /* by enum sink_stream */
    bool is_terminal[2];    /* likewise: lines are as long as it is wide */
    bool is_journal[2];     /* likewise: lines begin with their priority, "<4>" */
    struct sink_io io;
};

struct sink;
struct sink *sink_new(const struct sink_settings *settings);
void sink_free(struct sink *sink);
DEFINE_AUTO_PTR(sink, sink_free);

/* An event_sink_fn; arg is the sink. */
void sink_event(void *arg, const struct event *event);

/* Lets the live lines be redrawn by timers of the loop instead of at each event; NULL before the
 * loop goes. */
void sink_set_loop(struct sink *sink, struct loop *loop);

/* Takes the live lines away, so that others can write; they come back with the next event. */
void sink_pause(struct sink *sink);

/* From now on nothing but sink_write_line() goes to standard output: results go to standard error.
 */
void sink_clear_output(struct sink *sink);

/* A line of a dialogue, as it is, to standard output. False if it could not be written. */
bool sink_write_line(struct sink *sink, const char *line);

/* The person at the terminal typed this and pressed Enter: the cursor stands lower than we left it.
 */
void sink_note_enter(struct sink *sink, const char *typed);

/* What a person is asked for is for this run alone: no later one goes on with it. */
void sink_note_trial(struct sink *sink);

/* As wide as the terminal behind a stream; 0: it is none. */
size_t sink_columns(const struct sink *sink, enum sink_stream stream);

/* Writes a result of a command that is not an event, masked and escaped: lines of text. */
void sink_write_result(struct sink *sink, const char *text);

/* Writes one line of standard output as it is: a JSON object that json_out made, masked. */
void sink_write_json(struct sink *sink, const char *object);
bool sink_is_json(const struct sink *sink);

/* Whether something could not be written: a full disk, a closed pipe. */
bool sink_has_failed(const struct sink *sink);

/* Whether systemd's journal is at the other end of this descriptor. */
bool sink_fd_is_journal(int fd);

/* The real world: descriptors 1 and 2, the terminal on 2, the clocks. */
struct sink_io sink_system_io(void);

#endif
