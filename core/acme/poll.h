/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* When to ask again for an object that is not finished. Time only: the caller has the timer. */
#ifndef ACME_POLL_H
#define ACME_POLL_H

#include <stdbool.h>
#include <stdint.h>

struct acme_poll {
    int64_t next_ms; /* the next pause without a hint */
    int64_t max_ms;
};

/* After the last answered challenge: from tens of milliseconds up to 5 s. */
void acme_poll_init_validation(struct acme_poll *poll);

/* After finalize: never sooner than 20 ms (Pebble locks itself up when it is asked at once), up to
 * 5 s. */
void acme_poll_init_finalize(struct acme_poll *poll);

/*
 * The pause before the next question, in ms. retry_after_s is what the last answer asked for, -1
 * without; it wins over our own schedule. has_unanswered: some challenges are not yet answered, so
 * the order cannot turn ready; then every 5 s, only to see it fail. Never past left_ms, the time to
 * the deadline.
 */
int64_t acme_poll_next_ms(struct acme_poll *poll, int64_t retry_after_s, bool has_unanswered,
                          int64_t left_ms);

#endif
