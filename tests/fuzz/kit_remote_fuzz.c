/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Any bytes as what a DNS host's API may send: JSON, headers, URLs, names, contents of TXT records.
 */
#include "../plugin/kit/hostile.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    char text[HOSTILE_TEXT_MAX];

    len = len < sizeof(text) ? len : sizeof(text) - 1;
    memcpy(text, bytes, len);
    text[len] = '\0';
    hostile_read(text, len);
    return 0;
}
