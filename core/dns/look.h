/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What one server's answer says about the values, and how it is told: pure, without a wire. */
#ifndef DNS_LOOK_H
#define DNS_LOOK_H

#include "base/buf.h"
#include "base/str.h"
#include "dns/exchange.h"

enum look_class { LOOK_NONE, LOOK_GOOD, LOOK_WAIT, LOOK_MOVED, LOOK_LAME, LOOK_DEAD };

/* What is being looked for. */
struct look_want {
    const char *owner;
    const char *zone;
    const char *wildcard_target; /* a CNAME to there is a wildcard's: not yet ours; or NULL */
    const struct strv *values;
};

#define LOOK_TEXT_MAX 200

struct look {
    enum look_class class;
    bool is_unroutable;
    char target[256];         /* LOOK_MOVED */
    char text[LOOK_TEXT_MAX]; /* the answer in words, foreign bytes escaped */
};

void look_read(const struct exchange_result *result, const struct look_want *want,
               struct look *ret_look);

/* Appends to standing each of values that the answer holds. */
void look_standing(const struct message *message, const char *owner, const struct strv *values,
                   struct strv *standing);

/* One row of the table that a failed watch shows. */
struct look_row {
    const char *server;
    const char *answer;
    int64_t age_ms; /* -1: was never asked */
    bool is_good;
};

/* Rows, those that are not good first, with columns in line, each on a line of its own. */
void look_format_table(const struct look_row *rows, size_t n_rows, struct buf *to);

#endif
