/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A growing byte buffer with a ceiling and a sticky failure: add as often as you like, ask once at
 * the end. The bytes always end with a NUL that is not counted.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/cleanup.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *bytes; /* NUL-terminated; NULL while empty */
    size_t len;
    size_t cap;
    size_t max;         /* ceiling for len */
    bool has_overflown; /* something did not fit; what did is still there */
    bool is_secret;     /* wiped when freed or moved */
};

#define BUF(max_)     \
    {                 \
        .max = (max_) \
    }
#define BUF_SECRET(max_)                 \
    {                                    \
        .max = (max_), .is_secret = true \
    }

void buf_init(struct buf *b, size_t max);
void buf_done(struct buf *b);
void buf_clear(struct buf *b); /* keeps the memory, drops bytes and failure */

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_add_str(struct buf *b, const char *text);
void buf_add_char(struct buf *b, char c);
void buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_add_u8(struct buf *b, uint8_t v);
void buf_add_be16(struct buf *b, uint16_t v);
void buf_add_be32(struct buf *b, uint32_t v);
void buf_add_be64(struct buf *b, uint64_t v);

/* Drops the first n bytes. */
void buf_consume(struct buf *b, size_t n);

/* Never NULL: "" while empty. Borrowed until the next change. */
const char *buf_str(const struct buf *b);

/* Moves the bytes out as a string to mem_free; never NULL. The buffer is empty afterwards. */
char *buf_take(struct buf *b);

/* 0, or ERR_FAILED "WHAT is larger than N bytes". */
int buf_check(const struct buf *b, const char *what, struct err *err);

#endif
