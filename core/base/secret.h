/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Secrets by value: whatever was loaded as one is registered here, and every sink replaces it, in
 * raw, base64, base64url, hexadecimal and URL-encoded form, before a text leaves the process.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/buf.h"

#include <stddef.h>

/* Values under 4 bytes are not registered: masking them would destroy every text. */
void secret_register(const void *bytes, size_t len);
void secret_forget_all(void);

/* Appends text with every registered secret replaced by "[secret]". */
void secret_mask(const char *text, struct buf *to);

#endif
