/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Finding and reading what is installed. */
#include "store/store_cert.h"

#include "base/fs.h"
#include "base/mem.h"
#include "store/store_internal.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

void store_cert_free(struct store_cert *cert)
{
    if (cert == NULL) {
        return;
    }
    char *owned[] = {cert->name,
                     cert->ca_name,
                     cert->directory_url,
                     cert->account_id,
                     cert->profile,
                     cert->serial,
                     cert->issuer,
                     cert->sha256_hex,
                     cert->order_url,
                     cert->version,
                     cert->previous_version,
                     cert->warning,
                     cert->certificate_url,
                     cert->default_provider,
                     cert->revoked_reason};
    for (size_t i = 0; i < ARRAY_LEN(owned); i++) {
        mem_free(owned[i]);
    }
    strv_done(&cert->domains);
    strv_done(&cert->providers);
    mem_free(cert);
}

char *store_cert_path(const struct store *store, const char *name, const char *file)
{
    AUTO_FREE char *folder = fs_join(store->folders[STORE_CERTS], name);

    return file == NULL ? TAKE(folder) : fs_join(folder, file);
}

static const char *const PRIVATE_FOLDERS[] = {"pending", "archived", "revoked"};

void store_cert_drop_empty(struct store *store, const char *name)
{
    AUTO_FREE char *folder = store_cert_path(store, name, NULL);

    /* rmdir() takes none that anything is in. */
    for (size_t i = 0; i < ARRAY_LEN(PRIVATE_FOLDERS); i++) {
        AUTO_FREE char *path = fs_join(folder, PRIVATE_FOLDERS[i]);

        (void)rmdir(path);
    }
    (void)rmdir(folder);
}

