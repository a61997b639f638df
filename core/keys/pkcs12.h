/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A key and its chain in one PKCS#12 file (RFC 7292), for programs that read nothing else. Always
 * AES-256 (PBES2) and an HMAC with SHA-256, which OpenSSL 1.1, Java 8u301 and 11.0.12, Windows
 * Server 2019 and all later ones read; the RC2 and 3DES of older files are not offered.
 */
#ifndef KEYS_PKCS12_H
#define KEYS_PKCS12_H

#include "base/buf.h"
#include "base/err.h"
#include "keys/cert.h"
#include "keys/key.h"

#include <stdbool.h>

#define PKCS12_MAX (4u * 1024 * 1024)

/* Appends it to `to`, which must be secret. name is what programs show the entry as; the password
 * may be "". No two results are alike: each has salts of its own. */
int pkcs12_format(const struct key *key, const struct cert_chain *chain, const char *name,
                  const char *password, struct buf *to, struct err *err);

/* Whether bytes are such a file with this password, this key and exactly this chain. One that would
 * take minutes to open is not. */
bool pkcs12_holds(const struct buf *bytes, const char *password, const struct key *key,
                  const struct cert_chain *chain);

#endif
