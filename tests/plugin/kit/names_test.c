/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Names of zones and values of TXT records. */
#include "cmocka_all.h"

#include <acme-kit.h>

static void names_lie_in_zones(void **state)
{
    (void)state;
    assert_true(kit_name_is_in("_acme-challenge.example.com.", "Example.COM"));
    assert_true(kit_name_is_in("example.com", "example.com."));
    assert_false(kit_name_is_in("badexample.com.", "example.com."));
    assert_false(kit_name_is_in("com.", "example.com."));
    assert_true(kit_name_is_in("example.com.", ""));
    assert_false(kit_name_is_in(NULL, "example.com") || kit_name_is_in("example.com", NULL));
    assert_false(kit_name_equals(NULL, NULL) || kit_name_equals("a", NULL));
    assert_true(kit_name_equals("A.b.", "a.B"));
    assert_false(kit_name_equals("a.b", "a.bc"));
}

static void longest_suffix_wins(void **state)
{
    static const char *const ZONES[] = {
        "com",           "example.com", "other.org", "sub.example.com.", "x.sub.example.com",
        "ub.example.com"};
    const char *best = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(ZONES) / sizeof(ZONES[0]); i++) {
        if (kit_zone_is_better("_acme-challenge.www.sub.example.com.", ZONES[i], best)) {
            best = ZONES[i];
        }
    }
    assert_string_equal(best, "sub.example.com.");
    assert_false(kit_zone_is_better("a.", "", NULL));
    assert_false(kit_zone_is_better("a.", NULL, NULL));
}

static void expect_walk(const char *fqdn, const char *zone, const char *const *wanted)
{
    struct acme_record record = {.fqdn = fqdn, .zone = zone};
    struct kit_walk walk = KIT_EMPTY;

    while (*wanted != NULL) {
        assert_true(kit_walk_next(&walk, &record));
        assert_string_equal(walk.name, *wanted++);
    }
    assert_false(kit_walk_next(&walk, &record));
    assert_false(kit_walk_next(&walk, &record));
}

static void a_walk_begins_with_what_the_dns_says(void **state)
{
    (void)state;
    expect_walk("_acme-challenge.a.b.example.com.", "example.com.",
                (const char *const[]){"example.com", "a.b.example.com", "b.example.com", NULL});
    expect_walk("_acme-challenge.example.com.", "example.com.",
                (const char *const[]){"example.com", NULL});
    expect_walk("_acme-challenge.a.example.com.", NULL,
                (const char *const[]){"a.example.com", "example.com", NULL});
    expect_walk("_acme-challenge.lan.", "lan.", (const char *const[]){"lan", NULL});
    expect_walk("_acme-challenge.example.com.", "_acme-challenge.example.com.",
                (const char *const[]){"_acme-challenge.example.com", "example.com", NULL});
}

static void expect_relative(const char *name, const char *zone, const char *wanted)
{
    KIT_TEXT(t);

    kit_name_add_relative(&t, name, zone, "@");
    assert_string_equal(kit_text_str(&t), wanted);
}

static void relative_names_lose_their_zone(void **state)
{
    KIT_TEXT(plain);

    (void)state;
    expect_relative("_acme-challenge.www.example.com.", "example.com", "_acme-challenge.www");
    expect_relative("_acme-challenge.example.com.", "example.com.", "_acme-challenge");
    expect_relative("example.com.", "EXAMPLE.com", "@");
    expect_relative("x.other.org.", "example.com", "x.other.org");
    kit_name_add_plain(&plain, "example.com.");
    assert_string_equal(kit_text_str(&plain), "example.com");
}

static void expect_unquoted(const char *content, bool is_quoted, const char *wanted)
{
    KIT_TEXT(t);

    assert_int_equal(kit_txt_add_unquoted(&t, content), is_quoted);
    assert_string_equal(kit_text_str(&t), wanted);
}

static void quoted_content_is_joined_and_unescaped(void **state)
{
    (void)state;
    expect_unquoted("\"abc\"", true, "abc");
    expect_unquoted(" \"abc\"  \"def\" ", true, "abcdef");
    expect_unquoted("\"a\\\"b\\\\c\\065\\d\"", true, "a\"b\\cAd");
    expect_unquoted("\"\"", true, "");
    expect_unquoted("\"a\"\"b\"", true, "ab");
}

static void what_is_not_quoted_as_a_whole_stays(void **state)
{
    static const char *const CONTENTS[] = {"abc",     "",        "\"abc",     "abc\"",
                                           "\"a\" b", "\"a\\\"", "\"\\25\"",  "\"\\256\"",
                                           "\"\\",    "a \"b\"", "\"a\\9x\"", "\""};

    (void)state;
    for (size_t i = 0; i < sizeof(CONTENTS) / sizeof(CONTENTS[0]); i++) {
        expect_unquoted(CONTENTS[i], false, CONTENTS[i]);
    }
}

static void all_bytes_survive_quoting(void **state)
{
    char value[255];
    struct acme_record record = {.value = value, .value_len = sizeof(value)};
    KIT_TEXT(quoted);
    KIT_TEXT(bare);

    (void)state;
    for (size_t i = 0; i < sizeof(value); i++) {
        value[i] = (char)(unsigned char)i;
    }
    kit_txt_add_quoted(&quoted, value, sizeof(value));
    assert_true(kit_txt_is(kit_text_str(&quoted), &record));
    assert_false(kit_txt_add_bare(&bare, &record));
    value[0] = 'x';
    assert_false(kit_txt_is(kit_text_str(&quoted), &record));
    assert_true(kit_txt_add_bare(&bare, &record));
    assert_int_equal(bare.len, sizeof(value));
}

static void values_are_found_quoted_and_bare(void **state)
{
    struct acme_record record = {.value = "aBc-_", .value_len = 5};
    struct acme_record odd = {.value = "\"q\"", .value_len = 3};

    (void)state;
    assert_true(kit_txt_is("aBc-_", &record));
    assert_true(kit_txt_is("\"aBc-_\"", &record));
    assert_true(kit_txt_is("\"aB\" \"c-_\"", &record));
    assert_false(kit_txt_is("\"abc-_\"", &record));
    assert_false(kit_txt_is("aBc-_x", &record));
    assert_false(kit_txt_is("aBc-", &record));
    assert_false(kit_txt_is(NULL, &record));
    assert_true(kit_txt_is("\"q\"", &odd));
    assert_true(kit_txt_is("\"\\\"q\\\"\"", &odd));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_lie_in_zones),
        cmocka_unit_test(longest_suffix_wins),
        cmocka_unit_test(a_walk_begins_with_what_the_dns_says),
        cmocka_unit_test(relative_names_lose_their_zone),
        cmocka_unit_test(quoted_content_is_joined_and_unescaped),
        cmocka_unit_test(what_is_not_quoted_as_a_whole_stays),
        cmocka_unit_test(all_bytes_survive_quoting),
        cmocka_unit_test(values_are_found_quoted_and_bare),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
