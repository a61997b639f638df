/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One certificate on disk. What servers read are symlinks that never change; all of them lead
 * through the one link `current`, and moving that one is the whole of an installation:
 *
 *     certs/NAME/fullchain.pem -> current/fullchain.pem        (cert, chain, privkey, metadata.json
 * too) certs/NAME/current       -> 20261121-04a1b2c3d4e5f607
 *     certs/NAME/20261121-04a1b2c3d4e5f607/{cert,chain,fullchain,privkey}.pem  metadata.json
 *     certs/NAME/request.conf  pending/TAG.key  archived/VERSION/  revoked/
 *
 * The metadata lie in the version folder so that they switch together with what they describe.
 */
#ifndef STORE_STORE_CERT_H
#define STORE_STORE_CERT_H

#include "base/buf.h"
#include "keys/cert.h"
#include "keys/key.h"
#include "store/store.h"

#include <stdint.h>
#include <sys/types.h>

/* An installed certificate, as its metadata.json says, or, where that is lost, the certificate
 * itself. */
struct store_cert {
    char *name;
    struct strv domains; /* as ordered */
    char *ca_name;       /* "letsencrypt"; NULL when given by URL only or not known */
    char *directory_url; /* NULL when not known */
    char *account_id;
    char *profile; /* the CA's certificate profile that was asked for; mostly NULL */
    enum key_type key_type;
    struct strv providers;  /* "instance" or "zone=instance", as --provider takes them */
    char *default_provider; /* who published for what nobody was named for; or NULL */
    int64_t issued_s;       /* when it was installed */
    int64_t not_before_s;
    int64_t not_after_s;
    char *serial;
    char *issuer;
    char *sha256_hex;
    char *order_url;
    char *certificate_url;
    char *version;          /* name of the version folder in force */
    char *previous_version; /* name in archived/, or NULL */
    char *warning;          /* NULL, or why metadata.json could not be used, to show */

    /* Of one in revoked/, if its note can be read: when the CA was asked, and which reason it was
     * given. */
    int64_t revoked_s;
    char *revoked_reason;
};

void store_cert_free(struct store_cert *cert);
DEFINE_AUTO_PTR(store_cert, store_cert_free);

/*
 * Loads the installed certificate NAME. ERR_NOT_FOUND when there is none installed. Metadata that
 * are missing, corrupt or of another certificate than the one in force are replaced by what
 * cert.pem says, with ->warning set; of a newer format: ERR_FAILED, nothing is touched.
 */
int store_cert_load(struct store *store, const char *name, struct store_cert **ret_cert,
                    struct err *err);

/* Where a version lies: in force, in archived/, or in revoked/. */
enum store_shelf { STORE_IN_FORCE, STORE_ARCHIVED, STORE_REVOKED };

/* Loads the certificate with that fingerprint (NULL: the one that was installed last) from
 * archived/ or revoked/; ->version is its folder there. ERR_NOT_FOUND. */
int store_cert_find_shelved(struct store *store, const char *name, enum store_shelf shelf,
                            const char *sha256_hex, struct store_cert **ret_cert, struct err *err);

/* Loads that version from archived/ or revoked/. ERR_NOT_FOUND. */
int store_cert_load_shelved(struct store *store, const char *name, enum store_shelf shelf,
                            const char *version, struct store_cert **ret_cert, struct err *err);

/* Names that have a folder, sorted, whether a certificate is installed there or not. */
int store_cert_list(struct store *store, struct strv *ret_names, struct err *err);

/* The path that servers are told: certs/NAME or certs/NAME/FILE ("fullchain.pem"). To mem_free. */
char *store_cert_path(const struct store *store, const char *name, const char *file);

/* The path of a file of that certificate where it lies. To mem_free. */
char *store_cert_shelf_path(const struct store *store, const struct store_cert *cert,
                            enum store_shelf shelf, const char *file);

/* Before a CA is asked to revoke a version, which cannot be taken back: has on disk what taking it
 * out of use needs, so that a disk that is full by then keeps nothing in service. */
int store_cert_prepare_retiring(const struct store *store, const char *name, const char *version,
                                bool is_archived, const char *reason, struct err *err);
/* The CA has not revoked it. */
void store_cert_forget_retiring(const struct store *store, const char *name, const char *version,
                                bool is_archived);

/* Takes the certificate in force, which was revoked, out of use: no link leads to it any more, its
 * folder goes to revoked/ with a note of when and why. Killed once the note is there, the next run
 * ends it. The caller holds the certificate's lock. */
int store_cert_retire(struct store *store, const char *name, const char *reason, struct err *err);

/* The same for one in archived/, which no link leads to. */
int store_cert_retire_archived(struct store *store, const char *name, const char *version,
                               const char *reason, struct err *err);

/*
 * Of the versions in archived/, all but the newest n_keep lose their private key; certificate,
 * chain and metadata stay. Killed in between, the next call goes on. The caller holds the
 * certificate's lock.
 */
int store_cert_prune(struct store *store, const char *name, size_t n_keep, struct err *err);

/* Whether the last certificate of NAME was revoked and none has taken its place. */
bool store_cert_is_retired(struct store *store, const char *name);

/* Removes the folder of NAME: first the link that makes it live, so that what a kill leaves counts
 * as not installed and can be deleted again. The caller holds the certificate's lock. */
int store_cert_delete(struct store *store, const char *name, struct err *err);

