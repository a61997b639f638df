/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Strings and lists of strings. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies to mem_free. str_dup(NULL) is NULL. */
char *str_dup(const char *s);
char *str_dup_len(const char *s, size_t len);
char *str_fmt(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Frees *at and puts a copy of s there; s may be NULL or *at itself. */
void str_set(char **at, const char *s);

bool str_eq(const char *a, const char *b);        /* both may be NULL; NULL equals only NULL */
bool str_eq_nocase(const char *a, const char *b); /* ASCII */
bool str_has_prefix(const char *s, const char *prefix);
bool str_has_suffix(const char *s, const char *suffix);
void str_lower(char *s); /* ASCII, in place */
void str_trim(char *s);  /* blanks at both ends, in place */

/* A whole decimal number between min and max; false and *ret untouched otherwise. */
bool str_parse_int(const char *s, int64_t min, int64_t max, int64_t *ret);

/* The edit distance, for "did you mean"; names longer than 64 bytes count as far away. */
size_t str_distance(const char *a, const char *b);

/* A list of strings it owns. */
struct strv {
    char **items;
    size_t n, cap;
};

#define STRV_INIT                       \
    {                                   \
        .items = NULL, .n = 0, .cap = 0 \
    }

void strv_done(struct strv *v);
void strv_add(struct strv *v, const char *s); /* copies */
void strv_take(struct strv *v, char *s);      /* owns s from now on */
bool strv_has(const struct strv *v, const char *s);
void strv_add_unique(struct strv *v, const char *s);
void strv_add_all_unique(struct strv *to, const struct strv *from);
void strv_remove(struct strv *v, const char *s);          /* each of them; the order is kept */
void strv_copy(struct strv *to, const struct strv *from); /* replaces what `to` held */
bool strv_is_same_set(const struct strv *a, const struct strv *b); /* for lists without doubles */
void strv_sort(struct strv *v);
char *strv_join(const struct strv *v, const char *between);
/* "a, b, c and 7 more": the first n_shown of them. Both to mem_free. */
char *strv_join_first(const struct strv *v, size_t n_shown);

/* Splits at any byte of `at`, trims blanks, drops empty pieces, and appends. */
void strv_add_split(struct strv *v, const char *text, const char *at);

#endif
