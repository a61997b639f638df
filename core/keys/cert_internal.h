/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the two halves of cert.h share: reading a chain (cert.c), judging it (cert_verify.c). */
#ifndef KEYS_CERT_INTERNAL_H
#define KEYS_CERT_INTERNAL_H

#include "keys/cert.h"

#include <gnutls/x509.h>

struct cert {
    gnutls_x509_crt_t crt;
    struct cert_facts facts;
};

struct cert_chain {
    struct cert *certs; /* leaf first; at least one */
    size_t n, cap;
    char *pem_leaf;
    char *pem_issuers;
    char *pem_full;
};

#endif
