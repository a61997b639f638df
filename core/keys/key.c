/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The key object: kinds, references, and everything public about a key, worked out once. */
#include "keys/key.h"

#include "base/b64.h"
#include "base/mem.h"
#include "keys/key_internal.h"

#include <string.h>

#define JWK_MAX 2048

static const struct {
    const char *name;
    unsigned rsa_bits; /* 0: an elliptic curve */
    gnutls_ecc_curve_t curve;
    const char *jwk_curve;
    size_t coordinate_len;
    const char *jws_alg;
    gnutls_digest_algorithm_t digest;
} kinds[] = {
    [KEY_EC256] = {"ec256", 0, GNUTLS_ECC_CURVE_SECP256R1, "P-256", 32, "ES256", GNUTLS_DIG_SHA256},
    [KEY_EC384] = {"ec384", 0, GNUTLS_ECC_CURVE_SECP384R1, "P-384", 48, "ES384", GNUTLS_DIG_SHA384},
    [KEY_RSA2048] = {"rsa2048", 2048, GNUTLS_ECC_CURVE_INVALID, NULL, 0, "RS256",
                     GNUTLS_DIG_SHA256},
    [KEY_RSA3072] = {"rsa3072", 3072, GNUTLS_ECC_CURVE_INVALID, NULL, 0, "RS256",
                     GNUTLS_DIG_SHA256},
    [KEY_RSA4096] = {"rsa4096", 4096, GNUTLS_ECC_CURVE_INVALID, NULL, 0, "RS256",
                     GNUTLS_DIG_SHA256},
};

const char *key_type_name(enum key_type type)
{
    return kinds[type].name;
}

int key_type_parse(const char *text, enum key_type *ret_type, struct err *err)
{
    size_t nearest = 0;

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (str_eq(text, kinds[i].name)) {
            *ret_type = (enum key_type)i;
            return 0;
        }
        if (str_distance(text, kinds[i].name) < str_distance(text, kinds[nearest].name)) {
            nearest = i;
        }
    }
    err_set(err, ERR_CONFIG, "unknown key type '%s'", text);
    if (str_distance(text, kinds[nearest].name) <= 3) {
        err_hint(err, "did you mean '%s'?", kinds[nearest].name);
    }
    return err_hint(err, "there are ec256, ec384, rsa2048, rsa3072 and rsa4096");
}

int key_set_gnutls_err(struct err *err, int rc, const char *what)
{
    return err_set(err, ERR_FAILED, "%s: %s", what, gnutls_strerror(rc));
}

struct key *key_ref(struct key *key)
{
    key->refs++;
    return key;
}

void key_unref(struct key *key)
{
    if (key == NULL || --key->refs > 0) {
        return;
    }
    if (key->priv != NULL) {
        gnutls_privkey_deinit(key->priv);
    }
    mem_free(key->jwk);
    mem_free(key->thumbprint);
    mem_free(key);
}

enum key_type key_get_type(const struct key *key)
{
    return key->type;
}

const char *key_jws_alg(const struct key *key)
{
    return kinds[key->type].jws_alg;
}

gnutls_digest_algorithm_t key_get_digest(const struct key *key)
{
    return kinds[key->type].digest;
}

const char *key_jwk(const struct key *key)
{
    return key->jwk;
}

const char *key_thumbprint(const struct key *key)
{
    return key->thumbprint;
}

void key_id(const struct key *key, uint8_t ret_id[static KEY_ID_LEN])
{
    memcpy(ret_id, key->id, KEY_ID_LEN);
}

bool key_equals(const struct key *a, const struct key *b)
{
    return memcmp(a->id, b->id, KEY_ID_LEN) == 0;
}

int key_export_public(gnutls_privkey_t priv, gnutls_pubkey_t *ret_pub, struct err *err)
{
    gnutls_pubkey_t pub = NULL;
    int rc = gnutls_pubkey_init(&pub);

    if (rc >= 0) {
        rc = gnutls_pubkey_import_privkey(pub, priv, 0, 0);
    }
    if (rc < 0) {
        gnutls_pubkey_deinit(pub);
        return key_set_gnutls_err(err, rc, "cannot export the public key");
    }
    *ret_pub = pub;
    return 0;
}

/* Which of our kinds a key of GnuTLS is; the reasons for refusing belong to the user. */
static int find_kind(gnutls_privkey_t priv, gnutls_pubkey_t pub, enum key_type *ret_type,
                     struct err *err)
{
    unsigned bits = 0;
    gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
    int algorithm = gnutls_privkey_get_pk_algorithm(priv, &bits);

