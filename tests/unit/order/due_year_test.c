/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A year of certificates that were all issued on one day, by a timer that comes every four hours,
 * with a CA that is down one day in five, refuses some, and has Let's Encrypt's published limits.
 */
#include "order/due.h"
#include "order/pace.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>

#include "../base/cmocka_all.h"

#define HOUR_S ((int64_t)3600)
#define DAY_S (24 * HOUR_S)
#define BEGIN_S ((int64_t)1800000000)
#define TIMER_S (4 * HOUR_S)
#define RUNS ((size_t)365 * 6)
#define OUTAGE_RUNS 6
#define OUTAGE_EVERY 30

/* newOrder, for an account: refilled one by one. */
#define ORDERS_LIMIT 300
#define ORDERS_LIMIT_S (3 * HOUR_S)
/* Certificates for the same names. */
#define SAME_LIMIT 5
#define SAME_LIMIT_S (7 * DAY_S)
/* Failed validations of a name. */
#define FAILED_LIMIT 5
#define FAILED_LIMIT_S HOUR_S

struct history {
    int64_t at_s[SAME_LIMIT];
    size_t next;
};

struct one {
    struct due_facts facts;
    int64_t n_failures, failed_s, until_s;
    struct history issued, failed;
};

struct year {
    struct one *all;
    size_t n;
    int64_t lifetime_s;
    unsigned refused_per_mille; /* validations that fail */
    bool has_ari;
    bool has_outages;
    uint64_t seed;
    size_t n_left; /* that the run may still begin, of those that can wait */
    /* what it came to */
    size_t n_due, n_orders, n_expired, n_limited;
    size_t done[RUNS], orders[RUNS];
};

/* The same dice for everybody who runs this. */
static uint32_t draw(struct year *year, uint32_t n)
{
    year->seed = year->seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)((year->seed >> 33) % n);
}

static bool is_down(const struct year *year, size_t run)
{
    return year->has_outages && run % OUTAGE_EVERY >= OUTAGE_EVERY - OUTAGE_RUNS;
}

/* Whether the last five happened within span_s; notes another. */
static bool is_over_limit(struct history *history, int64_t now_s, int64_t span_s)
{
    bool is_over = history->at_s[history->next] > now_s - span_s;

    history->at_s[history->next] = now_s;
    history->next = (history->next + 1) % SAME_LIMIT;
    return is_over;
}

static void install(struct year *year, struct one *one, int64_t now_s)
{
    one->facts = (struct due_facts){
        .not_before_s = now_s - HOUR_S, /* CAs date them back */
        .not_after_s = now_s - HOUR_S + year->lifetime_s,
        .share_lot = draw(year, DUE_LOTS),
        .is_first = one->facts.not_after_s == 0,
    };
    if (year->has_ari) {
        int64_t rule_s = due_renew_after_s(one->facts.not_before_s, one->facts.not_after_s);

        one->facts.ari_start_s = rule_s - year->lifetime_s / 100;
        one->facts.ari_end_s = rule_s + year->lifetime_s / 100;
        one->facts.ari_moment_s =
            due_moment(one->facts.ari_start_s, one->facts.ari_end_s, draw(year, DUE_LOTS));
    }
    one->n_failures = 0;
}

static void put_off(struct year *year, struct one *one, int64_t now_s)
{
    one->n_failures++;
    one->failed_s = now_s;
    one->until_s =
        now_s + due_back_off_s(&one->facts, one->n_failures, now_s, draw(year, DUE_LOTS));
}

static void order(struct year *year, struct one *one, size_t run, int64_t now_s)
{
    year->n_orders++;
    year->orders[run]++;
    if (draw(year, 1000) < year->refused_per_mille) {
        year->n_limited += is_over_limit(&one->failed, now_s, FAILED_LIMIT_S) ? 1 : 0;
        put_off(year, one, now_s);
        return;
    }
    year->n_limited += is_over_limit(&one->issued, now_s, SAME_LIMIT_S) ? 1 : 0;
    year->done[run]++;
    install(year, one, now_s);
}

/* One that is due and need not wait after a failure. */
static void take_turn(struct year *year, struct one *one, size_t run, int64_t now_s)
{
    bool can_wait = now_s < due_find(&one->facts).danger_s;

    if (can_wait && year->n_left == 0) {
        return;
    }
    year->n_left -= can_wait ? 1 : 0;
    year->n_due += one->n_failures == 0 ? 1 : 0;
    if (is_down(year, run)) {
        put_off(year, one, now_s);
    } else {
        order(year, one, run, now_s);
    }
}

static int compare_ends(const void *a, const void *b)
{
    const struct one *const *x = a;
    const struct one *const *y = b;

    return ((*x)->facts.not_after_s > (*y)->facts.not_after_s) -
           ((*x)->facts.not_after_s < (*y)->facts.not_after_s);
}

/* Those that are due, the nearest end first. */
static size_t find_due(struct year *year, int64_t now_s, struct one **ret_due)
{
    size_t n = 0;

    for (size_t i = 0; i < year->n; i++) {
        struct one *one = &year->all[i];

        if (now_s >= due_find(&one->facts).at_s &&
            due_wait_until_s(one->failed_s, one->until_s, now_s) == 0) {
            ret_due[n++] = one;
        }
        year->n_expired += now_s >= one->facts.not_after_s ? 1 : 0;
    }
    qsort(ret_due, n, sizeof(struct one *), compare_ends);
    return n;
}

