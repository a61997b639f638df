/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/clock.h"

#include "cmocka_all.h"

static void formats_and_parses_the_same_second(void **state)
{
    char text[CLOCK_TEXT_MAX];
    int64_t back = 0;

    (void)state;
    clock_format(1795301460, text);
    assert_string_equal(text, "2026-11-21T22:51:00Z");
    assert_true(clock_parse(text, &back));
    assert_int_equal(back, 1795301460);
    clock_format(INT64_MAX, text);
    assert_string_equal(text, "out-of-range");
}

static void parses_fractions_offsets_and_leap_seconds(void **state)
{
    int64_t at = 0;

    (void)state;
    assert_true(clock_parse("2026-11-21T22:51:00.123456789Z", &at));
    assert_int_equal(at, 1795301460);
    assert_true(clock_parse("2026-11-22t00:51:00+02:00", &at));
    assert_int_equal(at, 1795301460);
    assert_true(clock_parse("2026-11-21 21:21:00-01:30", &at));
    assert_int_equal(at, 1795301460);
    assert_true(clock_parse("2016-12-31T23:59:60Z", &at));
    assert_int_equal(at, 1483228800);
    assert_true(clock_parse("2024-02-29T00:00:00Z", &at));
    assert_int_equal(at, 1709164800);
}

static void refuses_what_is_no_date(void **state)
{
    static const char *const BAD[] = {
        "",
        "2026-11-21",
        "2026-11-21T22:51:00",
        "2026-11-21T22:51:00.Z",
        "2026-13-21T22:51:00Z",
        "2026-02-30T22:51:00Z",
        "2025-02-29T00:00:00Z",
        "2026-11-00T22:51:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T22:51:61Z",
        "2026-11-21T22:51:00Zx",
        "2026-11-21T22:51:00+2:00",
        " 2026-11-21T22:51:00Z",
        "2026-1121T22:51:00Z",
    };
    int64_t at = 42;

    (void)state;
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        if (clock_parse(BAD[i], &at)) {
            fail_msg("took '%s'", BAD[i]);
        }
    }
    assert_int_equal(at, 42);
}

static void formats_spans_for_people(void **state)
{
    static const struct {
        int64_t seconds;
        const char *text;
    } CASES[] = {
        {0, "0 s"},           {119, "119 s"},      {120, "2 min"},     {7199, "119 min"},
        {7200, "2 hours"},    {86400, "24 hours"}, {172800, "2 days"}, {89 * 86400 + 5, "89 days"},
        {-172800, "-2 days"},
    };
    char text[CLOCK_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        clock_format_span(CASES[i].seconds, text);
        assert_string_equal(text, CASES[i].text);
    }
    clock_format_span(INT64_MIN, text);
    assert_int_equal(text[0], '-');
}

static void random_reaches_each_value_and_no_other(void **state)
{
    unsigned seen = 0;

    (void)state;
    assert_int_equal(clock_random(0), 0);
    assert_int_equal(clock_random(1), 0);
    for (int i = 0; i < 2000; i++) {
        uint64_t value = clock_random(5);

        assert_true(value < 5);
        seen |= 1u << value;
    }
    assert_int_equal(seen, 31);
}

static void shifting_moves_both_clocks(void **state)
{
    int64_t mono = clock_mono_ms();
    int64_t wall = clock_wall_s();

    (void)state;
    clock_shift(100000, 5000);
    assert_in_range(clock_mono_ms() - mono, 100000, 105000);
    assert_in_range(clock_wall_s() - wall, 5000, 5005);
    clock_shift(-100000, -5000);
    assert_in_range(clock_wall_s() - wall, 0, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_and_parses_the_same_second),
        cmocka_unit_test(parses_fractions_offsets_and_leap_seconds),
        cmocka_unit_test(refuses_what_is_no_date),
        cmocka_unit_test(formats_spans_for_people),
        cmocka_unit_test(random_reaches_each_value_and_no_other),
        cmocka_unit_test(shifting_moves_both_clocks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
