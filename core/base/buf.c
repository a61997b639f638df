/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf)BUF(max);
}

void buf_done(struct buf *b)
{
    if (b->is_secret) {
        mem_wipe(b->bytes, b->cap);
    }
    mem_free(b->bytes);
    b->bytes = NULL;
    b->len = 0;
    b->cap = 0;
    b->has_overflown = false;
}

void buf_clear(struct buf *b)
{
    if (b->is_secret) {
        mem_wipe(b->bytes, b->cap);
    }
    b->len = 0;
    b->has_overflown = false;
    if (b->bytes != NULL) {
        b->bytes[0] = '\0';
    }
}

/* Makes room for `more` bytes and the NUL, or marks the overflow. */
static bool reserve(struct buf *b, size_t more)
{
    size_t wanted = 0;
    size_t cap = b->cap == 0 ? 64 : b->cap;
    char *grown = NULL;

    if (b->has_overflown || more > b->max || b->len > b->max - more) {
        b->has_overflown = true;
        return false;
    }
    wanted = b->len + more + 1;
    if (wanted <= b->cap) {
        return true;
    }
    while (cap < wanted) {
        cap *= 2;
    }
    if (!b->is_secret) {
        b->bytes = mem_resize(b->bytes, cap, 1);
        b->cap = cap;
        return true;
    }
    /* realloc may leave the old bytes behind, so a secret moves by hand. */
    grown = mem_alloc(cap, 1);
    if (b->len > 0) {
        memcpy(grown, b->bytes, b->len);
    }
    mem_free_secret(b->bytes, b->cap);
    b->bytes = grown;
    b->cap = cap;
    return true;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
    if (!reserve(b, len)) {
        return;
    }
    if (len > 0) {
        memcpy(b->bytes + b->len, bytes, len);
    }
    b->len += len;
    b->bytes[b->len] = '\0';
}

void buf_add_str(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

void buf_add_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *format, ...)
{
    va_list args;
    int wanted = 0;

    va_start(args, format);
    wanted = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (wanted < 0 || !reserve(b, (size_t)wanted)) {
        b->has_overflown = true;
        return;
    }
    va_start(args, format);
    (void)vsnprintf(b->bytes + b->len, (size_t)wanted + 1, format, args);
    va_end(args);
    b->len += (size_t)wanted;
}

void buf_add_u8(struct buf *b, uint8_t v)
{
    buf_add(b, &v, 1);
}

void buf_add_be16(struct buf *b, uint16_t v)
{
    uint8_t bytes[2] = {(uint8_t)(v >> 8), (uint8_t)v};

    buf_add(b, bytes, sizeof(bytes));
}

void buf_add_be32(struct buf *b, uint32_t v)
{
    buf_add_be16(b, (uint16_t)(v >> 16));
    buf_add_be16(b, (uint16_t)v);
}

void buf_add_be64(struct buf *b, uint64_t v)
{
    buf_add_be32(b, (uint32_t)(v >> 32));
    buf_add_be32(b, (uint32_t)v);
}

void buf_consume(struct buf *b, size_t n)
{
    if (n >= b->len) {
        n = b->len;
    }
    if (n == 0) {
        return;
    }
    memmove(b->bytes, b->bytes + n, b->len - n);
    b->len -= n;
    b->bytes[b->len] = '\0';
}

const char *buf_str(const struct buf *b)
{
    return b->bytes == NULL ? "" : b->bytes;
}

char *buf_take(struct buf *b)
{
    char *taken = b->bytes == NULL ? mem_copy("", 0) : b->bytes;

    b->bytes = NULL;
    b->len = 0;
    b->cap = 0;
    return taken;
}

int buf_check(const struct buf *b, const char *what, struct err *err)
{
    if (b->has_overflown) {
        return err_set(err, ERR_FAILED, "%s is larger than %zu bytes", what, b->max);
    }
    return 0;
}
