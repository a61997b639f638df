/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What --json writes, an object a line: {"event":"name","level":"notice","time":"...",
 * "subject":"...", and what only that kind has}. The four first keys are ours: a field of such a
 * name would be a mistake of who sent it.
 */
#ifndef CLI_JSON_LINE_H
#define CLI_JSON_LINE_H

#include "base/buf.h"
#include "base/event.h"
#include "base/json.h"

/* Begins the object of what is no event, with those four; to json_out_free. */
struct json_out *json_line_begin(const char *name, const char *subject, int64_t wall_s);

/* An event, with its line feed. */
void json_line_format(const struct event *event, int64_t wall_s, struct buf *to);

#endif
