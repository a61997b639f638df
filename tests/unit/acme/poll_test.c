/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme/poll.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>
#include <string.h>

#define FAR_MS ((int64_t)600000)

static void begins_soon_and_grows_to_seconds(void **state)
{
    struct acme_poll poll;
    int64_t last = 0;
    int64_t sum = 0;

    (void)state;
    acme_poll_init_validation(&poll);
    for (int i = 0; i < 30; i++) {
        int64_t pause = acme_poll_next_ms(&poll, -1, false, FAR_MS);

        assert_true(pause >= last && pause <= 5000);
        assert_true(i > 0 || (pause >= 10 && pause < 100));
        last = pause;
        sum += i < 10 ? pause : 0;
    }
    assert_int_equal(last, 5000);
    assert_true(sum < 5000); /* ten looks within the first seconds */
}

static void never_asks_at_once_after_finalize(void **state)
{
    struct acme_poll poll;

    (void)state;
    acme_poll_init_finalize(&poll);
    assert_in_range(acme_poll_next_ms(&poll, -1, false, FAR_MS), 20, 100);
    acme_poll_init_finalize(&poll);
    assert_in_range(acme_poll_next_ms(&poll, 0, false, FAR_MS), 20, 100);
}

static void lets_the_ca_decide(void **state)
{
    struct acme_poll poll;

    (void)state;
    acme_poll_init_validation(&poll);
    assert_int_equal(acme_poll_next_ms(&poll, 3, false, FAR_MS), 3000);
    assert_int_equal(acme_poll_next_ms(&poll, 86400, false, FAR_MS), FAR_MS);
    assert_int_equal(acme_poll_next_ms(&poll, INT64_MAX, true, FAR_MS), FAR_MS);
}

static void is_patient_while_challenges_are_unanswered(void **state)
{
    struct acme_poll poll;

    (void)state;
    acme_poll_init_validation(&poll);
    assert_int_equal(acme_poll_next_ms(&poll, -1, true, FAR_MS), 5000);
    /* That pause is not part of the growth. */
    assert_true(acme_poll_next_ms(&poll, -1, false, FAR_MS) < 100);
}

static void keeps_to_the_deadline(void **state)
{
    struct acme_poll poll;

    (void)state;
    acme_poll_init_validation(&poll);
    assert_int_equal(acme_poll_next_ms(&poll, -1, true, 700), 700);
    assert_int_equal(acme_poll_next_ms(&poll, -1, false, -5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_soon_and_grows_to_seconds),
        cmocka_unit_test(never_asks_at_once_after_finalize),
        cmocka_unit_test(lets_the_ca_decide),
        cmocka_unit_test(is_patient_while_challenges_are_unanswered),
        cmocka_unit_test(keeps_to_the_deadline),
    };

    return cmocka_run_group_tests_name("acme/poll", tests, NULL, NULL);
}
