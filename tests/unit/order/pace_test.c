/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* How many renewals a timer's run begins. What comes of it in a year: due_year_test.c. */
#include "order/pace.h"

#include "../base/cmocka_all.h"

#define HOUR_S ((int64_t)3600)
#define DAY_S (24 * HOUR_S)

/* So many renewals an hour on average, of certificates that are renewed every sixty days. */
static struct pace pace_of(size_t n_certificates)
{
    struct pace pace = {.micro_per_hour = 0};

    for (size_t i = 0; i < n_certificates; i++) {
        pace_add(&pace, 60 * DAY_S);
    }
    return pace;
}

static void somewhat_more_than_the_mean(void **state)
{
    const struct pace pace = pace_of(14400); /* ten an hour */

    (void)state;
    assert_int_equal(pace_find(&pace, HOUR_S, NULL, 0), 27);
    assert_int_equal(pace_find(&pace, 4 * HOUR_S, NULL, 0), 109);
    assert_int_equal(pace_find(&pace, DAY_S, NULL, 0), 659);
}

static void one_at_least(void **state)
{
    const struct pace pace = pace_of(200);

    (void)state;
    assert_int_equal(pace_find(&pace, HOUR_S, NULL, 0), 1);
    assert_int_equal(pace_find(&pace, 1, NULL, 0), 1);
}

static void few_are_not_held_back(void **state)
{
    const struct pace none = pace_of(0);
    const struct pace few = pace_of(100);

    (void)state;
    assert_int_equal(pace_find(&none, 4 * HOUR_S, NULL, 0), SIZE_MAX);
    assert_int_equal(pace_find(&few, 4 * HOUR_S, NULL, 0), SIZE_MAX);
}

static void without_regular_calls_there_is_no_next_run_to_leave_to(void **state)
{
    const struct pace pace = pace_of(14400);

    (void)state;
    assert_int_equal(pace_find(&pace, 0, NULL, 0), SIZE_MAX);
    assert_int_equal(pace_find(&pace, -HOUR_S, NULL, 0), SIZE_MAX);
    assert_int_equal(pace_find(&pace, 2 * DAY_S, NULL, 0), SIZE_MAX);
}

static void none_gets_late_by_it(void **state)
{
    const struct pace pace = pace_of(200);
    const int64_t left_s[] = {0,           2 * HOUR_S,  16 * HOUR_S, 16 * HOUR_S,
                              16 * HOUR_S, 16 * HOUR_S, 16 * HOUR_S};

    (void)state;
    /* Three runs come before the last five are late, of which one is this. */
    assert_int_equal(pace_find(&pace, 4 * HOUR_S, left_s + 2, 5), 2);
    assert_int_equal(pace_find(&pace, 4 * HOUR_S, left_s + 2, 3), 1);
    /* Two have no run but this. */
    assert_int_equal(pace_find(&pace, 4 * HOUR_S, left_s, 2), 2);
    assert_int_equal(pace_find(&pace, 4 * HOUR_S, left_s, 7), 3);
}

static void what_cannot_be_does_no_harm(void **state)
{
    struct pace pace = pace_of(14400);
    const struct pace same = pace;
    const int64_t left_s[] = {-DAY_S};

    (void)state;
    pace_add(&pace, -5); /* as one that is renewed every hour */
    assert_int_equal(pace.micro_per_hour - same.micro_per_hour, 1000000);
    assert_int_equal(pace_find(&pace, 4 * HOUR_S, left_s, 1), 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(somewhat_more_than_the_mean),
        cmocka_unit_test(one_at_least),
        cmocka_unit_test(few_are_not_held_back),
        cmocka_unit_test(without_regular_calls_there_is_no_next_run_to_leave_to),
        cmocka_unit_test(none_gets_late_by_it),
        cmocka_unit_test(what_cannot_be_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