    if (algorithm == GNUTLS_PK_ECDSA) {
        (void)gnutls_pubkey_export_ecc_raw2(pub, &curve, NULL, NULL, 0);
    } else if (algorithm != GNUTLS_PK_RSA) {
        const char *name = gnutls_pk_get_name((gnutls_pk_algorithm_t)algorithm);

        /* RSA-PSS would sign as PS256; Ed25519 certificates no public CA issues. */
        err_set(err, ERR_CONFIG, "%s keys are not usable with ACME CAs",
                name != NULL ? name : "such");
        return err_hint(err, "use an EC key (P-256, P-384) or a plain RSA key");
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (algorithm == GNUTLS_PK_RSA ? kinds[i].rsa_bits == bits
                                       : kinds[i].rsa_bits == 0 && kinds[i].curve == curve) {
            *ret_type = (enum key_type)i;
            return 0;
        }
    }
    if (algorithm == GNUTLS_PK_RSA) {
        return err_set(err, ERR_CONFIG,
                       "an RSA key of %u bits; 2048, 3072 and 4096 are what CAs take", bits);
    }
    const char *curve_name = gnutls_ecc_curve_get_name(curve);
    return err_set(err, ERR_CONFIG, "an EC key on curve %s; P-256 and P-384 are what CAs take",
                   curve_name != NULL ? curve_name : "unknown");
}

/* Fixed length, as RFC 7518 section 6.2.1.2 wants: GnuTLS drops leading zeroes, one in 256 has
 * some. */
static void add_padded(struct buf *to, const gnutls_datum_t *number, size_t len)
{
    uint8_t padded[48] = {0};

    if (number->size <= len && len <= sizeof(padded)) {
        memcpy(padded + len - number->size, number->data, number->size);
    }
    b64url_add(to, padded, len);
}

/* Written by hand because the order and the absence of blanks are the meaning (RFC 7638). */
static int format_jwk(gnutls_pubkey_t pub, enum key_type type, struct buf *to, struct err *err)
{
    gnutls_datum_t a = {NULL, 0};
    gnutls_datum_t b = {NULL, 0};
    bool is_rsa = kinds[type].rsa_bits != 0;
    int rc = is_rsa ? gnutls_pubkey_export_rsa_raw2(pub, &a, &b, GNUTLS_EXPORT_FLAG_NO_LZ)
                    : gnutls_pubkey_export_ecc_raw2(pub, NULL, &a, &b, GNUTLS_EXPORT_FLAG_NO_LZ);

    if (rc < 0) {
        return key_set_gnutls_err(err, rc, "cannot export the public key");
    }
    if (is_rsa) {
        buf_add_str(to, "{\"e\":\"");
        b64url_add(to, b.data, b.size);
        buf_add_str(to, "\",\"kty\":\"RSA\",\"n\":\"");
        b64url_add(to, a.data, a.size);
    } else {
        buf_addf(to, "{\"crv\":\"%s\",\"kty\":\"EC\",\"x\":\"", kinds[type].jwk_curve);
        add_padded(to, &a, kinds[type].coordinate_len);
        buf_add_str(to, "\",\"y\":\"");
        add_padded(to, &b, kinds[type].coordinate_len);
    }
    buf_add_str(to, "\"}");
    gnutls_free(a.data);
    gnutls_free(b.data);
    return buf_check(to, "a public key", err);
}

static int fill_public(struct key *key, gnutls_pubkey_t pub, struct err *err)
{
    AUTO(buf_done) struct buf jwk = BUF(JWK_MAX);
    size_t id_len = sizeof(key->id);
    int rc = 0;

    if (find_kind(key->priv, pub, &key->type, err) < 0 ||
        format_jwk(pub, key->type, &jwk, err) < 0) {
        return err_code(err);
    }
    rc = gnutls_pubkey_get_key_id(pub, GNUTLS_KEYID_USE_SHA256, key->id, &id_len);
    if (rc < 0) {
        return key_set_gnutls_err(err, rc, "cannot hash the public key");
    }
    key->thumbprint = b64url_sha256(jwk.bytes, jwk.len);
    key->jwk = buf_take(&jwk);
    return 0;
}

int key_wrap(gnutls_privkey_t *take_priv, struct key **ret_key, struct err *err)
{
    AUTO_PTR(key) struct key *key = NEW(struct key);
    gnutls_pubkey_t pub = NULL;
    int code = 0;

    key->refs = 1;
    key->priv = TAKE(*take_priv);
    if (key_export_public(key->priv, &pub, err) < 0) {
        return err_code(err);
    }
    code = fill_public(key, pub, err);
    gnutls_pubkey_deinit(pub);
    if (code == 0) {
        *ret_key = TAKE(key);
    }
    return code;
}

int key_generate_now(enum key_type type, struct key **ret_key, struct err *err)
{
    gnutls_privkey_t priv = NULL;
    unsigned bits = kinds[type].rsa_bits;
    int rc = gnutls_privkey_init(&priv);

    if (rc >= 0 && bits != 0) {
        rc = gnutls_privkey_generate2(priv, GNUTLS_PK_RSA, bits, 0, NULL, 0);
    } else if (rc >= 0) {
        unsigned curve_bits = GNUTLS_CURVE_TO_BITS((unsigned)kinds[type].curve);

        rc = gnutls_privkey_generate2(priv, GNUTLS_PK_ECDSA, curve_bits, 0, NULL, 0);
    }
    if (rc < 0) {
        gnutls_privkey_deinit(priv);
        err_set(err, ERR_FAILED, "cannot make a key of type %s: %s", kinds[type].name,
                gnutls_strerror(rc));
        return err_code(err);
    }
    return key_wrap(&priv, ret_key, err);
}
