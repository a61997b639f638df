/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Signatures and MACs in the forms that JWS wants (RFC 7515, RFC 7518). */
#include "base/mem.h"
#include "base/str.h"
#include "keys/key.h"
#include "keys/key_internal.h"

#include <gnutls/crypto.h>
#include <string.h>

static const struct {
    const char *alg;
    gnutls_mac_algorithm_t mac;
    size_t hash_len;
} macs[] = {
    {"HS256", GNUTLS_MAC_SHA256, 32},
    {"HS384", GNUTLS_MAC_SHA384, 48},
    {"HS512", GNUTLS_MAC_SHA512, 64},
};

static gnutls_sign_algorithm_t algorithm_of(enum key_type type)
{
    switch (type) {
    case KEY_EC256:
        return GNUTLS_SIGN_ECDSA_SHA256;
    case KEY_EC384:
        /* GnuTLS would sign SHA-256 with this curve too; RFC 7518 section 3.4 would not. */
        return GNUTLS_SIGN_ECDSA_SHA384;
    case KEY_RSA2048:
    case KEY_RSA3072:
    case KEY_RSA4096:
        break;
    }
    return GNUTLS_SIGN_RSA_SHA256;
}

/* A DER INTEGER's content as exactly len bytes: it may have a sign byte too many or zeroes too few.
 */
static int add_integer(struct buf *to, const gnutls_datum_t *number, size_t len, struct err *err)
{
    static const uint8_t zeroes[48];
    const uint8_t *bytes = number->data;
    size_t n = number->size;

    while (n > 0 && bytes[0] == 0) {
        bytes++;
        n--;
    }
    if (n > len) {
        return err_set(err, ERR_FAILED, "GnuTLS made a signature that is too long");
    }
    buf_add(to, zeroes, len - n);
    buf_add(to, bytes, n);
    return 0;
}

/* DER SEQUENCE { r, s } -> r || s */
static int add_raw_ecdsa(struct buf *to, const gnutls_datum_t *der, size_t len, struct err *err)
{
    gnutls_datum_t r = {NULL, 0};
    gnutls_datum_t s = {NULL, 0};
    int rc = gnutls_decode_rs_value(der, &r, &s);

    if (rc < 0) {
        return key_set_gnutls_err(err, rc, "cannot take a signature apart");
    }
    if ((rc = add_integer(to, &r, len, err)) == 0) {
        rc = add_integer(to, &s, len, err);
    }
    gnutls_free(r.data);
    gnutls_free(s.data);
    return rc;
}

int key_sign_now(const struct key *key, const void *bytes, size_t len, struct buf *ret_signature,
                 struct err *err)
{
    gnutls_datum_t in = {.data = (unsigned char *)(uintptr_t)bytes, .size = (unsigned)len};
    gnutls_datum_t out = {NULL, 0};
    int rc = gnutls_privkey_sign_data2(key->priv, algorithm_of(key->type), 0, &in, &out);

    if (rc < 0) {
        return key_set_gnutls_err(err, rc, "cannot sign");
    }
    switch (key->type) {
    case KEY_EC256:
        rc = add_raw_ecdsa(ret_signature, &out, 32, err);
        break;
    case KEY_EC384:
        rc = add_raw_ecdsa(ret_signature, &out, 48, err);
        break;
    case KEY_RSA2048:
    case KEY_RSA3072:
    case KEY_RSA4096:
        buf_add(ret_signature, out.data, out.size);
        rc = 0;
        break;
    }
    gnutls_free(out.data);
    return rc < 0 ? rc : buf_check(ret_signature, "a signature", err);
}

int key_hmac(const char *alg, const void *secret, size_t secret_len, const char *text,
             struct buf *ret_mac, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(macs); i++) {
        uint8_t mac[64] = {0};
        int rc = 0;

        if (!str_eq(alg, macs[i].alg)) {
            continue;
        }
        if (secret_len < macs[i].hash_len) {
            return err_set(err, ERR_CONFIG, "the EAB key has %zu bytes, and %s wants at least %zu",
                           secret_len, alg, macs[i].hash_len);
        }
        rc = gnutls_hmac_fast(macs[i].mac, secret, secret_len, text, strlen(text), mac);
        if (rc < 0) {
            return key_set_gnutls_err(err, rc, "cannot compute the EAB MAC");
        }
        buf_add(ret_mac, mac, macs[i].hash_len);
        return buf_check(ret_mac, "the EAB MAC", err);
    }
    return err_set(err, ERR_CONFIG, "unknown EAB algorithm '%s'; there are HS256, HS384, HS512",
                   alg);
}
