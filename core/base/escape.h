/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Text from outside (CA, name servers, hooks) on its way to a sink. One function a sink; each cuts
 * at ESCAPE_MAX bytes and says so.
 */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define ESCAPE_MAX 2048

/* For a terminal or a log line: control bytes, ESC, C1, bidirectional overrides and bad UTF-8
 * become \xNN or \u{NNNN}. Line feeds stay if is_multiline, so that our own tables survive; a CR
 * never does. */
void escape_terminal(const char *text, bool is_multiline, struct buf *to);

/* For raw bytes of unknown encoding (TXT values, file names): printable ASCII stays. */
void escape_bytes(const void *bytes, size_t len, struct buf *to);

/* The number of terminal columns that a UTF-8 text takes. */
size_t escape_columns(const char *text);

#endif
