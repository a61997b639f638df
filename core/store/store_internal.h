/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the files of this room share: the store itself, jobs, and reading JSON files that may be
 * damaged. */
#ifndef STORE_STORE_INTERNAL_H
#define STORE_STORE_INTERNAL_H

#include "base/json.h"
#include "store/store.h"
#include "store/store_cert.h"

struct store {
    struct loop *loop;
    bool is_staging;
    char *command;
    char *folders[STORE_LOGS + 1];
};

/* The first member of every job; drop frees the whole of it. */
struct store_job {
    struct store *store;
    struct loop_timer *turn;
    void (*drop)(struct store_job *job);
};

/* Fills in job and has run called at the next turn, with job as its argument. */
void store_job_start(struct store_job *job, struct store *store, loop_timer_fn *run,
                     void (*drop)(struct store_job *job));

/* The format number that this program writes, and the highest it reads. */
#define STORE_FORMAT 1
#define STORE_JSON_MAX (256 * 1024)

/*
 * Reads a JSON object with a "format" member. ERR_NOT_FOUND without the file, ERR_MALFORMED when it
 * is damaged (the caller can do without), ERR_FAILED when a newer program wrote it (it must not).
 */
int store_json_load(const char *path, struct json **ret_json, struct err *err);
/* ERR_FAILED: there is the file of a newer program, which is not to be written over. */
int store_json_check_writable(const char *path, struct err *err);

/* The words for it. */
int store_refuse_newer(const char *path, int64_t format, struct err *err);
void store_json_get_strv(const struct json *object, const char *key, struct strv *to);
/* Leaves *to as it is when there is no such time. */
void store_json_take_time(const struct json *object, const char *key, int64_t *to);
/* 0 when there is no such number; what no run can have counted is cut. */
#define STORE_COUNT_MAX 1000000
void store_json_take_count(const struct json *object, const char *key, int64_t *to);

/* STATE/accounts/HOST-HASH8[/ID[/FILE]], to mem_free. ERR_CONFIG for a directory that is not an
 * https URL, and for a bad ID. */
int store_account_path(const struct store *store, const char *directory_url, const char *id,
                       const char *file, char **ret_path, struct err *err);

/* certs/NAME with its pending, archived and revoked. */
int store_cert_make_folder(struct store *store, const char *name, struct err *err);

/* The version that certs/NAME/current leads to, to mem_free; NULL when there is none or it leads
 * elsewhere, which store_check_current() refuses. */
char *store_cert_current(const struct store *store, const char *name);
int store_check_current(const struct store *store, const char *name, struct err *err);

/* Makes the links of certs/NAME that are missing. */
int store_make_links(const struct store *store, const char *name, struct err *err);

/* Versions that want the same name get numbers, up to this. */
#define STORE_NAMESAKES_MAX 100

#define STORE_REVOKED_NOTE "revoked.json"

/* Whether a folder of this name can be a version's. */
bool store_is_version_name(const char *entry);

/* Moves every version folder of NAME but `current` (NULL: all) to where it belongs: revoked/ when
 * it has a note of that, else archived/; without `current`, only those that have a note. */
int store_settle_versions(struct store *store, const char *name, const char *current,
                          struct err *err);

/* The text of metadata.json, to mem_free. */
char *store_meta_format(const struct store_cert *cert);

/* Replaces *cert's fields by those of metadata.json; 0 or as store_json_load, and ERR_MALFORMED
 * when it is about another certificate than the one with that fingerprint. */
int store_meta_load(const char *path, const char *sha256_hex, struct store_cert *cert,
                    struct err *err);

/* Copies what a certificate says about itself. */
void store_cert_set_facts(struct store_cert *cert, const struct cert_facts *facts);

/* What store_install_files checks and writes. */
struct store_staged {
    const struct cert_chain *chain;
    const struct key *key;
    const struct strv *domains;
    const char *metadata;
    mode_t privkey_mode;
    gid_t privkey_gid;
};

/* Writes a version folder at `folder`, which must not exist, and reads it back. On failure it is
 * gone. */
int store_version_write(const char *folder, const struct store_staged *staged, struct err *err);
/* Whether the files of a version folder fit together, and the names and the clock. */
int store_version_verify(const char *folder, const struct strv *domains, struct err *err);
/* The same without names and clock. */
int store_version_check(const char *folder, struct err *err);
/* Removes a version folder; absent is fine. */
int store_version_remove(const char *folder, struct err *err);

#endif
