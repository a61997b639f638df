/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Long lines for a terminal, broken between words. What stands below the first line of one is set
 * in, so that it can be told from the next:
 *
 *     error: example.com: provider 'ns1' cannot add
 *       _acme-challenge.example.com.: it refuses the change
 *       --option VALUE      what the option does, in its
 *                           column
 */
#include "base/escape.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/sink_impl.h"

#include <string.h>

#define INDENT 2u     /* of what goes on below a line that begins at the edge */
#define INDENT_FAR 8u /* lines set in so far go on where they began */
#define ROOM_MIN 16u  /* a column narrower than that is no good to read */
#define COMMAND "acme-dns "

/* Columns of text, colours not counted. */
static size_t width_of(const char *text, size_t len)
{
    AUTO(buf_done) struct buf plain = BUF(SINK_TEXT_MAX);

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\033') {
            i += strcspn(text + i, "m");
        } else {
            buf_add(&plain, text + i, 1);
        }
    }
    return escape_columns(buf_str(&plain));
}

/* Bytes before the second column of "  word  text", or 0. */
static size_t find_column(const char *line, size_t len)
{
    size_t at = strspn(line, " ");

    for (; at > 0 && at + 2 < len; at++) {
        if (line[at] != ' ' && line[at + 1] == ' ' && line[at + 2] == ' ') {
            at++;
            at += strspn(line + at, " ");
            return at < len ? at : 0;
        }
    }
    return 0;
}

/* A command in quotes is one word: people copy it. */
static size_t word_len(const char *word, size_t len, size_t room)
{
    const char *quote = word[0] == '\'' ? memchr(word + 1, '\'', len - 1) : NULL;
    size_t whole = quote == NULL ? 0 : (size_t)(quote - word) + 1;

    if (whole > 0 && str_has_prefix(word + 1, COMMAND)) {
        whole += strcspn(word + whole, " \n");
        if (whole <= len && width_of(word, whole) <= room) {
            return whole;
        }
    }
    return strcspn(word, " \n");
}

static void add_spaces(struct buf *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_char(to, ' ');
    }
}

static void wrap_words(const char *line, size_t len, size_t columns, size_t indent, struct buf *to)
{
    size_t used = 0;

    for (size_t at = 0; at < len;) {
        size_t gap = strspn(line + at, " ");
        size_t word = word_len(line + at + gap, len - at - gap, columns - indent);
        size_t width = width_of(line + at + gap, word);

        if (at > 0 && used > indent && used + gap + width > columns) {
            buf_add_char(to, '\n');
            add_spaces(to, indent);
            used = indent;
        } else {
            add_spaces(to, gap);
            used += gap;
        }
        buf_add(to, line + at + gap, word);
        used += width;
        at += gap + word;
    }
}

static void wrap_line(const char *line, size_t len, size_t columns, struct buf *to)
{
    size_t front = strspn(line, " ");
    size_t column = find_column(line, len);
    size_t indent = column > 0            ? width_of(line, column)
                    : front >= INDENT_FAR ? front
                                          : front + INDENT;
    bool is_example = front > 0 && (str_has_prefix(line + front, COMMAND) || line[front] == '#');

    if (is_example || width_of(line, len) <= columns || columns < ROOM_MIN) {
        buf_add(to, line, len);
        return;
    }
    wrap_words(line, len, columns, indent + ROOM_MIN > columns ? INDENT : indent, to);
}

void text_wrap(const char *text, size_t columns, struct buf *to)
{
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");

        if (columns == 0) {
            buf_add(to, text, len);
        } else {
            wrap_line(text, len, columns, to);
        }
        text += len;
        if (*text == '\n') {
            buf_add_char(to, '\n');
            text++;
        }
    }
}
