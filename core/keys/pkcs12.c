/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "keys/pkcs12.h"

#include "base/mem.h"
#include "keys/cert_internal.h"
#include "keys/key_internal.h"

#include <gnutls/pkcs12.h>
#include <string.h>

/* What is under way; freed in one place, whatever was reached. */
struct work {
    gnutls_pkcs12_t p12;
    gnutls_pkcs12_bag_t bag;
    gnutls_x509_privkey_t key;
    gnutls_datum_t bytes;
};

static void free_secret_datum(gnutls_datum_t *datum)
{
    if (datum->data != NULL) {
        mem_wipe(datum->data, datum->size);
        gnutls_free(datum->data);
    }
}

static void work_done(struct work *work)
{
    if (work->bag != NULL) {
        gnutls_pkcs12_bag_deinit(work->bag);
    }
    if (work->p12 != NULL) {
        gnutls_pkcs12_deinit(work->p12);
    }
    gnutls_x509_privkey_deinit(work->key);
    free_secret_datum(&work->bytes);
}

/* ---- Writing ---- */

/* Puts the bag, encrypted, into the file, and begins no other. */
static int seal_bag(struct work *work, const char *password, unsigned flags)
{
    int rc = flags == 0 ? 0 : gnutls_pkcs12_bag_encrypt(work->bag, password, flags);

    if (rc >= 0) {
        rc = gnutls_pkcs12_set_bag(work->p12, work->bag);
    }
    gnutls_pkcs12_bag_deinit(work->bag);
    work->bag = NULL;
    return rc;
}

static int add_certificates(struct work *work, const struct cert_chain *chain, const char *name,
                            const gnutls_datum_t *id, const char *password)
{
    int rc = gnutls_pkcs12_bag_init(&work->bag);

    for (size_t i = 0; rc >= 0 && i < chain->n; i++) {
        int index = gnutls_pkcs12_bag_set_crt(work->bag, chain->certs[i].crt);

        rc = index;
        if (index >= 0 && i == 0) {
            /* The same identifier at the key: that is how the two find each other. */
            rc = gnutls_pkcs12_bag_set_key_id(work->bag, (unsigned)index, id);
            rc =
                rc < 0 ? rc : gnutls_pkcs12_bag_set_friendly_name(work->bag, (unsigned)index, name);
        }
    }
    return rc < 0 ? rc : seal_bag(work, password, GNUTLS_PKCS_PBES2_AES_256);
}

static int add_key(struct work *work, const struct key *key, const char *name,
                   const gnutls_datum_t *id, const char *password)
{
    int rc = gnutls_privkey_export_x509(key->priv, &work->key);

    if (rc >= 0) {
        rc = gnutls_x509_privkey_export2_pkcs8(work->key, GNUTLS_X509_FMT_DER, password,
                                               GNUTLS_PKCS_PBES2_AES_256, &work->bytes);
    }
    if (rc >= 0) {
        rc = gnutls_pkcs12_bag_init(&work->bag);
    }
    if (rc >= 0) {
        rc = gnutls_pkcs12_bag_set_data(work->bag, GNUTLS_BAG_PKCS8_ENCRYPTED_KEY, &work->bytes);
    }
    if (rc >= 0) {
        unsigned index = (unsigned)rc;

        rc = gnutls_pkcs12_bag_set_key_id(work->bag, index, id);
        rc = rc < 0 ? rc : gnutls_pkcs12_bag_set_friendly_name(work->bag, index, name);
    }
    return rc < 0 ? rc : seal_bag(work, password, 0); /* the key is encrypted by itself */
}

int pkcs12_format(const struct key *key, const struct cert_chain *chain, const char *name,
                  const char *password, struct buf *to, struct err *err)
{
    AUTO(work_done) struct work work = {.p12 = NULL};
    uint8_t id_bytes[KEY_ID_LEN];
    const gnutls_datum_t id = {.data = id_bytes, .size = sizeof(id_bytes)};
    int rc = gnutls_pkcs12_init(&work.p12);

    key_id(key, id_bytes);
    if (rc >= 0) {
        rc = add_certificates(&work, chain, name, &id, password);
    }
    if (rc >= 0) {
        rc = add_key(&work, key, name, &id, password);
    }
    if (rc >= 0) {
        rc = gnutls_pkcs12_generate_mac2(work.p12, GNUTLS_MAC_SHA256, password);
    }
    free_secret_datum(&work.bytes);
    work.bytes = (gnutls_datum_t){NULL, 0};
    if (rc >= 0) {
        rc = gnutls_pkcs12_export2(work.p12, GNUTLS_X509_FMT_DER, &work.bytes);
    }
    if (rc < 0) {
        return key_set_gnutls_err(err, rc, "cannot make a PKCS#12 file");
    }
    buf_add(to, work.bytes.data, work.bytes.size);
    return buf_check(to, "a PKCS#12 file", err);
}

/* ---- What opening costs ---- */

