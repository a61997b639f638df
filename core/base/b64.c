/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/b64.h"

#include "base/mem.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL_SAFE[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

enum { SHA256_BYTES = 32 };

static void encode(struct buf *to, const uint8_t *bytes, size_t len, const char *alphabet,
                   bool is_padded)
{
    for (size_t i = 0; i < len; i += 3) {
        size_t have = len - i < 3 ? len - i : 3;
        uint32_t group = (uint32_t)bytes[i] << 16;
        char text[4];

        group |= have > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
        group |= have > 2 ? bytes[i + 2] : 0;
        for (size_t j = 0; j < 4; j++) {
            text[j] = '=';
            if (j <= have) {
                text[j] = alphabet[(group >> (18 - 6 * j)) & 63];
            }
        }
        buf_add(to, text, is_padded ? 4 : have + 1);
    }
}

void b64url_add(struct buf *to, const void *bytes, size_t len)
{
    encode(to, bytes, len, URL_SAFE, false);
}

void b64_add(struct buf *to, const void *bytes, size_t len)
{
    encode(to, bytes, len, STANDARD, true);
}

char *b64url_encode(const void *bytes, size_t len)
{
    struct buf text = BUF(len / 3 * 4 + 4);

    b64url_add(&text, bytes, len);
    return buf_take(&text);
}

void hex_add(struct buf *to, const void *bytes, size_t len)
{
    static const char DIGITS[] = "0123456789abcdef";
    const uint8_t *from = bytes;

    for (size_t i = 0; i < len; i++) {
        buf_add_char(to, DIGITS[from[i] >> 4]);
        buf_add_char(to, DIGITS[from[i] & 15]);
    }
}

/* The value of a digit of base64url, or -1. */
static int digit_value(char c)
{
    const char *at = c == '\0' ? NULL : strchr(URL_SAFE, c);

    return at == NULL ? -1 : (int)(at - URL_SAFE);
}

bool b64url_decode(const char *text, size_t len, struct buf *to)
{
    uint32_t group = 0;
    unsigned bits = 0;

    if (len % 4 == 1) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        int value = digit_value(text[i]);

        if (value < 0) {
            return false;
        }
        group = group << 6 | (uint32_t)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            buf_add_u8(to, (uint8_t)(group >> bits));
            group &= ((uint32_t)1 << bits) - 1;
        }
    }
    return group == 0 && !to->has_overflown;
}

bool b64_decode_lenient(const char *text, size_t len, struct buf *to)
{
    AUTO(buf_done) struct buf clean = BUF_SECRET(len);
    bool has_ended = false;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            continue;
        }
        if (c == '=') {
            has_ended = true;
            continue;
        }
        if (has_ended) {
            return false; /* padding in the middle: two texts run together */
        }
        buf_add_char(&clean, (char)(c == '+' ? '-' : c == '/' ? '_' : c));
    }
    return b64url_decode(buf_str(&clean), clean.len, to);
}

/* SHA-256 needs no memory and no device: it cannot fail but by a broken library. */
static void sha256(const void *bytes, size_t len, uint8_t digest[static SHA256_BYTES])
{
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, len, digest) != 0) {
        abort();
    }
}

char *b64url_sha256(const void *bytes, size_t len)
{
    uint8_t digest[SHA256_BYTES];

    sha256(bytes, len, digest);
    return b64url_encode(digest, sizeof(digest));
}

char *hex_sha256(const char *text, size_t n)
{
    uint8_t digest[SHA256_BYTES];
    struct buf hex = BUF(2 * SHA256_BYTES);
    char *digits = NULL;

    sha256(text, strlen(text), digest);
    hex_add(&hex, digest, sizeof(digest));
    digits = buf_take(&hex);
    if (n < 2 * SHA256_BYTES) {
        digits[n] = '\0';
    }
    return digits;
}
