/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cli/json_line.h"

#include "base/escape.h"
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

static struct json_out *begin(const char *name, enum event_level level, int64_t wall_s)
{
    struct json_out *out = json_out_new(false);

    json_out_object(out);
    json_out_kstr(out, "event", name);
    json_out_kstr(out, "level", event_level_name(level));
    json_out_ktime(out, "time", wall_s);
    return out;
}

struct json_out *json_line_begin(const char *name, const char *subject, int64_t wall_s)
{
    struct json_out *out = begin(name, EVENT_NOTICE, wall_s);

    json_out_kstr(out, "subject", subject);
    return out;
}

void json_line_format(const struct event *event, int64_t wall_s, struct buf *to)
{
    AUTO_PTR(json_out)
    struct json_out *out = begin(event_kind_name(event->kind), event->level, wall_s);
    AUTO_FREE char *text = NULL;

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