int store_cert_make_folder(struct store *store, const char *name, struct err *err)
{
    AUTO_FREE char *folder = store_cert_path(store, name, NULL);

    if (store_name_check(name, err) < 0 || fs_mkdir(folder, 0711, err) < 0 ||
        fs_check_folder(folder, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < ARRAY_LEN(PRIVATE_FOLDERS); i++) {
        AUTO_FREE char *path = fs_join(folder, PRIVATE_FOLDERS[i]);

        if (fs_mkdir(path, 0700, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

void store_cert_set_facts(struct store_cert *cert, const struct cert_facts *facts)
{
    cert->not_before_s = facts->not_before_s;
    cert->not_after_s = facts->not_after_s;
    str_set(&cert->serial, facts->serial_hex);
    str_set(&cert->issuer, facts->issuer_cn);
    str_set(&cert->sha256_hex, facts->sha256_hex);
}

/* The key type of a version folder, as far as it can be told. */
static enum key_type find_key_type(const char *folder)
{
    AUTO_FREE char *path = fs_join(folder, "privkey.pem");
    AUTO(buf_done) struct buf pem = BUF_SECRET(KEY_FILE_MAX);
    AUTO_PTR(key) struct key *key = NULL;
    struct err unused = ERR_INIT;

    if (fs_read_private(path, true, &pem, &unused) < 0 ||
        key_from_pem(buf_str(&pem), pem.len, &key, &unused) < 0) {
        return KEY_EC256;
    }
    return key_get_type(key);
}

static int load_chain(const char *folder, struct cert_chain **ret_chain, struct err *err)
{
    AUTO_FREE char *path = fs_join(folder, "cert.pem");
    AUTO(buf_done) struct buf pem = BUF(CERT_CHAIN_BYTES_MAX);

    if (fs_read(path, &pem, err) < 0) {
        err->class = pem.has_overflown ? ERR_MALFORMED : err->class;
        return err_code(err);
    }
    if (cert_chain_parse(buf_str(&pem), pem.len, ret_chain, err) < 0) {
        return err_wrap(err, "'%s'", path);
    }
    return 0;
}

/* Metadata can be lost without harm, or say what they like: what schedules a renewal stands in the
 * certificate. */
static int load_meta(const char *folder, const struct cert_facts *facts, struct store_cert *cert,
                     struct err *err)
{
    AUTO_FREE char *path = fs_join(folder, "metadata.json");

    int code = store_meta_load(path, facts->sha256_hex, cert, err);
    store_cert_set_facts(cert, facts);
    if (code == 0) {
        return 0;
    }
    if (err->class != ERR_MALFORMED && err->class != ERR_NOT_FOUND) {
        return err_code(err);
    }
    cert->warning = str_fmt("%s; what the certificate itself says is used instead", err->text);
    err_clear(err);
    strv_copy(&cert->domains, &facts->names);
    cert->issued_s = facts->not_before_s;
    cert->key_type = find_key_type(folder);
    return 0;
}

/* The version that lies in `folder`. */
static int load_version(const char *folder, const char *name, const char *version,
                        struct store_cert **ret_cert, struct err *err)
{
    AUTO_PTR(store_cert) struct store_cert *cert = NEW(struct store_cert);
    AUTO_PTR(cert_chain) struct cert_chain *chain = NULL;

    cert->name = str_dup(name);
    cert->version = str_dup(version);
    if (load_chain(folder, &chain, err) < 0 ||
        load_meta(folder, cert_chain_leaf(chain), cert, err) < 0) {
        return err_wrap(err, "cannot load the certificate '%s'", name);
    }
    *ret_cert = TAKE(cert);
    return 0;
}

int store_cert_load(struct store *store, const char *name, struct store_cert **ret_cert,
                    struct err *err)
{
    AUTO_FREE char *version = NULL;
    AUTO_FREE char *folder = NULL;

    if (store_name_check(name, err) < 0) {
        return err_code(err);
    }
    version = store_cert_current(store, name);
    if (version == NULL) {
        if (store_check_current(store, name, err) < 0) {
            return err_code(err);
        }
        return err_set(err, ERR_NOT_FOUND, "no certificate '%s' is installed", name);
    }
    folder = store_cert_path(store, name, version);
    return load_version(folder, name, version, ret_cert, err);
}

static const char *shelf_name(enum store_shelf shelf)
{
    return shelf == STORE_ARCHIVED ? "archived" : "revoked";
}

char *store_cert_shelf_path(const struct store *store, const struct store_cert *cert,
                            enum store_shelf shelf, const char *file)
{
    AUTO_FREE char *inside = str_fmt("%s/%s/%s", shelf_name(shelf), cert->version, file);

    return store_cert_path(store, cert->name, shelf == STORE_IN_FORCE ? file : inside);
}

/* A note that cannot be read says nothing. */
static int load_shelved(const char *folder, const char *name, const char *version,
                        struct store_cert **ret_cert, struct err *err)
{
    AUTO_FREE char *note = fs_join(folder, STORE_REVOKED_NOTE);
    AUTO_PTR(json) struct json *json = NULL;
    struct err ignored = ERR_INIT;

    if (load_version(folder, name, version, ret_cert, err) < 0) {
        return err_code(err);
    }
    if (store_json_load(note, &json, &ignored) == 0) {
        store_json_take_time(json, "revoked", &(*ret_cert)->revoked_s);
        str_set(&(*ret_cert)->revoked_reason, json_get_str(json, "reason"));
    }
    return 0;
}

int store_cert_load_shelved(struct store *store, const char *name, enum store_shelf shelf,
                            const char *version, struct store_cert **ret_cert, struct err *err)
{
    AUTO_FREE char *inside = str_fmt("%s/%s", shelf_name(shelf), version);
    AUTO_FREE char *folder = store_cert_path(store, name, inside);

    if (!store_is_version_name(version) || !fs_is_dir(folder)) {
        return err_set(err, ERR_NOT_FOUND, "there is no '%s'", folder);
    }
    return load_shelved(folder, name, version, ret_cert, err);
}

static bool is_better(const struct store_cert *cert, const struct store_cert *found,
                      const char *sha256_hex)
{
    if (sha256_hex != NULL) {
        return str_eq(cert->sha256_hex, sha256_hex);
    }
    return found == NULL || cert->issued_s >= found->issued_s;
}

int store_cert_find_shelved(struct store *store, const char *name, enum store_shelf shelf,
                            const char *sha256_hex, struct store_cert **ret_cert, struct err *err)
{
    AUTO_FREE char *place = store_cert_path(store, name, shelf_name(shelf));
    AUTO(strv_done) struct strv versions = STRV_INIT;
    AUTO_PTR(store_cert) struct store_cert *found = NULL;

    if (fs_list(place, &versions, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < versions.n; i++) {
        AUTO_FREE char *folder = fs_join(place, versions.items[i]);
        AUTO_PTR(store_cert) struct store_cert *cert = NULL;
        struct err ignored = ERR_INIT; /* one that cannot be read cannot be told apart */

        (void)load_shelved(folder, name, versions.items[i], &cert, &ignored);
        if (cert != NULL && is_better(cert, found, sha256_hex)) {
            store_cert_free(found);
            found = TAKE(cert);
        }
    }
    if (found == NULL) {
        return err_set(err, ERR_NOT_FOUND, "no such certificate in '%s'", place);
    }
    *ret_cert = TAKE(found);
    return 0;
}

int store_cert_check(struct store *store, const struct store_cert *cert, struct err *err)
{
    AUTO_FREE char *folder = store_cert_path(store, cert->name, cert->version);

    return store_version_check(folder, err);
}

/* metadata.json is written after the key; whatever is done to a file sets its ctime. */
static bool has_changed_since(const struct stat *st, const char *folder)
{
    AUTO_FREE char *path = fs_join(folder, "metadata.json");
    struct stat then;

    return stat(path, &then) < 0 || st->st_ctim.tv_sec > then.st_ctim.tv_sec ||
           (st->st_ctim.tv_sec == then.st_ctim.tv_sec &&
            st->st_ctim.tv_nsec > then.st_ctim.tv_nsec);
}

enum store_key_state store_cert_judge_key(struct store *store, const struct store_cert *cert,
                                          struct err *err)
{
    AUTO_FREE char *folder = store_cert_path(store, cert->name, cert->version);
    AUTO_FREE char *path = fs_join(folder, "privkey.pem");
    struct stat st;

    if (stat(path, &st) < 0) {
        if (errno != ENOENT && errno != ENOTDIR) {
            return STORE_KEY_GOOD;
        }
        (void)err_set(err, ERR_NOT_FOUND, "its private key '%s' is gone", path);
        return STORE_KEY_LOST;
    }
    if (st.st_size == 0) {
        (void)err_set(err, ERR_MALFORMED, "its private key '%s' is empty", path);
        return STORE_KEY_LOST;
    }
    if (((st.st_mode & 027) == 0 && !has_changed_since(&st, folder)) || access(path, R_OK) < 0 ||
        store_version_check(folder, err) == 0) {
        return STORE_KEY_GOOD;
    }
    return err->class == ERR_CONFIG ? STORE_KEY_EXPOSED : STORE_KEY_LOST;
}

int store_cert_list(struct store *store, struct strv *ret_names, struct err *err)
{
    AUTO(strv_done) struct strv entries = STRV_INIT;
    AUTO(strv_done) struct strv names = STRV_INIT;

    if (fs_list_folders(store->folders[STORE_CERTS], &entries, err) < 0 &&
        err->class != ERR_NOT_FOUND) {
        return err_code(err);
    }
    err_clear(err);
    for (size_t i = 0; i < entries.n; i++) {
        struct err unused = ERR_INIT;

        if (store_name_check(entries.items[i], &unused) == 0) {
            strv_add(&names, entries.items[i]);
        }
    }
    strv_copy(ret_names, &names);
    return 0;
}

int store_cert_delete(struct store *store, const char *name, struct err *err)
{
    AUTO_FREE char *folder = store_cert_path(store, name, NULL);
    AUTO_FREE char *current = store_cert_path(store, name, "current");

    if (store_name_check(name, err) < 0 || fs_check_folder(folder, err) < 0 ||
        fs_unlink(current, err) < 0) {
        return err_code(err);
    }
    return fs_remove_tree(folder, err);
}
