/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Text on its way to a terminal: masked first (escaping would hide a secret from the mask), then
 * escaped. */
#include "base/escape.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/utf8.h"
#include "cli/sink_impl.h"

#include <string.h>

static const char *const CODES[] = {
    [COLOUR_NONE] = "",          [COLOUR_RED] = "\033[31m",  [COLOUR_YELLOW] = "\033[33m",
    [COLOUR_GREEN] = "\033[32m", [COLOUR_FAINT] = "\033[2m", [COLOUR_BOLD] = "\033[1m",
};

void colour_begin(bool has_colour, enum colour colour, struct buf *to)
{
    buf_add_str(to, has_colour ? CODES[colour] : "");
}

void colour_end(bool has_colour, enum colour colour, struct buf *to)
{
    buf_add_str(to, has_colour && colour != COLOUR_NONE ? "\033[0m" : "");
}

void text_add_clean(struct buf *to, const char *text, bool is_multiline)
{
    AUTO(buf_done) struct buf masked = BUF(SINK_TEXT_MAX);
    const char *at = NULL;

    secret_mask(text, &masked);
    at = buf_str(&masked);
    /* A line at a time: the escape's cut is meant for one remote text, not for a table of ours. */
    while (is_multiline && strchr(at, '\n') != NULL) {
        size_t len = strcspn(at, "\n");
        AUTO_FREE char *line = str_dup_len(at, len);

        escape_terminal(line, false, to);
        buf_add_char(to, '\n');
        at += len + 1;
    }
    escape_terminal(at, false, to);
}

void text_add_cut(struct buf *to, const char *text, size_t columns)
{
    static const char DOTS[] = "...";
    size_t used = 0;
    size_t room = columns > strlen(DOTS) ? columns - strlen(DOTS) : 0;

    if (escape_columns(text) <= columns) {
        buf_add_str(to, text);
        return;
    }
    while (*text != '\0') {
        uint32_t code = 0;
        size_t len = utf8_decode(text, &code);
        AUTO_FREE char *one = str_dup_len(text, len);
        size_t width = escape_columns(one);

        if (len == 0 || used + width > room) {
            break;
        }
        buf_add(to, one, len);
        used += width;
        text += len;
    }
    buf_add(to, DOTS, columns < strlen(DOTS) ? columns : strlen(DOTS));
}
