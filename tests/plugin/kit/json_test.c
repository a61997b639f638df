/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cmocka_all.h"

#include <acme-kit.h>

#include <inttypes.h>
#include <stdlib.h>

static struct kit_json *parse(const char *text)
{
    const char *problem = NULL;
    struct kit_json *json = kit_json_parse(text, strlen(text), &problem);

    if (json == NULL) {
        fail_msg("%s: %s", text, problem);
    }
    return json;
}

static void expect_problem(const char *text, size_t len, const char *wanted)
{
    const char *problem = NULL;

    assert_null(kit_json_parse(text, len, &problem));
    assert_string_equal(problem, wanted);
}

static void paths_lead_through_objects_and_arrays(void **state)
{
    struct kit_json *json = parse("{\"result\":[{\"id\":\"a\"},{\"id\":7,\"ok\":true,\"n\":null}],"
                                  "\"x.y\":\"dotted\"}");

    (void)state;
    assert_string_equal(kit_json_str(json, "result.0.id"), "a");
    assert_string_equal(kit_json_id(json, "result.1.id"), "7");
    assert_null(kit_json_str(json, "result.1.id"));
    assert_int_equal(kit_json_int(json, "result.1.id", -1), 7);
    assert_true(kit_json_bool(json, "result.1.ok", false));
    assert_int_equal(kit_json_count(json, "result"), 2);
    assert_int_equal(kit_json_type(json, "result.1.n"), KIT_JSON_NULL);
    assert_non_null(kit_json_find(json, "result.1.n"));
    assert_string_equal(kit_json_str(kit_json_member(json, "x.y"), NULL), "dotted");
    assert_null(kit_json_find(json, "result.2"));
    assert_null(kit_json_find(json, "result.-1"));
    assert_null(kit_json_find(json, "result..id"));
    assert_null(kit_json_find(json, "result.0.id.deeper"));
    assert_null(kit_json_find(json, "result.99999999999999999999"));
    kit_json_free(json);
}

static void readers_take_what_is_not_there(void **state)
{
    (void)state;
    assert_null(kit_json_str(NULL, "a.b"));
    assert_null(kit_json_id(NULL, NULL));
    assert_int_equal(kit_json_int(NULL, "a", 5), 5);
    assert_true(kit_json_bool(NULL, "a", true));
    assert_int_equal(kit_json_count(NULL, "a"), 0);
    assert_null(kit_json_first(NULL, "a"));
    assert_null(kit_json_next(NULL));
    assert_null(kit_json_key(NULL));
    assert_null(kit_json_member(NULL, "a"));
    assert_int_equal(kit_json_type(NULL, "a"), KIT_JSON_NULL);
}

static void each_goes_over_elements_and_members(void **state)
{
    struct kit_json *json = parse("{\"a\":[1,2,3],\"b\":{\"x\":10,\"y\":20}}");
    int64_t sum = 0;
    char keys[8] = "";

    (void)state;
    KIT_JSON_EACH(number, json, "a")
    {
        sum += kit_json_int(number, NULL, 0);
    }
    KIT_JSON_EACH(member, json, "b")
    {
        (void)strncat(keys, kit_json_key(member), 1);
        sum += kit_json_int(member, "", 0);
    }
    KIT_JSON_EACH(nothing, json, "c")
    {
        assert_null(nothing);
    }
    assert_int_equal(sum, 36);
    assert_string_equal(keys, "xy");
    kit_json_free(json);
}

static void numbers_keep_all_their_digits(void **state)
{
    struct kit_json *json = parse("[12345678901234567890123, -5, 1.5, \"42\", \" 42\", \"\", 1e3]");

    (void)state;
    assert_string_equal(kit_json_id(json, "0"), "12345678901234567890123");
    assert_int_equal(kit_json_int(json, "0", -9), -9);
    assert_int_equal(kit_json_int(json, "1", 0), -5);
    assert_int_equal(kit_json_int(json, "2", -9), -9);
    assert_int_equal(kit_json_int(json, "3", 0), 42);
    assert_int_equal(kit_json_int(json, "4", -9), -9);
    assert_int_equal(kit_json_int(json, "5", -9), -9);
    assert_int_equal(kit_json_int(json, "6", -9), -9);
    kit_json_free(json);
}

static void broken_documents_are_problems(void **state)
{
    static const char NUL_INSIDE[] = "{\"a\":\"x\\u0000y\"}";
    static const char NUL_KEY[] = "{\"x\\u0000y\":1}";

    (void)state;
    expect_problem("", 0, "not JSON");
    expect_problem("   ", 3, "not JSON");
    expect_problem("<html>", 6, "not JSON");
    expect_problem("{\"a\":[1,", 8, "broken or cut off");
    expect_problem("{\"a\":\"b", 7, "broken or cut off");
    expect_problem("{} {}", 5, "not JSON");
    expect_problem("\xef\xbb\xbf{}", 5, "not JSON");
    expect_problem("[\"\xc0\x80\"]", 6, "bad UTF-8");
    expect_problem("[\"\xed\xa0\x80\"]", 7, "bad UTF-8");
    expect_problem("[\"\xff\"]", 5, "broken or cut off");
    expect_problem("{\"a\":1,\"b\":2,\"a\":3}", 19, "the same key twice in one object");
    expect_problem(NUL_INSIDE, sizeof(NUL_INSIDE) - 1, "a NUL inside a string");
    expect_problem(NUL_KEY, sizeof(NUL_KEY) - 1, "a NUL inside a string");
    assert_null(kit_json_parse("{", 1, NULL));
}

