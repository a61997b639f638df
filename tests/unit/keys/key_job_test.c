/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Key work through the loop: generating, signing, requests, cancelling. */
#include "keys/key.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/loop.h"
#include "base/mem.h"
#include "fixtures.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above. */
#include <cmocka.h>

#include <dirent.h>
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <sys/wait.h>

#define SIGNATURES 2000

struct outcome {
    struct loop *loop;
    struct key_job *job;
    struct key *key;
    struct buf bytes;
    struct err err;
    unsigned n_calls;
};

static int make_loop(void **state)
{
    struct outcome *o = NEW(struct outcome);
    struct err err = ERR_INIT;

    buf_init(&o->bytes, 65536);
    assert_int_equal(loop_new(&o->loop, &err), 0);
    *state = o;
    return 0;
}

static int drop_loop(void **state)
{
    struct outcome *o = *state;

    loop_free(o->loop);
    key_unref(o->key);
    buf_done(&o->bytes);
    mem_free(o);
    return 0;
}

static void on_key(void *arg, struct key *key, const struct err *err)
{
    struct outcome *o = arg;

    o->job = NULL;
    o->n_calls++;
    assert_true((key == NULL) != (err == NULL));
    if (err != NULL) {
        o->err = *err;
    }
    key_unref(o->key);
    o->key = key;
}

static void on_bytes(void *arg, const uint8_t *bytes, size_t len, const struct err *err)
{
    struct outcome *o = arg;

    o->job = NULL;
    o->n_calls++;
    assert_true((bytes == NULL) != (err == NULL));
    if (err != NULL) {
        o->err = *err;
        return;
    }
    buf_clear(&o->bytes);
    buf_add(&o->bytes, bytes, len);
}

static void turn(struct outcome *o)
{
    struct err err = ERR_INIT;

    if (loop_run(o->loop, &err) < 0) {
        fail_msg("%s", err.text);
    }
    if (o->err.class != ERR_NONE) {
        print_message("%s\n", o->err.text);
    }
}

static void generate(struct outcome *o, enum key_type type)
{
    o->n_calls = 0;
    o->job = key_generate(o->loop, type, on_key, o);
    assert_int_equal(o->n_calls, 0); /* never from inside the starting function */
    turn(o);
    assert_int_equal(o->n_calls, 1);
    assert_non_null(o->key);
    assert_int_equal(key_get_type(o->key), type);
}

static void load(struct outcome *o, const char *pem)
{
    struct err err = ERR_INIT;

    assert_int_equal(key_from_pem(pem, strlen(pem), &o->key, &err), 0);
}

static gnutls_pubkey_t public_of(const struct key *key)
{
    AUTO(buf_done) struct buf pem = BUF_SECRET(KEY_FILE_MAX);
    struct err err = ERR_INIT;
    gnutls_privkey_t priv = NULL;
    gnutls_pubkey_t pub = NULL;

    assert_int_equal(key_to_pem(key, &pem, &err), 0);
    gnutls_datum_t in = {.data = (unsigned char *)pem.bytes, .size = (unsigned)pem.len};
    assert_int_equal(gnutls_privkey_init(&priv), 0);
    assert_int_equal(gnutls_privkey_import_x509_raw(priv, &in, GNUTLS_X509_FMT_PEM, NULL, 0), 0);
    assert_int_equal(gnutls_pubkey_init(&pub), 0);
    assert_int_equal(gnutls_pubkey_import_privkey(pub, priv, 0, 0), 0);
    gnutls_privkey_deinit(priv);
    return pub;
}

struct verifier {
    gnutls_pubkey_t pub;
    gnutls_sign_algorithm_t algorithm;
    size_t coordinate_len; /* 0: RSA */
    size_t wanted_len;
    unsigned n_good;
};

/* The signed text is always this one; ECDSA signatures differ all the same. */
static const char signed_text[] = "eyJhbGciOiJFUzI1NiJ9.e30";

