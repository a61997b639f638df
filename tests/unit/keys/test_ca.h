/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A CA of three lines for tests: makes certificates of any wrongness. For programs that have
 * included cmocka.h. The CA's key is the same everywhere: only relations between certificates
 * matter.
 */
#ifndef TESTS_KEYS_TEST_CA_H
#define TESTS_KEYS_TEST_CA_H

#include "base/buf.h"
#include "base/clock.h"
#include "keys/key.h"

#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <string.h>

struct test_cert {
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_t key;
};

struct test_cert_plan {
    const char *cn;
    const char *names[8];           /* DNS names, ended by NULL */
    const struct key *key;          /* NULL: a fresh EC key */
    const struct test_cert *issuer; /* NULL: self-signed */
    bool is_ca;
    int64_t begin_s; /* from now; 0: a minute ago */
    int64_t end_s;   /* from now; 0: in 90 days */
    const char *serial;
    size_t serial_len; /* 0: 00 87 65 43 21 */
};

static inline gnutls_x509_privkey_t test_key_export(const struct key *key)
{
    AUTO(buf_done) struct buf pem = BUF_SECRET(KEY_FILE_MAX);
    struct err err = ERR_INIT;
    gnutls_x509_privkey_t out = NULL;

    assert_int_equal(gnutls_x509_privkey_init(&out), 0);
    if (key == NULL) {
        assert_int_equal(gnutls_x509_privkey_generate(
                             out, GNUTLS_PK_ECDSA,
                             GNUTLS_CURVE_TO_BITS((unsigned)GNUTLS_ECC_CURVE_SECP256R1), 0),
                         0);
        return out;
    }
    assert_int_equal(key_to_pem(key, &pem, &err), 0);
    gnutls_datum_t in = {.data = (unsigned char *)pem.bytes, .size = (unsigned)pem.len};
    assert_int_equal(gnutls_x509_privkey_import(out, &in, GNUTLS_X509_FMT_PEM), 0);
    return out;
}

static inline struct test_cert test_cert_make(const struct test_cert_plan *plan)
{
    struct test_cert made = {.key = test_key_export(plan->key)};
    static const char usual_serial[] = "\x00\x87\x65\x43\x21";
    const char *serial = plan->serial_len > 0 ? plan->serial : usual_serial;
    size_t serial_len = plan->serial_len > 0 ? plan->serial_len : 5;
    int64_t now_s = clock_wall_s();
    uint8_t id[64];
    size_t id_len = sizeof(id);

    assert_int_equal(gnutls_x509_crt_init(&made.crt), 0);
    assert_int_equal(gnutls_x509_crt_set_version(made.crt, 3), 0);
    assert_int_equal(gnutls_x509_crt_set_serial(made.crt, serial, serial_len), 0);
    gnutls_x509_crt_set_activation_time(made.crt,
                                        now_s + (plan->begin_s != 0 ? plan->begin_s : -60));
    gnutls_x509_crt_set_expiration_time(
        made.crt, now_s + (plan->end_s != 0 ? plan->end_s : (int64_t)90 * 86400));
    if (plan->cn != NULL) {
        gnutls_x509_crt_set_dn_by_oid(made.crt, GNUTLS_OID_X520_COMMON_NAME, 0, plan->cn,
                                      (unsigned)strlen(plan->cn));
    }
    for (size_t i = 0; plan->names[i] != NULL; i++) {
        gnutls_x509_crt_set_subject_alt_name(made.crt, GNUTLS_SAN_DNSNAME, plan->names[i],
                                             (unsigned)strlen(plan->names[i]), GNUTLS_FSAN_APPEND);
    }
    gnutls_x509_crt_set_basic_constraints(made.crt, plan->is_ca, -1);
    gnutls_x509_crt_set_key(made.crt, made.key);
    gnutls_x509_crt_get_key_id(made.crt, 0, id, &id_len);
    gnutls_x509_crt_set_subject_key_id(made.crt, id, id_len);
    const struct test_cert *issuer = plan->issuer != NULL ? plan->issuer : &made;
    id_len = sizeof(id);
    assert_int_equal(gnutls_x509_crt_get_subject_key_id(issuer->crt, id, &id_len, NULL), 0);
    gnutls_x509_crt_set_authority_key_id(made.crt, id, id_len);
    assert_int_equal(
        gnutls_x509_crt_sign2(made.crt, issuer->crt, issuer->key, GNUTLS_DIG_SHA256, 0), 0);
    return made;
}

static inline void test_cert_done(struct test_cert *cert)
{
    gnutls_x509_crt_deinit(cert->crt);
    gnutls_x509_privkey_deinit(cert->key);
}

/* Appends the certificate as PEM. */
static inline void test_cert_add(const struct test_cert *cert, struct buf *to)
{
    gnutls_datum_t pem = {NULL, 0};

    assert_int_equal(gnutls_x509_crt_export2(cert->crt, GNUTLS_X509_FMT_PEM, &pem), 0);
    buf_add(to, pem.data, pem.size);
    gnutls_free(pem.data);
}

#endif
