/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* One character of UTF-8 at a time, strictly (RFC 3629): no overlong forms, no surrogates. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the character that the NUL-terminated text begins with, and its code; 0 if it is
 * none
 * (*ret_code untouched) or the text is empty. */
size_t utf8_decode(const char *text, uint32_t *ret_code);

#endif
