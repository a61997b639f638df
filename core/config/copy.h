/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Where a certificate's files are copied to when it is new: the values of the copy- keys.
 *
 *     copy-privkey = /etc/postgresql/tls/server.key owner=postgres mode=0600
 *
 * A path, which may have blanks in it, and behind it options: words with '=' in them. No quoting.
 */
#ifndef CONFIG_COPY_H
#define CONFIG_COPY_H

#include "base/cleanup.h"
#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* What is copied. The order is the one in which copies are made. */
enum copy_piece {
    COPY_CERT,
    COPY_CHAIN,
    COPY_FULLCHAIN,
    COPY_PRIVKEY,
    COPY_COMBINED, /* key, certificate and chain in one PEM file */
    COPY_PKCS12,   /* the same as PKCS#12 */
    COPY_PIECES
};

struct copy_rule {
    enum copy_piece piece;
    char *path;          /* {name} in it stands for the certificate's name */
    char *owner, *group; /* names or numbers; NULL: whatever a new file gets */
    char *password_file; /* for COPY_PKCS12; NULL: the password is empty */
    mode_t mode;
};

void copy_rule_done(struct copy_rule *rule);

/* "copy-privkey" */
const char *copy_piece_key(enum copy_piece piece);
/* The piece that a key copies. The key must be one of them. */
enum copy_piece copy_piece_of(const char *key);
/* Whether the private key is in it. */
bool copy_piece_is_secret(enum copy_piece piece);

/* ERR_CONFIG with what would be right. Paths are as written; the mode is always set. */
int copy_rule_parse(enum copy_piece piece, const char *text, struct copy_rule *ret_rule,
                    struct err *err);

/* What the rule is as a value, all said, to mem_free. */
char *copy_rule_format(const struct copy_rule *rule);

/* The path for one certificate, to mem_free. */
char *copy_rule_path(const struct copy_rule *rule, const char *name);

#endif
