/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Reading and writing keys, and their public parts, against values from elsewhere. */
#include "keys/key.h"

#include "base/b64.h"
#include "base/buf.h"
#include "fixtures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct key *load(const char *pem)
{
    struct key *key = NULL;
    struct err err = ERR_INIT;

    if (key_from_pem(pem, strlen(pem), &key, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return key;
}

static void assert_refused(const char *pem, size_t len, const char *reason)
{
    struct key *key = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(key_from_pem(pem, len, &key, &err), -ERR_CONFIG);
    assert_null(key);
    if (strstr(err.text, reason) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, reason);
    }
}

static void type_names_go_both_ways(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    for (int i = KEY_EC256; i <= KEY_RSA4096; i++) {
        enum key_type type = KEY_EC384;

        assert_int_equal(key_type_parse(key_type_name((enum key_type)i), &type, &err), 0);
        assert_int_equal(type, i);
    }
}

static void unknown_type_names_the_nearest(void **state)
{
    enum key_type type = KEY_RSA3072;
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(key_type_parse("rsa-4096", &type, &err), -ERR_CONFIG);
    assert_non_null(strstr(err.text, "did you mean 'rsa4096'?"));
    assert_int_equal(key_type_parse("elliptic", &type, &err), -ERR_CONFIG);
    assert_null(strstr(err.text, "did you mean"));
    assert_non_null(strstr(err.text, "there are ec256"));
    assert_int_equal(type, KEY_RSA3072);
}

static void jwk_and_thumbprint_are_canonical(void **state)
{
    AUTO_PTR(key) struct key *ec = load(rfc7515_pem);
    AUTO_PTR(key) struct key *rsa = load(rsa_pem);

    (void)state;
    assert_string_equal(key_jwk(ec), rfc7515_jwk);
    assert_string_equal(key_thumbprint(ec), rfc7515_thumbprint);
    assert_string_equal(key_jws_alg(ec), "ES256");
    assert_string_equal(key_jwk(rsa), rsa_jwk);
    assert_string_equal(key_thumbprint(rsa), rsa_thumbprint);
    assert_string_equal(key_jws_alg(rsa), "RS256");
    assert_int_equal(key_get_type(rsa), KEY_RSA2048);
}

static void short_coordinates_are_padded(void **state)
{
    AUTO_PTR(key) struct key *p256 = load(short_p256_pem);
    AUTO_PTR(key) struct key *p384 = load(short_p384_pem);

    (void)state;
    assert_string_equal(key_jwk(p256), short_p256_jwk);
    assert_string_equal(key_jwk(p384), short_p384_jwk);
    assert_string_equal(key_jws_alg(p384), "ES384");
}

static void key_is_found_among_other_blocks(void **state)
{
    char text[4096];

    (void)state;
    (void)snprintf(text, sizeof(text), "some words\r\n%s%s", public_pem, rfc7515_sec1_pem);
    AUTO_PTR(key) struct key *key = load(text);
    AUTO_PTR(key) struct key *same = load(rfc7515_pem);
    AUTO_PTR(key) struct key *other = load(short_p256_pem);
    assert_true(key_equals(key, same));
    assert_false(key_equals(key, other));
}

static void export_is_pkcs8_and_comes_back(void **state)
{
    static const char *const pems[] = {rfc7515_sec1_pem, short_p384_pem, rsa_pem};
    struct err err = ERR_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pems); i++) {
        AUTO(buf_done) struct buf out = BUF_SECRET(KEY_FILE_MAX);
        AUTO_PTR(key) struct key *key = load(pems[i]);

        assert_int_equal(key_to_pem(key, &out, &err), 0);
        assert_int_equal(strncmp(buf_str(&out), "-----BEGIN PRIVATE KEY-----\n", 28), 0);
        AUTO_PTR(key) struct key *again = load(buf_str(&out));
        assert_true(key_equals(key, again));
    }
}

