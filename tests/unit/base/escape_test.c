/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/escape.h"

#include "base/mem.h"
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>

static void expect_terminal(const char *text, bool is_multiline, const char *escaped)
{
    AUTO(buf_done) struct buf to = BUF(10000);

    escape_terminal(text, is_multiline, &to);
    assert_string_equal(buf_str(&to), escaped);
}

static void plain_text_of_any_language_stays(void **state)
{
    static const char TEXT[] =
        "abc \"\\ \xc3\xa4\xc3\x9f \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x98\x80";

    (void)state;
    expect_terminal(TEXT, false, TEXT);
}

static void what_moves_the_cursor_or_hides_is_shown(void **state)
{
    (void)state;
    expect_terminal("a\x1b[2Jb\r\x07\x7f\t", true, "a\\x1b[2Jb\\x0d\\x07\\x7f\\x09");
    expect_terminal("\xc2\x9b"
                    "31m",
                    false, "\\u{009b}31m");
    expect_terminal("x\xe2\x80\xaey\xe2\x81\xa6z\xef\xbb\xbf", false,
                    "x\\u{202e}y\\u{2066}z\\u{feff}");
    expect_terminal("\xf3\xa0\x81\x81", false, "\\u{e0041}");
}

static void only_multiline_keeps_line_feeds(void **state)
{
    (void)state;
    expect_terminal("a\nb", true, "a\nb");
    expect_terminal("a\nb", false, "a\\x0ab");
    expect_terminal("a\r\nb", true, "a\\x0d\nb");
}

static void bytes_that_are_no_utf8_are_shown(void **state)
{
    (void)state;
    expect_terminal("\xff\xc0\xaf\xed\xa0\x80\xf5", false, "\\xff\\xc0\\xaf\\xed\\xa0\\x80\\xf5");
    expect_terminal("ab\xe2\x82", false, "ab\\xe2\\x82"); /* cut in the middle of a character */
}

static void long_texts_are_cut_and_say_so(void **state)
{
    char *text = malloc(ESCAPE_MAX + 11);
    AUTO(buf_done) struct buf to = BUF(10000);
    AUTO(buf_done) struct buf raw = BUF(10000);

    (void)state;
    memset(text, 'x', ESCAPE_MAX + 10);
    text[ESCAPE_MAX + 10] = '\0';
    escape_terminal(text, false, &to);
    assert_non_null(strstr(buf_str(&to), "x... (10 more bytes)"));
    escape_bytes(text, ESCAPE_MAX + 10, &raw);
    assert_non_null(strstr(buf_str(&raw), "x... (10 more bytes)"));
    text[ESCAPE_MAX] = '\0';
    buf_clear(&to);
    escape_terminal(text, false, &to);
    assert_string_equal(buf_str(&to), text);
    free(text);
}

static void raw_bytes_can_be_told_from_their_escapes(void **state)
{
    AUTO(buf_done) struct buf to = BUF(100);

    (void)state;
    escape_bytes("a\\x\0\xff ~", 7, &to);
    assert_string_equal(buf_str(&to), "a\\x5cx\\x00\\xff ~");
}

static void columns_are_those_of_the_terminal(void **state)
{
    (void)state;
    assert_int_equal(escape_columns(""), 0);
    assert_int_equal(escape_columns("abc"), 3);
    assert_int_equal(escape_columns("\xc3\xa4"), 1);
    assert_int_equal(escape_columns("a\xcc\x88"), 1);    /* combining */
    assert_int_equal(escape_columns("\xe4\xb8\xad"), 2); /* wide */
    assert_int_equal(escape_columns("\xf0\x9f\x98\x80"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_of_any_language_stays),
        cmocka_unit_test(what_moves_the_cursor_or_hides_is_shown),
        cmocka_unit_test(only_multiline_keeps_line_feeds),
        cmocka_unit_test(bytes_that_are_no_utf8_are_shown),
        cmocka_unit_test(long_texts_are_cut_and_say_so),
        cmocka_unit_test(raw_bytes_can_be_told_from_their_escapes),
        cmocka_unit_test(columns_are_those_of_the_terminal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
