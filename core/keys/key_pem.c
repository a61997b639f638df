/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Key files. GnuTLS reads every form there is; what it says about those it cannot or we will not
 * use
 * ("-67") helps nobody, so the text is looked at first and each case gets words of its own.
 */
#include "base/mem.h"
#include "base/str.h"
#include "keys/key.h"
#include "keys/key_internal.h"

#include <gnutls/x509.h>
#include <string.h>

#define BEGIN "-----BEGIN "
#define LABEL_MAX 64

/* Copies the label of the block that begins at `at` ("EC PRIVATE KEY"); "" for a broken line. */
static void copy_label(const char *at, const char *end, char label[static LABEL_MAX])
{
    size_t n = 0;

    at += strlen(BEGIN);
    while (at + n < end && n + 1 < LABEL_MAX && at[n] != '-' && at[n] != '\n') {
        label[n] = at[n];
        n++;
    }
    label[n] = '\0';
}

static const char *find_block(const char *from, const char *end)
{
    return from < end ? memmem(from, (size_t)(end - from), BEGIN, strlen(BEGIN)) : NULL;
}

/* Finds the first block that is a private key; says what is there instead when none is. */
static int find_private_block(const char *pem, size_t len, const char **ret_at, char *label,
                              struct err *err)
{
    const char *end = pem + len;
    char other[LABEL_MAX] = "";

    for (const char *at = find_block(pem, end); at != NULL; at = find_block(at + 1, end)) {
        copy_label(at, end, label);
        if (str_has_suffix(label, "PRIVATE KEY")) {
            *ret_at = at;
            return 0;
        }
        if (!str_eq(label, "EC PARAMETERS")) {
            memcpy(other, label, LABEL_MAX);
        }
    }
    if (other[0] != '\0') {
        return err_set(err, ERR_CONFIG, "it holds a %s, not a private key", other);
    }
    return err_set(err, ERR_CONFIG, "it holds no private key in PEM form");
}

static int refuse_encrypted(struct err *err)
{
    err_set(err, ERR_CONFIG, "the key is encrypted, and nobody is there to type its password");
    return err_hint(err, "decrypt it: openssl pkey -in FILE -out FILE.plain");
}

/* What can be told from the text alone. */
static int check_block(const char *label, const char *block, size_t block_len, struct err *err)
{
    static const char legacy[] = "Proc-Type: 4,ENCRYPTED";

    if (str_eq(label, "ENCRYPTED PRIVATE KEY") ||
        memmem(block, block_len, legacy, strlen(legacy)) != NULL) {
        return refuse_encrypted(err);
    }
    if (str_eq(label, "OPENSSH PRIVATE KEY")) {
        err_set(err, ERR_CONFIG, "the key is in OpenSSH's own format");
        return err_hint(err, "convert it: ssh-keygen -p -m PKCS8 -f FILE");
    }
    return 0;
}

/* Whether it is an EC key (id-ecPublicKey, RFC 5480) at all: GnuTLS says of PKCS#8 with a curve
 * that it does not know, or that is spelt out, only that an element is missing. */
static bool is_ec(const gnutls_datum_t *pem)
{
    static const uint8_t ec_public_key[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    gnutls_datum_t der = {NULL, 0};
    bool is_found = false;

    if (gnutls_pem_base64_decode2(NULL, pem, &der) >= 0) {
        is_found = memmem(der.data, der.size, ec_public_key, sizeof(ec_public_key)) != NULL;
        mem_wipe(der.data, der.size);
        gnutls_free(der.data);
    }
    return is_found;
}

static int explain_import(int rc, const gnutls_datum_t *pem, struct err *err)
{
    if (rc == GNUTLS_E_DECRYPTION_FAILED) {
        return refuse_encrypted(err);
    }
    if (rc == GNUTLS_E_ECC_UNSUPPORTED_CURVE ||
        (rc == GNUTLS_E_ASN1_ELEMENT_NOT_FOUND && is_ec(pem))) {
        err_set(err, ERR_CONFIG,
                "an EC key whose curve is spelt out or not supported; CAs want P-256 or P-384");
        return err_hint(err, "name the curve: openssl pkey -in FILE -ec_param_enc named_curve");
    }
    return err_set(err, ERR_CONFIG, "the key is damaged: %s", gnutls_strerror(rc));
}

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0') {
            return false;
        }
    }
    return true;
}

int key_from_pem(const char *pem, size_t len, struct key **ret_key, struct err *err)
{
    char label[LABEL_MAX] = "";
    const char *block = pem;
    gnutls_privkey_t priv = NULL;
    int rc = 0;

    if (is_blank(pem, len)) {
        return err_set(err, ERR_CONFIG, "it is empty");
    }
    if (len > KEY_FILE_MAX) {
        return err_set(err, ERR_CONFIG, "it is larger than %d bytes", KEY_FILE_MAX);
    }
    if (find_private_block(pem, len, &block, label, err) < 0) {
        return err_code(err);
    }
    size_t block_len = len - (size_t)(block - pem);
    if (check_block(label, block, block_len, err) < 0) {
        return err_code(err);
    }
    /* GnuTLS takes bytes it does not change as a non-const pointer. */
    gnutls_datum_t in = {.data = (unsigned char *)(uintptr_t)block, .size = (unsigned)block_len};
    rc = gnutls_privkey_init(&priv);
    if (rc >= 0) {
        rc = gnutls_privkey_import_x509_raw(priv, &in, GNUTLS_X509_FMT_PEM, NULL, 0);
    }
    if (rc < 0) {
        gnutls_privkey_deinit(priv);
        return explain_import(rc, &in, err);
    }
    return key_wrap(&priv, ret_key, err);
}

int key_to_pem(const struct key *key, struct buf *to, struct err *err)
{
    gnutls_x509_privkey_t x509 = NULL;
    gnutls_datum_t pem = {NULL, 0};
    int rc = gnutls_privkey_export_x509(key->priv, &x509);

    if (rc < 0) {
        return key_set_gnutls_err(err, rc, "cannot export the private key");
    }
    /* Not _export2(): that writes "BEGIN UNKNOWN" for some kinds, and PKCS#8 is what all servers
     * read. */
    rc =
        gnutls_x509_privkey_export2_pkcs8(x509, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &pem);
    gnutls_x509_privkey_deinit(x509);
    if (rc < 0) {
        return key_set_gnutls_err(err, rc, "cannot write the private key");
    }
    buf_add(to, pem.data, pem.size);
    mem_wipe(pem.data, pem.size);
    gnutls_free(pem.data);
    return buf_check(to, "a private key", err);
}