/* What is to be installed. All borrowed for the call that starts the installation. */
struct store_install {
    const char *name;
    const char *chain_pem; /* as the CA sent it */
    size_t chain_len;
    struct key *key;
    const struct strv *domains;
    const char *ca_name;
    const char *directory_url;
    const char *account_id;
    const char *profile;
    const struct strv *providers; /* or NULL */
    const char *default_provider; /* or NULL */
    const char *order_url;
    const char *certificate_url;
    mode_t privkey_mode; /* 0: 0600; the group may read at most, others nothing */
    gid_t privkey_gid;   /* STORE_GID_NONE: the group of the process */
};

#define STORE_GID_NONE ((gid_t)-1)

/* cert is borrowed for the call; exactly one of cert and err is NULL. */
typedef void store_install_done_fn(void *arg, const struct store_cert *cert, const struct err *err);

/*
 * Installs: staged in a folder of its own, read back from disk and verified against key, names and
 * clock, fsynced, made live by one rename; then the version before goes to archived/. Until the
 * switch an error leaves all that was live as it was. Installing what is already in force changes
 * nothing and succeeds. A file in the way that is not ours: ERR_FAILED naming it, nothing touched.
 * ERR_CA: the CA's chain is not usable. The caller holds the certificate's lock.
 */
struct store_job *store_cert_install(struct store *store, const struct store_install *wanted,
                                     store_install_done_fn *done, void *arg);

/* Whether the files in force can be used: all there, and the key that of the certificate. Not
 * whether it has expired. cert is what was loaded. */
int store_cert_check(struct store *store, const struct store_cert *cert, struct err *err);

enum store_key_state {
    STORE_KEY_GOOD,    /* as far as we may look at it */
    STORE_KEY_LOST,    /* not there, empty, or another certificate's: it serves nobody */
    STORE_KEY_EXPOSED, /* others than its owner and group may read it, or its owner is another */
};

/* The part of that which is cheap enough for thousands: the key is read only where its file has
 * changed since it was installed. err: what is wrong. */
enum store_key_state store_cert_judge_key(struct store *store, const struct store_cert *cert,
                                          struct err *err);

/* Whether what servers read are still the links that acme-dns made, or nothing: ERR_FAILED names
 * what else is there, and an installation would be refused too. */
int store_cert_check_layout(const struct store *store, const char *name, struct err *err);

/* Ends what a killed run left half done in the certificate's folder: temporary files go, versions
 * that are not in force go where they belong, a revocation that was noted is carried out. The
 * caller holds the certificate's lock. */
void store_cert_tidy(struct store *store, const char *name);

/* Removes the folder of NAME if there is nothing in it but empty folders: what a trial leaves. The
 * caller holds the certificate's lock. */
void store_cert_drop_empty(struct store *store, const char *name);

/* The key of an order that is not yet ended. tag is the caller's, a name as store_name_check wants.
 */
struct store_job *store_pending_key_save(struct store *store, const char *name, const char *tag,
                                         const struct key *key, store_done_fn *done, void *arg);
/* ERR_NOT_FOUND when there is none. */
int store_pending_key_load(struct store *store, const char *name, const char *tag,
                           struct key **ret_key, struct err *err);
int store_pending_key_drop(struct store *store, const char *name, const char *tag, struct err *err);
/* Drops every pending key with that identity (key_id()): an order for it cannot be gone on with. */
int store_pending_key_drop_id(struct store *store, const char *name,
                              const uint8_t id[static KEY_ID_LEN], struct err *err);
/* The tags, sorted; none is no error. */
int store_pending_key_list(struct store *store, const char *name, struct strv *ret_tags,
                           struct err *err);
/* Whether there is any: an order was begun and not ended. False also where it cannot be told. */
bool store_pending_key_exists(struct store *store, const char *name);
/* For the journal: the path of a pending key's file. To mem_free. */
char *store_pending_key_path(const struct store *store, const char *name, const char *tag);

/* One "key = value" line of request.conf. */
struct store_pair {
    char *key;
    char *value;
};

struct store_pairs {
    struct store_pair *items;
    size_t n, cap;
};

#define STORE_PAIRS_INIT                \
    {                                   \
        .items = NULL, .n = 0, .cap = 0 \
    }
void store_pairs_done(struct store_pairs *pairs);
void store_pairs_add(struct store_pairs *pairs, const char *key, const char *value); /* copies */
/* In the same order. */
bool store_pairs_are_equal(const struct store_pairs *a, const struct store_pairs *b);
/* The last value of a key, or NULL. */
const char *store_pairs_find(const struct store_pairs *pairs, const char *key);

/* The key of request.conf whose value lists the keys that a section of the configuration said. */
#define STORE_REQUEST_CONFIGURED "configured"

/* The key of request.conf which says that no certificate has come of it yet: its order is gone on
 * with, but no other begun unasked. */
#define STORE_REQUEST_BEGUN "begun"

/* request.conf: what `issue` was told, as a [certificate NAME] section of the configuration's
 * grammar. Keys are [a-z0-9-]; values are UTF-8, literal to the line's end, and have no control
 * bytes or blanks at their ends: ERR_CONFIG otherwise. Mode 0600. Makes the certificate's folder if
 * needed. */
int store_request_save(struct store *store, const char *name, const struct store_pairs *pairs,
                       struct err *err);
/* The same refusals, before there is anything to keep. */
int store_request_check_pairs(const char *name, const struct store_pairs *pairs, struct err *err);
/* ERR_FAILED: a newer program wrote it. Whatever else it is passes. */
int store_request_check(struct store *store, const char *name, struct err *err);
/* ERR_NOT_FOUND without the file; ERR_CONFIG with file:line when it is damaged or of another name.
 */
int store_request_load(struct store *store, const char *name, struct store_pairs *ret_pairs,
                       struct err *err);

#endif
