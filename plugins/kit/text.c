/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "kit_impl.h"

#include <stdlib.h>
#include <string.h>

void kit_text_done(struct kit_text *t)
{
    if (t->bytes != NULL) {
        explicit_bzero(t->bytes, t->cap);
        free(t->bytes);
    }
    *t = (struct kit_text){.bytes = NULL};
}

void kit_text_clear(struct kit_text *t)
{
    t->len = 0;
    t->is_broken = false;
    if (t->bytes != NULL) {
        t->bytes[0] = '\0';
    }
}

void kit_text_set(struct kit_text *t, const char *text)
{
    kit_text_clear(t);
    if (text != NULL) {
        kit_text_add_str(t, text);
    }
}

/* Not realloc(), which would leave a copy of what may be secret behind. */
static void grow(struct kit_text *t, size_t wanted)
{
    size_t cap = t->cap == 0 ? 256 : t->cap;
    char *larger = NULL;

    while (cap < wanted) {
        cap *= 2;
    }
    if (cap == t->cap) {
        return;
    }
    larger = kit_alloc(cap, 1);
    if (t->bytes != NULL) {
        memcpy(larger, t->bytes, t->len);
        explicit_bzero(t->bytes, t->cap);
        free(t->bytes);
    }
    t->bytes = larger;
    t->cap = cap;
}

void kit_text_add(struct kit_text *t, const void *bytes, size_t len)
{
    if (len > KIT_TEXT_MAX - t->len) {
        t->is_broken = true;
        return;
    }
    if (len > 0) {
        grow(t, t->len + len + 1);
        memcpy(t->bytes + t->len, bytes, len);
        t->len += len;
        t->bytes[t->len] = '\0';
    }
}

void kit_text_add_str(struct kit_text *t, const char *text)
{
    kit_text_add(t, text, strlen(text));
}

void kit_text_addf(struct kit_text *t, const char *format, ...)
{
    va_list args;
    va_list again;
    int len = 0;

    va_start(args, format);
    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || (size_t)len > KIT_TEXT_MAX - t->len) {
        t->is_broken = true;
    } else {
        grow(t, t->len + (size_t)len + 1);
        (void)vsnprintf(t->bytes + t->len, (size_t)len + 1, format, again);
        t->len += (size_t)len;
    }
    va_end(again);
}

const char *kit_text_str(const struct kit_text *t)
{
    return t->bytes == NULL ? "" : t->bytes;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void kit_text_add_escaped(struct kit_text *t, const char *text)
{
    for (; *text != '\0'; text++) {
        if (is_unreserved(*text)) {
            kit_text_add(t, text, 1);
        } else {
            kit_text_addf(t, "%%%02X", (unsigned)(unsigned char)*text);
        }
    }
}

void kit_text_add_base64(struct kit_text *t, const void *bytes, size_t len)
{
    static const char PADDED[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=";
    const unsigned char *from = bytes;

    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        uint32_t group = (uint32_t)from[i] << 16;
        char four[4];

        group |= n > 1 ? (uint32_t)from[i + 1] << 8 : 0;
        group |= n > 2 ? (uint32_t)from[i + 2] : 0;
        for (size_t k = 0; k < 4; k++) {
            four[k] = PADDED[k <= n ? (group >> (18 - 6 * k)) & 63 : 64];
        }
        kit_text_add(t, four, sizeof(four));
    }
}

/* RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
size_t kit_utf8_decode(const char *text, size_t len, uint32_t *ret_code)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *b = (const unsigned char *)text;
    size_t n = 0;
    uint32_t code = 0;

    if (len == 0) {
        return 0;
    }
    n = b[0] < 0x80 ? 1 : b[0] < 0xc0 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : b[0] < 0xf8 ? 4 : 0;
    if (n == 0 || n > len) {
        return 0;
    }
    code = n == 1 ? b[0] : b[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((b[i] & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (b[i] & 0x3fu);
    }
    if (code < LEAST[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return 0;
    }
    *ret_code = code;
    return n;
}
