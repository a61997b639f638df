/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/json.h"

#include "base/mem.h"
#include "cmocka_all.h"

#include <stdlib.h>

static struct json *parse(const char *text)
{
    struct json *json = NULL;
    struct err err = ERR_INIT;

    if (json_parse(text, strlen(text), &json, &err) != 0) {
        fail_msg("'%s': %s", text, err.text);
    }
    return json;
}

static void expect_refused(const char *text, size_t len, const char *reason)
{
    struct json *json = NULL;
    struct err err = ERR_INIT;

    if (json_parse(text, len, &json, &err) == 0) {
        fail_msg("took '%.60s'", text);
    }
    assert_int_equal(err.class, ERR_MALFORMED);
    assert_null(json);
    if (strstr(err.text, reason) == NULL) {
        fail_msg("'%.60s' gave '%s', not '%s'", text, err.text, reason);
    }
}

static void reads_every_type(void **state)
{
    AUTO_PTR(json)
    struct json *j = parse("{\"s\":\"\\u00e9\\n\",\"i\":-12,\"d\":2.5,\"t\":true,\"n\":null,"
                           "\"a\":[1,\"two\",[]],\"o\":{\"k\":\"v\"}}");
    const struct json *value = NULL;

    (void)state;
    assert_string_equal(json_get_str(j, "s"), "\xc3\xa9\n");
    assert_int_equal(json_get_int(j, "i", 0), -12);
    assert_true(json_number(json_get(j, "d"), 0) == 2.5);
    assert_true(json_number(json_get(j, "i"), 0) == -12.0);
    assert_true(json_get_bool(j, "t", false));
    assert_int_equal(json_type(json_get(j, "n")), JSON_NULL);
    assert_non_null(json_get(j, "n"));
    assert_int_equal(json_len(json_get(j, "a")), 3);
    assert_string_equal(json_str(json_at(json_get(j, "a"), 1)), "two");
    assert_int_equal(json_type(json_at(json_get(j, "a"), 2)), JSON_ARRAY);
    assert_string_equal(json_get_str(json_get(j, "o"), "k"), "v");
    assert_string_equal(json_key_at(j, 3, &value), "t");
    assert_int_equal(json_type(value), JSON_BOOL);
    assert_int_equal(json_len(j), 7);
}

static void wrong_types_and_absent_things_give_the_fallback(void **state)
{
    AUTO_PTR(json) struct json *j = parse("{\"s\":\"x\",\"i\":1,\"a\":[]}");

    (void)state;
    assert_null(json_get_str(j, "i"));
    assert_null(json_get_str(j, "absent"));
    assert_int_equal(json_get_int(j, "s", -3), -3);
    assert_true(json_get_bool(j, "i", true));
    assert_null(json_get(json_get(j, "a"), "k"));
    assert_null(json_at(j, 0));
    assert_null(json_at(json_get(j, "a"), 0));
    assert_null(json_get(NULL, "k"));
    assert_int_equal(json_len(NULL), 0);
    assert_int_equal(json_type(NULL), JSON_NULL);
    assert_null(json_key_at(j, 3, NULL));
    assert_true(json_number(NULL, 4.5) == 4.5);
}

static void an_integer_beyond_64_bits_is_a_double(void **state)
{
    AUTO_PTR(json)
    struct json *j = parse("{\"big\":9223372036854775808,\"max\":9223372036854775807}");

    (void)state;
    assert_int_equal(json_get_int(j, "big", -1), -1);
    assert_true(json_number(json_get(j, "big"), 0) > 9.2e18);
    assert_int_equal(json_get_int(j, "max", 0), INT64_MAX);
}

static void refuses_with_the_place(void **state)
{
    (void)state;
    expect_refused("", 0, "line 1");
    expect_refused("  ", 2, "line 1");
    expect_refused("{\"a\":1,\n  oops}", 15, "line 2");
    expect_refused("{\"a\":1", 6, "not valid JSON");
    expect_refused("{}x", 3, "not valid JSON");
    expect_refused("\xef\xbb\xbf{}", 5, "not valid JSON");
    expect_refused("\"\xff\"", 3, "not valid JSON");
    expect_refused("/* no */ {}", 11, "not valid JSON");
    expect_refused("[1,]", 4, "not valid JSON");
    expect_refused("<html>", 6, "not valid JSON");
}

