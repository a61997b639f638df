/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The configuration's mistakes, and what is in force, as people and programs read them. */
#ifndef CLI_CONFIG_TEXT_H
#define CLI_CONFIG_TEXT_H

#include "base/event.h"
#include "config/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As an EVENT_LOG with its place in fields of its own: file=, line=, column=, what=. */
void config_text_tell(const struct config_error *error, enum event_level level);

struct config_view;
struct buf;

/* "[kind name]" and a line for each value: key, where it comes from, value. columns: of the
 * terminal; 0: nothing is cut. */
void config_text_add_view(const struct config_view *view, bool has_colour, size_t columns,
                          struct buf *to);

/* The same as an object, to mem_free. */
char *config_text_format_json(const struct config_view *view, int64_t wall_s);

#endif
