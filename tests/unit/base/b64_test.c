/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/b64.h"

#include "base/mem.h"
#include "cmocka_all.h"

/* RFC 4648 section 10. */
static const char *const PLAIN[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
static const char *const CODED[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};

static void encodes_the_standard_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PLAIN); i++) {
        AUTO(buf_done) struct buf text = BUF(64);
        AUTO_FREE char *url = b64url_encode(PLAIN[i], strlen(PLAIN[i]));

        b64_add(&text, PLAIN[i], strlen(PLAIN[i]));
        assert_string_equal(buf_str(&text), CODED[i]);
        assert_int_equal(strlen(url), strcspn(CODED[i], "="));
        assert_memory_equal(url, CODED[i], strlen(url));
    }
}

static void every_byte_survives_the_round_trip(void **state)
{
    uint8_t bytes[256];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(255 - i);
    }
    for (size_t len = 0; len <= sizeof(bytes); len++) {
        AUTO_FREE char *text = b64url_encode(bytes, len);
        AUTO(buf_done) struct buf back = BUF(256);

        assert_true(b64url_decode(text, strlen(text), &back));
        assert_int_equal(back.len, len);
        assert_memory_equal(buf_str(&back), bytes, len);
        assert_null(strpbrk(text, "+/="));
    }
}

static void strict_decoding_refuses_everything_else(void **state)
{
    static const char *const BAD[] = {"Z",    "Zg==", "Zm8=", "Zm 9v", "Zm9v\n",
                                      "+/+/", "Zh",   "Zm9",  "Zm9vY"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        AUTO(buf_done) struct buf back = BUF(256);

        if (b64url_decode(BAD[i], strlen(BAD[i]), &back)) {
            fail_msg("took '%s'", BAD[i]);
        }
    }
}

static void lenient_decoding_takes_what_people_paste(void **state)
{
    static const char *const GOOD[] = {"-_8", "+/8=", "-_8=", " +/ 8=\r\n", "-_\n8"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(GOOD); i++) {
        AUTO(buf_done) struct buf back = BUF(256);

        if (!b64_decode_lenient(GOOD[i], strlen(GOOD[i]), &back)) {
            fail_msg("refused '%s'", GOOD[i]);
        }
        assert_int_equal(back.len, 2);
        assert_memory_equal(buf_str(&back), "\xfb\xff", 2);
    }
}

static void lenient_decoding_is_not_blind(void **state)
{
    static const char *const BAD[] = {"Zg==Zg==", "Zm9v*", "Z", "Zm\0v"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        AUTO(buf_done) struct buf back = BUF(256);

        assert_false(b64_decode_lenient(BAD[i], i == 3 ? 4 : strlen(BAD[i]), &back));
    }
}

static void a_ceiling_fails_the_decoding(void **state)
{
    AUTO(buf_done) struct buf small = BUF(2);

    (void)state;
    assert_false(b64url_decode("Zm9v", 4, &small));
}

static void digests_are_sha256(void **state)
{
    AUTO_FREE char *url = b64url_sha256("abc", 3);
    AUTO_FREE char *hex = hex_sha256("abc", 8);
    AUTO_FREE char *whole = hex_sha256("abc", 200);

    (void)state;
    assert_string_equal(url, "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    assert_string_equal(hex, "ba7816bf");
    assert_int_equal(strlen(whole), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_the_standard_vectors),
        cmocka_unit_test(every_byte_survives_the_round_trip),
        cmocka_unit_test(strict_decoding_refuses_everything_else),
        cmocka_unit_test(lenient_decoding_takes_what_people_paste),
        cmocka_unit_test(lenient_decoding_is_not_blind),
        cmocka_unit_test(a_ceiling_fails_the_decoding),
        cmocka_unit_test(digests_are_sha256),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
