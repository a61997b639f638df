/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * How many renewals one of a timer's runs begins. What an outage, of the CA or of this computer's
 * network, has put together is due all at once when it is over, and so is what was issued on one
 * day by a CA whose windows (RFC 9773) are narrow. Asked for all at once it stays together, and
 * comes to the CA in one hour. Since each has weeks left, or days, a run takes only somewhat more
 * than what is due between two runs on average, or what it must so that none of them gets late.
 *
 * Arithmetic only.
 */
#ifndef ORDER_PACE_H
#define ORDER_PACE_H

#include <stddef.h>
#include <stdint.h>

struct pace {
    int64_t micro_per_hour; /* millionths of a renewal */
};

/* A certificate more, which is renewed each time after so long. */
void pace_add(struct pace *pace, int64_t interval_s);

/*
 * How many are renewed in a run that began gap_s after the one before; at least one. left_s: of the
 * n that are due, how long each could wait until it is late, the nearest first. SIZE_MAX: all,
 * because gap_s is not known (0 or less), because it is so long that nobody calls regularly, or
 * because the certificates are so few that no CA would notice.
 */
size_t pace_find(const struct pace *pace, int64_t gap_s, const int64_t *left_s, size_t n);

#endif
