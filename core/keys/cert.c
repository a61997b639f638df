/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Reading a certificate chain: PEM blocks -> GnuTLS objects -> plain facts, and back to PEM texts
 * of our own making, so that nothing of what stood around the blocks reaches a file.
 */
#include "keys/cert.h"

#include "base/b64.h"
#include "base/buf.h"
#include "base/mem.h"
#include "keys/cert_internal.h"

#include <gnutls/crypto.h>
#include <string.h>

#define BEGIN "-----BEGIN "
#define BEGIN_CERTIFICATE "-----BEGIN CERTIFICATE-----"
#define END_CERTIFICATE "-----END CERTIFICATE-----"
#define FIELD_MAX 1024
#define SHA256_LEN 32

static int refuse(struct err *err, size_t number, int rc)
{
    return err_set(err, ERR_MALFORMED, "certificate %zu of the chain is damaged: %s", number,
                   gnutls_strerror(rc));
}

typedef int read_octets_fn(gnutls_x509_crt_t crt, void *bytes, size_t *size);

static int read_serial(gnutls_x509_crt_t crt, void *bytes, size_t *size)
{
    return gnutls_x509_crt_get_serial(crt, bytes, size);
}

static int read_aki(gnutls_x509_crt_t crt, void *bytes, size_t *size)
{
    return gnutls_x509_crt_get_authority_key_id(crt, bytes, size, NULL);
}

static uint8_t *dup_octets(gnutls_x509_crt_t crt, read_octets_fn *read, size_t *ret_len)
{
    uint8_t octets[128];
    size_t len = sizeof(octets);

    if (read(crt, octets, &len) < 0) {
        return NULL;
    }
    *ret_len = len;
    return mem_copy(octets, len);
}

typedef int read_dn_fn(gnutls_x509_crt_t crt, const char *oid, unsigned index, unsigned is_raw,
                       void *text, size_t *size);

static char *dup_cn(gnutls_x509_crt_t crt, read_dn_fn *read)
{
    char text[FIELD_MAX];
    size_t len = sizeof(text);

    if (read(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, text, &len) < 0) {
        return str_dup("");
    }
    return str_dup_len(text, strnlen(text, len));
}

static char *dup_hex(const uint8_t *bytes, size_t len)
{
    AUTO(buf_done) struct buf hex = BUF(256);

    hex_add(&hex, bytes, len);
    return buf_take(&hex);
}

static void read_names(gnutls_x509_crt_t crt, struct strv *names)
{
    for (unsigned i = 0;; i++) {
        char text[FIELD_MAX];
        size_t len = sizeof(text) - 1;
        unsigned type = 0;
        int rc = gnutls_x509_crt_get_subject_alt_name2(crt, i, text, &len, &type, NULL);

        if (rc == GNUTLS_E_SHORT_MEMORY_BUFFER) {
            continue; /* longer than any domain name: a URI of somebody's */
        }
        if (rc < 0) {
            return;
        }
        /* A NUL inside is an old trick to make "a.example\0.evil" look like a.example. */
        if (type == GNUTLS_SAN_DNSNAME && memchr(text, '\0', len) == NULL) {
            text[len] = '\0';
            str_lower(text);
            strv_add(names, text);
        }
    }
}

/* Of the DER as it came. gnutls_x509_crt_get_fingerprint() encodes all of it anew, which is a
 * quarter of the time that reading a certificate takes, and a run reads them all. */
static int read_fingerprint(gnutls_x509_crt_t crt, uint8_t digest[static SHA256_LEN])
{
    gnutls_datum_t der = {NULL, 0};
    int rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der);

    if (rc >= 0) {
        rc = gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size, digest);
        gnutls_free(der.data);
    }
    return rc;
}

