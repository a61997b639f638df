/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* PKCS#12: what is written holds what it should, and what it is encrypted with. Other programs'
 * view of it is in tests/e2e/test_copies.py. */
#include "keys/pkcs12.h"

#include "../base/cmocka_all.h"
#include "fixtures.h"

#include "test_ca.h"

#include <gnutls/pkcs12.h>
#include <unistd.h>

struct lab {
    struct key *key, *other_key;
    struct cert_chain *chain, *shorter, *other;
};

static struct lab lab;

static void add_pem(const struct test_cert *cert, struct buf *pem)
{
    gnutls_datum_t out = {NULL, 0};

    assert_int_equal(gnutls_x509_crt_export2(cert->crt, GNUTLS_X509_FMT_PEM, &out), 0);
    buf_add(pem, out.data, out.size);
    gnutls_free(out.data);
}

static struct cert_chain *make_chain(const struct key *key, bool has_issuer)
{
    AUTO(buf_done) struct buf pem = BUF(65536);
    struct err err = ERR_INIT;
    struct cert_chain *chain = NULL;
    struct test_cert root =
        test_cert_make(&(struct test_cert_plan){.cn = "Test Root", .is_ca = true});
    struct test_cert middle = test_cert_make(
        &(struct test_cert_plan){.cn = "Test Middle", .is_ca = true, .issuer = &root});
    struct test_cert leaf = test_cert_make(
        &(struct test_cert_plan){.names = {"example.com"}, .key = key, .issuer = &middle});

    add_pem(&leaf, &pem);
    if (has_issuer) {
        add_pem(&middle, &pem);
    }
    assert_int_equal(cert_chain_parse(pem.bytes, pem.len, &chain, &err), 0);
    test_cert_done(&leaf);
    test_cert_done(&middle);
    test_cert_done(&root);
    return chain;
}

static int make_lab(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(key_from_pem(rfc7515_pem, strlen(rfc7515_pem), &lab.key, &err), 0);
    assert_int_equal(key_from_pem(short_p256_pem, strlen(short_p256_pem), &lab.other_key, &err), 0);
    lab.chain = make_chain(lab.key, true);
    lab.shorter = make_chain(lab.key, false);
    lab.other = make_chain(lab.other_key, true);
    return 0;
}

static int drop_lab(void **state)
{
    (void)state;
    cert_chain_free(lab.chain);
    cert_chain_free(lab.shorter);
    cert_chain_free(lab.other);
    key_unref(lab.key);
    key_unref(lab.other_key);
    return 0;
}

