/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What has no room in a table of certificates: a line for each below it, but one for all of which
 * the same is to be said. A CA that is away is told of once, not a thousand times. */
#ifndef CLI_NOTES_H
#define CLI_NOTES_H

#include <stddef.h>
#include <stdint.h>

/* All zero at first. */
struct notes {
    struct note *items;
    size_t n, cap;
};

/* name: the certificate's. text: one line, why it failed. failed_s: when, in seconds since 1970;
 * 0: it is said as it is, with no "failed at" before it. */
void notes_add(struct notes *notes, const char *name, int64_t failed_s, const char *text);

/* Calls tell() for each line, "a: failed at 2026-11-22T13:22:05Z: no route\n" or "a, b, c and 7
 * more: failed, last at ...", in the order in which the first of each came. */
typedef void notes_line_fn(void *arg, const char *line);
void notes_tell(const struct notes *notes, notes_line_fn *tell, void *arg);

void notes_done(struct notes *notes);

#endif
