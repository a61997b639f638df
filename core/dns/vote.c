/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/vote.h"

enum { UNCLASSED_MS = 2900 }; /* three UDP tries and TCP, see exchange.h */

static bool is_broken_now(const struct vote *vote)
{
    return vote->now == LOOK_LAME || vote->now == LOOK_DEAD;
}

static bool was_broken(const struct vote *vote)
{
    return vote->before == DNS_CLASS_LAME || vote->before == DNS_CLASS_DEAD;
}

/* Whether all that were not broken before, but vote itself, are GOOD, and at least one is. */
static bool others_are_good(const struct vote *votes, size_t n, const struct vote *vote)
{
    size_t n_good = 0;

    for (size_t i = 0; i < n; i++) {
        const struct vote *other = &votes[i];
        bool is_alike = other->before == DNS_CLASS_UNKNOWN && is_broken_now(other);

        if (other == vote || other->is_unroutable || is_alike) {
            continue;
        }
        if (other->now == LOOK_GOOD) {
            n_good++;
        } else if (!was_broken(other) || other->now == LOOK_WAIT) {
            return false;
        }
    }
    return n_good > 0;
}

/* Somebody must be left to vote: where all were broken before, none is out for that alone. */
static bool has_sound(const struct vote *votes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!votes[i].is_unroutable && (!was_broken(&votes[i]) || votes[i].now == LOOK_GOOD)) {
            return true;
        }
    }
    return false;
}

static bool is_out(const struct vote *votes, size_t n, const struct vote *vote, int64_t elapsed_ms,
                   int64_t timeout_ms)
{
    if (vote->now == LOOK_GOOD || vote->now == LOOK_WAIT) {
        return false;
    }
    if (was_broken(vote)) {
        return has_sound(votes, n);
    }
    if (!is_broken_now(vote)) {
        return false;
    }
    if (elapsed_ms >= timeout_ms / 2) {
        return true;
    }
    return vote->before == DNS_CLASS_UNKNOWN && elapsed_ms >= UNCLASSED_MS &&
           others_are_good(votes, n, vote);
}

struct vote_count vote_count(struct vote *votes, size_t n, enum dns_watch_mode mode,
                             int64_t elapsed_ms, int64_t timeout_ms)
{
    struct vote_count count = {0};

    for (size_t i = 0; i < n; i++) {
        votes[i].is_out =
            votes[i].is_unroutable ||
            (mode == DNS_WATCH_KNOWN_BROKEN && is_out(votes, n, &votes[i], elapsed_ms, timeout_ms));
    }
    for (size_t i = 0; i < n; i++) {
        count.n_voters += votes[i].is_out ? 0 : 1;
        count.n_good += !votes[i].is_out && votes[i].now == LOOK_GOOD ? 1 : 0;
    }
    count.has_passed =
        count.n_good > 0 && (mode == DNS_WATCH_ANY || count.n_good == count.n_voters);
    return count;
}
