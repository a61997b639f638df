/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/event.h"

#include "base/buf.h"
#include "base/cleanup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One sink for the process: what the program says has one place of exit. */
static event_sink_fn *current_sink;
static void *current_sink_arg;
static enum event_level current_up_to;

static const struct event_field *find_field(const struct event *event, const char *key)
{
    for (size_t i = 0; i < event->n_fields; i++) {
        if (strcmp(event->fields[i].key, key) == 0) {
            return &event->fields[i];
        }
    }
    return NULL;
}

const char *event_text(const struct event *event, const char *key)
{
    const struct event_field *field = find_field(event, key);

    return field == NULL ? NULL : field->text;
}

int64_t event_number(const struct event *event, const char *key, int64_t fallback)
{
    const struct event_field *field = find_field(event, key);

    return field == NULL || field->text != NULL ? fallback : field->number;
}

const char *event_kind_name(enum event_kind kind)
{
    static const char *const NAMES[] = {
        [EVENT_LOG] = "log",         [EVENT_ORDER] = "order",         [EVENT_NAME] = "name",
        [EVENT_SERVERS] = "servers", [EVENT_CALL] = "call",           [EVENT_HTTP] = "http",
        [EVENT_DNS] = "dns",         [EVENT_INSTALLED] = "installed", [EVENT_RECORD] = "record",
        [EVENT_RESULT] = "result",
    };

    return (size_t)kind < ARRAY_LEN(NAMES) ? NAMES[kind] : "unknown";
}

const char *event_level_name(enum event_level level)
{
    static const char *const NAMES[] = {
        [EVENT_ERROR] = "error", [EVENT_WARNING] = "warning", [EVENT_NOTICE] = "notice",
        [EVENT_DEBUG] = "debug", [EVENT_TRACE] = "trace",
    };

    return (size_t)level < ARRAY_LEN(NAMES) ? NAMES[level] : "unknown";
}

void event_set_sink(event_sink_fn *sink, void *arg, enum event_level up_to)
{
    current_sink = sink;
    current_sink_arg = arg;
    current_up_to = up_to;
}

int event_is_wanted(enum event_level level)
{
    return current_sink != NULL && level <= current_up_to;
}

void event_emit_array(enum event_level level, enum event_kind kind, const char *subject,
                      const struct event_field *fields, size_t n_fields)
{
    const struct event event = {
        .kind = kind,
        .level = level,
        .subject = subject == NULL ? "" : subject,
        .fields = fields,
        .n_fields = n_fields,
    };

    if (event_is_wanted(level)) {
        current_sink(current_sink_arg, &event);
    }
}

void event_log(enum event_level level, const char *subject, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    struct event_field field = FIELD("text", text);
    va_list args;

    if (!event_is_wanted(level)) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    event_emit_array(level, EVENT_LOG, subject, &field, 1);
}
