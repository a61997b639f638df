/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* When a certificate is due, and how long a failure keeps it waiting. */
#include "order/due.h"

#include "../base/cmocka_all.h"

#define HOUR_S ((int64_t)3600)
#define DAY_S (24 * HOUR_S)
#define BEGIN_S ((int64_t)1800000000)
#define LAST_LOT (DUE_LOTS - 1)

static struct due_facts facts_of(int64_t lifetime_s)
{
    return (struct due_facts){.not_before_s = BEGIN_S, .not_after_s = BEGIN_S + lifetime_s};
}

/* As if the CA had answered, with the moment in the middle. */
static struct due_facts with_window(struct due_facts facts, int64_t start_s, int64_t end_s)
{
    facts.ari_start_s = BEGIN_S + start_s;
    facts.ari_end_s = BEGIN_S + end_s;
    facts.ari_moment_s = BEGIN_S + start_s + (end_s - start_s) / 2;
    return facts;
}

static void expect(const struct due_facts *facts, int64_t at_s, enum due_reason reason)
{
    struct due due = due_find(facts);

    assert_int_equal(due.at_s - BEGIN_S, at_s);
    assert_int_equal(due.reason, reason);
}

/* ---- The rule ---- */

static void a_third_of_the_lifetime_is_left(void **state)
{
    (void)state;
    assert_int_equal(due_renew_after_s(0, 90 * DAY_S), 60 * DAY_S);
    assert_int_equal(due_renew_after_s(1000, 1000 + 45 * DAY_S), 1000 + 30 * DAY_S);
    assert_int_equal(due_renew_after_s(0, 398 * DAY_S), 398 * DAY_S - 398 * DAY_S / 3);
}

static void half_of_a_short_lifetime_is_left(void **state)
{
    (void)state;
    assert_int_equal(due_renew_after_s(0, 10 * DAY_S), 5 * DAY_S);
    assert_int_equal(due_renew_after_s(0, 160 * HOUR_S), 80 * HOUR_S);
    assert_int_equal(due_renew_after_s(0, HOUR_S), HOUR_S / 2);
    assert_int_equal(due_renew_after_s(0, 10 * DAY_S + 3), 10 * DAY_S + 3 - (10 * DAY_S + 3) / 3);
}

static void the_share_only_makes_it_earlier(void **state)
{
    struct due_facts facts = facts_of(90 * DAY_S);

    (void)state;
    expect(&facts, 60 * DAY_S, DUE_BY_LIFETIME);
    facts.share_lot = DUE_LOTS / 2;
    expect(&facts, 60 * DAY_S - 90 * DAY_S * 3 / 100, DUE_BY_LIFETIME);
    facts.share_lot = LAST_LOT;
    assert_in_range(due_find(&facts).at_s - BEGIN_S, 54 * DAY_S, 55 * DAY_S);
}

static void a_first_renewal_is_spread_wide(void **state)
{
    struct due_facts facts = facts_of(90 * DAY_S);

    (void)state;
    facts.is_first = true;
    expect(&facts, 60 * DAY_S, DUE_BY_LIFETIME);
    facts.share_lot = DUE_LOTS / 2;
    expect(&facts, 42 * DAY_S, DUE_BY_LIFETIME);
    facts.share_lot = LAST_LOT;
    assert_in_range(due_find(&facts).at_s - BEGIN_S, 24 * DAY_S, 25 * DAY_S);
}

static void a_lot_out_of_range_does_no_harm(void **state)
{
    struct due_facts facts = facts_of(90 * DAY_S);

    (void)state;
    facts.share_lot = UINT32_MAX;
    facts.is_first = true;
    assert_in_range(due_find(&facts).at_s - BEGIN_S, 24 * DAY_S, 60 * DAY_S);
}

/* ---- ARI ---- */

static void the_moment_in_the_window_counts(void **state)
{
    struct due_facts early = with_window(facts_of(90 * DAY_S), 30 * DAY_S, 32 * DAY_S);
    struct due_facts late = with_window(facts_of(90 * DAY_S), 68 * DAY_S, 70 * DAY_S);

    (void)state;
    early.share_lot = LAST_LOT;
    expect(&early, 31 * DAY_S, DUE_BY_ARI);
    expect(&late, 69 * DAY_S, DUE_BY_ARI);
}

