/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which event goes where. The forms are in line.c, result.c, json_line.c; the moving lines in
 * live.c, the few lines for logs in brief.c. */
#include "cli/sink.h"

#include "base/escape.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/json_line.h"
#include "cli/sink_impl.h"
#include "task/task.h"

#include <string.h>

/* The last count told for a name. */
struct seen {
    char *subject;
    int64_t good, total;
};

struct sink *sink_new(const struct sink_settings *settings)
{
    struct sink *sink = NEW(struct sink);

    sink->settings = *settings;
    sink->level_now = EVENT_NOTICE;
    buf_init(&sink->held, SINK_TEXT_MAX);
    sink->started_ms = settings->io.now_ms(settings->io.arg);
    if (settings->kind == SINK_LIVE) {
        sink->live = live_new(sink);
    } else if (settings->kind == SINK_PLAIN && settings->level <= EVENT_NOTICE) {
        sink->brief = brief_new(sink);
    }
    return sink;
}

void sink_free(struct sink *sink)
{
    if (sink == NULL) {
        return;
    }
    records_free(sink->records);
    buf_done(&sink->held);
    live_free(sink->live);
    brief_free(sink->brief);
    for (size_t i = 0; i < sink->n_seen; i++) {
        mem_free(sink->seen[i].subject);
    }
    mem_free(sink->seen);
    mem_free(sink);
}

/* As sd-daemon(3) has it: each line says how important it is. */
static void add_priorities(enum event_level level, const char *bytes, size_t len, struct buf *to)
{
    static const int PRIORITIES[] = {
        [EVENT_ERROR] = 3, [EVENT_WARNING] = 4, [EVENT_NOTICE] = 5,
        [EVENT_DEBUG] = 7, [EVENT_TRACE] = 7,
    };

    for (size_t i = 0; i < len; i++) {
        if (i == 0 || bytes[i - 1] == '\n') {
            buf_addf(to, "<%d>", PRIORITIES[level]);
        }
        buf_add_char(to, bytes[i]);
    }
}

void sink_write(struct sink *sink, enum sink_stream stream, const char *bytes, size_t len)
{
    const struct sink_io *io = &sink->settings.io;
    AUTO(buf_done) struct buf marked = BUF(2 * SINK_TEXT_MAX);

    if (sink->is_output_clear) {
        stream = SINK_ERR;
    }
    if (sink->settings.is_journal[stream] && len <= SINK_TEXT_MAX / 2) {
        add_priorities(sink->level_now, bytes, len, &marked);
        bytes = buf_str(&marked);
        len = marked.len;
    }
    /* Where nobody can be told, a result that is lost still shows in the exit status. */
    if (len > 0 && !io->write(io->arg, stream, bytes, len) && stream == SINK_OUT) {
        sink->has_failed = true;
    }
}

size_t sink_columns(const struct sink *sink, enum sink_stream stream)
{
    const struct sink_io *io = &sink->settings.io;

    return sink->settings.is_terminal[stream] ? io->measure(io->arg).columns : 0;
}

static void wrap(const struct sink *sink, enum sink_stream stream, struct buf *text)
{
    AUTO(buf_done) struct buf whole = BUF(SINK_TEXT_MAX);
    enum sink_stream to = sink->is_output_clear ? SINK_ERR : stream;

    text_wrap(buf_str(text), sink_columns(sink, to), &whole);
    buf_clear(text);
    buf_add(text, buf_str(&whole), whole.len);
}

bool sink_has_failed(const struct sink *sink)
{
    return sink->has_failed;
}

bool sink_is_json(const struct sink *sink)
{
    return sink->settings.kind == SINK_JSON;
}

void sink_set_loop(struct sink *sink, struct loop *loop)
{
    if (sink->live != NULL) {
        live_set_loop(sink->live, loop);
    }
}

void sink_pause(struct sink *sink)
{
    if (sink->live != NULL) {
        live_erase(sink->live);
    }
}

void sink_note_enter(struct sink *sink, const char *typed)
{
    if (sink->live != NULL) {
        live_note_enter(sink->live, escape_columns(typed));
    }
}

void sink_note_trial(struct sink *sink)
{
    sink->is_trial = true;
}

void sink_clear_output(struct sink *sink)
{
    sink->is_output_clear = true;
}

bool sink_write_line(struct sink *sink, const char *line)
{
    const struct sink_io *io = &sink->settings.io;
    AUTO_FREE char *whole = str_fmt("%s\n", line);
    bool is_written = false;

    sink_pause(sink);
    is_written = io->write(io->arg, SINK_OUT, whole, strlen(whole));
    if (sink->live != NULL) {
        live_draw(sink->live);
    }
    return is_written;
}