/* All live equally long: the nearest end is the nearest danger. */
static size_t find_most(const struct year *year, struct one *const *due, size_t n, int64_t now_s)
{
    AUTO_FREE int64_t *left_s = mem_alloc(n + 1, sizeof(*left_s));
    struct pace pace = {.micro_per_hour = 0};
    size_t n_left = 0;

    for (size_t i = 0; i < year->n; i++) {
        pace_add(&pace, due_find(&year->all[i].facts).interval_s);
    }
    for (size_t i = 0; i < n; i++) {
        int64_t until_s = due_find(&due[i]->facts).danger_s;

        if (now_s < until_s) {
            left_s[n_left++] = until_s - now_s;
        }
    }
    return pace_find(&pace, TIMER_S, left_s, n_left);
}

static void call_timer(struct year *year, size_t run, int64_t now_s)
{
    AUTO_FREE struct one **due = mem_alloc(year->n, sizeof(struct one *));
    size_t n = find_due(year, now_s, due);

    year->n_left = find_most(year, due, n, now_s);
    for (size_t i = 0; i < n; i++) {
        take_turn(year, due[i], run, now_s);
    }
}

static void count_account_limit(struct year *year)
{
    double room = ORDERS_LIMIT;

    for (size_t run = 0; run < RUNS; run++) {
        room += (double)TIMER_S * ORDERS_LIMIT / ORDERS_LIMIT_S;
        room = (room > ORDERS_LIMIT ? ORDERS_LIMIT : room) - (double)year->orders[run];
        year->n_limited += room < 0 ? 1 : 0;
    }
}

static void live(struct year *year)
{
    year->seed = 1;
    year->all = mem_alloc(year->n, sizeof(struct one));
    for (size_t i = 0; i < year->n; i++) {
        install(year, &year->all[i], BEGIN_S + (int64_t)draw(year, DAY_S));
    }
    for (size_t run = 0; run < RUNS; run++) {
        call_timer(year, run, BEGIN_S + DAY_S + (int64_t)run * TIMER_S);
    }
    count_account_limit(year);
    mem_free(year->all);
}

/* The most that span runs in a row have renewed, in hundredths of what such runs do on average when
 * the CA is up. */
static size_t peak(const struct year *year, size_t span)
{
    size_t n_up = 0;
    size_t total = 0;
    size_t most = 0;

    for (size_t run = 0; run < RUNS; run++) {
        n_up += is_down(year, run) ? 0 : 1;
        total += year->done[run];
    }
    for (size_t run = 0; run + span <= RUNS; run += span) {
        size_t sum = 0;

        for (size_t i = 0; i < span; i++) {
            sum += year->done[run + i];
        }
        most = sum > most ? sum : most;
    }
    return most * n_up * 100 / (total * span);
}

static void expect_calm(const struct year *year)
{
    assert_int_equal(year->n_expired, 0);
    assert_int_equal(year->n_limited, 0);
    assert_true(year->n_orders * 100 <= year->n_due * 105);
}

/* ---- The years ---- */

static void six_days_and_no_outage(void **state)
{
    struct year year = {.n = 1000, .lifetime_s = 160 * HOUR_S};

    (void)state;
    live(&year);
    expect_calm(&year);
    assert_true(peak(&year, 1) <= 300);
}

static void six_days_and_a_ca_down_one_day_in_five(void **state)
{
    struct year year = {.n = 1000, .lifetime_s = 160 * HOUR_S, .has_outages = true};

    (void)state;
    live(&year);
    expect_calm(&year);
    assert_true(peak(&year, 1) <= 300);
    /* 80 hours at the latest, one outage away from that at most. */
    assert_in_range(year.n_orders, 100 * year.n, 115 * year.n);
}

static void six_days_and_a_ca_that_refuses_some(void **state)
{
    struct year year = {
        .n = 1000, .lifetime_s = 160 * HOUR_S, .refused_per_mille = 20, .has_outages = true};

    (void)state;
    live(&year);
    expect_calm(&year);
    assert_true(peak(&year, 1) <= 300);
}

static void ninety_days_and_no_outage(void **state)
{
    struct year year = {.n = 5000, .lifetime_s = 90 * DAY_S};

    (void)state;
    live(&year);
    expect_calm(&year);
    assert_true(peak(&year, 1) <= 300);
    assert_in_range(year.n_orders, 5 * year.n, 7 * year.n);
}

static void ninety_days_and_a_ca_down_one_day_in_five(void **state)
{
    struct year year = {
        .n = 3000, .lifetime_s = 90 * DAY_S, .refused_per_mille = 20, .has_outages = true};

    (void)state;
    live(&year);
    expect_calm(&year);
    assert_true(peak(&year, 1) <= 300);
}

/* With ARI the CA's windows say when; ours is to miss none. */
static void six_days_with_ari(void **state)
{
    struct year year = {.n = 300, .lifetime_s = 160 * HOUR_S, .has_ari = true, .has_outages = true};

    (void)state;
    live(&year);
    assert_int_equal(year.n_expired, 0);
    assert_true(year.n_orders * 100 <= year.n_due * 105);
    assert_true(peak(&year, 1) <= 300);
}

static void ninety_days_with_ari(void **state)
{
    struct year year = {.n = 300, .lifetime_s = 90 * DAY_S, .has_ari = true, .has_outages = true};

    (void)state;
    live(&year);
    expect_calm(&year);
    /* All 300 come in two days of each sixty until the pace has taken them apart. */
    assert_true(peak(&year, 1) <= 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(six_days_and_no_outage),
        cmocka_unit_test(six_days_and_a_ca_down_one_day_in_five),
        cmocka_unit_test(six_days_and_a_ca_that_refuses_some),
        cmocka_unit_test(ninety_days_and_no_outage),
        cmocka_unit_test(ninety_days_and_a_ca_down_one_day_in_five),
        cmocka_unit_test(six_days_with_ari),
        cmocka_unit_test(ninety_days_with_ari),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
