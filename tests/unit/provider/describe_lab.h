/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Descriptions as a worker would send them, for tests. */
#ifndef UNIT_PROVIDER_DESCRIBE_LAB_H
#define UNIT_PROVIDER_DESCRIBE_LAB_H

#include "provider/describe.h"
#include "provider/frame.h"

#include "acme-plugin.h"

/* One option of a table; help "h" and no environment unless env says so. */
struct lab_option {
    const char *name;
    uint32_t type, flags;
    const char *env;
    const char *fallback, *choices;
};

/* The frame's payload for a plug-in "demo" with these options. */
static inline void lab_describe(struct frame_out *out, const struct lab_option *options, uint32_t n)
{
    static const uint32_t NUMBERS[] = {144, 0, 0, 0, 0, 0, 0, 0, 0};

    frame_begin(out, FRAME_DESCRIBE, 0);
    for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(NUMBERS[0]); i++) {
        frame_add_u32(out, NUMBERS[i]);
    }
    frame_add_u32(out, PROVIDER_HAS_ADD | PROVIDER_HAS_REMOVE);
    frame_add_text(out, "demo");
    frame_add_text(out, "1");
    frame_add_text(out, "a demonstration");
    frame_add_u32(out, n);
    for (uint32_t i = 0; i < n; i++) {
        frame_add_text(out, options[i].name);
        frame_add_text(out, options[i].fallback);
        frame_add_text(out, "h");
        frame_add_text(out, options[i].env);
        frame_add_text(out, options[i].choices);
        frame_add_u32(out, options[i].type);
        frame_add_u32(out, options[i].flags);
    }
    (void)frame_end(out);
}

static inline int lab_parse(const struct lab_option *options, uint32_t n,
                            struct provider_description **ret_description, struct err *err)
{
    struct frame_out out = {.bytes = NULL};
    struct frame_in in;
    size_t used;
    int result;

    lab_describe(&out, options, n);
    (void)frame_open(out.bytes, out.len, &in, &used);
    result = describe_parse(&in, "/x/demo.so", "demo", ret_description, err);
    frame_out_done(&out);
    return result;
}

#endif
