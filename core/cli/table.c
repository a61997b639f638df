/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cli/table.h"

#include "base/escape.h"
#include "base/mem.h"

#include <string.h>

#define GAP 2u
#define LAST_MIN 8u /* of the last column: less says nothing */
#define WRAPPED_MIN 24u
#define MOVED_MIN 16u
#define FIRST_MIN 4u     /* the heading's */
#define FIRST_ENOUGH 20u /* for longer first cells no other column is left out */

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

/* ---- Fitting ---- */

/* Columns of the terminal that these take, with what stands between them. */
static size_t sum_of(const size_t *widths, size_t from, size_t to)
{
    size_t sum = 0;

    for (size_t i = from; i < to; i++) {
        sum += widths[i] == 0 ? 0 : widths[i] + GAP;
    }
    return sum;
}

static size_t last_shown(const struct table *table, const size_t *widths)
{
    size_t last = table->n_columns - 1;

    while (last > 0 && widths[last] == 0) {
        last--;
    }
    return last;
}

/* What has moved to the end because others were left out is not cut: it was to stay. */
static bool is_wrapped(const struct table *table, size_t last)
{
    return table->is_last_wrapped || last + 1 < table->n_columns;
}

static size_t least_of_last(const struct table *table, size_t last, size_t width)
{
    size_t least = table->is_last_wrapped ? WRAPPED_MIN : LAST_MIN;

    least = last + 1 < table->n_columns ? MOVED_MIN : least;
    return width < least ? width : least;
}

/* Leaves out the column that ranks highest. False: all that are left have to stay. */
static bool leave_out(const struct table *table, size_t *widths)
{
    size_t found = table->n_columns;

    for (size_t i = 1; i < table->n_columns && table->ranks != NULL; i++) {
        if (widths[i] > 0 && table->ranks[i] > 0 &&
            (found == table->n_columns || table->ranks[i] > table->ranks[found])) {
            found = i;
        }
    }
    if (found == table->n_columns) {
        return false;
    }
    widths[found] = 0;
    return true;
}

/* First cells that are longer stand on lines of their own. */
static void narrow_first(const struct table *table, size_t columns, size_t enough, size_t *widths)
{
    size_t last = last_shown(table, widths);
    size_t others = sum_of(widths, 1, last) + GAP;
    size_t least = others + least_of_last(table, last, widths[last]);
    size_t whole = others + (is_wrapped(table, last) ? widths[last] : 0);
    size_t room = columns > least + FIRST_MIN ? columns - least : FIRST_MIN;

    /* Rather than have the last one wrapped, no more than enough. */
    if (room > enough && whole + enough > columns) {
        room = enough;
    } else if (room > enough && is_wrapped(table, last)) {
        room = columns - whole;
    }
    widths[0] = widths[0] < room ? widths[0] : room;
}

static void fit(const struct table *table, size_t columns, size_t *widths)
{
    size_t enough = columns / 3 > FIRST_ENOUGH ? columns / 3 : FIRST_ENOUGH;
    size_t first = widths[0] < enough ? widths[0] : enough;
    size_t rest = 0;

    do {
        size_t last = last_shown(table, widths);

        rest = sum_of(widths, 1, last) + GAP + least_of_last(table, last, widths[last]);
    } while (first + rest > columns && leave_out(table, widths));
    narrow_first(table, columns, enough, widths);
}

/* ---- Writing ---- */

static void add_blanks(struct buf *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_char(to, ' ');
    }
}

static void add_padded(struct buf *to, const char *cell, size_t width)
{
    size_t wide = escape_columns(cell);

    text_add_cut(to, cell, width);
    add_blanks(to, (wide < width ? width - wide : 0) + GAP);
}

static void trim_end(struct buf *to)
{
    while (to->len > 0 && to->bytes[to->len - 1] == ' ') {
        to->bytes[--to->len] = '\0';
    }
}

/* Word by word, below where it begins. */
static void add_wrapped(struct buf *to, const char *cell, size_t room, size_t indent)
{
    size_t used = 0;

    while (*cell != '\0') {
        size_t len = strcspn(cell, " ");
        AUTO_FREE char *word = str_dup_len(cell, len);
        size_t width = escape_columns(word);

        if (used > 0 && used + 1 + width > room) {
            buf_add_char(to, '\n');
            add_blanks(to, indent);
            used = 0;
        } else if (used > 0) {
            buf_add_char(to, ' ');
            used++;
        }
        buf_add_str(to, word);
        used += width;
        cell += len;
        cell += strspn(cell, " ");
    }
}

static void add_last(const struct table *table, size_t row, size_t last, size_t columns,
                     size_t used, struct buf *to)
{
    const char *cell = cell_at(table, row, last);
    size_t left = columns > used + LAST_MIN ? columns - used : LAST_MIN;

    if (columns == 0) {
        buf_add_str(to, cell);
    } else if (is_wrapped(table, last)) {
        add_wrapped(to, cell, left, used);
    } else {
        text_add_cut(to, cell, left);
    }
}

static void add_row(const struct table *table, size_t row, const size_t *widths, size_t columns,
                    struct buf *to)
{
    size_t last = last_shown(table, widths);
    const char *first = cell_at(table, row, 0);

    if (last > 0 && escape_columns(first) > widths[0]) {
        buf_add_str(to, first);
        buf_add_char(to, '\n');
        first = "";
    }
    for (size_t i = 0; i < last; i++) {
        if (widths[i] > 0) {
            add_padded(to, i == 0 ? first : cell_at(table, row, i), widths[i]);
        }
    }
    add_last(table, row, last, columns, sum_of(widths, 0, last), to);
    trim_end(to);
}

void table_format(const struct table *table, bool has_colour, size_t columns, struct buf *to)
{
    AUTO_FREE size_t *widths = mem_alloc(table->n_columns, sizeof(*widths));

    for (size_t i = 0; i < table->n_columns; i++) {
        widths[i] = is_empty(table, i) ? 0 : width_of(table, i);
    }
    if (columns > 0) {
        fit(table, columns, widths);
    }
    for (size_t row = 0; row < table->n; row++) {
        colour_begin(has_colour, table->colours[row], to);
        add_row(table, row, widths, columns, to);
        colour_end(has_colour, table->colours[row], to);
        if (to->len == 0 || to->bytes[to->len - 1] != '\n') {
            buf_add_char(to, '\n');
        }
    }
}
