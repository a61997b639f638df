/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* When somebody is told of a certificate's failures, and when not again. */
#include "task/failure.h"

#include "../base/cmocka_all.h"

#define NOW 1800000000
#define HOUR 3600
#define DAY (24 * HOUR)

static void expect(struct failure_facts facts, enum failure_news wanted)
{
    facts.now_s = NOW;
    assert_int_equal(failure_judge(&facts), wanted);
}

static void what_is_in_order_is_no_news(void **state)
{
    (void)state;
    expect((struct failure_facts){.is_in_danger = false}, FAILURE_NO_NEWS);
}

static void the_first_failure_is_told_and_no_other(void **state)
{
    (void)state;
    expect((struct failure_facts){.has_failed = true}, FAILURE_BEGUN);
    expect((struct failure_facts){.has_failed = true,
                                  .is_in_danger = false,
                                  .failure_told_s = NOW - 10 * DAY},
           FAILURE_NO_NEWS);
}

static void danger_is_told_whether_anything_failed_or_not(void **state)
{
    (void)state;
    expect((struct failure_facts){.is_in_danger = true}, FAILURE_DANGER);
    expect((struct failure_facts){.has_failed = true,
                                  .is_in_danger = true,
                                  .failure_told_s = NOW - HOUR},
           FAILURE_DANGER);
}

static void danger_is_told_daily(void **state)
{
    struct failure_facts facts = {.has_failed = true, .is_in_danger = true, .failure_told_s = 1};

    (void)state;
    facts.danger_told_s = NOW - 4 * HOUR;
    expect(facts, FAILURE_NO_NEWS);
    facts.danger_told_s = NOW - 22 * HOUR;
    expect(facts, FAILURE_NO_NEWS);
    /* A daily timer that came an hour early today. */
    facts.danger_told_s = NOW - 23 * HOUR;
    expect(facts, FAILURE_GOES_ON);
    facts.danger_told_s = NOW - 100 * DAY;
    expect(facts, FAILURE_GOES_ON);
}

static void a_clock_that_was_wrong_silences_nobody(void **state)
{
    (void)state;
    expect((struct failure_facts){.is_in_danger = true, .danger_told_s = NOW + 365 * DAY},
           FAILURE_GOES_ON);
}

static void recovery_is_told_to_those_who_were_told_of_a_failure(void **state)
{
    (void)state;
    expect((struct failure_facts){.is_in_danger = false, .failure_told_s = NOW - DAY},
           FAILURE_RECOVERED);
    expect((struct failure_facts){.is_in_danger = false, .danger_told_s = NOW - HOUR},
           FAILURE_RECOVERED);
    /* Still failing, out of danger because it was issued by other means: no recovery. */
    expect((struct failure_facts){.has_failed = true,
                                  .is_in_danger = false,
                                  .failure_told_s = NOW - DAY,
                                  .danger_told_s = NOW - HOUR},
           FAILURE_NO_NEWS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_in_order_is_no_news),
        cmocka_unit_test(the_first_failure_is_told_and_no_other),
        cmocka_unit_test(danger_is_told_whether_anything_failed_or_not),
        cmocka_unit_test(danger_is_told_daily),
        cmocka_unit_test(a_clock_that_was_wrong_silences_nobody),
        cmocka_unit_test(recovery_is_told_to_those_who_were_told_of_a_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
