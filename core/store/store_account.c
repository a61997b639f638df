/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Accounts on disk: paths, account.json, and the key that comes before it. */
#include "store/store_account.h"

#include "base/b64.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/fs.h"
#include "base/http.h"
#include "base/mem.h"
#include "store/store_internal.h"

#include <string.h>

#define HASH_DIGITS 8

struct account_save {
    struct store_job job;
    struct store_account *account; /* only directory_url and id where key is what is saved */
    struct key *key;               /* NULL: account.json is saved */
    store_done_fn *done;
    void *arg;
};

void store_account_free(struct store_account *account)
{
    if (account == NULL) {
        return;
    }
    char *owned[] = {account->id,     account->directory_url, account->url,    account->terms_url,
                     account->status, account->eab_kid,       account->warning};
    for (size_t i = 0; i < ARRAY_LEN(owned); i++) {
        mem_free(owned[i]);
    }
    strv_done(&account->contacts);
    mem_free(account);
}

void store_accounts_done(struct store_accounts *accounts)
{
    for (size_t i = 0; i < accounts->n; i++) {
        store_account_free(accounts->items[i]);
    }
    mem_free(accounts->items);
    *accounts = (struct store_accounts){.items = NULL};
}

/* HOST-HASH8: the host for people, the hash for CAs with several directories on one host. NULL for
 * what is not an https URL, and for a host that could be a path. */
static char *format_folder(const char *directory_url)
{
    AUTO_FREE char *host = NULL;
    AUTO_FREE char *hash = hex_sha256(directory_url, HASH_DIGITS);

    if (!http_url_split(directory_url, &host, NULL, NULL)) {
        return NULL;
    }
    str_lower(host);
    for (char *c = host; *c != '\0'; c++) {
        bool is_plain = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-';

        /* An IPv6 address in brackets; a dot in front would be hidden or worse. */
        if (!is_plain && (*c != '.' || c == host)) {
            *c = '_';
        }
    }
    return str_fmt("%.200s-%s", host, hash);
}

char *store_account_lock_name(const char *directory_url, const char *id)
{
    AUTO_FREE char *folder = format_folder(directory_url);

    return folder == NULL ? NULL : fs_join(folder, id);
}

int store_account_path(const struct store *store, const char *directory_url, const char *id,
                       const char *file, char **ret_path, struct err *err)
{
    AUTO_FREE char *folder = format_folder(directory_url);

    if (folder == NULL) {
        return err_set(err, ERR_CONFIG, "'%.200s' is not an https URL of a CA's directory",
                       directory_url);
    }
    if (id != NULL && store_name_check(id, err) < 0) {
        return err_code(err);
    }
    *ret_path =
        str_fmt("%s/%s%s%s%s%s", store->folders[STORE_ACCOUNTS], folder, id == NULL ? "" : "/",
                id == NULL ? "" : id, file == NULL ? "" : "/", file == NULL ? "" : file);
    return 0;
}

int store_account_key_path(const struct store *store, const char *directory_url, const char *id,
                           char **ret_path, struct err *err)
{
    return store_account_path(store, directory_url, id, "key.pem", ret_path, err);
}

static int make_folders(struct store *store, const struct store_account *account, struct err *err)
{
    AUTO_FREE char *host = NULL;
    AUTO_FREE char *folder = NULL;

    if (store_account_path(store, account->directory_url, NULL, NULL, &host, err) < 0 ||
        store_account_path(store, account->directory_url, account->id, NULL, &folder, err) < 0 ||
        fs_mkdir(host, 0700, err) < 0) {
        return err_code(err);
    }
    return fs_mkdir(folder, 0700, err);
}

static char *format_account(const struct store_account *account)
{
    AUTO_PTR(json_out) struct json_out *out = json_out_new(true);
    char created[CLOCK_TEXT_MAX];

    clock_format(account->created_s, created);
    json_out_object(out);
    json_out_kint(out, "format", STORE_FORMAT);
    json_out_kstr(out, "directory", account->directory_url);
    json_out_kstr(out, "url", account->url);
    json_out_kstr(out, "status", account->status);
    json_out_kstrv(out, "contact", &account->contacts);
    json_out_kstr(out, "terms-agreed", account->terms_url);
    json_out_kstr(out, "created", created);
    json_out_kstr(out, "eab-kid", account->eab_kid);
    json_out_end(out);
    return json_out_take(out);
}

