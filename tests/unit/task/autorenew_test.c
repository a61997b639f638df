/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* When the next run is, in which words that is written, and what is ours in a file of others. */
#include "task/autorenew_impl.h"

#include "../base/cmocka_all.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <time.h>

#define NOON INT64_C(1795262400) /* 2026-11-21T12:00:00Z */

static void set_zone(const char *zone)
{
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
}

static void every_minute_is_written_and_read_back(void **state)
{
    (void)state;
    for (unsigned minute = 0; minute < AUTORENEW_PERIOD_MIN; minute++) {
        AUTO(buf_done) struct buf timer = BUF(256);
        AUTO(buf_done) struct buf cron = BUF(256);
        unsigned back = 999;

        buf_add_str(&timer, "[Timer]\nOnCalendar=");
        autorenew_format_calendar(minute, &timer);
        buf_add_str(&timer, "\nPersistent=true\n");
        assert_true(autorenew_parse_minute(buf_str(&timer), &back));
        assert_int_equal(back, minute);
        buf_add_str(&cron, "# a comment\n");
        autorenew_format_cron(minute, &cron);
        buf_add_str(&cron, " root /usr/bin/acme-dns\n");
        assert_true(autorenew_parse_minute(buf_str(&cron), &back));
        assert_int_equal(back, minute);
    }
}

static void another_time_is_nobodys_minute(void **state)
{
    static const char *const TEXTS[] = {"",
                                        "\n",
                                        "OnCalendar=daily\n",
                                        "OnCalendar=*-*-* 05/4:00:00",
                                        "17 * * * * true\n",
                                        "#17 2-23/4 * * *\n"};
    unsigned minute = 999;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(TEXTS); i++) {
        assert_false(autorenew_parse_minute(TEXTS[i], &minute));
    }
    assert_int_equal(minute, 999);
}

static void the_next_run_is_the_first_that_comes(void **state)
{
    static const struct {
        unsigned minute;
        int64_t from_noon_s;
    } CASES[] = {{0, 4 * 3600}, {1, 60}, {239, 239 * 60}, {60, 3600}};

    (void)state;
    set_zone("UTC");
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        assert_int_equal(autorenew_next_s(CASES[i].minute, NOON), NOON + CASES[i].from_noon_s);
        assert_int_equal(autorenew_next_s(CASES[i].minute, NOON + CASES[i].from_noon_s - 1),
                         NOON + CASES[i].from_noon_s);
    }
    /* At 21:00Z the last run of the day is over; the first is at 0:17 of the next. */
    assert_int_equal(autorenew_next_s(17, NOON + 9 * 3600), NOON + 12 * 3600 + 17 * 60);
    set_zone("Asia/Kathmandu"); /* five hours and three quarters ahead: 17:45 */
    assert_int_equal(autorenew_next_s(0, NOON), NOON + 2 * 3600 + 15 * 60);
}

/* The clock goes back or ahead an hour: never more than five hours between two runs. */
static void the_clocks_change_skips_no_run(void **state)
{
    static const int64_t CHANGES[] = {1792889900, 1774745900}; /* shortly before 1:00Z */

    (void)state;
    set_zone("Europe/Berlin");
    for (size_t i = 0; i < ARRAY_LEN(CHANGES); i++) {
        for (unsigned minute = 0; minute < AUTORENEW_PERIOD_MIN; minute++) {
            int64_t at_s = CHANGES[i] - 6 * 3600;

            while (at_s < CHANGES[i] + 6 * 3600) {
                int64_t next_s = autorenew_next_s(minute, at_s);

                assert_true(next_s > at_s && next_s - at_s <= 5 * 3600);
                at_s = next_s;
            }
        }
    }
    set_zone("UTC");
}

typedef int quote_fn(const char *word, struct buf *to, struct err *err);

static void check_quote(quote_fn *quote, const char *word, const char *wanted)
{
    AUTO(buf_done) struct buf got = BUF(256);
    struct err err = ERR_INIT;

    if (wanted == NULL) {
        assert_int_equal(quote(word, &got, &err), -ERR_CONFIG);
        assert_int_equal(got.len, 0);
        return;
    }
    assert_int_equal(quote(word, &got, &err), 0);
    assert_string_equal(buf_str(&got), wanted);
}

