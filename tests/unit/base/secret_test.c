/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/secret.h"

#include "base/b64.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmocka_all.h"

static int forget(void **state)
{
    (void)state;
    secret_forget_all();
    return 0;
}

static void expect_masked(const char *text, const char *masked)
{
    AUTO(buf_done) struct buf to = BUF(1000);

    secret_mask(text, &to);
    assert_string_equal(buf_str(&to), masked);
}

static void every_form_of_a_secret_is_masked(void **state)
{
    static const char SECRET[] = "p\xc3\xa4ss/w?rd>>>";
    AUTO(buf_done) struct buf text = BUF(1000);

    (void)state;
    secret_register(SECRET, strlen(SECRET));
    buf_add_str(&text, SECRET);
    buf_add_str(&text, " ");
    b64_add(&text, SECRET, strlen(SECRET));
    buf_add_str(&text, " ");
    b64url_add(&text, SECRET, strlen(SECRET));
    buf_add_str(&text, " ");
    hex_add(&text, SECRET, strlen(SECRET));
    buf_add_str(&text, " p%C3%A4ss%2Fw%3Frd%3E%3E%3E p%c3%a4ss%2fw%3frd%3e%3e%3e 70C3A4");
    expect_masked(buf_str(&text), "[secret] [secret]== [secret] [secret] [secret] [secret] 70C3A4");
}

static void text_around_and_repeats_survive(void **state)
{
    (void)state;
    secret_register("token", 5);
    expect_masked("tokentoken a token, tok en", "[secret][secret] a [secret], tok en");
    expect_masked("", "");
    expect_masked("tok", "tok");
}

static void the_longest_secret_wins(void **state)
{
    (void)state;
    secret_register("abcd", 4);
    secret_register("abcdefgh", 8);
    expect_masked("xabcdefghx abcdex", "x[secret]x [secret]ex");
}

static void short_values_destroy_no_text(void **state)
{
    (void)state;
    secret_register("abc", 3);
    secret_register("", 0);
    expect_masked("abc YWJj 616263", "abc YWJj 616263");
}

static void forgetting_forgets(void **state)
{
    (void)state;
    secret_register("token", 5);
    secret_forget_all();
    expect_masked("token", "token");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_form_of_a_secret_is_masked, forget),
        cmocka_unit_test_teardown(text_around_and_repeats_survive, forget),
        cmocka_unit_test_teardown(the_longest_secret_wins, forget),
        cmocka_unit_test_teardown(short_values_destroy_no_text, forget),
        cmocka_unit_test_teardown(forgetting_forgets, forget),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
