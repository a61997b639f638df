/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Judging a chain before it may replace one that works (RFC 8555 section 7.4.2). */
#include "base/clock.h"
#include "base/mem.h"
#include "keys/cert.h"
#include "keys/cert_internal.h"

#include <string.h>

/* "certificate 2 of the chain (CN)", for messages. */
static char *describe(const struct cert_chain *chain, size_t index)
{
    AUTO_FREE char *subject = cert_chain_subject(chain, index);

    return str_fmt("certificate %zu of the CA's chain (%s)", index + 1,
                   *subject != '\0' ? subject : chain->certs[index].facts.serial_hex);
}

static int check_key(const struct cert_chain *chain, const struct key *key, struct err *err)
{
    if (!cert_chain_is_for(chain, key)) {
        return err_set(err, ERR_CA, "the CA's certificate (serial %s) is for another key",
                       chain->certs[0].facts.serial_hex);
    }
    return 0;
}

static int check_names(const struct cert_chain *chain, const struct strv *names, struct err *err)
{
    AUTO(strv_done) struct strv missing = STRV_INIT;

    for (size_t i = 0; i < names->n; i++) {
        if (!strv_has(&chain->certs[0].facts.names, names->items[i])) {
            strv_add(&missing, names->items[i]);
        }
    }
    if (missing.n > 0) {
        AUTO_FREE char *list = strv_join(&missing, ", ");
        return err_set(err, ERR_CA, "the CA's certificate does not have the name%s %s",
                       missing.n > 1 ? "s" : "", list);
    }
    return 0;
}

static int check_dates(const struct cert_chain *chain, size_t index, int64_t now_s, struct err *err)
{
    const struct cert_facts *facts = &chain->certs[index].facts;
    AUTO_FREE char *which = describe(chain, index);
    char date[CLOCK_TEXT_MAX];

    if (facts->not_after_s <= facts->not_before_s) {
        return err_set(err, ERR_CA, "%s ends before it begins", which);
    }
    if (facts->not_before_s > now_s + CERT_CLOCK_LEEWAY_S) {
        clock_format(facts->not_before_s, date);
        err_set(err, ERR_CA, "%s is not valid before %s", which, date);
        return clock_hint(now_s, err);
    }
    if (facts->not_after_s <= now_s) {
        clock_format(facts->not_after_s, date);
        err_set(err, ERR_CA, "%s has expired: it was valid until %s", which, date);
        return clock_hint(now_s, err);
    }
    return 0;
}

/* Whether `index` was signed by the one behind it. Weak algorithms pass: that judgement belongs to
 * those who trust the CA. Dates have messages of their own. */
static int check_link(const struct cert_chain *chain, size_t index, struct err *err)
{
    AUTO_FREE char *issuer = describe(chain, index + 1);
    unsigned status = 0;
    int rc = gnutls_x509_crt_verify(chain->certs[index].crt, &chain->certs[index + 1].crt, 1,
                                    GNUTLS_VERIFY_DISABLE_TIME_CHECKS | GNUTLS_VERIFY_ALLOW_BROKEN,
                                    &status);

    if (rc < 0) {
        return err_set(err, ERR_CA, "cannot check against %s: %s", issuer, gnutls_strerror(rc));
    }
    if ((status & GNUTLS_CERT_SIGNER_NOT_CA) != 0) {
        return err_set(err, ERR_CA, "%s is not a CA's", issuer);
    }
    if ((status & GNUTLS_CERT_INVALID) != 0) {
        return err_set(err, ERR_CA, "%s did not sign the one before it", issuer);
    }
    return 0;
}

int cert_chain_verify(const struct cert_chain *chain, const struct key *key,
                      const struct strv *names, int64_t now_s, struct err *err)
{
    if (check_key(chain, key, err) < 0 || check_names(chain, names, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < chain->n; i++) {
        if (check_dates(chain, i, now_s, err) < 0 ||
            (i + 1 < chain->n && check_link(chain, i, err) < 0)) {
            return err_code(err);
        }
    }
    return 0;
}
