/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Lengths of time as people write them. */
#ifndef CONFIG_DURATION_H
#define CONFIG_DURATION_H

#include <stdbool.h>
#include <stdint.h>

/* 90, 90s, 500ms, 5m, 2h, 1d; false if it is not one or does not fit. */
bool duration_parse(const char *text, int64_t *ret_ms);

/* As a user would write it, in the largest unit that divides it: "90s", "5m"; to mem_free. */
char *duration_format(int64_t ms);

#define MARGIN_PERCENT_MAX 90

/* How long before a certificate's end; both 0: nobody said. */
struct margin {
    int64_t ms;
    uint32_t percent; /* of its lifetime, instead */
};

bool margin_is_unsaid(const struct margin *margin);

/* 20d, 12h, 30%; false if it is neither a duration from a minute to ten years nor a share that
 * leaves something. */
bool margin_parse(const char *text, struct margin *ret_margin);

/* As a user would write it, to mem_free; NULL when nobody said. */
char *margin_format(const struct margin *margin);

/* In seconds, for a certificate of that lifetime; 0 when nobody said. At most nine tenths of it:
 * one that has just been issued is never due at once. */
int64_t margin_seconds(const struct margin *margin, int64_t lifetime_s);

#endif
