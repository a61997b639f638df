/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/mem.h"

#include "base/cleanup.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static mem_exhausted_fn *exhausted_handler;

void mem_set_exhausted(mem_exhausted_fn *handler)
{
    exhausted_handler = handler;
}

static void *checked(void *p, size_t wanted)
{
    if (p == NULL) {
        if (exhausted_handler != NULL) {
            exhausted_handler(wanted);
        }
        abort();
    }
    return p;
}

void *mem_alloc(size_t n, size_t size)
{
    return checked(calloc(n == 0 ? 1 : n, size == 0 ? 1 : size), n * size);
}

void *mem_resize(void *p, size_t n, size_t size)
{
    size_t bytes = 0;

    if (__builtin_mul_overflow(n, size, &bytes)) {
        return checked(NULL, SIZE_MAX);
    }
    return checked(realloc(p, bytes == 0 ? 1 : bytes), bytes);
}

void *mem_copy(const void *p, size_t len)
{
    char *copy = checked(malloc(len + 1), len + 1);

    if (len > 0) {
        memcpy(copy, p, len);
    }
    copy[len] = '\0';
    return copy;
}

void mem_free(void *p)
{
    free(p);
}

void mem_wipe(void *p, size_t len)
{
    if (p != NULL && len > 0) {
        explicit_bzero(p, len);
    }
}

void mem_free_secret(void *p, size_t len)
{
    mem_wipe(p, len);
    free(p);
}

void cleanup_mem(void *at)
{
    free(*(void **)at);
}

void cleanup_fd(int *at)
{
    if (*at >= 0) {
        (void)close(*at);
    }
}
