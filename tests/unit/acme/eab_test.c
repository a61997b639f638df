/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme/eab.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>
#include <string.h>

/* The bytes 0 to 63. */
#define KEY_URL \
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-Pw"
#define KEY_STD \
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw=="
#define URL "https://ca.example/new-acct"
#define JWK                                                  \
    "{\"crv\":\"P-256\",\"kty\":\"EC\","                     \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"," \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"

/* Computed with Python's hmac over the compact header and JWK. */
static const struct vector {
    const char *alg, *header, *signature;
} VECTORS[] = {
    {"HS256",
     "eyJhbGciOiJIUzI1NiIsImtpZCI6ImtpZC0xIiwidXJsIjoiaHR0cHM6Ly9jYS5leGFtcGxlL25ldy1hY2N0In0",
     "sFJt-wUwQIC2-YZHI-RyU26pauP5IpRcSO_SzXZmxKc"},
    {"HS384",
     "eyJhbGciOiJIUzM4NCIsImtpZCI6ImtpZC0xIiwidXJsIjoiaHR0cHM6Ly9jYS5leGFtcGxlL25ldy1hY2N0In0",
     "FEgkGkxoNee42Xt4HN-ko55TqRsVxqEiw7YT2NYg-6ib_e9SnNc4R0UoqMmhTheh"},
    {"HS512",
     "eyJhbGciOiJIUzUxMiIsImtpZCI6ImtpZC0xIiwidXJsIjoiaHR0cHM6Ly9jYS5leGFtcGxlL25ldy1hY2N0In0",
     "Q89FQsRXTOwo99XfDrsYd-UszQz0PPcML81jjrOU3RIkw9DsKhTS00-sZRJx5WejQF8lkULUeQ0a24UmM4q0pw"},
};

static void signs_like_the_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(VECTORS); i++) {
        AUTO_PTR(acme_eab) struct acme_eab *eab = NULL;
        AUTO_PTR(json) struct json *json = NULL;
        AUTO_FREE char *jws = NULL;
        struct err err = ERR_INIT;

        assert_int_equal(acme_eab_new("kid-1", KEY_URL, VECTORS[i].alg, &eab, &err), 0);
        assert_int_equal(acme_eab_sign(eab, URL, JWK, &jws, &err), 0);
        assert_int_equal(json_parse(jws, strlen(jws), &json, &err), 0);
        assert_string_equal(json_get_str(json, "protected"), VECTORS[i].header);
        assert_string_equal(json_get_str(json, "signature"), VECTORS[i].signature);
    }
}

static void reads_keys_as_websites_show_them(void **state)
{
    static const char *const FORMS[] = {KEY_URL, KEY_STD, KEY_URL "==", KEY_URL "\n",
                                        "  " KEY_STD "\r\n"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(FORMS); i++) {
        AUTO_PTR(acme_eab) struct acme_eab *eab = NULL;
        struct err err = ERR_INIT;

        assert_int_equal(acme_eab_new("k", FORMS[i], NULL, &eab, &err), 0);
        assert_string_equal(eab->alg, "HS256");
        assert_int_equal(eab->key_len, 64);
        assert_int_equal(eab->key[63], 63);
    }
}

static void expect_refused(const char *kid, const char *key, const char *alg, const char *text)
{
    struct acme_eab *eab = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(acme_eab_new(kid, key, alg, &eab, &err), -ERR_CONFIG);
    assert_null(eab);
    assert_non_null(strstr(err.text, text));
    assert_true(key == NULL || key[0] == '\0' || strstr(err.text, key) == NULL);
}

static void refuses_in_words_that_do_not_quote_the_key(void **state)
{
    (void)state;
    expect_refused("", KEY_URL, NULL, "key id is empty");
    expect_refused(NULL, KEY_URL, NULL, "key id is empty");
    expect_refused("k", "", NULL, "empty");
    expect_refused("k", NULL, NULL, "neither base64url nor base64");
    expect_refused("k", "not base64 !?", NULL, "neither base64url nor base64");
    expect_refused("k", "c2hvcnQtc2VjcmV0", NULL, "has 12 bytes, HS256 needs at least 32");
    expect_refused("k", KEY_URL, "RS256", "RS256");
}

static void writes_any_key_id_as_json(void **state)
{
    AUTO_PTR(acme_eab) struct acme_eab *eab = NULL;
    AUTO_PTR(json) struct json *json = NULL;
    AUTO_FREE char *jws = NULL;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(acme_eab_new("a\"b\\c", KEY_URL, NULL, &eab, &err), 0);
    assert_int_equal(acme_eab_sign(eab, URL, JWK, &jws, &err), 0);
    assert_int_equal(json_parse(jws, strlen(jws), &json, &err), 0);
}

static void registers_the_key_as_a_secret(void **state)
{
    static const char KEY[] = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE";
    AUTO_PTR(acme_eab) struct acme_eab *eab = NULL;
    AUTO(buf_done) struct buf masked = BUF(1024);
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(acme_eab_new("k", KEY, NULL, &eab, &err), 0);
    secret_mask("key MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE here", &masked);
    assert_null(strstr(buf_str(&masked), KEY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_like_the_vectors),
        cmocka_unit_test(reads_keys_as_websites_show_them),
        cmocka_unit_test(refuses_in_words_that_do_not_quote_the_key),
        cmocka_unit_test(writes_any_key_id_as_json),
        cmocka_unit_test(registers_the_key_as_a_secret),
    };

    return cmocka_run_group_tests_name("acme/eab", tests, NULL, NULL);
}