/* Whoever may write the file may have it ask for thousands of millions of rounds, and root's run
 * would be at them for hours. Ours has three keys of at most 600,000. */
#define ROUNDS_MAX 5000000u

static bool add_rounds(int rc, unsigned rounds, unsigned *sum)
{
    if (rc < 0 || rounds > ROUNDS_MAX - *sum) {
        return false;
    }
    *sum += rounds;
    return true;
}

/* What is in an encrypted one is looked at, too: a key in it may be encrypted by itself. */
static bool add_bag(gnutls_pkcs12_bag_t bag, const char *password, unsigned *sum)
{
    unsigned rounds = 0;

    if (gnutls_pkcs12_bag_get_type(bag, 0) == (int)GNUTLS_BAG_ENCRYPTED) {
        int rc = gnutls_pkcs12_bag_enc_info(bag, NULL, NULL, NULL, NULL, &rounds, NULL);

        if (!add_rounds(rc, rounds, sum) || gnutls_pkcs12_bag_decrypt(bag, password) < 0) {
            return false;
        }
    }
    for (int i = 0; i < gnutls_pkcs12_bag_get_count(bag); i++) {
        gnutls_datum_t key = {NULL, 0};

        if (gnutls_pkcs12_bag_get_type(bag, (unsigned)i) != (int)GNUTLS_BAG_PKCS8_ENCRYPTED_KEY) {
            continue;
        }
        int rc = gnutls_pkcs12_bag_get_data(bag, (unsigned)i, &key);
        rc = rc < 0 ? rc
                    : gnutls_pkcs8_info(&key, GNUTLS_X509_FMT_DER, NULL, NULL, NULL, NULL, &rounds,
                                        NULL);
        if (!add_rounds(rc, rounds, sum)) {
            return false;
        }
    }
    return true;
}

/* Whether it opens with this password, and soon. */
static bool opens_soon(gnutls_pkcs12_t p12, const char *password)
{
    unsigned rounds = 0, sum = 0;
    int rc = gnutls_pkcs12_mac_info(p12, NULL, NULL, NULL, &rounds, NULL);
    bool is_good = add_rounds(rc, rounds, &sum) && gnutls_pkcs12_verify_mac(p12, password) >= 0;

    for (int i = 0; is_good && rc >= 0; i++) {
        gnutls_pkcs12_bag_t bag = NULL;

        rc = gnutls_pkcs12_bag_init(&bag);
        is_good = rc >= 0;
        rc = is_good ? gnutls_pkcs12_get_bag(p12, i, bag) : rc;
        is_good = is_good && (rc < 0 || add_bag(bag, password, &sum));
        if (bag != NULL) {
            gnutls_pkcs12_bag_deinit(bag);
        }
    }
    return is_good && rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE;
}

/* ---- Comparing ---- */

static bool is_same_key(gnutls_x509_privkey_t found, const struct key *key)
{
    uint8_t id[KEY_ID_LEN], found_id[KEY_ID_LEN];
    size_t len = sizeof(found_id);

    key_id(key, id);
    return gnutls_x509_privkey_get_key_id(found, GNUTLS_KEYID_USE_SHA256, found_id, &len) >= 0 &&
           len == sizeof(id) && memcmp(id, found_id, sizeof(id)) == 0;
}

static bool is_same_chain(const gnutls_x509_crt_t *leaf_first, size_t n,
                          const struct cert_chain *chain)
{
    bool is_same = n == chain->n;

    for (size_t i = 0; is_same && i < n; i++) {
        is_same = gnutls_x509_crt_equals(leaf_first[i], chain->certs[i].crt) != 0;
    }
    return is_same;
}

static void free_certs(gnutls_x509_crt_t *certs, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        gnutls_x509_crt_deinit(certs[i]);
    }
    gnutls_free(certs);
}

bool pkcs12_holds(const struct buf *bytes, const char *password, const struct key *key,
                  const struct cert_chain *chain)
{
    AUTO(work_done) struct work work = {.p12 = NULL};
    gnutls_datum_t in = {.data = (unsigned char *)bytes->bytes, .size = (unsigned)bytes->len};
    gnutls_x509_crt_t *certs = NULL;
    gnutls_x509_crt_t *others = NULL;
    unsigned n = 0, n_others = 0;
    bool is_same = false;

    if (bytes->len == 0 || gnutls_pkcs12_init(&work.p12) < 0 ||
        gnutls_pkcs12_import(work.p12, &in, GNUTLS_X509_FMT_DER, 0) < 0 ||
        !opens_soon(work.p12, password) ||
        gnutls_pkcs12_simple_parse(work.p12, password, &work.key, &certs, &n, &others, &n_others,
                                   NULL, 0) < 0) {
        return false;
    }
    is_same = n_others == 0 && work.key != NULL && is_same_key(work.key, key) &&
              is_same_chain(certs, n, chain);
    free_certs(certs, n);
    free_certs(others, n_others);
    return is_same;
}
