/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Events for programs: {"event":"name","level":"notice","time":"...","subject":"...", and the
 * fields}. The four first keys are ours: a field of such a name would be a mistake of the room that
 * sent it.
 */
#include "base/clock.h"
#include "base/escape.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "cli/sink_impl.h"

#include <string.h>

/* Masked, and cut where an escape would cut it; JSON's own escaping does the rest. */
static void add_text(struct json_out *out, const char *key, const char *text)
{
    AUTO(buf_done) struct buf masked = BUF(SINK_TEXT_MAX);
    AUTO_FREE char *cut = NULL;
    size_t len = 0;

    secret_mask(text, &masked);
    len = masked.len;
    if (len > ESCAPE_MAX) {
        len = ESCAPE_MAX;
        while (len > 0 && ((unsigned char)buf_str(&masked)[len] & 0xc0) == 0x80) {
            len--;
        }
        cut = str_fmt("%.*s...", (int)len, buf_str(&masked));
    }
    json_out_kstr(out, key, cut == NULL ? buf_str(&masked) : cut);
}

void json_format(const struct event *event, int64_t wall_s, struct buf *to)
{
    AUTO_PTR(json_out) struct json_out *out = json_out_new(false);
    char time[CLOCK_TEXT_MAX];
    AUTO_FREE char *text = NULL;

    clock_format(wall_s, time);
    json_out_object(out);
    json_out_kstr(out, "event", event_kind_name(event->kind));
    json_out_kstr(out, "level", event_level_name(event->level));
    json_out_kstr(out, "time", time);
    add_text(out, "subject", event->subject);
    for (size_t i = 0; i < event->n_fields; i++) {
        const struct event_field *field = &event->fields[i];

        if (field->text != NULL) {
            add_text(out, field->key, field->text);
        } else if (field->is_number) {
            json_out_kint(out, field->key, field->number);
        }
    }
    json_out_end(out);
    text = json_out_take(out);
    buf_add_str(to, text);
    buf_add_char(to, '\n');
}
