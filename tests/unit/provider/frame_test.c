/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void what_is_written_is_read(void **state)
{
    struct frame_out out = {.bytes = NULL};
    struct frame_in in;
    size_t used = 0, len = 0;

    (void)state;
    frame_begin(&out, FRAME_CALL, 7);
    frame_add_u32(&out, 42);
    frame_add_u64(&out, 0x0123456789abcdefu);
    frame_add_text(&out, "text");
    frame_add_text(&out, NULL);
    frame_add_bytes(&out, "\0\1", 2);
    assert_true(frame_end(&out));
    for (size_t short_len = 0; short_len < out.len; short_len++) {
        assert_int_equal(frame_open(out.bytes, short_len, &in, &used), 0);
    }
    assert_int_equal(frame_open(out.bytes, out.len, &in, &used), 1);
    assert_int_equal(used, out.len);
    assert_int_equal(in.kind, FRAME_CALL);
    assert_int_equal(in.call, 7);
    assert_int_equal(frame_get_u32(&in), 42);
    assert_true(frame_get_u64(&in) == 0x0123456789abcdefu);
    char *text = frame_get_text(&in, 4);
    assert_string_equal(text, "text");
    free(text);
    assert_null(frame_get_text(&in, 4));
    assert_memory_equal(frame_get_bytes(&in, &len), "\0\1", 2);
    assert_int_equal(len, 2);
    assert_true(frame_is_whole(&in));
    (void)frame_get_u32(&in);
    assert_false(frame_is_whole(&in));
    frame_out_done(&out);
}

static void lengths_that_cannot_be_are_refused(void **state)
{
    static const uint8_t huge[] = {0, 0x10, 0, 1, 1, 0, 0, 0, 0};
    static const uint8_t tiny[] = {0, 0, 0, 4, 1, 0, 0, 0, 0};
    struct frame_in in;
    size_t used = 0;

    (void)state;
    assert_int_equal(frame_open(huge, sizeof(huge), &in, &used), -1);
    assert_int_equal(frame_open(tiny, sizeof(tiny), &in, &used), -1);
}

/* A text that says it is longer than its frame, one over the reader's limit, one with a NUL. */
static void bad_texts_spoil_the_frame(void **state)
{
    static const uint8_t past[] = {0, 0, 0, 10, 66, 0, 0, 0, 0, 0, 0, 0, 2, 'x'};
    static const uint8_t nul[] = {0, 0, 0, 11, 66, 0, 0, 0, 0, 0, 0, 0, 2, 'x', 0};
    static const uint8_t fine[] = {0, 0, 0, 11, 66, 0, 0, 0, 0, 0, 0, 0, 2, 'x', 'y'};
    struct frame_in in;
    size_t used = 0;

    (void)state;
    assert_int_equal(frame_open(past, sizeof(past), &in, &used), 1);
    assert_null(frame_get_text(&in, 100));
    assert_false(frame_is_whole(&in));
    assert_int_equal(frame_open(nul, sizeof(nul), &in, &used), 1);
    assert_null(frame_get_text(&in, 100));
    assert_false(frame_is_whole(&in));
    assert_int_equal(frame_open(fine, sizeof(fine), &in, &used), 1);
    assert_null(frame_get_text(&in, 1));
    assert_false(frame_is_whole(&in));
}

static void a_frame_over_its_limit_does_not_end(void **state)
{
    struct frame_out out = {.bytes = NULL};
    char *big = calloc(1, FRAME_MAX);

    (void)state;
    assert_non_null(big);
    frame_begin(&out, FRAME_OPEN, 1);
    frame_add_bytes(&out, big, FRAME_MAX);
    assert_false(frame_end(&out));
    frame_begin(&out, FRAME_OPEN, 1);
    frame_add_bytes(&out, big, FRAME_MAX / 2);
    assert_true(frame_end(&out));
    frame_out_done(&out);
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(lengths_that_cannot_be_are_refused),
        cmocka_unit_test(bad_texts_spoil_the_frame),
        cmocka_unit_test(a_frame_over_its_limit_does_not_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
