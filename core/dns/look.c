/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/look.h"

#include "base/clock.h"
#include "base/escape.h"
#include "dns/walk.h"

#include <stdio.h>
#include <string.h>

enum { VALUES_SHOWN = 3, VALUE_SHOWN_LEN = 12, COLUMN_MAX = 60 };

static bool is_value_at(const struct message_record *record, const char *owner)
{
    return record->section == MESSAGE_ANSWER && record->type == MESSAGE_TXT &&
           strcmp(record->owner, owner) == 0;
}

static bool holds(const struct message *message, const char *owner, const char *value)
{
    size_t len = strlen(value);

    for (size_t i = 0; i < message->n_records; i++) {
        const struct message_record *record = &message->records[i];

        if (is_value_at(record, owner) && record->len == len &&
            memcmp(record->bytes, value, len) == 0) {
            return true;
        }
    }
    return false;
}

void look_standing(const struct message *message, const char *owner, const struct strv *values,
                   struct strv *standing)
{
    for (size_t i = 0; i < values->n; i++) {
        if (holds(message, owner, values->items[i])) {
            strv_add_unique(standing, values->items[i]);
        }
    }
}

static void add_shortened(const struct message_record *record, struct buf *to)
{
    AUTO(buf_done) struct buf text = BUF(2 * ESCAPE_MAX);

    escape_bytes(record->bytes, record->len < VALUE_SHOWN_LEN ? record->len : VALUE_SHOWN_LEN,
                 &text);
    buf_addf(to, "\"%s%s\"", buf_str(&text), record->len > VALUE_SHOWN_LEN ? "..." : "");
}

static void describe_values(const struct message *message, const struct look_want *want,
                            size_t n_found, struct look *look)
{
    AUTO(buf_done) struct buf text = BUF(LOOK_TEXT_MAX - 1);
    size_t n_seen = 0;

    if (n_found > 0) {
        buf_addf(&text, "%zu of %zu values, ", n_found, want->values->n);
    }
    buf_add_str(&text, "TXT");
    for (size_t i = 0; i < message->n_records; i++) {
        if (is_value_at(&message->records[i], want->owner) && n_seen++ < VALUES_SHOWN) {
            buf_add_char(&text, ' ');
            add_shortened(&message->records[i], &text);
        }
    }
    if (n_seen > VALUES_SHOWN) {
        buf_addf(&text, " and %zu more", n_seen - VALUES_SHOWN);
    }
    (void)snprintf(look->text, sizeof(look->text), "%s",
                   n_seen == 0 ? "no TXT at this name" : buf_str(&text));
}

static void read_values(const struct message *message, const struct look_want *want,
                        struct look *look)
{
    size_t n_found = 0;

    for (size_t i = 0; i < want->values->n; i++) {
        n_found += holds(message, want->owner, want->values->items[i]) ? 1 : 0;
    }
    if (n_found == want->values->n) {
        look->class = LOOK_GOOD;
        (void)snprintf(look->text, sizeof(look->text), "has it");
        return;
    }
    look->class = LOOK_WAIT;
    if (message->rcode == MESSAGE_NXDOMAIN) {
        (void)snprintf(look->text, sizeof(look->text), "no such name (NXDOMAIN)");
    } else {
        describe_values(message, want, n_found, look);
    }
}

static void read_alias(const struct walk_reading *reading, const struct look_want *want,
                       struct look *look)
{
    bool is_wildcards =
        want->wildcard_target != NULL && strcmp(reading->target, want->wildcard_target) == 0;

    look->class = is_wildcards ? LOOK_WAIT : LOOK_MOVED;
    (void)snprintf(look->target, sizeof(look->target), "%s", reading->target);
    (void)snprintf(look->text, sizeof(look->text), "%s to %.150s%s",
                   reading->step == WALK_CNAME ? "CNAME" : "DNAME", reading->target,
                   is_wildcards ? " by a wildcard" : "");
}

static void read_message(const struct message *message, const struct look_want *want,
                         struct look *look)
{
    struct walk_reading reading;

    walk_read(message, want->zone, want->owner, &reading);
    switch (reading.step) {
    case WALK_END:
        read_values(message, want, look);
        break;
    case WALK_CNAME:
    case WALK_DNAME:
        read_alias(&reading, want, look);
        break;
    case WALK_REFERRAL:
        look->class = LOOK_LAME;
        (void)snprintf(look->text, sizeof(look->text), "delegates the name to another zone");
        break;
    case WALK_LAME:
    case WALK_RECURSIVE:
        look->class = LOOK_LAME;
        if (reading.why != NULL) {
            (void)snprintf(look->text, sizeof(look->text), "%s", reading.why);
        } else {
            message_format_rcode(message->rcode, look->text);
        }
        break;
    }
}

void look_read(const struct exchange_result *result, const struct look_want *want,
               struct look *ret_look)
{
    *ret_look = (struct look){.class = LOOK_DEAD};
    if (result->outcome == EXCHANGE_ANSWERED) {
        read_message(result->message, want, ret_look);
        return;
    }
    (void)snprintf(ret_look->text, sizeof(ret_look->text), "%s", result->why);
    if (result->outcome == EXCHANGE_NO_TCP) {
        /* The zone is served, but not in a way the CA can read: never out of the vote. */
        ret_look->class = LOOK_WAIT;
    } else if (result->outcome == EXCHANGE_GARBLED) {
        ret_look->class = LOOK_LAME;
    }
    ret_look->is_unroutable = result->outcome == EXCHANGE_UNROUTABLE;
}

static size_t column_width(const struct look_row *rows, size_t n_rows, bool is_server)
{
    size_t width = 0;

    for (size_t i = 0; i < n_rows; i++) {
        size_t len = strlen(is_server ? rows[i].server : rows[i].answer);

        width = len > width ? len : width;
    }
    return width < COLUMN_MAX ? width : COLUMN_MAX;
}

void look_format_table(const struct look_row *rows, size_t n_rows, struct buf *to)
{
    int server_width = (int)column_width(rows, n_rows, true);
    int answer_width = (int)column_width(rows, n_rows, false);

    for (int is_good = 0; is_good <= 1; is_good++) {
        for (size_t i = 0; i < n_rows; i++) {
            if (rows[i].is_good != (is_good == 1)) {
                continue;
            }
            buf_addf(to, "\n  %-*s  %-*s  ", server_width, rows[i].server, answer_width,
                     rows[i].answer);
            if (rows[i].age_ms < 0) {
                buf_add_str(to, "not asked");
            } else {
                buf_addf(to, "%lld.%lld s ago", (long long)(rows[i].age_ms / 1000),
                         (long long)(rows[i].age_ms % 1000 / 100));
            }
        }
    }
}