static void a_window_in_the_past_means_now(void **state)
{
    struct due_facts facts = with_window(facts_of(90 * DAY_S), -2 * DAY_S, -DAY_S);

    (void)state;
    assert_true(due_find(&facts).at_s < BEGIN_S);
    assert_int_equal(due_find(&facts).reason, DUE_BY_ARI);
}

static void a_ca_that_always_says_now_gets_one_order_a_day(void **state)
{
    struct due_facts facts = with_window(facts_of(90 * DAY_S), -2 * DAY_S, -DAY_S);

    (void)state;
    facts.ari_led_s = BEGIN_S;
    expect(&facts, DAY_S, DUE_BY_ARI);
    facts.ari_led_s = facts.not_after_s + DAY_S; /* by a clock that was wrong */
    assert_true(due_find(&facts).at_s < BEGIN_S);
}

static void ari_cannot_push_it_into_danger(void **state)
{
    struct due_facts facts = with_window(facts_of(90 * DAY_S), 85 * DAY_S, 89 * DAY_S);
    struct due_facts short_lived = with_window(facts_of(160 * HOUR_S), 150 * HOUR_S, 158 * HOUR_S);

    (void)state;
    expect(&facts, 75 * DAY_S, DUE_BY_NET);
    expect(&short_lived, 120 * HOUR_S, DUE_BY_NET);
}

static void windows_without_sense_are_ignored(void **state)
{
    static const int64_t WINDOWS[][2] = {
        {62 * DAY_S, 62 * DAY_S},   /* empty */
        {62 * DAY_S, 61 * DAY_S},   /* backwards */
        {90 * DAY_S, 95 * DAY_S},   /* when all is over */
        {400 * DAY_S, 500 * DAY_S}, /* much later */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(WINDOWS) / sizeof(WINDOWS[0]); i++) {
        struct due_facts facts = with_window(facts_of(90 * DAY_S), WINDOWS[i][0], WINDOWS[i][1]);

        expect(&facts, 60 * DAY_S, DUE_BY_LIFETIME);
    }
}

static void a_moment_outside_its_window_is_drawn_again(void **state)
{
    struct due_facts facts = with_window(facts_of(90 * DAY_S), 50 * DAY_S, 52 * DAY_S);

    (void)state;
    facts.ari_moment_s = BEGIN_S + 70 * DAY_S;
    facts.share_lot = DUE_LOTS / 2;
    expect(&facts, 51 * DAY_S, DUE_BY_ARI);
    facts.ari_moment_s = 0;
    expect(&facts, 51 * DAY_S, DUE_BY_ARI);
}

static void moments_lie_in_their_window(void **state)
{
    (void)state;
    assert_int_equal(due_moment(1000, 3000, 0), 1000);
    assert_int_equal(due_moment(1000, 3000, DUE_LOTS / 2), 2000);
    assert_in_range(due_moment(1000, 3000, LAST_LOT), 2990, 2999);
    assert_int_equal(due_moment(3000, 1000, LAST_LOT), 3000);
    assert_in_range(due_moment(0, INT64_MAX, LAST_LOT), 1, INT64_MAX - 1);
}

/* ---- renew-before ---- */

static void renew_before_only_makes_it_earlier(void **state)
{
    struct due_facts facts = facts_of(90 * DAY_S);
    struct due_facts led = with_window(facts_of(90 * DAY_S), 68 * DAY_S, 70 * DAY_S);

    (void)state;
    facts.renew_before_s = 40 * DAY_S;
    expect(&facts, 50 * DAY_S, DUE_BY_SETTING);
    facts.renew_before_s = 20 * DAY_S;
    expect(&facts, 60 * DAY_S, DUE_BY_LIFETIME);
    led.renew_before_s = 25 * DAY_S;
    expect(&led, 65 * DAY_S, DUE_BY_SETTING);
}

static void renew_before_does_not_renew_all_the_time(void **state)
{
    struct due_facts facts = facts_of(45 * DAY_S);

    (void)state;
    facts.renew_before_s = 60 * DAY_S;
    expect(&facts, 45 * DAY_S / 10, DUE_BY_SETTING);
    facts.renew_before_s = INT64_MAX;
    expect(&facts, 45 * DAY_S / 10, DUE_BY_SETTING);
}

/* ---- Danger ---- */

static int64_t danger_of(const struct due_facts *facts)
{
    return due_find(facts).danger_s - BEGIN_S;
}

