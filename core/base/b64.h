/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* base64url without padding (RFC 4648 section 5, RFC 7515 section 2), base64, base32, hex. */
#ifndef BASE_B64_H
#define BASE_B64_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

void b64url_add(struct buf *to, const void *bytes, size_t len);
char *b64url_encode(const void *bytes, size_t len); /* to mem_free */

/* Strict: no padding, no blanks, no other alphabet, no stray bits. Appends. */
bool b64url_decode(const char *text, size_t len, struct buf *to);

/* As people paste it: base64url or base64, with or without padding, blanks and line ends ignored.
 */
bool b64_decode_lenient(const char *text, size_t len, struct buf *to);

void b64_add(struct buf *to, const void *bytes, size_t len); /* with padding */
void hex_add(struct buf *to, const void *bytes, size_t len); /* lower case */

/* base64url without padding of SHA-256(bytes): 43 characters, to mem_free. */
char *b64url_sha256(const void *bytes, size_t len);

/* The first n hexadecimal digits of SHA-256(text), to mem_free. */
char *hex_sha256(const char *text, size_t n);

#endif
