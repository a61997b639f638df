/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/buf.h"

#include "base/mem.h"
#include "cmocka_all.h"

static void adding_grows_and_ends_with_a_nul(void **state)
{
    AUTO(buf_done) struct buf b = BUF(10000);

    (void)state;
    assert_string_equal(buf_str(&b), "");
    for (int i = 0; i < 1000; i++) {
        buf_add_str(&b, "ab");
        assert_int_equal(b.bytes[b.len], 0);
    }
    buf_addf(&b, "%05d", 42);
    assert_int_equal(b.len, 2005);
    assert_string_equal(buf_str(&b) + 1998, "ab00042");
}

static void an_overflow_sticks_and_keeps_what_fitted(void **state)
{
    AUTO(buf_done) struct buf b = BUF(4);
    struct err err = ERR_INIT;

    (void)state;
    buf_add_str(&b, "abc");
    assert_int_equal(buf_check(&b, "it", &err), 0);
    buf_add_str(&b, "de");
    buf_add_char(&b, 'f'); /* would fit, but would hide the hole */
    assert_string_equal(buf_str(&b), "abc");
    assert_true(buf_check(&b, "it", &err) < 0);
    assert_string_equal(err.text, "it is larger than 4 bytes");
    buf_clear(&b);
    buf_addf(&b, "%s", "abcd");
    assert_int_equal(buf_check(&b, "it", &err), 0);
    buf_addf(&b, "%s", "e");
    assert_true(b.has_overflown);
}

static void numbers_are_big_endian(void **state)
{
    AUTO(buf_done) struct buf b = BUF(100);

    (void)state;
    buf_add_u8(&b, 1);
    buf_add_be16(&b, 0x0203);
    buf_add_be32(&b, 0x04050607);
    buf_add_be64(&b, 0x08090a0b0c0d0e0fULL);
    assert_memory_equal(buf_str(&b), "\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 15);
}

static void consuming_drops_the_front(void **state)
{
    AUTO(buf_done) struct buf b = BUF(100);

    (void)state;
    buf_consume(&b, 5);
    buf_add_str(&b, "abcdef");
    buf_consume(&b, 2);
    assert_string_equal(buf_str(&b), "cdef");
    buf_consume(&b, 100);
    assert_string_equal(buf_str(&b), "");
}

static void taking_moves_the_bytes_out(void **state)
{
    AUTO(buf_done) struct buf b = BUF_SECRET(1000);
    AUTO_FREE char *empty = buf_take(&b);
    AUTO_FREE char *text = NULL;

    (void)state;
    for (int i = 0; i < 100; i++) {
        buf_add_str(&b, "xyz"); /* a secret moves by hand when it grows */
    }
    text = buf_take(&b);
    assert_string_equal(empty, "");
    assert_int_equal(strlen(text), 300);
    assert_int_equal(b.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adding_grows_and_ends_with_a_nul),
        cmocka_unit_test(an_overflow_sticks_and_keeps_what_fitted),
        cmocka_unit_test(numbers_are_big_endian),
        cmocka_unit_test(consuming_drops_the_front),
        cmocka_unit_test(taking_moves_the_bytes_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
