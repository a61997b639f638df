/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the files of this room share to write text. */
#ifndef CLI_SINK_IMPL_H
#define CLI_SINK_IMPL_H

#include "base/buf.h"
#include "cli/sink.h"

#define SINK_TEXT_MAX ((size_t)256 * 1024)

struct live;
struct brief;

struct sink {
    struct sink_settings settings;
    int64_t started_ms;
    enum event_level level_now; /* of the event that is being told */
    bool has_failed;
    bool is_output_clear;    /* standard output is for others */
    struct records *records; /* being put together; NULL: none */
    bool is_line_empty;      /* the last text ended in an empty line */
    bool has_told_wait;      /* what a wait for a person is like: once a run is enough */
    bool is_trial;           /* no later run goes on with what this one asks a person for */
    struct buf held;         /* what somebody has to do if the run ends without it */
    struct live *live;       /* NULL but for SINK_LIVE */
    struct brief *brief;     /* NULL but for SINK_PLAIN without -v */
    struct seen *seen;       /* plain: the last server counts, so that only changes are told */
    size_t n_seen, cap_seen;
};

enum colour { COLOUR_NONE, COLOUR_RED, COLOUR_YELLOW, COLOUR_GREEN, COLOUR_FAINT, COLOUR_BOLD };
void colour_begin(bool has_colour, enum colour colour, struct buf *to);
void colour_end(bool has_colour, enum colour colour, struct buf *to);

void sink_write(struct sink *sink, enum sink_stream stream, const char *bytes, size_t len);

/* Appends a text of anyone's, masked, then escaped for a terminal or a log. */
void text_add_clean(struct buf *to, const char *text, bool is_multiline);

/* Appends text with its lines broken between words where they are longer than columns; 0: as it
 * is. Colours take no room; examples, which people copy, are not broken. */
void text_wrap(const char *text, size_t columns, struct buf *to);

/* Appends text cut to at most `columns` columns, ended by "..." if it was longer. */
void text_add_cut(struct buf *to, const char *text, size_t columns);

/* An event that is not a result in words, neither masked nor escaped. */
void line_add_text(const struct event *event, struct buf *to);

/* One event as a line (or several) for people, with its line feed, for one that is not a result. */
void line_format(const struct sink *sink, const struct event *event, struct buf *to);

/* EVENT_RESULT as a block, and where it belongs. */
enum sink_stream result_format(const struct sink *sink, const struct event *event, struct buf *to);
/* Whether it is the one that comes after those of many certificates. */
bool result_is_summary(const struct event *result);

/* EVENT_RECORDs, from the first to the last of their number, become one block. True: this was the
 * last, and the block is appended. */
bool records_take(struct sink *sink, const struct event *event, struct buf *to);
void records_free(struct records *records);

struct brief *brief_new(struct sink *sink);
void brief_free(struct brief *brief);
/* True: the event is progress. Appends the lines that it is worth, often none. */
bool brief_take(struct brief *brief, const struct event *event, struct buf *to);

struct live *live_new(struct sink *sink);
void live_free(struct live *live);
void live_set_loop(struct live *live, struct loop *loop);
/* True: the event is progress and shows in the lines. */
bool live_take(struct live *live, const struct event *event);
/* Takes the lines off the screen until the next draw. */
void live_erase(struct live *live);
/* Leaves the lines of what has ended where they are, for good, and begins anew below with those of
 * other certificates. The result tells how it ended: the state DONE of an order only says that
 * nothing is left to do. */
void live_freeze(struct live *live, const struct event *result);
void live_draw(struct live *live);
void live_note_enter(struct live *live, size_t columns);

#endif
