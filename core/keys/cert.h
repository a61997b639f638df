/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Certificates as the CA hands them out: parsed, split, and checked to fit the key and the names
 * that were ordered. The chain is not checked against public roots: which CA to trust was the
 * user's choice when the directory was, and private CAs are as welcome as public ones.
 */
#ifndef KEYS_CERT_H
#define KEYS_CERT_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "keys/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CERT_CHAIN_BYTES_MAX (1024 * 1024)
#define CERT_CHAIN_COUNT_MAX 16

/* How far a certificate may begin in the future before we call it our clock's fault. */
#define CERT_CLOCK_LEEWAY_S 300

struct cert_facts {
    int64_t not_before_s;
    int64_t not_after_s;
    struct strv names; /* DNS names of the SAN extension, lower case, in its order */
    char *issuer_cn;   /* "" without one */
    char *serial_hex;  /* lower case, without a leading 00 */
    uint8_t
        *serial; /* content octets of the INTEGER, a leading 00 included (RFC 9773 section 4.1) */
    size_t serial_len;
    char *sha256_hex; /* fingerprint of the DER */
};

struct cert_chain;

/*
 * Parses one or more PEM certificates, leaf first. Text around the blocks and CRLF are tolerated; a
 * block of another kind is refused (a server might load a key from there). A self-signed root at
 * the end is left out, as no server should send it. ERR_MALFORMED.
 */
int cert_chain_parse(const char *pem, size_t len, struct cert_chain **ret_chain, struct err *err);
void cert_chain_free(struct cert_chain *chain);
DEFINE_AUTO_PTR(cert_chain, cert_chain_free);

/* All borrowed from the chain. Index 0 is the leaf. */
size_t cert_chain_count(const struct cert_chain *chain);
const struct cert_facts *cert_chain_leaf(const struct cert_chain *chain);

/* The common name of its subject, to mem_free; "" without one. Not a fact: few ask, and a run reads
 * thousands of certificates. */
char *cert_chain_subject(const struct cert_chain *chain, size_t index);

/* The identity of the leaf's key, as key_id() has it. Zeros: of a kind that GnuTLS does not know.
 */
void cert_chain_key_id(const struct cert_chain *chain, uint8_t ret_id[static KEY_ID_LEN]);
bool cert_chain_is_for(const struct cert_chain *chain, const struct key *key);

/*
 * Whether the chain may be installed: the leaf carries key, every one of names is in its SAN
 * extension (some CAs add names: that is fine), it is valid now, and every further certificate is
 * in order, valid now, a CA, and signed the one before. ERR_CA with what is wrong; a clock that
 * seems off gets a hint.
 */
int cert_chain_verify(const struct cert_chain *chain, const struct key *key,
                      const struct strv *names, int64_t now_s, struct err *err);

/* PEM texts, written anew: the leaf, what follows it ("" when nothing does), and both. Borrowed. */
const char *cert_chain_pem_leaf(const struct cert_chain *chain);
const char *cert_chain_pem_issuers(const struct cert_chain *chain);
const char *cert_chain_pem_full(const struct cert_chain *chain);

/* Appends certificate number `index` as DER. ERR_FAILED: `to` is too small. */
int cert_chain_add_der(const struct cert_chain *chain, size_t index, struct buf *to,
                       struct err *err);

/* How RFC 9773 section 4.1 names the leaf, to mem_free; NULL for one without an authority key
 * identifier, which cannot be named. */
char *cert_chain_renewal_id(const struct cert_chain *chain);

#endif
