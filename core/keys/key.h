/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Private keys, as opaque references: the rest of the program asks for signatures, public parts and
 * certificate requests, and never sees key bytes except to write a file. Work with the private part
 * completes by a callback from the loop, so that it can move to another process without a redesign.
 */
#ifndef KEYS_KEY_H
#define KEYS_KEY_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_type { KEY_EC256, KEY_EC384, KEY_RSA2048, KEY_RSA3072, KEY_RSA4096 };

/* "ec256", "ec384", "rsa2048", "rsa3072", "rsa4096" */
const char *key_type_name(enum key_type type);

/* ERR_CONFIG with a suggestion for anything else. */
int key_type_parse(const char *text, enum key_type *ret_type, struct err *err);

/* Reference-counted; every _unref ends one reference and takes NULL. */
struct key;
struct key *key_ref(struct key *key);
void key_unref(struct key *key);
DEFINE_AUTO_PTR(key, key_unref);

enum key_type key_get_type(const struct key *key);

/* Ceiling of a key file: RSA-4096 as PKCS#8 PEM takes 3.3 KB, and people keep certificates beside
 * keys. */
#define KEY_FILE_MAX 65536

/*
 * Reads the first private key of a PEM text: PKCS#8, SEC1 or PKCS#1, other blocks around it
 * ignored. Refused, each with its reason: empty, no key inside, encrypted, explicit or foreign
 * curves, RSA-PSS, Ed25519 and Ed448, RSA of other sizes than key_type names.
 */
int key_from_pem(const char *pem, size_t len, struct key **ret_key, struct err *err);

/* Appends the key as unencrypted PKCS#8 PEM; `to` must be a BUF_SECRET(KEY_FILE_MAX). */
int key_to_pem(const struct key *key, struct buf *to, struct err *err);

/* SHA-256 of the public key (SubjectPublicKeyInfo): equal for a key and the certificates made from
 * it. */
#define KEY_ID_LEN 32
void key_id(const struct key *key, uint8_t ret_id[static KEY_ID_LEN]);
bool key_equals(const struct key *a, const struct key *b);

/* "ES256", "ES384", "RS256": fixed by the kind of key and its curve (RFC 7518 section 3.1). */
const char *key_jws_alg(const struct key *key);

/* The public key as JWK, members in the order of RFC 7638 and without blanks. Borrowed from key. */
const char *key_jwk(const struct key *key);

/* base64url of SHA-256 over key_jwk(): 43 characters. Borrowed from key. */
const char *key_thumbprint(const struct key *key);

/* A piece of work under way. Cancel takes the address of the owner's variable (NULL inside is fine)
 * and leaves NULL; no callback comes after it. The handle is dead when its callback begins:
 * callbacks start by setting the owner's variable to NULL. */
struct key_job;
void key_job_cancel(struct key_job **job);

/* key is owned by the callee; exactly one of key and err is NULL. */
typedef void key_generate_done_fn(void *arg, struct key *key, const struct err *err);

/* RSA is made in a child process of ours, since it takes up to a second; it dies with us. */
struct key_job *key_generate(struct loop *loop, enum key_type type, key_generate_done_fn *done,
                             void *arg);

/* bytes is borrowed for the call and NULL when err is not. */
typedef void key_bytes_done_fn(void *arg, const uint8_t *bytes, size_t len, const struct err *err);

/* Signs bytes (copied) in the form that JWS wants: r || s padded to the curve, or
 * RSASSA-PKCS1-v1_5. */
struct key_job *key_sign(struct loop *loop, struct key *key, const void *bytes, size_t len,
                         key_bytes_done_fn *done, void *arg);

/* A PKCS#10 request as DER: version 1, empty subject, the names (A-labels, "*." allowed) as DNS
 * names in the order given. */
struct key_job *key_csr(struct loop *loop, struct key *key, const struct strv *names,
                        key_bytes_done_fn *done, void *arg);

/*
 * The MAC of an external account binding (RFC 8555 section 7.3.4): alg is "HS256", "HS384" or
 * "HS512". ERR_CONFIG for another one, and for a secret shorter than its hash (RFC 7518
 * section 3.2). Appends the raw MAC. Direct: it is microseconds and no key of ours.
 */
int key_hmac(const char *alg, const void *secret, size_t secret_len, const char *text,
             struct buf *ret_mac, struct err *err);

#endif
