/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The flattened JWS that every request to a CA is (RFC 8555 section 6.2). Inside this room only. */
#ifndef ACME_JWS_H
#define ACME_JWS_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* All texts have been checked: none holds anything that JSON would have to escape. */
struct jws_header {
    const char *alg;
    const char *nonce;
    const char *url;
    const char *jwk; /* a JSON object; exactly one of jwk and kid is not NULL */
    const char *kid;
};

/* Appends what is signed: BASE64URL(header) "." BASE64URL(payload). */
void jws_add_input(struct buf *to, const struct jws_header *header, const char *payload);

/* Appends the JSON form of that input with its signature. */
void jws_add_message(struct buf *to, const char *input, const uint8_t *signature, size_t len);

#endif
