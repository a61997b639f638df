/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Chains from the CA: what is read, what is refused. */
#include "keys/cert.h"

#include "base/b64.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "fixtures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>

#include "test_ca.h"

#include <string.h>

/* root -> middle -> leaf, as most CAs have it. */
struct lab {
    struct key *key;
    struct key *other_key;
    struct test_cert root;
    struct test_cert middle;
    struct test_cert leaf;
    struct strv names;
};

static struct lab lab;

static int make_lab(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(key_from_pem(rfc7515_pem, strlen(rfc7515_pem), &lab.key, &err), 0);
    assert_int_equal(key_from_pem(short_p256_pem, strlen(short_p256_pem), &lab.other_key, &err), 0);
    lab.root = test_cert_make(&(struct test_cert_plan){.cn = "Test Root", .is_ca = true});
    lab.middle = test_cert_make(
        &(struct test_cert_plan){.cn = "Test Middle", .is_ca = true, .issuer = &lab.root});
    lab.leaf = test_cert_make(&(struct test_cert_plan){
        .names = {"*.example.com", "Example.COM"}, .key = lab.key, .issuer = &lab.middle});
    strv_add(&lab.names, "*.example.com");
    strv_add(&lab.names, "example.com");
    return 0;
}

static int drop_lab(void **state)
{
    (void)state;
    test_cert_done(&lab.leaf);
    test_cert_done(&lab.middle);
    test_cert_done(&lab.root);
    key_unref(lab.key);
    key_unref(lab.other_key);
    strv_done(&lab.names);
    return 0;
}

static struct cert_chain *parse(const struct test_cert *const *certs, size_t n)
{
    AUTO(buf_done) struct buf pem = BUF(65536);
    struct cert_chain *chain = NULL;
    struct err err = ERR_INIT;

