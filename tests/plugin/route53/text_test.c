/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Route 53's spelling of names and values, and record sets in it. */
#include "aws.h"
#include "name.h"
#include "rrset.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_name(bool (*read)(const char *, char *), const char *text, const char *wanted)
{
    char name[NAME_SIZE] = "";

    assert_true(read(text, name));
    assert_string_equal(name, wanted);
}

static void names_are_spelt_in_one_way(void **state)
{
    char name[NAME_SIZE];

    (void)state;
    assert_name(name_from_dns, "_acme-challenge.example.com.", "_acme-challenge.example.com.");
    assert_name(name_from_dns, "*.Example.com.", "\\052.example.com.");
    assert_name(name_from_dns, "a\\.b\\042\\255.com.", "a\\056b\\052\\377.com.");
    assert_name(name_from_api, "\\052.EXAMPLE.com", "\\052.example.com.");
    assert_name(name_from_api, "*.example.com.", "\\052.example.com.");
    assert_name(name_from_api, "a\\056b.com.", "a\\056b.com.");
    assert_false(name_from_api("a\\089.com.", name));
    assert_false(name_from_api("a\\777.com.", name));
    assert_false(name_from_dns("a\\", name));
    assert_false(name_from_dns("", name));
#define TEN "1234567890"
#define SIXTY TEN TEN TEN TEN TEN TEN
    assert_true(name_from_dns(SIXTY "123.com.", name));
    assert_false(name_from_dns(SIXTY "1234.com.", name));
    assert_true(name_from_dns(SIXTY "." SIXTY "." SIXTY "." SIXTY ".12345678.", name)); /* 254 */
    assert_false(name_from_dns(SIXTY "." SIXTY "." SIXTY "." SIXTY "." TEN ".", name)); /* 256 */
}

static void names_sort_by_reversed_labels(void **state)
{
    (void)state;
    assert_true(name_compare("a.example.com.", "b.example.com.") < 0);
    assert_true(name_compare("z.a.example.com.", "b.example.com.") < 0);
    assert_true(name_compare("example.com.", "a.example.com.") < 0);
    assert_true(name_compare("a.example.com.", "a.example.com.") == 0);
    /* "a-b" before "a": the dot behind a counts, and sorts behind the hyphen. */
    assert_true(name_compare("a-b.com.", "a.com.") < 0);
}

static void values_are_quoted_in_octal(void **state)
{
    static const char RAW[] = "a\"b\\c\x01\xff\0d";
    KIT_TEXT(text);

    (void)state;
    name_add_txt(&text, RAW, sizeof(RAW) - 1);
    assert_string_equal(kit_text_str(&text), "\"a\\\"b\\\\c\\001\\377\\000d\"");
    assert_true(name_txt_is(kit_text_str(&text), RAW, sizeof(RAW) - 1));
    assert_true(name_txt_is("\"\\141b\"", "ab", 2));
    assert_true(name_txt_is("\"\"", "", 0));
    assert_false(name_txt_is("\"a\" \"b\"", "ab", 2)); /* two strings are another value */
    assert_false(name_txt_is("\"AB\"", "ab", 2));
    assert_false(name_txt_is("\"ab\"", "abc", 3));
    assert_false(name_txt_is("\"abc\"", "ab", 2));
    assert_false(name_txt_is("ab", "ab", 2));
    assert_false(name_txt_is("\"ab", "ab", 2));
    assert_false(name_txt_is("", "", 0));
}

static struct xml *parse(const char *text)
{
    const char *why = NULL;
    struct xml *root = xml_parse(text, strlen(text), &why);

    assert_non_null(root);
    return root;
}