static void refuses_a_nul_and_equal_keys(void **state)
{
    (void)state;
    expect_refused("{\"a\":\"x\\u0000y\"}", 16, "NUL");
    expect_refused("{\"a\\u0000\":1}", 13, "NUL");
    expect_refused("{\"a\":1,\"b\":2,\"a\":3}", 19, "same key twice");
    json_free(parse("[{\"a\":1},{\"a\":2}]"));
}

static void depth_has_a_limit(void **state)
{
    enum { DEEP = 600000 };
    char *text = malloc(DEEP);
    char fits[2 * JSON_DEPTH_MAX + 1] = "";

    (void)state;
    memset(text, '[', DEEP);
    expect_refused(text, DEEP, "nested too deeply");
    free(text);
    memset(fits, '[', JSON_DEPTH_MAX);
    memset(fits + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    json_free(parse(fits));
}

static void the_number_of_values_has_a_limit(void **state)
{
    AUTO(buf_done) struct buf many = BUF(1 << 20);

    (void)state;
    buf_add_char(&many, '[');
    for (int i = 0; i < JSON_NODES_MAX; i++) {
        buf_add_str(&many, "1,");
    }
    buf_add_str(&many, "1]");
    expect_refused(buf_str(&many), many.len, "too many");
}

static void writes_what_it_reads(void **state)
{
    AUTO_PTR(json_out) struct json_out *out = json_out_new(false);
    AUTO_FREE char *text = NULL;

    (void)state;
    json_out_object(out);
    json_out_kstr(out, "s", "a\"\\\n\xc3\xa9\x01");
    json_out_kstr(out, "bad", "x\xff\xc0\xafy\xed\xa0\x80");
    json_out_kstr(out, "none", NULL);
    json_out_key(out, "list");
    json_out_array(out);
    json_out_int(out, INT64_MIN);
    json_out_object(out);
    json_out_end(out);
    json_out_bool(out, false);
    json_out_end(out);
    json_out_kint(out, "n", 5);
    json_out_kbool(out, "yes", true);
    json_out_end(out);
    text = json_out_take(out);
    assert_string_equal(text,
                        "{\"s\":\"a\\\"\\\\\\n\xc3\xa9\\u0001\","
                        "\"bad\":\"x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd"
                        "\xef\xbf\xbd\",\"none\":null,"
                        "\"list\":[-9223372036854775808,{},false],\"n\":5,\"yes\":true}");
    json_free(parse(text));
}

static void pretty_texts_end_with_a_newline(void **state)
{
    AUTO_PTR(json_out) struct json_out *out = json_out_new(true);
    AUTO_FREE char *text = NULL;

    (void)state;
    json_out_object(out);
    json_out_kint(out, "n", 5);
    json_out_end(out);
    text = json_out_take(out);
    assert_string_equal(text, "{\n  \"n\": 5\n}\n");
}

/* Each letter is a call; what gives no JSON gives an empty text. */
static char *write_calls(const char *calls)
{
    struct json_out *out = json_out_new(false);
    char *text = NULL;

    for (; *calls != '\0'; calls++) {
        switch (*calls) {
        case '{':
            json_out_object(out);
            break;
        case '[':
            json_out_array(out);
            break;
        case 'e':
            json_out_end(out);
            break;
        case 'k':
            json_out_key(out, "k");
            break;
        default:
            json_out_int(out, 1);
        }
    }
    text = json_out_take(out);
    json_out_free(out);
    return text;
}

static void calls_in_a_wrong_order_give_an_empty_text(void **state)
{
    static const char *const WRONG[] = {"",   "{",   "{1e", "{ke", "{kk1e", "[k1e",
                                        "11", "{}e", "ee",  "k1",  "[ee",   "1e"};
    AUTO_FREE char *right = write_calls("{k[11ee");
    AUTO_FREE char *deep = write_calls("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");

    (void)state;
    assert_string_equal(right, "{\"k\":[1,1]}");
    assert_string_equal(deep, "");
    for (size_t i = 0; i < ARRAY_LEN(WRONG); i++) {
        AUTO_FREE char *text = write_calls(WRONG[i]);

        if (*text != '\0') {
            fail_msg("'%s' gave %s", WRONG[i], text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(wrong_types_and_absent_things_give_the_fallback),
        cmocka_unit_test(an_integer_beyond_64_bits_is_a_double),
        cmocka_unit_test(refuses_with_the_place),
        cmocka_unit_test(refuses_a_nul_and_equal_keys),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(the_number_of_values_has_a_limit),
        cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(pretty_texts_end_with_a_newline),
        cmocka_unit_test(calls_in_a_wrong_order_give_an_empty_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