/* Fills *account from a file; its id and, where known, directory_url are set already. */
static int read_account(const char *path, struct store_account *account, struct err *err)
{
    AUTO_PTR(json) struct json *json = NULL;
    const char *created = NULL;

    if (store_json_load(path, &json, err) < 0) {
        return err_code(err);
    }
    if (account->directory_url != NULL &&
        !str_eq(json_get_str(json, "directory"), account->directory_url)) {
        return err_set(err, ERR_MALFORMED, "'%s' is about another CA's directory", path);
    }
    str_set(&account->directory_url, json_get_str(json, "directory"));
    str_set(&account->url, json_get_str(json, "url"));
    str_set(&account->status, json_get_str(json, "status"));
    str_set(&account->terms_url, json_get_str(json, "terms-agreed"));
    str_set(&account->eab_kid, json_get_str(json, "eab-kid"));
    store_json_get_strv(json, "contact", &account->contacts);
    created = json_get_str(json, "created");
    if (created != NULL) {
        (void)clock_parse(created, &account->created_s);
    }
    return 0;
}

/* Without a readable account.json the CA is asked again; a newer program's is left alone. */
static int load_account(const char *path, struct store_account *account, struct err *err)
{
    if (read_account(path, account, err) == 0) {
        return 0;
    }
    if (err->class == ERR_MALFORMED) {
        account->warning = str_fmt("%s; the CA will be asked for the account again", err->text);
    } else if (err->class != ERR_NOT_FOUND) {
        return err_code(err);
    }
    err_clear(err);
    return 0;
}

static int load_key(const char *path, struct key **ret_key, struct err *err)
{
    AUTO(buf_done) struct buf pem = BUF_SECRET(KEY_FILE_MAX);

    if (fs_read_private(path, false, &pem, err) < 0) {
        return err_wrap(err, "cannot read the account key");
    }
    if (key_from_pem(buf_str(&pem), pem.len, ret_key, err) < 0) {
        (void)err_wrap(err, "'%s' is not a usable account key", path);
        return err_hint(err, "put it back from a backup; without one, move the folder away: a new "
                             "account is made then");
    }
    return 0;
}

int store_account_load(struct store *store, const char *directory_url, const char *id,
                       struct store_account **ret_account, struct key **ret_key, struct err *err)
{
    AUTO_FREE char *key_path = NULL;
    AUTO_FREE char *json_path = NULL;
    AUTO_PTR(key) struct key *key = NULL;
    AUTO_PTR(store_account) struct store_account *account = NEW(struct store_account);

    if (store_account_path(store, directory_url, id, "key.pem", &key_path, err) < 0 ||
        store_account_path(store, directory_url, id, "account.json", &json_path, err) < 0 ||
        load_key(key_path, &key, err) < 0) {
        return err_code(err);
    }
    account->id = str_dup(id);
    account->directory_url = str_dup(directory_url);
    if (load_account(json_path, account, err) < 0) {
        return err_code(err);
    }
    if (ret_account != NULL) {
        *ret_account = TAKE(account);
    }
    if (ret_key != NULL) {
        *ret_key = TAKE(key);
    }
    return 0;
}

char *store_account_describe_loss(struct store *store, const char *directory_url, const char *id)
{
    AUTO_FREE char *key_path = NULL;
    AUTO_FREE char *json_path = NULL;
    AUTO_PTR(store_account) struct store_account *account = NEW(struct store_account);
    struct err ignored = ERR_INIT;

    if (store_account_path(store, directory_url, id, "key.pem", &key_path, &ignored) < 0 ||
        store_account_path(store, directory_url, id, "account.json", &json_path, &ignored) < 0 ||
        fs_exists(key_path) || !fs_exists(json_path)) {
        return NULL;
    }
    (void)read_account(json_path, account, &ignored);
    return str_fmt("the key of the account %s is gone: there is no '%s'",
                   account->url == NULL ? id : account->url, key_path);
}

static int save_key(struct account_save *s, struct err *err)
{
    AUTO(buf_done) struct buf pem = BUF_SECRET(KEY_FILE_MAX);
    AUTO_FREE char *path = NULL;

    if (store_account_path(s->job.store, s->account->directory_url, s->account->id, "key.pem",
                           &path, err) < 0 ||
        key_to_pem(s->key, &pem, err) < 0) {
        return err_code(err);
    }
    if (fs_exists(path)) {
        return err_set(err, ERR_FAILED, "there is an account key at '%s' already", path);
    }
    crash_point("store-account-key-before");
    /* Not fs_write_new(): killed in the middle, that leaves half a key under the real name. */
    if (fs_write_atomic(path, pem.bytes, pem.len, 0600, err) < 0) {
        return err_code(err);
    }
    crash_point("store-account-key-after");
    return 0;
}

