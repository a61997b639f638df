/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What is known of each certificate authority beyond RFC 8555, in one table: where its directory is
 * and its habits. A [ca NAME] section overrides single columns. A URL that is in no row has neutral
 * habits.
 */
#ifndef ACME_CA_H
#define ACME_CA_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"
#include "config/sections.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ca {
    char *name;      /* "letsencrypt", the section's name, or the host of a bare URL */
    char *title;     /* "Let's Encrypt": for texts */
    char *directory; /* https URL */
    char *staging;   /* the CA that stands in for it in trials (a name or a URL), or NULL */
    bool is_staging; /* its certificates are trusted by nobody */

    bool needs_eab;   /* newAccount wants an external account binding */
    bool needs_email; /* issues nothing for accounts without one */
    char *eab_help;   /* where its users get the binding, or NULL */

    bool has_account_get;  /* false: the account URL cannot be read by POST-as-GET */
    bool has_key_rollover; /* false: keyChange is refused */

    bool refuses_www_beside_wildcard; /* www.x in one order with *.x */
    bool refuses_single_labels;
    uint32_t max_names;  /* identifiers of an order; 0: not known */
    uint32_t max_labels; /* of a name; 0: not known */

    uint32_t nonce_window;       /* newNonce requests in flight, and begun within a second */
    int64_t finalize_timeout_ms; /* for the answer to one finalize request */
    int64_t park_limit_s; /* how long `processing` is waited for over many runs; 0: the order's
                             expiry */

    struct strv caa_identities; /* issuer names in CAA records; the directory's own list wins */
    struct strv allowed_hosts;  /* besides the directory's registrable domain */

    char *ca_file; /* roots for talking to it; NULL: as everywhere */
    char *account; /* id of the account to use; NULL: the default one */
    char *email;   /* NULL: the general one */
    char *profile; /* NULL: none asked for */
    char *eab_kid; /* NULL: none; the HMAC key stays with the configuration */
};

/*
 * Finds a CA by the name of a preset or by its directory's URL, and applies the section, which may
 * be NULL, on top; its HMAC key is left to the caller. A name that is no preset's is good when the
 * section has `directory`. ERR_CONFIG: an unknown name (with those that are known), a URL that is
 * not https.
 */
int ca_resolve(const char *name_or_url, const struct ca_section *section, struct ca **ret_ca,
               struct err *err);
void ca_free(struct ca *ca);
DEFINE_AUTO_PTR(ca, ca_free);

/* Refuses, before any network, what this CA is known to refuse; one line a name. ERR_CONFIG. */
int ca_check_names(const struct ca *ca, const struct strv *names, struct err *err);

/* Whether a preset is called so. */
bool ca_is_preset(const char *name);

/* The names of the presets in the order of the table; NULL behind the last. */
const char *ca_preset_name(size_t index);

#endif