    for (size_t i = 0; i < n; i++) {
        test_cert_add(certs[i], &pem);
    }
    if (cert_chain_parse(buf_str(&pem), pem.len, &chain, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return chain;
}

#define PARSE(...)                                        \
    parse((const struct test_cert *const[]){__VA_ARGS__}, \
          sizeof((const struct test_cert *const[]){__VA_ARGS__}) / sizeof(struct test_cert *))

static void assert_text_refused(const char *text, size_t len, const char *reason)
{
    struct cert_chain *chain = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(cert_chain_parse(text, len, &chain, &err), -ERR_MALFORMED);
    assert_null(chain);
    if (strstr(err.text, reason) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, reason);
    }
}

/* Frees the chain. */
static void assert_unfit(struct cert_chain *chain, const struct key *key, const char *reason)
{
    AUTO_PTR(cert_chain) struct cert_chain *owned = chain;
    struct err err = ERR_INIT;

    assert_int_equal(cert_chain_verify(owned, key, &lab.names, clock_wall_s(), &err), -ERR_CA);
    if (strstr(err.text, reason) == NULL) {
        fail_msg("'%s' does not say '%s'", err.text, reason);
    }
}

static void assert_fit(struct cert_chain *chain)
{
    AUTO_PTR(cert_chain) struct cert_chain *owned = chain;
    struct err err = ERR_INIT;

    if (cert_chain_verify(owned, lab.key, &lab.names, clock_wall_s(), &err) < 0) {
        fail_msg("%s", err.text);
    }
}

static void good_chain_is_split_and_its_root_dropped(void **state)
{
    AUTO_PTR(cert_chain) struct cert_chain *chain = PARSE(&lab.leaf, &lab.middle, &lab.root);
    AUTO(buf_done) struct buf leaf = BUF(8192);
    AUTO(buf_done) struct buf middle = BUF(8192);
    struct err err = ERR_INIT;

    (void)state;
    test_cert_add(&lab.leaf, &leaf);
    test_cert_add(&lab.middle, &middle);
    assert_int_equal(cert_chain_count(chain), 2);
    assert_string_equal(cert_chain_pem_leaf(chain), leaf.bytes);
    assert_string_equal(cert_chain_pem_issuers(chain), middle.bytes);
    buf_add(&leaf, middle.bytes, middle.len);
    assert_string_equal(cert_chain_pem_full(chain), leaf.bytes);
    assert_int_equal(cert_chain_verify(chain, lab.key, &lab.names, clock_wall_s(), &err), 0);
}

static void facts_are_the_certificates(void **state)
{
    AUTO_PTR(cert_chain) struct cert_chain *chain = PARSE(&lab.leaf, &lab.middle);
    const struct cert_facts *leaf = cert_chain_leaf(chain);
    uint8_t id[64];
    size_t id_len = sizeof(id);

    (void)state;
    assert_int_equal(leaf->names.n, 2);
    assert_string_equal(leaf->names.items[0], "*.example.com");
    assert_string_equal(leaf->names.items[1], "example.com");
    AUTO_FREE char *subject = cert_chain_subject(chain, 0);
    assert_string_equal(subject, "");
    assert_string_equal(leaf->issuer_cn, "Test Middle");
    assert_string_equal(leaf->serial_hex, "87654321");
    /* RFC 9773 section 4.1 encodes the sign byte too: "AIdlQyE". */
    AUTO_FREE char *serial = b64url_encode(leaf->serial, leaf->serial_len);
    assert_string_equal(serial, "AIdlQyE");
    assert_int_equal(gnutls_x509_crt_get_subject_key_id(lab.middle.crt, id, &id_len, NULL), 0);
    AUTO_FREE char *issuer = b64url_encode(id, id_len);
    AUTO_FREE char *wanted_id = str_fmt("%s.AIdlQyE", issuer);
    AUTO_FREE char *renewal_id = cert_chain_renewal_id(chain);
    assert_string_equal(renewal_id, wanted_id);
    assert_int_equal(leaf->not_after_s - leaf->not_before_s, 90 * 86400 + 60);
    assert_int_equal(strlen(leaf->sha256_hex), 64);
    AUTO_FREE char *middle = cert_chain_subject(chain, 1);
    assert_string_equal(middle, "Test Middle");
}

static void text_around_and_crlf_are_tolerated(void **state)
{
    AUTO(buf_done) struct buf plain = BUF(8192);
    AUTO(buf_done) struct buf text = BUF(16384);
    struct cert_chain *chain = NULL;
    struct err err = ERR_INIT;

    (void)state;
    test_cert_add(&lab.leaf, &plain);
    test_cert_add(&lab.middle, &plain);
    buf_add_str(&text, "\xef\xbb\xbfsubject: CN=none\r\n\r\n");
    for (size_t i = 0; i < plain.len; i++) {
        if (plain.bytes[i] == '\n') {
            buf_add_char(&text, '\r');
        }
        buf_add_char(&text, plain.bytes[i]);
    }
    buf_add_str(&text, "\r\n-- \r\nbye");
    assert_int_equal(cert_chain_parse(text.bytes, text.len, &chain, &err), 0);
    assert_int_equal(cert_chain_count(chain), 2);
    assert_string_equal(cert_chain_pem_full(chain), plain.bytes);
    cert_chain_free(chain);
}

static void what_is_no_chain_is_refused(void **state)
{
    AUTO(buf_done) struct buf pem = BUF(65536);
    AUTO_FREE char *large = mem_alloc(CERT_CHAIN_BYTES_MAX + 1, 1);

    (void)state;
    assert_text_refused("", 0, "no certificate");
    assert_text_refused("<html>", 6, "no certificate");
    assert_text_refused(large, CERT_CHAIN_BYTES_MAX + 1, "larger than");
    test_cert_add(&lab.leaf, &pem);
    assert_text_refused(pem.bytes, pem.len - 10, "has no end");
    char first = pem.bytes[strlen("-----BEGIN CERTIFICATE-----\n")];
    pem.bytes[strlen("-----BEGIN CERTIFICATE-----\n")] = 'Z';
    assert_text_refused(pem.bytes, pem.len, "certificate 1 of the chain is damaged");
    pem.bytes[strlen("-----BEGIN CERTIFICATE-----\n")] = first;
    buf_add_str(&pem, rfc7515_pem);
    assert_text_refused(pem.bytes, pem.len, "something else than certificates");
    buf_clear(&pem);
    for (int i = 0; i <= CERT_CHAIN_COUNT_MAX; i++) {
        test_cert_add(&lab.leaf, &pem);
    }
    assert_text_refused(pem.bytes, pem.len, "more than 16");
}

static void every_cut_of_a_chain_is_read_or_refused(void **state)
{
    AUTO(buf_done) struct buf pem = BUF(65536);

    (void)state;
    test_cert_add(&lab.leaf, &pem);
    size_t first_len = pem.len;
    test_cert_add(&lab.middle, &pem);
    for (size_t len = 0; len < pem.len; len++) {
        /* A copy of exactly that size, so that reading past it shows. */
        AUTO_FREE char *cut = mem_copy(pem.bytes, len);
        AUTO_PTR(cert_chain) struct cert_chain *chain = NULL;
        struct err err = ERR_INIT;
        bool is_whole = len + 1 >= first_len && len <= first_len + 10;

        assert_int_equal(cert_chain_parse(cut, len, &chain, &err) == 0,
                         is_whole || len + 1 >= pem.len);
    }
}

static void wrong_key_is_refused(void **state)
{
    (void)state;
    assert_unfit(PARSE(&lab.leaf, &lab.middle), lab.other_key, "is for another key");
}

static void missing_name_is_refused_and_extra_ones_are_fine(void **state)
{
    struct test_cert less = test_cert_make(&(struct test_cert_plan){
        .cn = "example.com", .names = {"*.example.com"}, .key = lab.key, .issuer = &lab.middle});
    struct test_cert more = test_cert_make(
        &(struct test_cert_plan){.names = {"www.example.com", "example.com", "*.example.com"},
                                 .key = lab.key,
                                 .issuer = &lab.middle});

    (void)state;
    assert_unfit(PARSE(&less, &lab.middle), lab.key, "does not have the name example.com");
    assert_fit(PARSE(&more, &lab.middle));
    test_cert_done(&less);
    test_cert_done(&more);
}

static void name_with_a_nul_inside_is_no_name(void **state)
{
    static const char san[] = "\x30\x22"
                              "\x82\x0d*.example.com"
                              "\x82\x11"
                              "example.com\0.evil";
    struct test_cert trick = test_cert_make(&(struct test_cert_plan){.key = lab.key});

    (void)state;
    assert_int_equal(
        gnutls_x509_crt_set_extension_by_oid(trick.crt, "2.5.29.17", san, sizeof(san) - 1, 0), 0);
    assert_int_equal(gnutls_x509_crt_sign2(trick.crt, trick.crt, trick.key, GNUTLS_DIG_SHA256, 0),
                     0);
    AUTO_PTR(cert_chain) struct cert_chain *chain = PARSE(&trick);
    assert_int_equal(cert_chain_leaf(chain)->names.n, 1);
    assert_unfit(PARSE(&trick), lab.key, "does not have the name example.com");
    test_cert_done(&trick);
}

static void dates_are_checked_with_a_word_on_the_clock(void **state)
{
    struct test_cert_plan plan = {
        .names = {"*.example.com", "example.com"}, .key = lab.key, .issuer = &lab.middle};

    (void)state;
    plan.begin_s = 86400;
    struct test_cert future = test_cert_make(&plan);
    plan.begin_s = CERT_CLOCK_LEEWAY_S - 60;
    struct test_cert soon = test_cert_make(&plan);
    plan.begin_s = -86400;
    plan.end_s = -60;
    struct test_cert past = test_cert_make(&plan);
    plan.begin_s = 200;
    plan.end_s = 100;
    struct test_cert backwards = test_cert_make(&plan);
    assert_unfit(PARSE(&future, &lab.middle), lab.key, "is not valid before");
    assert_unfit(PARSE(&future, &lab.middle), lab.key, "this machine's clock says");
    assert_unfit(PARSE(&past, &lab.middle), lab.key, "has expired");
    assert_unfit(PARSE(&backwards, &lab.middle), lab.key, "ends before it begins");
    assert_fit(PARSE(&soon, &lab.middle));
    test_cert_done(&future);
    test_cert_done(&soon);
    test_cert_done(&past);
    test_cert_done(&backwards);
}

static void expired_issuer_is_refused(void **state)
{
    struct test_cert old = test_cert_make(&(struct test_cert_plan){
        .cn = "Old Middle", .is_ca = true, .issuer = &lab.root, .begin_s = -86400, .end_s = -60});
    struct test_cert leaf = test_cert_make(&(struct test_cert_plan){
        .names = {"*.example.com", "example.com"}, .key = lab.key, .issuer = &old});

    (void)state;
    assert_unfit(PARSE(&leaf, &old), lab.key, "(Old Middle) has expired");
    test_cert_done(&leaf);
    test_cert_done(&old);
}

static void issuers_must_have_signed_in_order(void **state)
{
    /* The same name and another key: only the signature tells. */
    struct test_cert twin = test_cert_make(
        &(struct test_cert_plan){.cn = "Test Middle", .is_ca = true, .issuer = &lab.root});
    struct test_cert no_ca =
        test_cert_make(&(struct test_cert_plan){.cn = "No CA", .issuer = &lab.root});
    struct test_cert leaf = test_cert_make(&(struct test_cert_plan){
        .names = {"*.example.com", "example.com"}, .key = lab.key, .issuer = &no_ca});
    struct test_cert top =
        test_cert_make(&(struct test_cert_plan){.cn = "Top", .is_ca = true, .issuer = &lab.root});

    (void)state;
    assert_unfit(PARSE(&lab.leaf, &twin), lab.key, "did not sign the one before it");
    assert_unfit(PARSE(&lab.leaf, &top, &lab.middle), lab.key, "did not sign the one before it");
    assert_unfit(PARSE(&lab.middle, &lab.leaf), lab.key, "is for another key");
    assert_unfit(PARSE(&leaf, &no_ca), lab.key, "(No CA) is not a CA's");
    test_cert_done(&twin);
    test_cert_done(&no_ca);
    test_cert_done(&leaf);
    test_cert_done(&top);
}

static void leaf_alone_and_self_signed_stand(void **state)
{
    struct test_cert own = test_cert_make(
        &(struct test_cert_plan){.names = {"*.example.com", "example.com"}, .key = lab.key});
    AUTO_PTR(cert_chain) struct cert_chain *chain = PARSE(&lab.leaf);

    (void)state;
    assert_string_equal(cert_chain_pem_issuers(chain), "");
    assert_fit(PARSE(&lab.leaf));
    assert_fit(PARSE(&own));
    test_cert_done(&own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_chain_is_split_and_its_root_dropped),
        cmocka_unit_test(facts_are_the_certificates),
        cmocka_unit_test(text_around_and_crlf_are_tolerated),
        cmocka_unit_test(what_is_no_chain_is_refused),
        cmocka_unit_test(every_cut_of_a_chain_is_read_or_refused),
        cmocka_unit_test(wrong_key_is_refused),
        cmocka_unit_test(missing_name_is_refused_and_extra_ones_are_fine),
        cmocka_unit_test(name_with_a_nul_inside_is_no_name),
        cmocka_unit_test(dates_are_checked_with_a_word_on_the_clock),
        cmocka_unit_test(expired_issuer_is_refused),
        cmocka_unit_test(issuers_must_have_signed_in_order),
        cmocka_unit_test(leaf_alone_and_self_signed_stand),
    };
    return cmocka_run_group_tests(tests, make_lab, drop_lab);
}