static void depth_and_size_are_bounded(void **state)
{
    const size_t deep = 1000000;
    char *text = malloc(deep * 2);
    KIT_TEXT(wide);

    (void)state;
    assert_non_null(text);
    memset(text, '[', deep);
    memset(text + deep, ']', deep);
    expect_problem(text, deep * 2, "nested too deeply");
    expect_problem(text + deep - 33, 66, "nested too deeply");
    kit_json_free(kit_json_parse(text + deep - 32, 64, NULL));
    free(text);
    kit_text_add_str(&wide, "[0");
    for (size_t i = 0; i < KIT_JSON_NODES_MAX; i++) {
        kit_text_add_str(&wide, ",0");
    }
    kit_text_add_str(&wide, "]");
    expect_problem(kit_text_str(&wide), wide.len, "too many values");
}

static void templates_quote_and_escape(void **state)
{
    const char *volatile none = NULL; /* the compiler warns of one that it sees */
    KIT_TEXT(t);

    (void)state;
    kit_json_addf(&t, "{'type': 'TXT', 'name': %s, 'none': %s, 'ttl': %d, 'u': %u}", "a\"b\\\n\x01",
                  none, -60, 4294967295u);
    assert_string_equal(kit_text_str(&t), "{\"type\": \"TXT\", \"name\": \"a\\\"b\\\\\\n\\u0001\", "
                                          "\"none\": null, \"ttl\": -60, \"u\": 4294967295}");
    kit_text_clear(&t);
    kit_json_addf(&t, "[%lld, %zu, %" PRId64 ", %" PRIu64 ", %ld, %lu]", -1LL, (size_t)7, INT64_MIN,
                  UINT64_MAX, -2L, 3UL);
    assert_string_equal(kit_text_str(&t),
                        "[-1, 7, -9223372036854775808, 18446744073709551615, -2, 3]");
    assert_false(t.is_broken);
}

static void templates_with_other_conversions_break_the_text(void **state)
{
    KIT_TEXT(t);

    (void)state;
    kit_json_addf(&t, "{'a': %s, 'b': %c, 'c': %s}", "x", 'y', "z");
    assert_true(t.is_broken);
}

static void commas_come_by_themselves(void **state)
{
    KIT_TEXT(t);

    (void)state;
    kit_json_open(&t, '{');
    kit_json_add_key(&t, "list");
    kit_json_open(&t, '[');
    kit_json_addf(&t, "{'a': %d}", 1);
    kit_json_addf(&t, "{'a': %d}", 2);
    kit_json_open(&t, '[');
    kit_json_close(&t, ']');
    kit_json_add_str(&t, "[,");
    kit_json_add_int(&t, -3);
    kit_json_close(&t, ']');
    kit_json_add_key(&t, "b");
    kit_json_add_bool(&t, false);
    kit_json_add_key(&t, "n");
    kit_json_add_null(&t);
    kit_json_close(&t, '}');
    assert_string_equal(kit_text_str(&t),
                        "{\"list\":[{\"a\": 1},{\"a\": 2},[],\"[,\",-3],\"b\":false,\"n\":null}");
}

static void copies_come_out_as_they_went_in(void **state)
{
    static const char TEXT[] =
        "{\"a\":[1,2.50,{\"b\":\"\\u00e4\\n\"},[],{}],\"c\":true,\"d\":null}";
    struct kit_json *json = parse(TEXT);
    KIT_TEXT(t);

    (void)state;
    kit_json_add_copy(&t, json);
    assert_string_equal(kit_text_str(&t),
                        "{\"a\":[1,2.50,{\"b\":\"\xc3\xa4\\n\"},[],{}],\"c\":true,\"d\":null}");
    kit_json_free(json);
}

static void bad_utf8_is_replaced(void **state)
{
    KIT_TEXT(t);

    (void)state;
    kit_json_add_str(&t, "a\xff\xed\xa0\x80z\xf0\x9f\x98\x80\xc3");
    assert_string_equal(kit_text_str(&t), "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"
                                          "\xf0\x9f\x98\x80\xef\xbf\xbd\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_through_objects_and_arrays),
        cmocka_unit_test(readers_take_what_is_not_there),
        cmocka_unit_test(each_goes_over_elements_and_members),
        cmocka_unit_test(numbers_keep_all_their_digits),
        cmocka_unit_test(broken_documents_are_problems),
        cmocka_unit_test(depth_and_size_are_bounded),
        cmocka_unit_test(templates_quote_and_escape),
        cmocka_unit_test(templates_with_other_conversions_break_the_text),
        cmocka_unit_test(commas_come_by_themselves),
        cmocka_unit_test(copies_come_out_as_they_went_in),
        cmocka_unit_test(bad_utf8_is_replaced),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
