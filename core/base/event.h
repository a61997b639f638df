/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What happens, told upwards: rooms emit events, the sink that cli/ set at start renders them
 * (terminal, plain lines, --json). Nothing below cli/ prints. Texts are raw: each sink escapes and
 * masks for itself.
 */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Most important first: -q shows up to NOTICE's warnings and errors, -v up to DEBUG, -vv all. */
enum event_level { EVENT_ERROR, EVENT_WARNING, EVENT_NOTICE, EVENT_DEBUG, EVENT_TRACE };

enum event_kind {
    EVENT_LOG,     /* subject: room or plug-in; text */
    EVENT_ORDER,   /* subject: certificate; state= of the order, text= detail */
    EVENT_NAME,    /* subject: identifier ("*.example.com"); certificate=, state=, text= */
    EVENT_SERVERS, /* subject: identifier; good=, total=, waiting= names of the servers not yet good
                    */
    EVENT_CALL,    /* subject: provider instance; verb=, zone=, count=, ms= */
    EVENT_HTTP,    /* subject: method and URL; status=, ms= */
    EVENT_DNS,     /* subject: question; server=, answer=, ms= */
    EVENT_INSTALLED, /* subject: certificate; path=, not-after=, names= */
    /* What a person is asked to do. Subject: owner; action= "create" or "delete", provider=, zone=,
     * type=, value=, ttl=, identifier=, alias-of= the name whose CNAME leads to the owner, index=
     * of count= records of one zone; 1 or 0: known= an earlier run has asked, waited-for= this run
     * waits, attended= somebody sees it at once */
    EVENT_RECORD,
    EVENT_RESULT, /* subject: certificate or command; exit=, class=, text= */
};

struct event_field {
    const char *key;
    const char *text; /* NULL: number counts if is_number, else there is nothing to say */
    int64_t number;
    bool is_number;
};

#define FIELD(key_, text_) ((struct event_field){.key = (key_), .text = (text_)})
#define FIELD_INT(key_, number_) \
    ((struct event_field){.key = (key_), .number = (number_), .is_number = true})

struct event {
    enum event_kind kind;
    enum event_level level;
    const char *subject; /* never NULL */
    const struct event_field *fields;
    size_t n_fields;
};

/* The text of a field, or NULL. */
const char *event_text(const struct event *event, const char *key);
int64_t event_number(const struct event *event, const char *key, int64_t fallback);

const char *event_kind_name(enum event_kind kind);
const char *event_level_name(enum event_level level);

typedef void event_sink_fn(void *arg, const struct event *event);
/* up_to: what the sink wants; less important events are dropped before they are built. */
void event_set_sink(event_sink_fn *sink, void *arg, enum event_level up_to);
int event_is_wanted(enum event_level level);

void event_emit_array(enum event_level level, enum event_kind kind, const char *subject,
                      const struct event_field *fields, size_t n_fields);

/* event_emit(EVENT_NOTICE, EVENT_NAME, name, FIELD("state", "PROPAGATE"), FIELD_INT("good", 3)); */
#define event_emit(level, kind, subject, ...)                       \
    do {                                                            \
        if (event_is_wanted(level)) {                               \
            const struct event_field fields_[] = {__VA_ARGS__};     \
            event_emit_array((level), (kind), (subject), fields_,   \
                             sizeof(fields_) / sizeof(fields_[0])); \
        }                                                           \
    } while (0)

/* EVENT_LOG with a formatted text. */
void event_log(enum event_level level, const char *subject, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