static void unusable_keys_are_refused_with_the_reason(void **state)
{
    static const struct {
        const char *pem;
        const char *reason;
    } cases[] = {
        {"", "it is empty"},
        {" \r\n\t\n", "it is empty"},
        {"hello", "no private key in PEM form"},
        {public_pem, "holds a PUBLIC KEY"},
        {encrypted_pem, "is encrypted"},
        {encrypted_legacy_pem, "is encrypted"},
        {openssh_pem, "OpenSSH"},
        {ed25519_pem, "EdDSA (Ed25519) keys are not usable"},
        {pss_pem, "RSA-PSS keys are not usable"},
        {p521_pem, "curve SECP521R1"},
        {explicit_pem, "spelt out or not supported"},
        {secp256k1_pem, "spelt out or not supported"},
        {rsa1024_pem, "1024 bits"},
        {"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "damaged"},
        {"-----BEGIN PRIVATE KEY-----\nMIGH", "damaged"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_refused(cases[i].pem, strlen(cases[i].pem), cases[i].reason);
    }
    static char large[KEY_FILE_MAX + 1];
    memset(large, 'x', sizeof(large));
    assert_refused(large, sizeof(large), "larger than");
    /* A file of zeroes is what some file systems leave after a power cut. */
    memset(large, 0, sizeof(large));
    assert_refused(large, 512, "no private key in PEM form");
}

static void cut_key_files_never_load(void **state)
{
    (void)state;
    for (size_t len = 0; len + 30 < strlen(rfc7515_pem); len++) {
        struct key *key = NULL;
        struct err err = ERR_INIT;

        assert_int_equal(key_from_pem(rfc7515_pem, len, &key, &err), -ERR_CONFIG);
    }
}

/* RFC 4231, test case 6. */
static void hmac_matches_rfc_4231(void **state)
{
    static const struct {
        const char *alg;
        const char *hex;
    } cases[] = {
        {"HS256", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {"HS384",
         "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296"
         "248df163f44952"},
        {"HS512",
         "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd"
         "0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598"},
    };
    uint8_t secret[131];

    (void)state;
    memset(secret, 0xaa, sizeof(secret));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(buf_done) struct buf mac = BUF(64);
        AUTO(buf_done) struct buf hex = BUF(128);
        struct err err = ERR_INIT;

        assert_int_equal(key_hmac(cases[i].alg, secret, sizeof(secret),
                                  "Test Using Larger Than Block-Size Key - Hash Key First", &mac,
                                  &err),
                         0);
        hex_add(&hex, mac.bytes, mac.len);
        assert_string_equal(buf_str(&hex), cases[i].hex);
    }
}

static void hmac_wants_a_long_enough_secret(void **state)
{
    static const struct {
        const char *alg;
        size_t least;
    } cases[] = {{"HS256", 32}, {"HS384", 48}, {"HS512", 64}};
    const uint8_t secret[64] = {1};
    struct err err = ERR_INIT;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO(buf_done) struct buf mac = BUF(64);

        assert_int_equal(key_hmac(cases[i].alg, secret, cases[i].least - 1, "x", &mac, &err),
                         -ERR_CONFIG);
        assert_int_equal(mac.len, 0);
        assert_int_equal(key_hmac(cases[i].alg, secret, cases[i].least, "x", &mac, &err), 0);
        assert_int_equal(mac.len, cases[i].least);
    }
    AUTO(buf_done) struct buf mac = BUF(64);
    assert_int_equal(key_hmac("none", secret, 64, "x", &mac, &err), -ERR_CONFIG);
    assert_non_null(strstr(err.text, "'none'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(type_names_go_both_ways),
        cmocka_unit_test(unknown_type_names_the_nearest),
        cmocka_unit_test(jwk_and_thumbprint_are_canonical),
        cmocka_unit_test(short_coordinates_are_padded),
        cmocka_unit_test(key_is_found_among_other_blocks),
        cmocka_unit_test(export_is_pkcs8_and_comes_back),
        cmocka_unit_test(unusable_keys_are_refused_with_the_reason),
        cmocka_unit_test(cut_key_files_never_load),
        cmocka_unit_test(hmac_matches_rfc_4231),
        cmocka_unit_test(hmac_wants_a_long_enough_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
