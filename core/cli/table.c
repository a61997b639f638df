/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cli/table.h"

#include "base/escape.h"
#include "base/mem.h"

#include <string.h>

#define GAP 2
#define LAST_MIN 8 /* of the last column: less says nothing */

void table_init(struct table *table, const char *const *headings, size_t n_columns)
{
    *table = (struct table){.n_columns = n_columns, .cells = STRV_INIT};
    table_add(table, COLOUR_BOLD, headings);
}

void table_done(struct table *table)
{
    strv_done(&table->cells);
    mem_free(table->colours);
}

/* Cleaned here, so that widths are those of what is shown. */
void table_add(struct table *table, enum colour colour, const char *const *cells)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        AUTO(buf_done) struct buf clean = BUF(SINK_TEXT_MAX);

        text_add_clean(&clean, cells[i] == NULL ? "" : cells[i], false);
        strv_add(&table->cells, buf_str(&clean));
    }
    VEC_PUSH(table->colours, table->n, table->cap) = colour;
}

static const char *cell_at(const struct table *table, size_t row, size_t column)
{
    return table->cells.items[row * table->n_columns + column];
}

static size_t width_of(const struct table *table, size_t column)
{
    size_t widest = 0;

    for (size_t row = 0; row < table->n; row++) {
        size_t width = escape_columns(cell_at(table, row, column));

        widest = width > widest ? width : widest;
    }
    return widest;
}

/* A column that is empty but for its heading is left out. */
static bool is_empty(const struct table *table, size_t column)
{
    for (size_t row = 1; row < table->n; row++) {
        if (*cell_at(table, row, column) != '\0') {
            return false;
        }
    }
    return true;
}

static void add_padded(struct buf *to, const char *cell, size_t width)
{
    buf_add_str(to, cell);
    for (size_t i = escape_columns(cell); i < width + GAP; i++) {
        buf_add_char(to, ' ');
    }
}

static void add_last(struct buf *to, const char *cell, size_t columns, size_t used)
{
    size_t left = columns > used ? columns - used : 0;

    if (columns == 0) {
        buf_add_str(to, cell);
    } else {
        text_add_cut(to, cell, left < LAST_MIN ? LAST_MIN : left);
    }
}

static void trim_end(struct buf *to)
{
    while (to->len > 0 && to->bytes[to->len - 1] == ' ') {
        to->bytes[--to->len] = '\0';
    }
}

void table_format(const struct table *table, bool has_colour, size_t columns, struct buf *to)
{
    size_t *widths = mem_alloc(table->n_columns, sizeof(*widths));

    for (size_t i = 0; i < table->n_columns; i++) {
        widths[i] = is_empty(table, i) ? 0 : width_of(table, i);
    }
    for (size_t row = 0; row < table->n; row++) {
        size_t used = 0;

        colour_begin(has_colour, table->colours[row], to);
        for (size_t i = 0; i + 1 < table->n_columns; i++) {
            if (widths[i] > 0) {
                add_padded(to, cell_at(table, row, i), widths[i]);
                used += widths[i] + GAP;
            }
        }
        add_last(to, cell_at(table, row, table->n_columns - 1), columns, used);
        trim_end(to);
        colour_end(has_colour, table->colours[row], to);
        buf_add_char(to, '\n');
    }
    mem_free(widths);
}