static void danger_begins_when_half_of_the_margin_is_gone(void **state)
{
    struct due_facts facts = facts_of(90 * DAY_S);
    struct due_facts short_lived = facts_of(160 * HOUR_S);
    struct due_facts late = with_window(facts_of(90 * DAY_S), 69 * DAY_S, 71 * DAY_S);
    struct due_facts recalled = with_window(facts_of(90 * DAY_S), -2 * DAY_S, -DAY_S);

    (void)state;
    assert_int_equal(danger_of(&facts), 75 * DAY_S);
    assert_int_equal(danger_of(&short_lived), 120 * HOUR_S);
    assert_int_equal(danger_of(&late), 80 * DAY_S);
    /* Whatever makes it due early does not make it dangerous early. */
    assert_int_equal(danger_of(&recalled), 75 * DAY_S);
    facts.is_first = true;
    facts.share_lot = LAST_LOT;
    assert_int_equal(danger_of(&facts), 75 * DAY_S);
}

/* ---- Nonsense ---- */

static void certificates_without_sense_are_survived(void **state)
{
    static const int64_t DATES[][2] = {
        {BEGIN_S, BEGIN_S},           {BEGIN_S, 0},           {0, 0}, {0, 253402300799},
        {-62135596800, 253402300799}, {BEGIN_S, BEGIN_S + 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(DATES) / sizeof(DATES[0]); i++) {
        struct due_facts facts = {.not_before_s = DATES[i][0],
                                  .not_after_s = DATES[i][1],
                                  .share_lot = LAST_LOT,
                                  .is_first = true,
                                  .renew_before_s = INT64_MAX};
        struct due due = due_find(&facts);

        assert_true(due.at_s <= due.danger_s || facts.not_after_s < facts.not_before_s);
        assert_true(due.danger_s <= (facts.not_after_s > facts.not_before_s ? facts.not_after_s
                                                                            : facts.not_before_s));
        assert_true(due_back_off_s(&facts, INT64_MAX, 0, LAST_LOT) >= 60);
    }
}

static void a_clock_that_is_behind_is_noticed(void **state)
{
    (void)state;
    assert_true(due_is_clock_behind(BEGIN_S, 0));
    assert_true(due_is_clock_behind(BEGIN_S, BEGIN_S - 2 * DAY_S));
    assert_false(due_is_clock_behind(BEGIN_S, BEGIN_S - HOUR_S)); /* time zones, leeway */
    assert_false(due_is_clock_behind(BEGIN_S, BEGIN_S + 400 * DAY_S));
}

/* ---- Failures ---- */

static int64_t longest_s(const struct due_facts *facts, int64_t n, int64_t after_s)
{
    return due_back_off_s(facts, n, BEGIN_S + after_s, LAST_LOT);
}

static void waits_grow_and_saturate(void **state)
{
    struct due_facts facts = facts_of(90 * DAY_S);

    (void)state;
    assert_in_range(longest_s(&facts, 1, 60 * DAY_S), DAY_S - HOUR_S, DAY_S);
    assert_in_range(longest_s(&facts, 2, 60 * DAY_S), 2 * DAY_S - HOUR_S, 2 * DAY_S);
    assert_in_range(longest_s(&facts, 3, 60 * DAY_S), 2 * DAY_S - HOUR_S, 2 * DAY_S);
    assert_int_equal(longest_s(&facts, INT64_MAX, 60 * DAY_S), longest_s(&facts, 3, 60 * DAY_S));
    assert_int_equal(longest_s(&facts, 0, 60 * DAY_S), longest_s(&facts, 1, 60 * DAY_S));
}

static void waits_are_spread_by_their_lot(void **state)
{
    struct due_facts facts = facts_of(90 * DAY_S);
    int64_t now_s = BEGIN_S + 60 * DAY_S;

    (void)state;
    assert_int_equal(due_back_off_s(&facts, 1, now_s, 0), 3 * HOUR_S);
    assert_in_range(due_back_off_s(&facts, 1, now_s, DUE_LOTS / 2), 13 * HOUR_S, 14 * HOUR_S);
}

static void waits_leave_tries_before_the_end(void **state)
{
    struct due_facts facts = facts_of(160 * HOUR_S);
    int64_t now_s = BEGIN_S + 80 * HOUR_S;
    unsigned n_tries = 0;

    (void)state;
    /* With the longest waits, by a timer that comes every four hours. */
    for (int64_t n = 1; now_s < facts.not_after_s; n++) {
        int64_t wait_s = due_back_off_s(&facts, n, now_s, LAST_LOT);

        now_s += (wait_s + 4 * HOUR_S - 1) / (4 * HOUR_S) * (4 * HOUR_S);
        n_tries++;
    }
    assert_in_range(n_tries, 7, 20);
}

static void waits_are_short_around_the_end(void **state)
{
    struct due_facts facts = facts_of(90 * DAY_S);
    struct due_facts an_hour = facts_of(HOUR_S);

    (void)state;
    assert_true(longest_s(&facts, 30, 90 * DAY_S - 60) <= HOUR_S);
    assert_true(longest_s(&facts, 30, 90 * DAY_S + 60) <= HOUR_S);
    assert_in_range(longest_s(&facts, 1, 91 * DAY_S), 3 * HOUR_S, 4 * HOUR_S);
    assert_in_range(longest_s(&facts, 30, 100 * DAY_S), 3 * HOUR_S, 4 * HOUR_S);
    assert_in_range(longest_s(&facts, 30, 120 * DAY_S - 60), 3 * HOUR_S, 4 * HOUR_S);
    assert_true(longest_s(&facts, 30, 121 * DAY_S) > DAY_S); /* nobody misses it */
    assert_true(longest_s(&an_hour, 30, HOUR_S / 2) <= HOUR_S / 8);
    assert_true(longest_s(&an_hour, 30, HOUR_S - 1) >= 60);
}

static void a_first_certificate_is_tried_sooner(void **state)
{
    const struct due_facts nothing = {.not_after_s = 0};

    (void)state;
    assert_true(due_back_off_s(&nothing, 1, BEGIN_S, LAST_LOT) <= HOUR_S);
    assert_in_range(due_back_off_s(&nothing, 99, BEGIN_S, LAST_LOT), 23 * HOUR_S, DAY_S);
}

static void waits_of_a_wrong_clock_do_not_hold(void **state)
{
    int64_t now_s = BEGIN_S;

    (void)state;
    assert_int_equal(due_wait_until_s(now_s - HOUR_S, now_s + HOUR_S, now_s), now_s + HOUR_S);
    assert_int_equal(due_wait_until_s(now_s - HOUR_S, now_s, now_s), 0);
    assert_int_equal(due_wait_until_s(now_s + 1, now_s + HOUR_S, now_s), 0);
    assert_int_equal(due_wait_until_s(now_s - 365 * DAY_S, now_s + HOUR_S, now_s), 0);
    assert_int_equal(due_wait_until_s(now_s - 10, now_s - 20, now_s), 0);
    assert_int_equal(due_wait_until_s(0, INT64_MAX, now_s), 0);
    assert_int_equal(due_wait_until_s(0, 0, now_s), 0);
}

static void reasons_have_words(void **state)
{
    (void)state;
    assert_string_equal(due_reason_name(DUE_BY_NET), "net");
    assert_non_null(strstr(due_reason_text(DUE_BY_ARI), "ARI"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_third_of_the_lifetime_is_left),
        cmocka_unit_test(half_of_a_short_lifetime_is_left),
        cmocka_unit_test(the_share_only_makes_it_earlier),
        cmocka_unit_test(a_first_renewal_is_spread_wide),
        cmocka_unit_test(a_lot_out_of_range_does_no_harm),
        cmocka_unit_test(the_moment_in_the_window_counts),
        cmocka_unit_test(a_window_in_the_past_means_now),
        cmocka_unit_test(a_ca_that_always_says_now_gets_one_order_a_day),
        cmocka_unit_test(ari_cannot_push_it_into_danger),
        cmocka_unit_test(windows_without_sense_are_ignored),
        cmocka_unit_test(a_moment_outside_its_window_is_drawn_again),
        cmocka_unit_test(moments_lie_in_their_window),
        cmocka_unit_test(renew_before_only_makes_it_earlier),
        cmocka_unit_test(renew_before_does_not_renew_all_the_time),
        cmocka_unit_test(danger_begins_when_half_of_the_margin_is_gone),
        cmocka_unit_test(certificates_without_sense_are_survived),
        cmocka_unit_test(a_clock_that_is_behind_is_noticed),
        cmocka_unit_test(waits_grow_and_saturate),
        cmocka_unit_test(waits_are_spread_by_their_lot),
        cmocka_unit_test(waits_leave_tries_before_the_end),
        cmocka_unit_test(waits_are_short_around_the_end),
        cmocka_unit_test(a_first_certificate_is_tried_sooner),
        cmocka_unit_test(waits_of_a_wrong_clock_do_not_hold),
        cmocka_unit_test(reasons_have_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
