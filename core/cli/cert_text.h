/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* A certificate for people and programs: a row of a table, key=value lines, or JSON. */
#ifndef CLI_CERT_TEXT_H
#define CLI_CERT_TEXT_H

#include "base/buf.h"
#include "cli/notes.h"
#include "cli/table.h"
#include "task/list.h"

void cert_table_init(struct table *table);
void cert_table_add(struct table *table, const struct list_row *row, int64_t wall_s);

/* What is wrong with it, in its own words: why it is damaged, what failed last. */
void cert_list_notes(const struct list_row *row, struct notes *notes);

/* key=value, a line each. */
void cert_format_keys(const struct list_row *row, struct buf *to);

/* The same facts as an object of --json's kind "certificate", without a line feed; what there is
 * nothing to say of is null. To mem_free. */
char *cert_format_json(const struct list_row *row, int64_t wall_s);

#endif