/* Writes a text to its stream; on a terminal the moving lines step aside for it. */
static void write_beside_live(struct sink *sink, enum sink_stream stream, const struct buf *text)
{
    if (sink->live != NULL) {
        live_erase(sink->live);
    }
    sink_write(sink, stream, buf_str(text), text->len);
    sink->is_line_empty = str_has_suffix(buf_str(text), "\n\n");
    if (sink->live != NULL) {
        live_draw(sink->live);
    }
}

void sink_write_result(struct sink *sink, const char *text)
{
    AUTO(buf_done) struct buf clean = BUF(SINK_TEXT_MAX);

    text_add_clean(&clean, text, true);
    write_beside_live(sink, SINK_OUT, &clean);
}

void sink_write_json(struct sink *sink, const char *object)
{
    AUTO(buf_done) struct buf line = BUF(SINK_TEXT_MAX);

    buf_add_str(&line, object);
    buf_add_char(&line, '\n');
    write_beside_live(sink, SINK_OUT, &line);
}

/* Servers are asked again and again: without a terminal only a new count is worth a line. */
static bool is_news(struct sink *sink, const struct event *event)
{
    int64_t good = event_number(event, "good", -1);
    int64_t total = event_number(event, "total", -1);
    struct seen *seen = NULL;

    for (size_t i = 0; i < sink->n_seen && seen == NULL; i++) {
        seen = strcmp(sink->seen[i].subject, event->subject) == 0 ? &sink->seen[i] : NULL;
    }
    if (seen == NULL) {
        VEC_PUSH(sink->seen, sink->n_seen, sink->cap_seen) =
            (struct seen){.subject = str_dup(event->subject), .good = good, .total = total};
        return true;
    }
    if (seen->good == good && seen->total == total) {
        return false;
    }
    seen->good = good;
    seen->total = total;
    return true;
}

/* The run has ended without the records, or has not looked for them. */
static bool is_up_to_a_person(const struct event *result)
{
    int64_t status = event_number(result, "exit", EXIT_DONE);

    return status == EXIT_HUMAN || status == EXIT_PROPAGATION ||
           str_eq(event_text(result, "state"), "published");
}

static void tell_result(struct sink *sink, const struct event *event)
{
    AUTO(buf_done) struct buf text = BUF(SINK_TEXT_MAX);
    enum sink_stream stream = result_format(sink, event, &text);

    wrap(sink, stream, &text);
    if (sink->live != NULL) {
        live_freeze(sink->live, event);
    }
    if (is_up_to_a_person(event)) {
        sink_write(sink, SINK_ERR, buf_str(&sink->held), sink->held.len);
        buf_clear(&sink->held);
    } else if (result_is_summary(event)) {
        buf_clear(&sink->held); /* until then it may be for a certificate that goes on */
    }
    sink->has_told_wait = false;
    if (stream == SINK_OUT && sink->settings.level < EVENT_NOTICE) {
        return; /* -q: the exit status says it */
    }
    sink_write(sink, stream, buf_str(&text), text.len);
}

/* What this run does not wait for is perhaps there already: that is told at the end, if it is not.
 */
static void tell_record(struct sink *sink, const struct event *event)
{
    AUTO(buf_done) struct buf text = BUF(SINK_TEXT_MAX);
    bool is_for_later =
        str_eq(event_text(event, "action"), "create") && event_number(event, "waited-for", 0) == 0;

    if (!records_take(sink, event, &text)) {
        return;
    }
    if (is_for_later) {
        buf_add(&sink->held, buf_str(&text), text.len);
    } else {
        write_beside_live(sink, SINK_ERR, &text);
    }
}

static void tell_line(struct sink *sink, const struct event *event)
{
    AUTO(buf_done) struct buf text = BUF(SINK_TEXT_MAX);

    if (sink->brief == NULL || !brief_take(sink->brief, event, &text)) {
        if (event->kind == EVENT_SERVERS && !is_news(sink, event)) {
            return;
        }
        line_format(sink, event, &text);
        wrap(sink, SINK_ERR, &text);
    }
    write_beside_live(sink, SINK_ERR, &text);
}

void sink_event(void *arg, const struct event *event)
{
    struct sink *sink = arg;

    /* A result is never dropped: a failure's text is in it. Nor is what somebody is asked to do. */
    if (event->level > sink->settings.level && event->kind != EVENT_RESULT &&
        event->kind != EVENT_RECORD) {
        return;
    }
    sink->level_now = event->level;
    if (sink->settings.kind == SINK_JSON) {
        AUTO(buf_done) struct buf line = BUF(SINK_TEXT_MAX);

        json_line_format(event, sink->settings.io.wall_s(sink->settings.io.arg), &line);
        sink_write(sink, SINK_OUT, buf_str(&line), line.len);
    } else if (event->kind == EVENT_RESULT) {
        tell_result(sink, event);
    } else if (event->kind == EVENT_RECORD) {
        tell_record(sink, event);
    } else if (sink->live == NULL || !live_take(sink->live, event)) {
        tell_line(sink, event);
    }
}
