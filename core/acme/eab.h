/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* External account binding (RFC 8555 section 7.3.4): the inner JWS, made with the CA's HMAC key. */
#ifndef ACME_EAB_H
#define ACME_EAB_H

#include "base/cleanup.h"
#include "base/err.h"

#include <stddef.h>

struct acme_eab {
    char *kid;
    char *key; /* raw bytes */
    size_t key_len;
    char alg[8]; /* "HS256", "HS384", "HS512" */
};

/*
 * Reads what the CA's website gave: hmac_key is base64url or base64, with or without padding and
 * line ends. alg may be NULL: HS256. ERR_CONFIG: an empty kid or key, characters of neither
 * alphabet, a key shorter than the hash, an unknown algorithm. The texts never quote the key, which
 * is registered as a secret.
 */
int acme_eab_new(const char *kid, const char *hmac_key, const char *alg, struct acme_eab **ret_eab,
                 struct err *err);
struct acme_eab *acme_eab_copy(const struct acme_eab *eab);
void acme_eab_free(struct acme_eab *eab);
DEFINE_AUTO_PTR(acme_eab, acme_eab_free);

/* The flattened JWS over the account key's JWK, for newAccount's URL. To mem_free. */
int acme_eab_sign(const struct acme_eab *eab, const char *url, const char *jwk, char **ret_jws,
                  struct err *err);

#endif
