/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Memory that is always there: when the system has none left the process ends, as it does in
 * acme-kit. acme-dns reports that, and counts what was under way as perhaps done.
 */
#ifndef ROUTE53_ALLOC_H
#define ROUTE53_ALLOC_H

#include <gnutls/gnutls.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* n things of size bytes, all zero. */
static inline void *alloc_zero(size_t n, size_t size)
{
    void *memory = calloc(n == 0 ? 1 : n, size);

    if (memory == NULL) {
        abort();
    }
    return memory;
}

static inline void *alloc_resize(void *memory, size_t n, size_t size)
{
    void *resized = size != 0 && n > (size_t)-1 / size ? NULL : realloc(memory, n * size);

    if (resized == NULL) {
        abort();
    }
    return resized;
}

static inline char *alloc_copy(const char *text)
{
    size_t size = strlen(text) + 1;

    return memcpy(alloc_zero(size, 1), text, size);
}

/* Wipes and frees a text; NULL is fine. */
static inline void alloc_free_secret(char *text)
{
    if (text != NULL) {
        gnutls_memset(text, 0, strlen(text));
    }
    free(text);
}

#endif
