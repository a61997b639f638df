/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/escape.h"

#include "base/utf8.h"

#include <string.h>

struct range {
    uint32_t first, last;
};

static bool is_in(const struct range *ranges, size_t n, uint32_t code)
{
    for (size_t i = 0; i < n; i++) {
        if (code >= ranges[i].first && code <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* What moves the cursor, hides text or changes its order. */
static bool is_dangerous(uint32_t code)
{
    static const struct range RANGES[] = {
        {0x0000, 0x001f},   {0x007f, 0x009f}, /* C0, DEL, C1 */
        {0x00ad, 0x00ad},   {0x061c, 0x061c}, /* soft hyphen, Arabic letter mark */
        {0x180e, 0x180e},   {0x200b, 0x200b}, /* invisible separators */
        {0x200e, 0x200f},   {0x2028, 0x202e}, /* direction marks, line separators, overrides */
        {0x2060, 0x206f},   {0xfeff, 0xfeff}, /* isolates and other invisibles, byte order mark */
        {0xfff9, 0xfffb},   {0xfffe, 0xffff}, /* annotations, no characters */
        {0xe0000, 0xe007f},                   /* tags */
    };

    return is_in(RANGES, sizeof(RANGES) / sizeof(RANGES[0]), code);
}

/* A piece of output for what stands at text; *ret_len is how much of it that was. */
static void format_character(const char *text, bool is_multiline, struct buf *piece,
                             size_t *ret_len)
{
    uint32_t code = 0;
    size_t len = utf8_decode(text, &code);

    *ret_len = len == 0 ? 1 : len;
    if (len == 0) {
        buf_addf(piece, "\\x%02x", (unsigned)(unsigned char)*text);
    } else if (code == '\n' && is_multiline) {
        buf_add_char(piece, '\n');
    } else if (!is_dangerous(code)) {
        buf_add(piece, text, len);
    } else if (code < 0x80) {
        buf_addf(piece, "\\x%02x", (unsigned)code);
    } else {
        buf_addf(piece, "\\u{%04x}", (unsigned)code);
    }
}

static void say_cut(struct buf *to, size_t left)
{
    buf_addf(to, "... (%zu more bytes)", left);
}

/* How much of text can go out as it stands, which is nearly always all of it; at most max. */
static size_t plain_len(const char *text, size_t max)
{
    size_t len = 0;

    while (len < max && text[len] >= ' ' && text[len] < 0x7f) {
        len++;
    }
    return len;
}

void escape_terminal(const char *text, bool is_multiline, struct buf *to)
{
    size_t written = plain_len(text, ESCAPE_MAX);

    buf_add(to, text, written);
    text += written;
    while (*text != '\0') {
        AUTO(buf_done) struct buf piece = BUF(16);
        size_t len = 0;

        format_character(text, is_multiline, &piece, &len);
        if (written + piece.len > ESCAPE_MAX) {
            say_cut(to, strlen(text));
            return;
        }
        buf_add(to, buf_str(&piece), piece.len);
        written += piece.len;
        text += len;
    }
}

void escape_bytes(const void *bytes, size_t len, struct buf *to)
{
    const unsigned char *at = bytes;
    size_t written = 0;

    for (size_t i = 0; i < len; i++) {
        /* The backslash too: what was written must be told from what was there. */
        bool is_plain = at[i] >= ' ' && at[i] < 0x7f && at[i] != '\\';

        written += is_plain ? 1 : 4;
        if (written > ESCAPE_MAX) {
            say_cut(to, len - i);
            return;
        }
        if (is_plain) {
            buf_add_u8(to, at[i]);
        } else {
            buf_addf(to, "\\x%02x", (unsigned)at[i]);
        }
    }
}

/* wcwidth() knows only the locale's characters; a service has the C locale. */
static size_t columns_of(uint32_t code)
{
    static const struct range NONE[] = {
        {0x0000, 0x001f}, {0x007f, 0x009f}, {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},
        {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e},
        {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
        {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0000, 0xe01ef},
    };
    static const struct range TWO[] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
        {0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
        {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
        {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
    };

    if (is_in(NONE, sizeof(NONE) / sizeof(NONE[0]), code)) {
        return 0;
    }
    return is_in(TWO, sizeof(TWO) / sizeof(TWO[0]), code) ? 2 : 1;
}

size_t escape_columns(const char *text)
{
    size_t columns = 0;

    while (*text != '\0') {
        uint32_t code = 0;
        size_t len = utf8_decode(text, &code);

        columns += len == 0 ? 1 : columns_of(code);
        text += len == 0 ? 1 : len;
    }
    return columns;
}
