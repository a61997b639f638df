/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What a person is asked to change in the DNS, the records of a zone together:
 *
 *     Please create 2 TXT records in the zone example.com:
 *
 *       name   _acme-challenge.example.com
 *       or     _acme-challenge, where the zone is appended
 *       TTL    60
 *       value  U2VZx0SiZpBsdDmLhvLZpuyuSvo84iY3nRrUwNAOTzM
 *       value  tVEdBcYUnLsDTHjRkBkBQKhWQyvVU1UWNMm2-qdmmpQ
 *       Both values belong to the one name, as two records.
 *
 * No line but for long names is wider than 60 columns.
 */
#include "base/mem.h"
#include "base/str.h"
#include "cli/sink_impl.h"

#include <string.h>

struct records {
    struct buf text;
    char *owner; /* of the group in hand */
    size_t n_values;
};

void records_free(struct records *records)
{
    if (records != NULL) {
        buf_done(&records->text);
        mem_free(records->owner);
        mem_free(records);
    }
}

static bool is_create(const struct event *event)
{
    return str_eq(event_text(event, "action"), "create");
}

static bool is_awaited(const struct event *event)
{
    return event_number(event, "waited-for", 0) != 0;
}

static const char *opening_of(const struct event *event)
{
    if (!is_create(event)) {
        return is_awaited(event) ? "Please delete" : "You may delete";
    }
    return event_number(event, "known", 0) != 0 ? "Please create, unless it is done,"
                                                : "Please create";
}

static void add_row(struct records *records, const char *label, const char *text, const char *after)
{
    buf_addf(&records->text, "  %-7s", label);
    text_add_clean(&records->text, text, false);
    buf_addf(&records->text, "%s\n", after);
}

static void add_head(const struct sink *sink, struct records *records, const struct event *event)
{
    bool has_colour = sink->settings.has_colour[SINK_ERR];
    long long count = (long long)event_number(event, "count", 1);
    const char *zone = event_text(event, "zone");
    AUTO_FREE char *what =
        count == 1 ? str_dup("1 TXT record") : str_fmt("%lld TXT records", count);
    AUTO_FREE char *head =
        str_fmt("%s %s in the zone %s:", opening_of(event), what, zone == NULL ? "" : zone);

    buf_add_str(&records->text, sink->is_line_empty ? "" : "\n");
    colour_begin(has_colour, is_create(event) ? COLOUR_YELLOW : COLOUR_BOLD, &records->text);
    text_add_clean(&records->text, head, false);
    colour_end(has_colour, is_create(event) ? COLOUR_YELLOW : COLOUR_BOLD, &records->text);
    buf_add_char(&records->text, '\n');
}

static void end_group(struct records *records, const struct event *event)
{
    if (records->n_values > 1 && is_create(event)) {
        buf_addf(&records->text, "  %s values belong to the one name, as %s records.\n",
                 records->n_values == 2 ? "Both" : "All",
                 records->n_values == 2 ? "two" : "several");
    }
    records->n_values = 0;
}

/* Forms of web sites often want the part before the zone's name only. */
static char *shorten(const char *owner, const char *zone)
{
    AUTO_FREE char *suffix = zone == NULL ? NULL : str_fmt(".%s", zone);

    return suffix == NULL || !str_has_suffix(owner, suffix)
               ? NULL
               : str_dup_len(owner, strlen(owner) - strlen(suffix));
}

static void begin_group(struct records *records, const struct event *event)
{
    AUTO_FREE char *part = shorten(event->subject, event_text(event, "zone"));
    AUTO_FREE char *ttl = str_fmt("%lld", (long long)event_number(event, "ttl", 0));
    const char *alias = event_text(event, "alias-of");

    str_set(&records->owner, event->subject);
    buf_add_char(&records->text, '\n');
    add_row(records, "name", event->subject, "");
    if (is_create(event) && part != NULL) {
        add_row(records, "or", part, ", where the zone is appended");
    }
    if (alias != NULL) {
        add_row(records, "for", alias, ", whose CNAME leads there");
    }
    if (is_create(event)) {
        add_row(records, "TTL", ttl, ", or the shortest that is to be had");
    }
}

static void add_value(const struct sink *sink, struct records *records, const struct event *event)
{
    bool has_colour = sink->settings.has_colour[SINK_ERR];
    const char *value = event_text(event, "value");

    buf_addf(&records->text, "  %-7s", "value");
    colour_begin(has_colour, COLOUR_BOLD, &records->text);
    text_add_clean(&records->text, value == NULL ? "" : value, false);
    colour_end(has_colour, COLOUR_BOLD, &records->text);
    buf_add_char(&records->text, '\n');
    records->n_values++;
}

/* What the wait is like: once a run is enough. */
static void add_wait(struct sink *sink, struct records *records, const struct event *event)
{
    if (sink->has_told_wait) {
        return;
    }
    sink->has_told_wait = true;
    buf_add_str(&records->text, "The name servers are watched until all of them show this.\n");
    if (event_number(event, "attended", 0) != 0) {
        buf_add_str(&records->text, sink->is_trial
                                        ? "Enter looks at once. Ctrl-C ends the test.\n"
                                        : "Enter looks at once. Ctrl-C ends the wait: the same "
                                          "command\ngoes on from here later, with the same "
                                          "values.\n");
    }
    buf_add_char(&records->text, '\n');
}

static void add_foot(struct sink *sink, struct records *records, const struct event *event)
{
    buf_add_char(&records->text, '\n');
    if (is_awaited(event) && is_create(event)) {
        add_wait(sink, records, event);
    } else if (is_awaited(event)) {
        buf_add_str(&records->text, "The name servers are watched until none of them has it.\n\n");
    } else if (!is_create(event)) {
        buf_add_str(&records->text,
                    "Nothing looks at them any more, and nothing waits for that.\n\n");
    }
}

bool records_take(struct sink *sink, const struct event *event, struct buf *to)
{
    int64_t index = event_number(event, "index", 1);
    struct records *records = sink->records;

    if (records == NULL || index == 1) {
        records_free(records);
        records = NEW(struct records);
        buf_init(&records->text, SINK_TEXT_MAX);
        sink->records = records;
        add_head(sink, records, event);
    }
    if (!str_eq(records->owner, event->subject)) {
        end_group(records, event);
        begin_group(records, event);
    }
    add_value(sink, records, event);
    if (index < event_number(event, "count", 1)) {
        return false;
    }
    end_group(records, event);
    add_foot(sink, records, event);
    buf_add(to, buf_str(&records->text), records->text.len);
    records_free(records);
    sink->records = NULL;
    return true;
}
