/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "order/pace.h"

#define HOUR_S ((int64_t)3600)
#define MICRO ((int64_t)1000000)

/* Of the mean, in percent. An outage of a day is made up for in less than one; what happens to
 * begin on the same day stays below three times the mean, also where renewals are late by a tenth
 * of their interval, so that the true mean is lower than the one that is reckoned with. */
#define SHARE 275

/* Of the time until they are late, in percent: the rest is for the next outage. */
#define USED 75

/* A run every day, and somewhat late. */
#define GAP_MAX_S (26 * HOUR_S)

/* Twelve hours from one to the next: nothing to take apart. */
#define FEW_MICRO_PER_HOUR (MICRO / 12)

void pace_add(struct pace *pace, int64_t interval_s)
{
    pace->micro_per_hour += HOUR_S * MICRO / (interval_s < HOUR_S ? HOUR_S : interval_s);
}

/* So many that the first k are through before the kth is late, and that for each k. */
static size_t find_least(int64_t gap_s, const int64_t *left_s, size_t n)
{
    size_t least = 1;

    for (size_t i = 0; i < n; i++) {
        int64_t n_runs = left_s[i] / 100 * USED / gap_s;
        size_t share = n_runs < 1 ? i + 1 : i / (size_t)n_runs + 1;

        least = share > least ? share : least;
    }
    return least;
}

size_t pace_find(const struct pace *pace, int64_t gap_s, const int64_t *left_s, size_t n)
{
    size_t usual = 0;
    size_t least = 0;

    if (gap_s <= 0 || gap_s > GAP_MAX_S || pace->micro_per_hour < FEW_MICRO_PER_HOUR) {
        return SIZE_MAX;
    }
    usual = (size_t)(pace->micro_per_hour * SHARE / 100 * gap_s / HOUR_S / MICRO);
    least = find_least(gap_s, left_s, n);
    return usual > least ? usual : least;
}
