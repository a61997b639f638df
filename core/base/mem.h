/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Memory that is always there: allocation does not return NULL. When the system has none left, the
 * handler that main() set says so and ends the process; what was begun is in the journal, so this
 * is no worse than a power cut. Sizes that come from outside are bounded before they get here.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Called when memory is exhausted, with the size that was wanted; must not return. */
typedef void mem_exhausted_fn(size_t wanted);
void mem_set_exhausted(mem_exhausted_fn *handler);

/* n zeroed objects of the given size. */
void *mem_alloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));

/* Resizes; new bytes are not zeroed. */
void *mem_resize(void *p, size_t n, size_t size) __attribute__((returns_nonnull));

/* A copy of len bytes, with a NUL byte behind them. */
void *mem_copy(const void *p, size_t len) __attribute__((malloc, returns_nonnull));

void mem_free(void *p);

/* Overwrites before freeing: for anything that held a secret. p may be NULL. */
void mem_free_secret(void *p, size_t len);
void mem_wipe(void *p, size_t len);

#define NEW(type) ((type *)mem_alloc(1, sizeof(type)))

/*
 * Makes room for one more element in a growing array: VEC_PUSH(v->items, v->n, v->cap) = item;
 * Elements may be pointers, which clang-tidy holds for a mistake.
 */
#define VEC_PUSH(items, n, cap)                                                              \
    (*({                                                                                     \
        if ((n) == (cap)) {                                                                  \
            (cap) = (cap) == 0 ? 8 : (cap)*2;                                                \
            (items) = mem_resize((items), (cap),                                             \
                                 sizeof(*(items))); /* NOLINT(bugprone-sizeof-expression) */ \
        }                                                                                    \
        &(items)[(n)++];                                                                     \
    }))

#endif
