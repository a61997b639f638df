/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/err.h"

#include "cmocka_all.h"

#include <errno.h>

static void context_goes_in_front_and_hints_below(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(err_set(&err, ERR_CA, "status %d", 403), -ERR_CA);
    assert_int_equal(err_wrap(&err, "cannot %s", "finalize"), -ERR_CA);
    assert_int_equal(err_hint(&err, "ask the %s", "CA"), -ERR_CA);
    assert_string_equal(err.text, "cannot finalize: status 403\nask the CA");
    err_clear(&err);
    assert_int_equal(err_code(&err), 0);
    assert_string_equal(err.text, "");
}

static void errno_is_put_into_words(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    errno = ENOENT;
    assert_int_equal(err_set_errno(&err, "cannot open '%s'", "x"), -ERR_FAILED);
    assert_string_equal(err.text, "cannot open 'x': No such file or directory");
}

static void an_error_may_quote_itself(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    (void)err_set(&err, ERR_FAILED, "inner");
    (void)err_set(&err, ERR_LATER, "outer (%s)", err.text);
    assert_string_equal(err.text, "outer (inner)");
    (void)err_wrap(&err, "%s", err.text);
    assert_string_equal(err.text, "outer (inner): outer (inner)");
}

/* Every way to too long a text ends in dots, within the array. */
static void long_texts_are_cut_visibly(void **state)
{
    static char big[3 * ERR_TEXT_MAX];
    struct err err = ERR_INIT;
    size_t len = 0;

    (void)state;
    memset(big, 'x', sizeof(big) - 1);
    (void)err_set(&err, ERR_FAILED, "%s", big);
    len = strlen(err.text);
    assert_int_equal(len, ERR_TEXT_MAX - 1);
    assert_string_equal(err.text + len - 3, "...");
    (void)err_wrap(&err, "front");
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    assert_memory_equal(err.text, "front: xxx", 10);
    assert_string_equal(err.text + len - 3, "...");
    (void)err_hint(&err, "lost");
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    (void)err_set(&err, ERR_FAILED, "%.*s", ERR_TEXT_MAX - 20, big);
    (void)err_hint(&err, "%s", big);
    assert_int_equal(strlen(err.text), ERR_TEXT_MAX - 1);
    assert_string_equal(err.text + len - 3, "...");
}

static void every_class_has_a_name(void **state)
{
    (void)state;
    for (int class = ERR_NONE; class <= ERR_MALFORMED; class ++) {
        assert_string_not_equal(err_class_name((enum err_class) class), "unknown");
    }
    assert_string_equal(err_class_name((enum err_class)1000), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(context_goes_in_front_and_hints_below),
        cmocka_unit_test(errno_is_put_into_words),
        cmocka_unit_test(an_error_may_quote_itself),
        cmocka_unit_test(long_texts_are_cut_visibly),
        cmocka_unit_test(every_class_has_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
