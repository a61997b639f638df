/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the files of this room share about struct key, and the work behind key_job.c. */
#ifndef KEYS_KEY_INTERNAL_H
#define KEYS_KEY_INTERNAL_H

#include "keys/key.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

struct key {
    unsigned refs;
    enum key_type type;
    gnutls_privkey_t priv;
    char *jwk;
    char *thumbprint;
    uint8_t id[KEY_ID_LEN];
};

/* Makes a struct key of *take_priv, which is NULL afterwards, also on failure. Refuses kinds that
 * key_type does not name. */
int key_wrap(gnutls_privkey_t *take_priv, struct key **ret_key, struct err *err);

/* ERR_FAILED with the text and GnuTLS's words for rc. */
int key_set_gnutls_err(struct err *err, int rc, const char *what);

/* The public half, to gnutls_pubkey_deinit(). */
int key_export_public(gnutls_privkey_t priv, gnutls_pubkey_t *ret_pub, struct err *err);

/* The hash that goes with the key's kind in certificate requests. */
gnutls_digest_algorithm_t key_get_digest(const struct key *key);

/* The work itself, at once: key_job.c decides when. */
int key_generate_now(enum key_type type, struct key **ret_key, struct err *err);
int key_sign_now(const struct key *key, const void *bytes, size_t len, struct buf *ret_signature,
                 struct err *err);
int key_csr_now(const struct key *key, const struct strv *names, struct buf *ret_der,
                struct err *err);

/* The child process that makes a key which takes long; see key_child.c. */
struct key_child;
typedef void key_child_done_fn(void *arg, struct key *key, const struct err *err);
int key_child_start(struct loop *loop, enum key_type type, key_child_done_fn *done, void *arg,
                    struct key_child **ret_child, struct err *err);
void key_child_kill(struct key_child *child);

#endif
