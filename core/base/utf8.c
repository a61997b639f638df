/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/utf8.h"

size_t utf8_decode(const char *text, uint32_t *ret_code)
{
    static const uint32_t SMALLEST[] = {0, 1, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text[0];
    size_t len = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t code = len == 1 ? first : first & (0xffu >> (len + 1));

    if (first == 0 || len == 0 || first > 0xf4) {
        return 0;
    }
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)text[i];

        if ((next & 0xc0) != 0x80) {
            return 0; /* the NUL at the end too */
        }
        code = code << 6 | (next & 0x3fu);
    }
    if (code < SMALLEST[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return 0;
    }
    *ret_code = code;
    return len;
}
