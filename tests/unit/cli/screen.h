/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * As much of a terminal as the live lines use: text, line feeds (with carriage return, as a tty
 * adds), cursor up, erase to the end of line and screen; colours are dropped. Lines that reach the
 * right edge wrap. It scrolls, and keeps what scrolled away.
 */
#ifndef TESTS_SCREEN_H
#define TESTS_SCREEN_H

#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { SCREEN_LINES_MAX = 400, SCREEN_COLUMNS_MAX = 256 };

struct screen {
    unsigned columns, rows;
    unsigned line, column; /* of the cursor, from the first line ever */
    unsigned n_lines;
    char cells[SCREEN_LINES_MAX][SCREEN_COLUMNS_MAX];
};

static void screen_init(struct screen *s, unsigned columns, unsigned rows)
{
    *s = (struct screen){.columns = columns, .rows = rows, .n_lines = 1};
    memset(s->cells, ' ', sizeof(s->cells));
}

static void screen_erase(struct screen *s, unsigned line, unsigned from)
{
    memset(&s->cells[line][from], ' ', SCREEN_COLUMNS_MAX - from);
}

static void screen_feed_line(struct screen *s)
{
    s->column = 0;
    s->line++;
    s->n_lines = s->line + 1 > s->n_lines ? s->line + 1 : s->n_lines;
}

static void screen_put(struct screen *s, char c)
{
    if (s->column == s->columns) {
        screen_feed_line(s);
    }
    s->cells[s->line][s->column++] = c;
}

/* ESC [ number letter; returns what follows. */
static const char *screen_escape(struct screen *s, const char *at)
{
    char *end = NULL;
    unsigned n = (unsigned)strtoul(at, &end, 10);
    unsigned top = s->n_lines > s->rows ? s->n_lines - s->rows : 0;

    switch (*end) {
    case 'A': /* never beyond the top of what is visible */
        s->line = s->line >= n && s->line - n > top ? s->line - n : top;
        break;
    case 'K':
        screen_erase(s, s->line, s->column);
        break;
    case 'J':
        screen_erase(s, s->line, s->column);
        for (unsigned i = s->line + 1; i < s->n_lines; i++) {
            screen_erase(s, i, 0);
        }
        s->n_lines = s->line + 1;
        break;
    default: /* m */
        break;
    }
    return end + 1;
}

static void screen_write(struct screen *s, const char *bytes, size_t len)
{
    const char *end = bytes + len;

    while (bytes < end) {
        char c = *bytes++;

        if (c == '\033') {
            bytes = screen_escape(s, bytes + 1);
        } else if (c == '\n') {
            screen_feed_line(s);
        } else if (c == '\r') {
            s->column = 0;
        } else {
            screen_put(s, c);
        }
    }
}

/* All lines, without blanks at their ends. */
static void screen_dump(const struct screen *s, struct buf *to)
{
    for (unsigned i = 0; i < s->n_lines; i++) {
        size_t len = SCREEN_COLUMNS_MAX;

        while (len > 0 && s->cells[i][len - 1] == ' ') {
            len--;
        }
        if (len > 0 || i + 1 < s->n_lines) {
            buf_add(to, s->cells[i], len);
            buf_add_char(to, '\n');
        }
    }
}

#endif