static void verify(void *arg, const uint8_t *bytes, size_t len, const struct err *err)
{
    struct verifier *v = arg;
    const gnutls_datum_t text = {.data = (unsigned char *)signed_text,
                                 .size = sizeof(signed_text) - 1};
    gnutls_datum_t signature = {.data = (unsigned char *)bytes, .size = (unsigned)len};

    assert_null(err);
    assert_int_equal(len, v->wanted_len);
    if (v->coordinate_len > 0) {
        const gnutls_datum_t r = {.data = (unsigned char *)bytes,
                                  .size = (unsigned)v->coordinate_len};
        const gnutls_datum_t s = {.data = (unsigned char *)bytes + v->coordinate_len,
                                  .size = (unsigned)v->coordinate_len};
        assert_int_equal(gnutls_encode_rs_value(&signature, &r, &s), 0);
    }
    assert_true(gnutls_pubkey_verify_data2(v->pub, v->algorithm, 0, &text, &signature) >= 0);
    if (v->coordinate_len > 0) {
        gnutls_free(signature.data);
    }
    v->n_good++;
}

static void sign_many(struct outcome *o, const char *pem, struct verifier *v, unsigned count)
{
    load(o, pem);
    v->pub = public_of(o->key);
    for (unsigned i = 0; i < count; i++) {
        assert_non_null(key_sign(o->loop, o->key, signed_text, sizeof(signed_text) - 1, verify, v));
    }
    turn(o);
    assert_int_equal(v->n_good, count);
    gnutls_pubkey_deinit(v->pub);
}

static void es256_signatures_all_verify(void **state)
{
    struct verifier v = {
        .algorithm = GNUTLS_SIGN_ECDSA_SHA256, .coordinate_len = 32, .wanted_len = 64};
    sign_many(*state, rfc7515_pem, &v, SIGNATURES);
}

static void es384_signatures_all_verify(void **state)
{
    struct verifier v = {
        .algorithm = GNUTLS_SIGN_ECDSA_SHA384, .coordinate_len = 48, .wanted_len = 96};
    sign_many(*state, short_p384_pem, &v, SIGNATURES);
}

static void rs256_signatures_verify(void **state)
{
    struct verifier v = {.algorithm = GNUTLS_SIGN_RSA_SHA256, .wanted_len = 256};
    sign_many(*state, rsa_pem, &v, 20);
}

static void every_type_is_generated_afresh(void **state)
{
    struct outcome *o = *state;

    for (int i = KEY_EC256; i <= KEY_RSA4096; i++) {
        generate(o, (enum key_type)i);
        AUTO_PTR(key) struct key *first = key_ref(o->key);
        if (i <= KEY_RSA2048) {
            generate(o, (enum key_type)i);
            assert_false(key_equals(first, o->key));
        }
    }
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child left */
}

static void count_tick(void *arg)
{
    struct outcome *o = arg;

    if (o->job != NULL) {
        o->n_calls += 100;
        loop_timer_start(o->loop, 5, count_tick, o);
    }
}

static void loop_turns_while_an_rsa_key_is_made(void **state)
{
    struct outcome *o = *state;
    unsigned most = 0;

    /* Luck may find a key at once; not ten times. */
    for (int i = 0; i < 10 && most < 300; i++) {
        o->n_calls = 0;
        o->job = key_generate(o->loop, KEY_RSA3072, on_key, o);
        loop_timer_start(o->loop, 5, count_tick, o);
        turn(o);
        most = o->n_calls > most ? o->n_calls : most;
    }
    assert_true(most >= 300);
}

static size_t count_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL) {
        n++;
    }
    (void)closedir(dir);
    return n;
}

static void cancel_now(void *arg)
{
    struct outcome *o = arg;

    assert_non_null(o->job);
    key_job_cancel(&o->job);
    assert_null(o->job);
    key_job_cancel(&o->job); /* NULL is fine */
}