static void a_set_keeps_what_is_not_ours(void **state)
{
    struct xml *root = parse("<ResourceRecordSet><Name>x.</Name><Type>TXT</Type><TTL>777</TTL>"
                             "<ResourceRecords><ResourceRecord><Value>\"o\\303\" \"p&amp;\"</Value>"
                             "</ResourceRecord></ResourceRecords></ResourceRecordSet>");
    struct rrset set = {.values = NULL};
    struct rrset before = {.values = NULL};
    KIT_TEXT(text);

    (void)state;
    assert_true(rrset_read(&set, root));
    rrset_copy(&before, &set);
    rrset_add(&set, "one", 3, 60);
    rrset_add(&set, "one", 3, 60);
    assert_int_equal(set.n, 2);
    assert_false(rrset_equals(&set, &before));
    rrset_write(&set, "x.", "CREATE", &text);
    assert_string_equal(
        kit_text_str(&text),
        "<Change><Action>CREATE</Action><ResourceRecordSet><Name>x.</Name><Type>TXT</Type>"
        "<TTL>777</TTL><ResourceRecords><ResourceRecord><Value>&#34;o\\303&#34; &#34;p&#38;&#34;"
        "</Value></ResourceRecord><ResourceRecord><Value>&#34;one&#34;</Value></ResourceRecord>"
        "</ResourceRecords></ResourceRecordSet></Change>");
    rrset_remove(&set, "one", 3);
    assert_true(rrset_equals(&set, &before));
    rrset_done(&set);
    rrset_done(&before);
    xml_free(root);
}

static void a_new_set_has_the_wished_time_to_live(void **state)
{
    struct rrset set = {.values = NULL};

    (void)state;
    rrset_add(&set, "one", 3, 60);
    rrset_add(&set, "two", 3, 90);
    assert_int_equal(set.ttl_s, 60);
    assert_int_equal(rrset_weight(&set), 10);
    rrset_done(&set);
}

static void sets_that_are_not_simple_say_so(void **state)
{
    static const char *const SETS[] = {
        "<s><SetIdentifier>one</SetIdentifier><Weight>1</Weight><TTL>1</TTL></s>",
        "<s><AliasTarget><DNSName>x.</DNSName></AliasTarget></s>",
        "<s><TTL>1</TTL><TrafficPolicyInstanceId>t</TrafficPolicyInstanceId></s>",
    };
    static const char *const BROKEN[] = {
        "<s><TTL>1</TTL></s>",
        /* In parentheses, so that nobody misses a comma. */
        ("<s><TTL>x</TTL><ResourceRecords><ResourceRecord><Value>\"v\"</Value></ResourceRecord>"
         "</ResourceRecords></s>"),
        "<s><TTL>1</TTL><ResourceRecords><ResourceRecord/></ResourceRecords></s>",
    };
    struct rrset set = {.values = NULL};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct xml *root = parse(SETS[i]);

        assert_true(rrset_read(&set, root));
        assert_non_null(set.special);
        xml_free(root);
    }
    for (size_t i = 0; i < 3; i++) {
        struct xml *root = parse(BROKEN[i]);

        assert_false(rrset_read(&set, root));
        xml_free(root);
    }
    rrset_done(&set);
}

static void dates_are_read(void **state)
{
    (void)state;
    assert_int_equal(aws_date_parse("2015-08-30T12:36:00Z"), 1440938160);
    assert_int_equal(aws_date_parse("2015-08-30T12:36:00.123Z"), 1440938160);
    assert_int_equal(aws_date_parse("2015-08-30T12:36:00+00:00"), 1440938160);
    assert_int_equal(aws_date_parse("2015-08-30T12:36:00+02:00"), -1);
    assert_int_equal(aws_date_parse("2015-08-30"), -1);
    assert_int_equal(aws_date_parse(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_spelt_in_one_way),
        cmocka_unit_test(names_sort_by_reversed_labels),
        cmocka_unit_test(values_are_quoted_in_octal),
        cmocka_unit_test(a_set_keeps_what_is_not_ours),
        cmocka_unit_test(a_new_set_has_the_wished_time_to_live),
        cmocka_unit_test(sets_that_are_not_simple_say_so),
        cmocka_unit_test(dates_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