static int read_facts(gnutls_x509_crt_t crt, struct cert_facts *facts)
{
    uint8_t digest[SHA256_LEN];
    int rc = read_fingerprint(crt, digest);

    if (rc < 0) {
        return rc;
    }
    facts->serial = dup_octets(crt, read_serial, &facts->serial_len);
    facts->not_before_s = gnutls_x509_crt_get_activation_time(crt);
    facts->not_after_s = gnutls_x509_crt_get_expiration_time(crt);
    if (facts->serial == NULL || facts->serial_len == 0 || facts->not_before_s < 0 ||
        facts->not_after_s < 0) {
        return GNUTLS_E_ASN1_DER_ERROR;
    }
    bool has_sign_byte = facts->serial_len > 1 && facts->serial[0] == 0;
    facts->serial_hex = dup_hex(facts->serial + has_sign_byte, facts->serial_len - has_sign_byte);
    facts->sha256_hex = dup_hex(digest, sizeof(digest));
    facts->issuer_cn = dup_cn(crt, gnutls_x509_crt_get_issuer_dn_by_oid);
    read_names(crt, &facts->names);
    return 0;
}

static void cert_done(struct cert *cert)
{
    gnutls_x509_crt_deinit(cert->crt);
    strv_done(&cert->facts.names);
    mem_free(cert->facts.issuer_cn);
    mem_free(cert->facts.serial_hex);
    mem_free(cert->facts.serial);
    mem_free(cert->facts.sha256_hex);
}

void cert_chain_free(struct cert_chain *chain)
{
    if (chain == NULL) {
        return;
    }
    for (size_t i = 0; i < chain->n; i++) {
        cert_done(&chain->certs[i]);
    }
    mem_free(chain->certs);
    mem_free(chain->pem_leaf);
    mem_free(chain->pem_issuers);
    mem_free(chain->pem_full);
    mem_free(chain);
}

/* One block, its BEGIN and END lines included. */
static int add_block(struct cert_chain *chain, const char *block, size_t len, struct err *err)
{
    gnutls_datum_t in = {.data = (unsigned char *)(uintptr_t)block, .size = (unsigned)len};
    struct cert *cert = NULL;
    int rc = 0;

    if (chain->n == CERT_CHAIN_COUNT_MAX) {
        return err_set(err, ERR_MALFORMED, "the chain has more than %d certificates",
                       CERT_CHAIN_COUNT_MAX);
    }
    cert = &VEC_PUSH(chain->certs, chain->n, chain->cap);
    *cert = (struct cert){.crt = NULL};
    if ((rc = gnutls_x509_crt_init(&cert->crt)) < 0 ||
        (rc = gnutls_x509_crt_import(cert->crt, &in, GNUTLS_X509_FMT_PEM)) < 0 ||
        (rc = read_facts(cert->crt, &cert->facts)) < 0) {
        return refuse(err, chain->n, rc);
    }
    return 0;
}

static int add_all(struct cert_chain *chain, const char *pem, size_t len, struct err *err)
{
    const char *end = pem + len;
    const char *at = pem;

    while ((at = memmem(at, (size_t)(end - at), BEGIN, strlen(BEGIN))) != NULL) {
        size_t left = (size_t)(end - at);
        const char *block_end = NULL;

        if (left < strlen(BEGIN_CERTIFICATE) ||
            memcmp(at, BEGIN_CERTIFICATE, strlen(BEGIN_CERTIFICATE)) != 0) {
            return err_set(err, ERR_MALFORMED, "the chain holds something else than certificates");
        }
        block_end = memmem(at, left, END_CERTIFICATE, strlen(END_CERTIFICATE));
        if (block_end == NULL) {
            return err_set(err, ERR_MALFORMED, "certificate %zu of the chain has no end",
                           chain->n + 1);
        }
        block_end += strlen(END_CERTIFICATE);
        if (add_block(chain, at, (size_t)(block_end - at), err) < 0) {
            return err_code(err);
        }
        at = block_end;
    }
    if (chain->n == 0) {
        return err_set(err, ERR_MALFORMED, "there is no certificate in it");
    }
    return 0;
}

/* A leaf that signed itself (a test CA's) is not a root to leave out. */
static void drop_root(struct cert_chain *chain)
{
    gnutls_x509_crt_t last = chain->certs[chain->n - 1].crt;

    if (chain->n > 1 && gnutls_x509_crt_check_issuer(last, last) == 1) {
        chain->n--;
        cert_done(&chain->certs[chain->n]);
    }
}

