/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Who of a zone's servers counts, and whether that is enough: pure, the policy of the wait. */
#ifndef DNS_VOTE_H
#define DNS_VOTE_H

#include "dns/look.h"
#include "dns/place.h"
#include "dns/watch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One server as the vote sees it. */
struct vote {
    enum dns_class before; /* what it was before publishing */
    enum look_class now;
    bool is_unroutable;
    bool is_out; /* set by vote_count */
};

struct vote_count {
    size_t n_good;
    size_t n_voters;
    bool has_passed;
};

/* elapsed_ms since the wait began, of timeout_ms in all. */
struct vote_count vote_count(struct vote *votes, size_t n, enum dns_watch_mode mode,
                             int64_t elapsed_ms, int64_t timeout_ms);

#endif
