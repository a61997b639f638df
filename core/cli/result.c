/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The end of a command, for people: where the files are, until when, what happens next; or what
 * went wrong. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/sink_impl.h"
#include "task/task.h"

#include <string.h>

#define SHOWN_NAMES 6

static void add_row(struct buf *to, const char *label, const char *text)
{
    if (text == NULL || *text == '\0') {
        return;
    }
    buf_addf(to, "  %-13s", label);
    text_add_clean(to, text, false);
    buf_add_char(to, '\n');
}

/* "2027-02-19T10:00:00Z (in 89 days)" */
static void add_date(struct buf *to, const char *label, const char *text, int64_t wall_s)
{
    char span[CLOCK_TEXT_MAX];
    AUTO_FREE char *whole = NULL;
    int64_t date_s = 0;

    if (text == NULL || !clock_parse(text, &date_s)) {
        add_row(to, label, text);
        return;
    }
    clock_format_span(date_s > wall_s ? date_s - wall_s : wall_s - date_s, span);
    whole =
        date_s > wall_s ? str_fmt("%s (in %s)", text, span) : str_fmt("%s (%s ago)", text, span);
    add_row(to, label, whole);
}

/* The first of them; a hundred are in the certificate for whoever wants to read them. */
static void add_names(struct buf *to, const char *names)
{
    AUTO(strv_done) struct strv all = STRV_INIT;

    if (names == NULL) {
        return;
    }
    strv_add_split(&all, names, ", ");
    AUTO_FREE char *shown = strv_join_first(&all, SHOWN_NAMES);
    add_row(to, "Names", shown);
}

/* A certificate's result with nothing said of what comes next: the run goes on with others. */
static bool is_one_of_many(const struct event *event)
{
    return event_text(event, "state") != NULL && event_text(event, "not-after") != NULL &&
           event_text(event, "next") == NULL;
}

bool result_is_summary(const struct event *result)
{
    return event_number(result, "issued", -1) >= 0;
}

/* One of many: "web: issued, valid until 2027-02-19T10:00:00Z (in 89 days)". */
static void add_short_success(const struct sink *sink, const struct event *event, struct buf *to)
{
    bool has_colour = sink->settings.has_colour[SINK_OUT];
    int64_t wall_s = sink->settings.io.wall_s(sink->settings.io.arg);
    char span[CLOCK_TEXT_MAX] = "";
    int64_t end_s = 0;
    const char *until = event_text(event, "not-after");

    if (clock_parse(until, &end_s) && end_s > wall_s) {
        clock_format_span(end_s - wall_s, span);
    }
    AUTO_FREE char *head = str_fmt("%s: %s", event->subject, event_text(event, "state"));
    AUTO_FREE char *rest =
        str_fmt(", valid until %s (in %s)%s%s\n", until, span,
                event_text(event, "warning") == NULL ? "" : "; ",
                event_text(event, "warning") == NULL ? "" : event_text(event, "warning"));
    colour_begin(has_colour, COLOUR_GREEN, to);
    text_add_clean(to, head, true);
    colour_end(has_colour, COLOUR_GREEN, to);
    text_add_clean(to, rest, true);
    if (event_text(event, "text") != NULL) {
        buf_add_str(to, "  ");
        text_add_clean(to, event_text(event, "text"), true);
        buf_add_char(to, '\n');
    }
}

static void add_success(const struct sink *sink, const struct event *event, struct buf *to)
{
    bool has_colour = sink->settings.has_colour[SINK_OUT];
    int64_t wall_s = sink->settings.io.wall_s(sink->settings.io.arg);
    const char *state = event_text(event, "state");
    const char *text = event_text(event, "text");
    const char *path = event_text(event, "path");
    AUTO_FREE char *head = str_fmt("%s: %s", event->subject,
                                   state != NULL  ? state
                                   : text != NULL ? text
                                                  : "done");

    colour_begin(has_colour, COLOUR_GREEN, to);
    text_add_clean(to, head, true);
    colour_end(has_colour, COLOUR_GREEN, to);
    buf_add_char(to, '\n');
    if (state != NULL && text != NULL && *text != '\0' && strcmp(text, state) != 0) {
        buf_add_str(to, "  ");
        text_add_clean(to, text, true);
        buf_add_char(to, '\n');
    }
    add_names(to, event_text(event, "names"));
    if (event_text(event, "warning") != NULL) {
        colour_begin(has_colour, COLOUR_YELLOW, to);
        add_row(to, "Warning", event_text(event, "warning"));
        colour_end(has_colour, COLOUR_YELLOW, to);
    }
    add_row(to, "Files", path);
    add_row(to, "", path == NULL ? NULL : "fullchain.pem  privkey.pem  cert.pem  chain.pem");
    add_date(to, "Valid until", event_text(event, "not-after"), wall_s);
    add_date(to, "Renew after", event_text(event, "renew-after"), wall_s);
    add_row(to, "Next", event_text(event, "next"));
}

static const char *failure_word(enum task_exit status)
{
    switch (status) {
    case EXIT_LATER:
        return "not yet";
    case EXIT_HUMAN:
        return "your turn";
    case EXIT_DEPLOY:
        return "installed, but";
    default:
        return "error";
    }
}

static void add_failure(const struct sink *sink, const struct event *event, struct buf *to)
{
    bool has_colour = sink->settings.has_colour[SINK_ERR];
    enum task_exit status = (enum task_exit)event_number(event, "exit", EXIT_FAILED);
    enum colour colour = status == EXIT_LATER || status == EXIT_HUMAN ? COLOUR_YELLOW : COLOUR_RED;
    const char *text = event_text(event, "text");
    AUTO_FREE char *whole = str_fmt("%s: %s", event->subject, text == NULL ? "failed" : text);

    colour_begin(has_colour, colour, to);
    buf_addf(to, "%s: ", failure_word(status));
    colour_end(has_colour, colour, to);
    text_add_clean(to, whole, true);
    buf_add_char(to, '\n');
    if (event_text(event, "next") != NULL) {
        text_add_clean(to, event_text(event, "next"), true);
        buf_add_char(to, '\n');
    }
}

enum sink_stream result_format(const struct sink *sink, const struct event *event, struct buf *to)
{
    int64_t status = event_number(event, "exit", EXIT_DONE);

    if ((status == EXIT_DONE || status == EXIT_UNCHANGED) && is_one_of_many(event)) {
        add_short_success(sink, event, to);
        return SINK_OUT;
    }
    if (status == EXIT_DONE || status == EXIT_UNCHANGED) {
        add_success(sink, event, to);
        return SINK_OUT;
    }
    add_failure(sink, event, to);
    return SINK_ERR;
}
