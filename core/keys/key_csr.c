/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Certificate requests (PKCS#10, RFC 2986; RFC 8555 section 7.4). */
#include "base/str.h"
#include "keys/key.h"
#include "keys/key_internal.h"

#include <gnutls/x509-ext.h>
#include <gnutls/x509.h>
#include <string.h>

static int check_name(const char *name, struct err *err)
{
    for (const char *c = name; *c != '\0'; c++) {
        /* GnuTLS would convert such a name by itself, and lose its "*." on the way. */
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f) {
            return err_set(err, ERR_FAILED, "'%s' is not in the form certificates want", name);
        }
    }
    return 0;
}

static int fill_names(gnutls_subject_alt_names_t san, const struct strv *names, struct err *err)
{
    if (names->n == 0) {
        return err_set(err, ERR_FAILED, "a certificate request without names");
    }
    for (size_t i = 0; i < names->n; i++) {
        const gnutls_datum_t name = {(unsigned char *)names->items[i],
                                     (unsigned)strlen(names->items[i])};
        int rc = 0;

        if (check_name(names->items[i], err) < 0) {
            return err_code(err);
        }
        rc = gnutls_subject_alt_names_set(san, GNUTLS_SAN_DNSNAME, &name, NULL);
        if (rc < 0) {
            return err_set(err, ERR_FAILED, "cannot add '%s' to the request: %s", names->items[i],
                           gnutls_strerror(rc));
        }
    }
    return 0;
}

/* The extension is made once and set whole: gnutls_x509_crq_set_subject_alt_name() decodes and
 * encodes all names again for each that it appends, which was a third of the CPU time of an order
 * for 100 names. */
static int add_names(gnutls_x509_crq_t crq, const struct strv *names, struct err *err)
{
    gnutls_subject_alt_names_t san = NULL;
    gnutls_datum_t der = {NULL, 0};
    int rc = gnutls_subject_alt_names_init(&san);

    if (rc < 0) {
        return key_set_gnutls_err(err, rc, "cannot make a list of names");
    }
    if ((rc = fill_names(san, names, err)) == 0) {
        if ((rc = gnutls_x509_ext_export_subject_alt_names(san, &der)) < 0 ||
            (rc = gnutls_x509_crq_set_extension_by_oid(crq, GNUTLS_X509EXT_OID_SAN, der.data,
                                                       der.size, 0)) < 0) {
            rc = key_set_gnutls_err(err, rc, "cannot add the names to the request");
        }
    }
    gnutls_free(der.data);
    gnutls_subject_alt_names_deinit(san);
    return rc < 0 ? rc : 0;
}

static int sign(gnutls_x509_crq_t crq, const struct key *key, struct err *err)
{
    gnutls_pubkey_t pub = NULL;
    int rc = 0;

    if (key_export_public(key->priv, &pub, err) < 0) {
        return err_code(err);
    }
    /* 1 is the only version there is; GnuTLS leaves the field unset otherwise. */
    if ((rc = gnutls_x509_crq_set_version(crq, 1)) >= 0 &&
        (rc = gnutls_x509_crq_set_pubkey(crq, pub)) >= 0) {
        rc = gnutls_x509_crq_privkey_sign(crq, key->priv, key_get_digest(key), 0);
    }
    gnutls_pubkey_deinit(pub);
    return rc < 0 ? key_set_gnutls_err(err, rc, "cannot sign the request") : 0;
}

int key_csr_now(const struct key *key, const struct strv *names, struct buf *ret_der,
                struct err *err)
{
    gnutls_x509_crq_t crq = NULL;
    gnutls_datum_t der = {NULL, 0};
    int rc = gnutls_x509_crq_init(&crq);

    if (rc < 0) {
        return key_set_gnutls_err(err, rc, "cannot make a request");
    }
    if ((rc = add_names(crq, names, err)) == 0 && (rc = sign(crq, key, err)) == 0) {
        rc = gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_DER, &der);
        if (rc < 0) {
            rc = key_set_gnutls_err(err, rc, "cannot write the request");
        }
    }
    gnutls_x509_crq_deinit(crq);
    if (rc < 0) {
        return rc;
    }
    buf_add(ret_der, der.data, der.size);
    gnutls_free(der.data);
    return buf_check(ret_der, "a certificate request", err);
}
