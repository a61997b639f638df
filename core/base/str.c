/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/str.h"

#include "base/buf.h"
#include "base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

char *str_dup(const char *s)
{
    return s == NULL ? NULL : mem_copy(s, strlen(s));
}

char *str_dup_len(const char *s, size_t len)
{
    return mem_copy(s, len);
}

char *str_fmt(const char *format, ...)
{
    va_list args;
    int wanted = 0;
    char *s = NULL;

    va_start(args, format);
    wanted = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (wanted < 0) {
        return mem_copy("", 0);
    }
    s = mem_alloc((size_t)wanted + 1, 1);
    va_start(args, format);
    (void)vsnprintf(s, (size_t)wanted + 1, format, args);
    va_end(args);
    return s;
}

void str_set(char **at, const char *s)
{
    char *copy = str_dup(s);

    mem_free(*at);
    *at = copy;
}

bool str_eq(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool str_eq_nocase(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcasecmp(a, b) == 0);
}

bool str_has_prefix(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_has_suffix(const char *s, const char *suffix)
{
    size_t len = strlen(s);
    size_t suffix_len = strlen(suffix);

    return len >= suffix_len && strcmp(s + len - suffix_len, suffix) == 0;
}

void str_lower(char *s)
{
    for (; *s != '\0'; s++) {
        if (*s >= 'A' && *s <= 'Z') {
            *s = (char)(*s - 'A' + 'a');
        }
    }
}

void str_trim(char *s)
{
    size_t len = strlen(s);
    size_t front = strspn(s, " \t\r\n");

    while (len > front && strchr(" \t\r\n", s[len - 1]) != NULL) {
        len--;
    }
    memmove(s, s + front, len - front);
    s[len - front] = '\0';
}

bool str_parse_int(const char *s, int64_t min, int64_t max, int64_t *ret)
{
    char *end = NULL;
    long long value = 0;

    if (*s == '\0' || isspace((unsigned char)*s)) {
        return false;
    }
    errno = 0;
    value = strtoll(s, &end, 10);
    if (errno != 0 || *end != '\0' || value < min || value > max) {
        return false;
    }
    *ret = value;
    return true;
}

size_t str_distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    size_t row[LONGEST + 1];
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    if (a_len > LONGEST || b_len > LONGEST) {
        return LONGEST;
    }
    for (size_t j = 0; j <= b_len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_len; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t best = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);

            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[b_len];
}

void strv_done(struct strv *v)
{
    for (size_t i = 0; i < v->n; i++) {
        mem_free(v->items[i]);
    }
    mem_free(v->items);
    *v = (struct strv)STRV_INIT;
}

void strv_take(struct strv *v, char *s)
{
    VEC_PUSH(v->items, v->n, v->cap) = s;
}

void strv_add(struct strv *v, const char *s)
{
    strv_take(v, str_dup(s));
}

bool strv_has(const struct strv *v, const char *s)
{
    for (size_t i = 0; i < v->n; i++) {
        if (strcmp(v->items[i], s) == 0) {
            return true;
        }
    }
    return false;
}

void strv_add_unique(struct strv *v, const char *s)
{
    if (!strv_has(v, s)) {
        strv_add(v, s);
    }
}

void strv_add_all_unique(struct strv *to, const struct strv *from)
{
    for (size_t i = 0; i < from->n; i++) {
        strv_add_unique(to, from->items[i]);
    }
}

void strv_remove(struct strv *v, const char *s)
{
    size_t n_kept = 0;

    for (size_t i = 0; i < v->n; i++) {
        if (str_eq(v->items[i], s)) {
            mem_free(v->items[i]);
        } else {
            v->items[n_kept++] = v->items[i];
        }
    }
    v->n = n_kept;
}

void strv_copy(struct strv *to, const struct strv *from)
{
    struct strv copy = STRV_INIT;

    for (size_t i = 0; i < from->n; i++) {
        strv_add(&copy, from->items[i]);
    }
    strv_done(to);
    *to = copy;
}

bool strv_is_same_set(const struct strv *a, const struct strv *b)
{
    for (size_t i = 0; i < a->n; i++) {
        if (!strv_has(b, a->items[i])) {
            return false;
        }
    }
    return a->n == b->n;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void strv_sort(struct strv *v)
{
    if (v->n > 1) {
        qsort(v->items, v->n, sizeof(v->items[0]), compare_strings);
    }
}

static void join(const struct strv *v, size_t n, const char *between, struct buf *to)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_add_str(to, between);
        }
        buf_add_str(to, v->items[i]);
    }
}

char *strv_join(const struct strv *v, const char *between)
{
    struct buf joined = BUF((size_t)1 << 30);

    join(v, v->n, between, &joined);
    return buf_take(&joined);
}

char *strv_join_first(const struct strv *v, size_t n_shown)
{
    struct buf joined = BUF((size_t)1 << 30);

    join(v, v->n < n_shown ? v->n : n_shown, ", ", &joined);
    if (v->n > n_shown) {
        buf_addf(&joined, " and %zu more", v->n - n_shown);
    }
    return buf_take(&joined);
}

void strv_add_split(struct strv *v, const char *text, const char *at)
{
    while (*text != '\0') {
        size_t len = strcspn(text, at);
        char *piece = str_dup_len(text, len);

        str_trim(piece);
        if (*piece == '\0') {
            mem_free(piece);
        } else {
            strv_take(v, piece);
        }
        text += len + (text[len] == '\0' ? 0 : 1);
    }
}
