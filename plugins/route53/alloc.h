/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Memory that is always there: when the system has none left the process ends, as it does in
 * acme-kit. acme-dns reports that, and counts what was under way as perhaps done.
 */
#ifndef ROUTE53_ALLOC_H
#define ROUTE53_ALLOC_H

#include <stddef.h>
#include <stdlib.h>

/* n things of size bytes, all zero. */
void *alloc_zero(size_t n, size_t size);
/* To n things of size bytes; neither may be 0. */
void *alloc_resize(void *memory, size_t n, size_t size);

char *alloc_copy(const char *text);
char *alloc_copy_len(const char *text, size_t len);
char *alloc_copy_or_null(const char *text);

/* Wipes and frees a text; NULL is fine. */
void alloc_free_secret(char *text);

#endif
