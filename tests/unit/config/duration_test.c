/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "config/duration.h"

#include "../base/cmocka_all.h"
#include "base/cleanup.h"
#include "base/mem.h"

#define DAY_MS ((int64_t)86400000)
#define DAY_S ((int64_t)86400)

static void durations_have_units(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } CASES[] = {{"90", 90000},  {"90s", 90000},  {"500ms", 500}, {"0", 0},
                 {"5m", 300000}, {"2h", 7200000}, {"1d", DAY_MS}};
    static const char *const WRONG[] = {"",     "s",   "1w", "-1",
                                        "1.5h", "1 h", "1H", "9223372036854775807d"};
    int64_t ms = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        assert_true(duration_parse(CASES[i].text, &ms));
        assert_int_equal(ms, CASES[i].ms);
    }
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        ms = 42;
        assert_false(duration_parse(WRONG[i], &ms));
        assert_int_equal(ms, 42);
    }
}

static void durations_are_written_as_one_would(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } CASES[] = {{0, "0ms"},
                 {500, "500ms"},
                 {1000, "1s"},
                 {90000, "90s"},
                 {300000, "5m"},
                 {5400000, "90m"},
                 {7200000, "2h"},
                 {DAY_MS, "1d"},
                 {36 * 3600000, "36h"},
                 {400 * DAY_MS, "400d"}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        AUTO_FREE char *text = duration_format(CASES[i].ms);
        int64_t again = -1;

        assert_string_equal(text, CASES[i].text);
        assert_true(duration_parse(text, &again));
        assert_int_equal(again, CASES[i].ms);
    }
}

static void margins_are_times_or_shares(void **state)
{
    static const char *const WRONG[] = {"",    "%",   "0%",  "91%",   "100%", "-5%",
                                        "5 %", "1/3", "59s", "3651d", "0",    "30%%"};
    struct margin margin = {0};

    (void)state;
    assert_true(margin_is_unsaid(&margin));
    assert_true(margin_parse("20d", &margin));
    assert_int_equal(margin.ms, 20 * DAY_MS);
    assert_int_equal(margin.percent, 0);
    assert_true(margin_parse("30%", &margin));
    assert_int_equal(margin.ms, 0);
    assert_int_equal(margin.percent, 30);
    assert_false(margin_is_unsaid(&margin));
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        assert_false(margin_parse(WRONG[i], &margin));
        assert_int_equal(margin.percent, 30);
    }
}

static void margins_come_back_as_they_were(void **state)
{
    static const char *const TEXTS[] = {"20d", "12h", "90m", "1%", "90%"};
    struct margin margin = {0};

    (void)state;
    assert_null(margin_format(&margin));
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        AUTO_FREE char *text = NULL;

        assert_true(margin_parse(TEXTS[i], &margin));
        text = margin_format(&margin);
        assert_string_equal(text, TEXTS[i]);
    }
}

/* Or a certificate of six days with "renew-before = 20d" would be ordered in every run. */
static void a_margin_leaves_a_tenth_of_the_lifetime(void **state)
{
    struct margin margin = {.ms = 20 * DAY_MS};

    (void)state;
    assert_int_equal(margin_seconds(&margin, 90 * DAY_S), 20 * DAY_S);
    assert_int_equal(margin_seconds(&margin, 6 * DAY_S), 6 * DAY_S * 9 / 10);
    margin = (struct margin){.percent = 50};
    assert_int_equal(margin_seconds(&margin, 90 * DAY_S), 45 * DAY_S);
    margin = (struct margin){.ms = 0};
    assert_int_equal(margin_seconds(&margin, 90 * DAY_S), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_have_units),
        cmocka_unit_test(durations_are_written_as_one_would),
        cmocka_unit_test(margins_are_times_or_shares),
        cmocka_unit_test(margins_come_back_as_they_were),
        cmocka_unit_test(a_margin_leaves_a_tenth_of_the_lifetime),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
