/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* When a certificate is due. */
#include "order/due.h"

#include "../base/cmocka_all.h"

#define HOUR_S ((int64_t)3600)
#define DAY_S (24 * HOUR_S)

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_third_of_the_lifetime_is_left),
        cmocka_unit_test(half_of_a_short_lifetime_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
