/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Events as plain lines, one form a kind. What is wrong begins with its level, so that it can be
 * found. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/sink_impl.h"

#include <string.h>

typedef void form_fn(const struct event *event, struct buf *to);

/* " KEY" if the event has such a text. */
static void add_field(const struct event *event, const char *before, const char *key,
                      const char *after, struct buf *to)
{
    const char *text = event_text(event, key);

    if (text != NULL && *text != '\0') {
        buf_addf(to, "%s%s%s", before, text, after);
    }
}

static void add_number(const struct event *event, const char *before, const char *key,
                       const char *after, struct buf *to)
{
    int64_t number = event_number(event, key, -1);

    if (number >= 0) {
        buf_addf(to, "%s%lld%s", before, (long long)number, after);
    }
}

static void form_log(const struct event *event, struct buf *to)
{
    buf_addf(to, "%s%s", event->subject, *event->subject == '\0' ? "" : ": ");
    add_field(event, "", "text", "", to);
}

/* A certificate is often called like one of its names: the word keeps them apart. */
static void form_state(const struct event *event, struct buf *to)
{
    buf_addf(to, "%s%s:", event->kind == EVENT_ORDER ? "certificate " : "", event->subject);
    add_field(event, " ", "state", "", to);
    add_field(event, " ", "text", "", to);
}

static void form_servers(const struct event *event, struct buf *to)
{
    buf_addf(to, "%s: %lld/%lld servers", event->subject, (long long)event_number(event, "good", 0),
             (long long)event_number(event, "total", 0));
    add_field(event, ", waiting for ", "waiting", "", to);
}

static void form_call(const struct event *event, struct buf *to)
{
    buf_addf(to, "%s:", event->subject);
    add_field(event, " ", "verb", "", to);
    add_number(event, " ", "count", "", to);
    add_field(event, " in ", "zone", "", to);
    add_number(event, ", ", "ms", " ms", to);
    add_field(event, ", ", "text", "", to);
}

static void form_http(const struct event *event, struct buf *to)
{
    buf_addf(to, "%s", event->subject);
    add_number(event, ": ", "status", "", to);
    add_number(event, ", ", "ms", " ms", to);
    add_field(event, ", ", "text", "", to);
}

static void form_dns(const struct event *event, struct buf *to)
{
    buf_addf(to, "%s", event->subject);
    add_field(event, " @", "server", "", to);
    add_field(event, ": ", "answer", "", to);
    add_number(event, ", ", "ms", " ms", to);
}

static void form_installed(const struct event *event, struct buf *to)
{
    buf_addf(to, "%s: installed", event->subject);
    add_field(event, " in ", "path", "", to);
    add_field(event, ", valid until ", "not-after", "", to);
}

static form_fn *const FORMS[] = {
    [EVENT_LOG] = form_log,         [EVENT_ORDER] = form_state,         [EVENT_NAME] = form_state,
    [EVENT_SERVERS] = form_servers, [EVENT_CALL] = form_call,           [EVENT_HTTP] = form_http,
    [EVENT_DNS] = form_dns,         [EVENT_INSTALLED] = form_installed, [EVENT_RECORD] = form_log,
    [EVENT_RESULT] = form_log,
};

static enum colour level_colour(enum event_level level)
{
    switch (level) {
    case EVENT_ERROR:
        return COLOUR_RED;
    case EVENT_WARNING:
        return COLOUR_YELLOW;
    case EVENT_NOTICE:
        return COLOUR_NONE;
    default:
        return COLOUR_FAINT;
    }
}

void line_add_text(const struct event *event, struct buf *to)
{
    FORMS[event->kind](event, to);
}

void line_format(const struct sink *sink, const struct event *event, struct buf *to)
{
    AUTO(buf_done) struct buf raw = BUF(SINK_TEXT_MAX);
    bool has_colour = sink->settings.has_colour[SINK_ERR];
    enum colour colour = level_colour(event->level);
    int64_t elapsed_ms = sink->settings.io.now_ms(sink->settings.io.arg) - sink->started_ms;

    line_add_text(event, &raw);
    if (sink->settings.level >= EVENT_DEBUG) {
        buf_addf(to, "%4lld.%03lld ", (long long)(elapsed_ms / 1000),
                 (long long)(elapsed_ms % 1000));
    }
    colour_begin(has_colour, colour, to);
    if (event->level <= EVENT_WARNING) {
        buf_addf(to, "%s: ", event_level_name(event->level));
    }
    text_add_clean(to, buf_str(&raw), true);
    colour_end(has_colour, colour, to);
    buf_add_char(to, '\n');
}