static void cancelled_work_never_calls_back(void **state)
{
    struct outcome *o = *state;
    size_t before = count_descriptors();

    o->job = key_generate(o->loop, KEY_EC256, on_key, o);
    cancel_now(o);
    o->job = key_generate(o->loop, KEY_RSA4096, on_key, o);
    loop_timer_start(o->loop, 1, cancel_now, o); /* by now the child runs */
    turn(o);
    assert_int_equal(o->n_calls, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(count_descriptors(), before);
}

static void job_outlives_the_callers_reference(void **state)
{
    struct outcome *o = *state;

    load(o, rfc7515_pem);
    o->job = key_sign(o->loop, o->key, "x", 1, on_bytes, o);
    key_unref(TAKE(o->key));
    turn(o);
    assert_int_equal(o->bytes.len, 64);
}

static gnutls_x509_crq_t read_csr(const struct outcome *o)
{
    gnutls_datum_t der = {.data = (unsigned char *)o->bytes.bytes, .size = (unsigned)o->bytes.len};
    gnutls_x509_crq_t crq = NULL;

    assert_int_equal(gnutls_x509_crq_init(&crq), 0);
    assert_int_equal(gnutls_x509_crq_import(crq, &der, GNUTLS_X509_FMT_DER), 0);
    return crq;
}

static void csr_says_what_was_asked(void **state)
{
    static const char *const pems[] = {rfc7515_pem, short_p384_pem, rsa_pem};
    static const char *const wanted[] = {"*.example.com", "example.com", "*.xn--bcher-kva.example"};
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct outcome *o = *state;

    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        strv_add(&names, wanted[i]);
    }
    for (size_t k = 0; k < ARRAY_LEN(pems); k++) {
        char text[256];
        size_t len = sizeof(text);

        key_unref(TAKE(o->key));
        load(o, pems[k]);
        o->job = key_csr(o->loop, o->key, &names, on_bytes, o);
        turn(o);
        gnutls_x509_crq_t crq = read_csr(o);
        assert_int_equal(gnutls_x509_crq_verify(crq, 0), 0);
        assert_int_equal(gnutls_x509_crq_get_version(crq), 1);
        assert_int_equal(gnutls_x509_crq_get_dn(crq, text, &len),
                         GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE);
        for (unsigned i = 0; i < ARRAY_LEN(wanted); i++) {
            unsigned type = 0;

            len = sizeof(text);
            assert_int_equal(gnutls_x509_crq_get_subject_alt_name(crq, i, text, &len, &type, NULL),
                             GNUTLS_SAN_DNSNAME);
            assert_int_equal(len, strlen(wanted[i]));
            assert_memory_equal(text, wanted[i], len);
        }
        len = sizeof(text);
        assert_int_equal(
            gnutls_x509_crq_get_subject_alt_name(crq, ARRAY_LEN(wanted), text, &len, NULL, NULL),
            GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE);
        gnutls_x509_crq_deinit(crq);
    }
}

static void csr_refuses_what_gnutls_would_change(void **state)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct outcome *o = *state;

    load(o, rfc7515_pem);
    o->job = key_csr(o->loop, o->key, &names, on_bytes, o);
    turn(o);
    assert_non_null(strstr(o->err.text, "without names"));
    strv_add(&names, "*.b\xc3\xbc"
                     "cher.example");
    o->job = key_csr(o->loop, o->key, &names, on_bytes, o);
    turn(o);
    assert_int_equal(o->err.class, ERR_FAILED);
    assert_non_null(strstr(o->err.text, "not in the form"));
    assert_int_equal(o->bytes.len, 0);
}

static void hundred_names_fit_a_csr(void **state)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct outcome *o = *state;

    load(o, rsa_pem);
    for (int i = 0; i < 100; i++) {
        strv_take(&names, str_fmt("%063d.%063d.%063d.%057d.de", i, i, i, i));
    }
    assert_int_equal(strlen(names.items[0]), 252);
    o->job = key_csr(o->loop, o->key, &names, on_bytes, o);
    turn(o);
    assert_true(o->bytes.len > 25000);
    gnutls_x509_crq_deinit(read_csr(o));
}

#define LOOP_TEST(f) cmocka_unit_test_setup_teardown(f, make_loop, drop_loop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(es256_signatures_all_verify),
        LOOP_TEST(es384_signatures_all_verify),
        LOOP_TEST(rs256_signatures_verify),
        LOOP_TEST(every_type_is_generated_afresh),
        LOOP_TEST(loop_turns_while_an_rsa_key_is_made),
        LOOP_TEST(cancelled_work_never_calls_back),
        LOOP_TEST(job_outlives_the_callers_reference),
        LOOP_TEST(csr_says_what_was_asked),
        LOOP_TEST(csr_refuses_what_gnutls_would_change),
        LOOP_TEST(hundred_names_fit_a_csr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