static int format_texts(struct cert_chain *chain, struct err *err)
{
    AUTO(buf_done) struct buf leaf = BUF(CERT_CHAIN_BYTES_MAX);
    AUTO(buf_done) struct buf issuers = BUF(CERT_CHAIN_BYTES_MAX);
    AUTO(buf_done) struct buf full = BUF(2 * CERT_CHAIN_BYTES_MAX);

    for (size_t i = 0; i < chain->n; i++) {
        gnutls_datum_t pem = {NULL, 0};
        int rc = gnutls_x509_crt_export2(chain->certs[i].crt, GNUTLS_X509_FMT_PEM, &pem);

        if (rc < 0) {
            return refuse(err, i + 1, rc);
        }
        buf_add(i == 0 ? &leaf : &issuers, pem.data, pem.size);
        buf_add(&full, pem.data, pem.size);
        gnutls_free(pem.data);
    }
    if (buf_check(&leaf, "a certificate", err) < 0 || buf_check(&issuers, "a chain", err) < 0) {
        return err_code(err);
    }
    chain->pem_leaf = buf_take(&leaf);
    chain->pem_issuers = buf_take(&issuers);
    chain->pem_full = buf_take(&full);
    return 0;
}

int cert_chain_parse(const char *pem, size_t len, struct cert_chain **ret_chain, struct err *err)
{
    AUTO_PTR(cert_chain) struct cert_chain *chain = NEW(struct cert_chain);

    if (len > CERT_CHAIN_BYTES_MAX) {
        return err_set(err, ERR_MALFORMED, "the chain is larger than %d bytes",
                       CERT_CHAIN_BYTES_MAX);
    }
    if (add_all(chain, pem, len, err) < 0) {
        return err_code(err);
    }
    drop_root(chain);
    if (format_texts(chain, err) < 0) {
        return err_code(err);
    }
    *ret_chain = TAKE(chain);
    return 0;
}

size_t cert_chain_count(const struct cert_chain *chain)
{
    return chain->n;
}

const struct cert_facts *cert_chain_leaf(const struct cert_chain *chain)
{
    return &chain->certs[0].facts;
}

char *cert_chain_subject(const struct cert_chain *chain, size_t index)
{
    return dup_cn(chain->certs[index].crt, gnutls_x509_crt_get_dn_by_oid);
}

void cert_chain_key_id(const struct cert_chain *chain, uint8_t ret_id[static KEY_ID_LEN])
{
    size_t len = KEY_ID_LEN;

    memset(ret_id, 0, KEY_ID_LEN);
    (void)gnutls_x509_crt_get_key_id(chain->certs[0].crt, GNUTLS_KEYID_USE_SHA256, ret_id, &len);
}

bool cert_chain_is_for(const struct cert_chain *chain, const struct key *key)
{
    uint8_t of_key[KEY_ID_LEN];
    uint8_t of_leaf[KEY_ID_LEN];

    key_id(key, of_key);
    cert_chain_key_id(chain, of_leaf);
    return memcmp(of_key, of_leaf, KEY_ID_LEN) == 0;
}

const char *cert_chain_pem_leaf(const struct cert_chain *chain)
{
    return chain->pem_leaf;
}

const char *cert_chain_pem_issuers(const struct cert_chain *chain)
{
    return chain->pem_issuers;
}

const char *cert_chain_pem_full(const struct cert_chain *chain)
{
    return chain->pem_full;
}

int cert_chain_add_der(const struct cert_chain *chain, size_t index, struct buf *to,
                       struct err *err)
{
    gnutls_datum_t der = {NULL, 0};
    int rc = gnutls_x509_crt_export2(chain->certs[index].crt, GNUTLS_X509_FMT_DER, &der);

    if (rc < 0) {
        return err_set(err, ERR_FAILED, "cannot encode the certificate: %s", gnutls_strerror(rc));
    }
    buf_add(to, der.data, der.size);
    gnutls_free(der.data);
    return buf_check(to, "the certificate", err);
}

char *cert_chain_renewal_id(const struct cert_chain *chain)
{
    const struct cert_facts *facts = cert_chain_leaf(chain);
    size_t aki_len = 0;
    AUTO_FREE uint8_t *aki = dup_octets(chain->certs[0].crt, read_aki, &aki_len);

    if (aki == NULL) {
        return NULL;
    }
    AUTO_FREE char *issuer = b64url_encode(aki, aki_len);
    AUTO_FREE char *serial = b64url_encode(facts->serial, facts->serial_len);

    return str_fmt("%s.%s", issuer, serial);
}
