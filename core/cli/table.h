/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Rows and columns for people, each column as wide as its widest cell. Where the terminal is too
 * narrow, columns are left out as they rank; a first cell that is too long stands on a line of its
 * own, and the last one is cut or wrapped to what is left:
 *
 *     NAME     LEFT     STATE
 *     a.test   89 days
 *     a-name-that-is-long.test
 *              3 days   due, failing
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "base/str.h"
#include "cli/sink_impl.h"

struct table {
    size_t n_columns;
    struct strv cells;          /* row by row, the heading first */
    enum colour *colours;       /* one a row */
    size_t n, cap;              /* rows */
    const unsigned char *ranks; /* one a column: the highest goes first, 0 never; NULL: all stay */
    bool is_last_wrapped;       /* in place of cut */
};

/* headings: n_columns texts. */
void table_init(struct table *table, const char *const *headings, size_t n_columns);
void table_done(struct table *table);

/* cells: as many as there are columns; NULL is an empty one. Copied. */
void table_add(struct table *table, enum colour colour, const char *const *cells);

/* columns: of the terminal; 0: nothing is cut. */
void table_format(const struct table *table, bool has_colour, size_t columns, struct buf *to);

#endif
