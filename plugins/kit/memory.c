/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* A worker without memory has nothing left to say that would not need some: it ends, and acme-dns
 * says so and clears up. */
#include "kit_impl.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *check(void *p)
{
    static const char WORDS[] = "there is no memory left\n";

    if (p == NULL) {
        if (write(STDERR_FILENO, WORDS, sizeof(WORDS) - 1) < 0) {
            abort();
        }
        abort();
    }
    return p;
}

void *kit_alloc(size_t n, size_t size)
{
    return check(calloc(n == 0 ? 1 : n, size == 0 ? 1 : size));
}

void *kit_realloc(void *p, size_t n, size_t size)
{
    return check(reallocarray(p, n == 0 ? 1 : n, size == 0 ? 1 : size));
}

char *kit_strdup(const char *text)
{
    return text == NULL ? NULL : kit_strndup(text, strlen(text));
}

char *kit_strndup(const char *text, size_t len)
{
    char *copy = kit_alloc(len + 1, 1);

    memcpy(copy, text, len);
    return copy;
}

void kit_free_secret(char *text)
{
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
        free(text);
    }
}