static int save_account(struct account_save *s, struct err *err)
{
    AUTO_FREE char *path = NULL;
    AUTO_FREE char *text = format_account(s->account);

    if (store_account_path(s->job.store, s->account->directory_url, s->account->id, "account.json",
                           &path, err) < 0 ||
        store_json_check_writable(path, err) < 0) {
        return err_code(err);
    }
    crash_point("store-account-before");
    if (fs_write_atomic(path, text, strlen(text), 0600, err) < 0) {
        return err_code(err);
    }
    crash_point("store-account-after");
    return 0;
}

static void drop(struct store_job *job)
{
    struct account_save *s = (struct account_save *)job;

    store_account_free(s->account);
    key_unref(s->key);
    mem_free(s);
}

static void run(void *arg)
{
    struct account_save *s = arg;
    struct err err = ERR_INIT;
    store_done_fn *done = s->done;
    void *done_arg = s->arg;

    s->job.turn = NULL;
    if (make_folders(s->job.store, s->account, &err) < 0 ||
        (s->key != NULL ? save_key(s, &err) : save_account(s, &err)) < 0) {
        err_wrap(&err, "cannot keep the account '%s'", s->account->id);
    }
    drop(&s->job);
    done(done_arg, err.class == ERR_NONE ? NULL : &err);
}

static struct store_job *start(struct store *store, struct store_account *take_account,
                               struct key *key, store_done_fn *done, void *arg)
{
    struct account_save *s = NEW(struct account_save);

    s->account = take_account;
    s->key = key == NULL ? NULL : key_ref(key);
    s->done = done;
    s->arg = arg;
    store_job_start(&s->job, store, run, drop);
    return &s->job;
}

struct store_job *store_account_key_save(struct store *store, const char *directory_url,
                                         const char *id, struct key *key, store_done_fn *done,
                                         void *arg)
{
    struct store_account *account = NEW(struct store_account);

    account->id = str_dup(id);
    account->directory_url = str_dup(directory_url);
    return start(store, account, key, done, arg);
}

struct store_job *store_account_save(struct store *store, const struct store_account *account,
                                     store_done_fn *done, void *arg)
{
    struct store_account *copy = NEW(struct store_account);

    copy->id = str_dup(account->id);
    copy->directory_url = str_dup(account->directory_url);
    copy->url = str_dup(account->url);
    copy->terms_url = str_dup(account->terms_url);
    copy->status = str_dup(account->status);
    copy->eab_kid = str_dup(account->eab_kid);
    copy->created_s = account->created_s;
    strv_copy(&copy->contacts, &account->contacts);
    return start(store, copy, NULL, done, arg);
}

static int list_folder(const char *folder, struct store_accounts *to, struct err *err)
{
    AUTO(strv_done) struct strv ids = STRV_INIT;

    if (fs_list(folder, &ids, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < ids.n; i++) {
        AUTO_FREE char *account_folder = fs_join(folder, ids.items[i]);
        AUTO_FREE char *key_path = fs_join(account_folder, "key.pem");
        AUTO_FREE char *json_path = fs_join(account_folder, "account.json");
        AUTO_PTR(store_account) struct store_account *account = NEW(struct store_account);

        if (!fs_exists(key_path) && !fs_exists(json_path)) {
            continue;
        }
        account->id = str_dup(ids.items[i]);
        if (load_account(json_path, account, err) < 0) {
            return err_code(err);
        }
        VEC_PUSH(to->items, to->n, to->cap) = TAKE(account);
    }
    return 0;
}

int store_account_list(struct store *store, struct store_accounts *ret_accounts, struct err *err)
{
    AUTO(strv_done) struct strv hosts = STRV_INIT;
    AUTO(store_accounts_done) struct store_accounts found = {.items = NULL};

    if (fs_list(store->folders[STORE_ACCOUNTS], &hosts, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < hosts.n; i++) {
        AUTO_FREE char *folder = fs_join(store->folders[STORE_ACCOUNTS], hosts.items[i]);

        if (fs_is_dir(folder) && list_folder(folder, &found, err) < 0) {
            return err_code(err);
        }
    }
    *ret_accounts = found;
    found = (struct store_accounts){.items = NULL};
    return 0;
}
