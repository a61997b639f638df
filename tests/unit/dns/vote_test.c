/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Who counts, and when that is enough: each row is a zone with its servers at one moment. */
#include "dns/vote.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SERVERS = 4, TIMEOUT_MS = 60000 };

/* A server is two letters: before (g good, l lame, d dead, ? not known) and now (G, W, L, D, - not
 * yet); "xx" cannot be reached. */
struct row {
    const char *servers;
    enum dns_watch_mode mode;
    int64_t elapsed_ms;
    size_t n_good, n_voters;
    bool has_passed;
};

static const struct row ROWS[] = {
    {"gG gG", DNS_WATCH_KNOWN_BROKEN, 0, 2, 2, true},
    {"gG gW", DNS_WATCH_KNOWN_BROKEN, 0, 1, 2, false},
    {"gG g-", DNS_WATCH_KNOWN_BROKEN, 0, 1, 2, false},
    {"gG xx", DNS_WATCH_KNOWN_BROKEN, 0, 1, 1, true},
    {"xx xx", DNS_WATCH_KNOWN_BROKEN, 59000, 0, 0, false},
    /* Broken before: out from the start, back when it answers. */
    {"gG l- d-", DNS_WATCH_KNOWN_BROKEN, 0, 1, 1, true},
    {"gG lL dD", DNS_WATCH_KNOWN_BROKEN, 0, 1, 1, true},
    {"gG lW", DNS_WATCH_KNOWN_BROKEN, 0, 1, 2, false},
    {"gW l-", DNS_WATCH_KNOWN_BROKEN, 0, 0, 1, false},
    /* All broken before: nobody is out for that, until one answers. */
    {"l- d-", DNS_WATCH_KNOWN_BROKEN, 0, 0, 2, false},
    {"lG dD", DNS_WATCH_KNOWN_BROKEN, 0, 1, 1, true},
    /* Turned so while waiting: half the time. */
    {"gG gL", DNS_WATCH_KNOWN_BROKEN, 29999, 1, 2, false},
    {"gG gL", DNS_WATCH_KNOWN_BROKEN, 30000, 1, 1, true},
    {"gG gD gW", DNS_WATCH_KNOWN_BROKEN, 30000, 1, 2, false},
    {"gD gL", DNS_WATCH_KNOWN_BROKEN, 59999, 0, 0, false},
    /* Silent and never classed: three seconds, once all others are GOOD. */
    {"gG ?D", DNS_WATCH_KNOWN_BROKEN, 1000, 1, 2, false},
    {"gG ?D", DNS_WATCH_KNOWN_BROKEN, 3000, 1, 1, true},
    {"gG ?D ?D", DNS_WATCH_KNOWN_BROKEN, 3000, 1, 1, true},
    {"gG gW ?D", DNS_WATCH_KNOWN_BROKEN, 3000, 1, 3, false},
    {"?D ?D", DNS_WATCH_KNOWN_BROKEN, 3000, 0, 2, false},
    /* The other modes. */
    {"gG l- gL", DNS_WATCH_ALL, 59999, 1, 3, false},
    {"gG xx", DNS_WATCH_ALL, 0, 1, 1, true},
    {"gW gG gD", DNS_WATCH_ANY, 0, 1, 3, true},
    {"gW gW gD", DNS_WATCH_ANY, 59999, 0, 3, false},
};

static enum dns_class before_of(char letter)
{
    return letter == 'g'   ? DNS_CLASS_GOOD
           : letter == 'l' ? DNS_CLASS_LAME
           : letter == 'd' ? DNS_CLASS_DEAD
                           : DNS_CLASS_UNKNOWN;
}

static enum look_class now_of(char letter)
{
    return letter == 'G'   ? LOOK_GOOD
           : letter == 'W' ? LOOK_WAIT
           : letter == 'L' ? LOOK_LAME
           : letter == 'D' ? LOOK_DEAD
                           : LOOK_NONE;
}

static void counts_as_the_policy_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ROWS); i++) {
        const struct row *row = &ROWS[i];
        struct vote votes[SERVERS] = {0};
        struct vote_count count;
        size_t n = 0;

        for (const char *at = row->servers; *at != '\0'; at += at[2] == ' ' ? 3 : 2) {
            votes[n++] = (struct vote){
                .before = before_of(at[0]), .now = now_of(at[1]), .is_unroutable = at[0] == 'x'};
        }
        count = vote_count(votes, n, row->mode, row->elapsed_ms, TIMEOUT_MS);
        if (count.n_good != row->n_good || count.n_voters != row->n_voters ||
            count.has_passed != row->has_passed) {
            fail_msg("row %zu, \"%s\": %zu of %zu, %s", i, row->servers, count.n_good,
                     count.n_voters, count.has_passed ? "passed" : "not passed");
        }
    }
}

static void reads_modes(void **state)
{
    struct dns_watch_policy policy = {.mode = DNS_WATCH_ALL, .settle_ms = 7};

    (void)state;
    assert_true(dns_watch_parse_mode("known-broken", &policy));
    assert_int_equal(policy.mode, DNS_WATCH_KNOWN_BROKEN);
    assert_true(dns_watch_parse_mode("any", &policy));
    assert_int_equal(policy.mode, DNS_WATCH_ANY);
    assert_true(dns_watch_parse_mode("wait:90", &policy));
    assert_int_equal(policy.mode, DNS_WATCH_WAIT);
    assert_int_equal(policy.wait_s, 90);
    assert_true(dns_watch_parse_mode("all", &policy));
    assert_int_equal(policy.mode, DNS_WATCH_ALL);
    assert_int_equal(policy.settle_ms, 7);
    assert_false(dns_watch_parse_mode("wait", &policy));
    assert_false(dns_watch_parse_mode("wait:-1", &policy));
    assert_false(dns_watch_parse_mode("wait:1s", &policy));
    assert_false(dns_watch_parse_mode("", &policy));
    assert_int_equal(policy.mode, DNS_WATCH_ALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_as_the_policy_says),
        cmocka_unit_test(reads_modes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