static void words_are_quoted_as_their_readers_want(void **state)
{
    static const struct {
        const char *word, *unit, *cron;
    } CASES[] = {
        {"/usr/bin/acme-dns", "/usr/bin/acme-dns", "/usr/bin/acme-dns"},
        {"", "\"\"", "''"},
        {"a b", "\"a b\"", "'a b'"},
        {"50%", "\"50%%\"", "'50\\%'"},
        {"$HOME", "\"$HOME\"", "'$HOME'"},
        {"it's", "\"it's\"", "'it'\"'\"'s'"},
        {"\"q\"", "\"\\\"q\\\"\"", "'\"q\"'"},
        {"a\\b", "\"a\\\\b\"", NULL},
        {";", "\";\"", "';'"},
        {"\xc3\xa4", "\"\xc3\xa4\"", "'\xc3\xa4'"},
        {"a\nb", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        check_quote(autorenew_quote_unit, CASES[i].word, CASES[i].unit);
        check_quote(autorenew_quote_cron, CASES[i].word, CASES[i].cron);
    }
}

static void a_stamp_tells_ours_from_what_was_changed(void **state)
{
    AUTO_FREE char *text = autorenew_stamp_add("a\nb\n");
    AUTO_FREE char *longer = str_fmt("%sc\n", text);
    AUTO_FREE char *without = str_dup(strchr(text, '\n') + 1);

    (void)state;
    assert_int_equal(autorenew_stamp_judge(text), STAMP_OURS);
    assert_int_equal(autorenew_stamp_judge(longer), STAMP_CHANGED);
    assert_int_equal(autorenew_stamp_judge(without), STAMP_FOREIGN);
    assert_int_equal(autorenew_stamp_judge(""), STAMP_FOREIGN);
    text[strlen(text) - 2] = 'x';
    assert_int_equal(autorenew_stamp_judge(text), STAMP_CHANGED);
}

static void a_block_comes_and_goes_without_a_trace(void **state)
{
    static const char *const TABLES[] = {"", "a\n", "\n\n", "# " AUTORENEW_FRONT " quoted\na\n\n"};
    AUTO_FREE char *block = autorenew_stamp_add("17 2-23/4 * * * true\n" AUTORENEW_END);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(TABLES); i++) {
        size_t len = 0;
        AUTO_FREE char *with = autorenew_block_put(TABLES[i], block);
        const char *found = autorenew_block_find(with, &len);

        assert_non_null(found);
        assert_int_equal(len, strlen(block));
        assert_memory_equal(found, block, len);
        AUTO_FREE char *twice = autorenew_block_put(with, block);
        assert_string_equal(twice, with);
        AUTO_FREE char *without = autorenew_block_put(with, NULL);
        assert_string_equal(without, TABLES[i]);
    }
}

static void a_block_without_its_end_takes_nothing_along(void **state)
{
    static const char TABLE[] = AUTORENEW_FRONT "0123456789abcdef)\n1 2 3 4 5 mine\n";
    size_t len = 0;
    AUTO_FREE char *without = autorenew_block_put(TABLE, NULL);

    (void)state;
    assert_ptr_equal(autorenew_block_find(TABLE, &len), TABLE);
    assert_non_null(strstr(without, "1 2 3 4 5 mine\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_minute_is_written_and_read_back),
        cmocka_unit_test(another_time_is_nobodys_minute),
        cmocka_unit_test(the_next_run_is_the_first_that_comes),
        cmocka_unit_test(the_clocks_change_skips_no_run),
        cmocka_unit_test(words_are_quoted_as_their_readers_want),
        cmocka_unit_test(a_stamp_tells_ours_from_what_was_changed),
        cmocka_unit_test(a_block_comes_and_goes_without_a_trace),
        cmocka_unit_test(a_block_without_its_end_takes_nothing_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
