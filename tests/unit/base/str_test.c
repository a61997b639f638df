/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/str.h"

#include "base/mem.h"
#include "cmocka_all.h"

static void copies_are_copies(void **state)
{
    AUTO_FREE char *s = str_dup("abc");
    AUTO_FREE char *part = str_dup_len("abcdef", 2);
    AUTO_FREE char *made = str_fmt("%d-%s", 7, "x");

    (void)state;
    assert_null(str_dup(NULL));
    assert_string_equal(part, "ab");
    assert_string_equal(made, "7-x");
    str_set(&s, s);
    assert_string_equal(s, "abc");
    str_set(&s, s + 1);
    assert_string_equal(s, "bc");
    str_set(&s, NULL);
    assert_null(s);
}

static void comparing_takes_null(void **state)
{
    (void)state;
    assert_true(str_eq(NULL, NULL));
    assert_false(str_eq(NULL, ""));
    assert_false(str_eq("a", "A"));
    assert_true(str_eq_nocase("aZ9", "Az9"));
    assert_false(str_eq_nocase("a", NULL));
    assert_true(str_has_prefix("abc", "ab") && !str_has_prefix("a", "ab"));
    assert_true(str_has_suffix("abc", "bc") && !str_has_suffix("c", "bc"));
}

static void case_and_blanks_change_in_place(void **state)
{
    char text[] = " \tAbC \xc3\x84\r\n";
    char blank[] = "  ";

    (void)state;
    str_trim(text);
    str_lower(text);
    assert_string_equal(text, "abc \xc3\x84"); /* ASCII only */
    str_trim(blank);
    assert_string_equal(blank, "");
}

static void numbers_are_whole_and_within_bounds(void **state)
{
    static const char *const BAD[] = {
        "", " 1", "1 ", "1x", "0x10", "1.0", "-1", "101", "99999999999999999999"};
    int64_t n = 42;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        if (str_parse_int(BAD[i], 0, 100, &n)) {
            fail_msg("took '%s'", BAD[i]);
        }
    }
    assert_int_equal(n, 42);
    assert_true(str_parse_int("100", 0, 100, &n));
    assert_int_equal(n, 100);
    assert_true(str_parse_int("-9223372036854775808", INT64_MIN, INT64_MAX, &n));
    assert_int_equal(n, INT64_MIN);
}

static void distances_are_edits(void **state)
{
    char longer[80];

    (void)state;
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    assert_int_equal(str_distance("issue", "issue"), 0);
    assert_int_equal(str_distance("", "abc"), 3);
    assert_int_equal(str_distance("kitten", "sitting"), 3);
    assert_int_equal(str_distance("renew", "rnew"), 1);
    assert_int_equal(str_distance(longer, longer), 64);
}

static void lists_split_join_and_sort(void **state)
{
    AUTO(strv_done) struct strv v = STRV_INIT;
    AUTO(strv_done) struct strv copy = STRV_INIT;
    AUTO_FREE char *joined = NULL;

    (void)state;
    strv_add_split(&v, " c, a,,b ,", ",");
    strv_add_unique(&v, "a");
    strv_add_unique(&v, "d");
    strv_sort(&v);
    strv_add(&copy, "old");
    strv_copy(&copy, &v);
    strv_copy(&copy, &copy);
    joined = strv_join(&copy, "+");
    assert_string_equal(joined, "a+b+c+d");
    assert_true(strv_has(&v, "c") && !strv_has(&v, "C"));
    assert_true(strv_is_same_set(&v, &v));
    assert_false(strv_is_same_set(&v, &(struct strv)STRV_INIT));
    assert_false(strv_is_same_set(&(struct strv)STRV_INIT, &v));
    strv_add(&v, "b");
    strv_remove(&v, "b");
    strv_remove(&v, "x");
    mem_free(joined);
    joined = strv_join(&v, "+");
    assert_string_equal(joined, "a+c+d");
}

static void of_many_the_first_are_named(void **state)
{
    static const char *const WANTED[] = {"", "a", "a, b", "a, b and 1 more"};
    AUTO(strv_done) struct strv v = STRV_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(WANTED); i++) {
        AUTO_FREE char *joined = strv_join_first(&v, 2);

        assert_string_equal(joined, WANTED[i]);
        strv_add(&v, (const char *const[]){"a", "b", "c", "d"}[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_are_copies),
        cmocka_unit_test(comparing_takes_null),
        cmocka_unit_test(case_and_blanks_change_in_place),
        cmocka_unit_test(numbers_are_whole_and_within_bounds),
        cmocka_unit_test(distances_are_edits),
        cmocka_unit_test(lists_split_join_and_sort),
        cmocka_unit_test(of_many_the_first_are_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
