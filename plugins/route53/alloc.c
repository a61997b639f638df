/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "alloc.h"

#include <gnutls/gnutls.h>
#include <string.h>

void *alloc_zero(size_t n, size_t size)
{
    void *memory = calloc(n == 0 ? 1 : n, size);

    if (memory == NULL) {
        abort();
    }
    return memory;
}

void *alloc_resize(void *memory, size_t n, size_t size)
{
    size_t bytes = size != 0 && n > (size_t)-1 / size ? 0 : n * size;
    void *resized = bytes == 0 ? NULL : realloc(memory, bytes);

    if (resized == NULL) {
        abort();
    }
    return resized;
}

char *alloc_copy_len(const char *text, size_t len)
{
    return memcpy(alloc_zero(len + 1, 1), text, len);
}

char *alloc_copy(const char *text)
{
    return alloc_copy_len(text, strlen(text));
}

char *alloc_copy_or_null(const char *text)
{
    return text != NULL ? alloc_copy(text) : NULL;
}

void alloc_free_secret(char *text)
{
    if (text != NULL) {
        gnutls_memset(text, 0, strlen(text));
    }
    free(text);
}