static void make(const char *password, struct buf *to)
{
    struct err err = ERR_INIT;

    if (pkcs12_format(lab.key, lab.chain, "example.com", password, to, &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static void what_was_written_is_known_again(void **state)
{
    static const char *const PASSWORDS[] = {"", "secret", "p\xc3\xa4ss w\xc3\xb6rd"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(PASSWORDS); i++) {
        AUTO(buf_done) struct buf p12 = BUF_SECRET(PKCS12_MAX);

        make(PASSWORDS[i], &p12);
        assert_true(pkcs12_holds(&p12, PASSWORDS[i], lab.key, lab.chain));
        assert_false(pkcs12_holds(&p12, "other", lab.key, lab.chain));
        assert_false(pkcs12_holds(&p12, PASSWORDS[i], lab.other_key, lab.chain));
        assert_false(pkcs12_holds(&p12, PASSWORDS[i], lab.key, lab.shorter));
        assert_false(pkcs12_holds(&p12, PASSWORDS[i], lab.key, lab.other));
    }
}

static void what_is_no_such_file_holds_nothing(void **state)
{
    AUTO(buf_done) struct buf p12 = BUF_SECRET(PKCS12_MAX);

    (void)state;
    assert_false(pkcs12_holds(&p12, "", lab.key, lab.chain));
    buf_add_str(&p12, "no PKCS#12");
    assert_false(pkcs12_holds(&p12, "", lab.key, lab.chain));
    buf_clear(&p12);
    make("", &p12);
    for (size_t len = 0; len < p12.len; len += 7) {
        struct buf cut = p12;

        cut.len = len;
        assert_false(pkcs12_holds(&cut, "", lab.key, lab.chain));
    }
}

static void the_encryption_is_a_modern_one(void **state)
{
    AUTO(buf_done) struct buf p12 = BUF_SECRET(PKCS12_MAX);
    gnutls_pkcs12_t file = NULL;
    gnutls_pkcs12_bag_t bag = NULL;
    unsigned mac = 0, schema = 0, cipher = 0;
    char salt[64];
    unsigned salt_len = sizeof(salt), count = 0;

    (void)state;
    make("secret", &p12);
    gnutls_datum_t in = {.data = (unsigned char *)p12.bytes, .size = (unsigned)p12.len};
    assert_int_equal(gnutls_pkcs12_init(&file), 0);
    assert_int_equal(gnutls_pkcs12_import(file, &in, GNUTLS_X509_FMT_DER, 0), 0);
    assert_int_equal(gnutls_pkcs12_mac_info(file, &mac, salt, &salt_len, &count, NULL), 0);
    assert_int_equal(mac, GNUTLS_MAC_SHA256);
    assert_int_equal(gnutls_pkcs12_bag_init(&bag), 0);
    assert_int_equal(gnutls_pkcs12_get_bag(file, 0, bag), 0);
    salt_len = sizeof(salt);
    assert_int_equal(
        gnutls_pkcs12_bag_enc_info(bag, &schema, &cipher, salt, &salt_len, &count, NULL), 0);
    assert_int_equal(schema, GNUTLS_PKCS_PBES2_AES_256);
    gnutls_pkcs12_bag_deinit(bag);
    gnutls_pkcs12_deinit(file);
}

/* The rounds of the MAC are the last number in the file: a larger one in its place. */
static void set_mac_rounds(struct buf *p12)
{
    static const char ROUNDS[] = "\x02\x04\x7f\xff\xff\xff";
    unsigned char *bytes = (unsigned char *)p12->bytes;
    size_t mac = p12->len - 6, number = p12->len, more = 0;

    while (bytes[mac] != 0x30 || bytes[mac + 1] != p12->len - mac - 2) {
        mac--;
    }
    for (number -= 4; bytes[number] != 0x02 || bytes[number + 1] != p12->len - number - 2;) {
        number--;
    }
    more = number + 6 - p12->len;
    p12->len = number;
    buf_add(p12, ROUNDS, 6);
    bytes = (unsigned char *)p12->bytes;
    bytes[mac + 1] = (unsigned char)(bytes[mac + 1] + more);
    assert_int_equal(bytes[1], 0x82); /* the length of all of it has two bytes */
    more += (size_t)bytes[2] * 256 + bytes[3];
    bytes[2] = (unsigned char)(more / 256);
    bytes[3] = (unsigned char)(more % 256);
}

static void rounds_without_end_are_not_begun(void **state)
{
    AUTO(buf_done) struct buf p12 = BUF_SECRET(PKCS12_MAX);
    gnutls_pkcs12_t file = NULL;
    unsigned count = 0;

    (void)state;
    make("", &p12);
    set_mac_rounds(&p12);
    gnutls_datum_t in = {.data = (unsigned char *)p12.bytes, .size = (unsigned)p12.len};
    assert_int_equal(gnutls_pkcs12_init(&file), 0);
    assert_int_equal(gnutls_pkcs12_import(file, &in, GNUTLS_X509_FMT_DER, 0), 0);
    assert_int_equal(gnutls_pkcs12_mac_info(file, NULL, NULL, NULL, &count, NULL), 0);
    assert_int_equal(count, 0x7fffffff);
    gnutls_pkcs12_deinit(file);
    (void)alarm(120); /* they would take an hour */
    assert_false(pkcs12_holds(&p12, "", lab.key, lab.chain));
    (void)alarm(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_known_again),
        cmocka_unit_test(what_is_no_such_file_holds_nothing),
        cmocka_unit_test(the_encryption_is_a_modern_one),
        cmocka_unit_test(rounds_without_end_are_not_begun),
    };

    return cmocka_run_group_tests(tests, make_lab, drop_lab);
}
