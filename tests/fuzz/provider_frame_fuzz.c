/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Any bytes as what a worker writes: frame after frame, each read in an order that its own kind and
 * call number choose, so that every reader meets every rest. Nothing may be read beyond the bytes.
 */
#include "provider/frame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_one(struct frame_in *in, uint32_t how)
{
    size_t len;

    switch (how % 4) {
    case 0:
        (void)frame_get_u32(in);
        break;
    case 1:
        (void)frame_get_u64(in);
        break;
    case 2: {
        const uint8_t *part = frame_get_bytes(in, &len);

        /* Touched, so that a sanitizer sees what lies outside. */
        if (part != NULL && len > 0 && part[0] + part[len - 1] > 510) {
            (void)frame_get_u32(in);
        }
        break;
    }
    default:
        free(frame_get_text(in, 64));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct frame_in in;
    size_t used = 0;

    while (frame_open(bytes, len, &in, &used) > 0) {
        uint32_t how = in.call ^ in.kind;

        if (used > len || in.left > used) {
            abort();
        }
        for (int i = 0; i < 16 && !in.is_bad; i++, how = how >> 2 | how << 30) {
            read_one(&in, how);
        }
        if (frame_is_whole(&in) && in.left != 0) {
            abort();
        }
        bytes += used;
        len -= used;
    }
    return 0;
}
