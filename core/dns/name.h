/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Names of the DNS as text: lower case, no dot at the end, the root is ".". Only names whose bytes
 * need no escaping are handled; others never carry a challenge. */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>

#define NAME_MAX_BYTES 253

/* Labels of 1 to 63 letters, digits, "-", "_", "*", "/", "+", "="; at most NAME_MAX_BYTES; or ".".
 */
bool name_is_plain(const char *name);

/* Lower case and without the final dot, in place: what ldns prints becomes what we compare. */
void name_fold(char *name);

/* Whether name is zone or lies below it. */
bool name_is_within(const char *name, const char *zone);

/* One label less, borrowed from name; "." for a single label and for ".". */
const char *name_parent(const char *name);

/* 0 for the root. */
size_t name_count_labels(const char *name);

/* The last n labels of name, borrowed; name itself if it has no more. */
const char *name_last_labels(const char *name, size_t n);

#endif
