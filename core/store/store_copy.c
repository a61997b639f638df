/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "store/store_copy.h"

#include "base/crash.h"
#include "base/fs.h"
#include "base/fs_stage.h"
#include "base/mem.h"
#include "base/secret.h"
#include "keys/cert.h"
#include "keys/key.h"
#include "keys/pkcs12.h"
#include "store/store_internal.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>

#define PASSWORD_MAX 1024

/* What copies are made of. */
struct source {
    const char *name;
    struct cert_chain *chain;
    struct key *key;
};

/* One rule, on its way. */
struct copy {
    const struct copy_rule *rule;
    char *path;
    struct fs_stage stage;
    bool is_new;
};

struct copies {
    struct copy *items;
    size_t n;
};

static void source_done(struct source *source)
{
    cert_chain_free(source->chain);
    key_unref(source->key);
}

static void copies_done(struct copies *copies)
{
    for (size_t i = 0; i < copies->n; i++) {
        fs_stage_done(&copies->items[i].stage);
        mem_free(copies->items[i].path);
    }
    mem_free(copies->items);
}

static int source_load(struct store *store, const char *name, struct source *source,
                       struct err *err)
{
    AUTO_FREE char *chain_path = store_cert_path(store, name, "fullchain.pem");
    AUTO_FREE char *key_path = store_cert_path(store, name, "privkey.pem");
    AUTO(buf_done) struct buf chain = BUF(CERT_CHAIN_BYTES_MAX);
    AUTO(buf_done) struct buf key = BUF_SECRET(KEY_FILE_MAX);

    source->name = name;
    if (fs_read(chain_path, &chain, err) < 0 || fs_read_private(key_path, true, &key, err) < 0) {
        return err_code(err);
    }
    if (cert_chain_parse(buf_str(&chain), chain.len, &source->chain, err) < 0) {
        return err_wrap(err, "'%s' is damaged", chain_path);
    }
    if (key_from_pem(buf_str(&key), key.len, &source->key, err) < 0) {
        return err_wrap(err, "'%s' is damaged", key_path);
    }
    return 0;
}

/* ---- Whose it is to be ---- */

static int find_user(const char *name, uid_t *ret_uid, struct err *err)
{
    const struct passwd *user = NULL;
    int64_t number = 0;

    if (name == NULL) {
        *ret_uid = FS_UID_NONE;
    } else if (str_parse_int(name, 0, UINT32_MAX - 1, &number)) {
        *ret_uid = (uid_t)number;
    } else if ((user = getpwnam(name)) != NULL) {
        *ret_uid = user->pw_uid;
    } else {
        return err_set(err, ERR_CONFIG, "owner=%s: there is no such user", name);
    }
    return 0;
}

static int find_group(const char *name, gid_t *ret_gid, struct err *err)
{
    const struct group *group = NULL;
    int64_t number = 0;

    if (name == NULL) {
        *ret_gid = FS_GID_NONE;
    } else if (str_parse_int(name, 0, UINT32_MAX - 1, &number)) {
        *ret_gid = (gid_t)number;
    } else if ((group = getgrnam(name)) != NULL) {
        *ret_gid = group->gr_gid;
    } else {
        return err_set(err, ERR_CONFIG, "group=%s: there is no such group", name);
    }
    return 0;
}

static int find_people(const struct copy_rule *rule, uid_t *ret_uid, gid_t *ret_gid,
                       struct err *err)
{
    return find_user(rule->owner, ret_uid, err) < 0 || find_group(rule->group, ret_gid, err) < 0
               ? err_code(err)
               : 0;
}

static int open_place(struct copy *copy, struct err *err)
{
    struct fs_place place = {.path = copy->path, .mode = copy->rule->mode};

    if (find_people(copy->rule, &place.uid, &place.gid, err) < 0) {
        return err_code(err);
    }
    return fs_stage_open(&place, &copy->stage, err);
}

/* ---- What is in it ---- */

/* A file's first line; without a file, nothing. */
static int load_password(const struct copy_rule *rule, struct buf *password, struct err *err)
{
    size_t len = 0;

    if (rule->password_file == NULL) {
        return 0;
    }
    if (fs_read_private(rule->password_file, true, password, err) < 0) {
        return err_wrap(err, "password-file");
    }
    len = strcspn(buf_str(password), "\r\n");
    if (len > 0) {
        password->bytes[len] = '\0';
        password->len = len;
        secret_register(password->bytes, len);
    }
    return len > 0 ? 0
                   : err_set(err, ERR_CONFIG,
                             "password-file: '%s' is empty (without password-file= the password "
                             "is)",
                             rule->password_file);
}

int store_copy_check(const struct copy_rule *rule, struct err *err)
{
    AUTO(buf_done) struct buf password = BUF_SECRET(PASSWORD_MAX);
    uid_t uid = 0;
    gid_t gid = 0;

    return find_people(rule, &uid, &gid, err) < 0 ? err_code(err)
                                                  : load_password(rule, &password, err);
}

/* No two PKCS#12 files are alike, so that what is there has to be opened to be compared. */
static int make_pkcs12(const struct source *source, const struct copy *copy, const struct buf *old,
                       struct buf *content, struct err *err)
{
    AUTO(buf_done) struct buf password = BUF_SECRET(PASSWORD_MAX);

    if (load_password(copy->rule, &password, err) < 0) {
        return err_code(err);
    }
    if (pkcs12_holds(old, buf_str(&password), source->key, source->chain)) {
        buf_add(content, old->bytes, old->len);
        return 0;
    }
    return pkcs12_format(source->key, source->chain, source->name, buf_str(&password), content,
                         err);
}

static int make_content(const struct source *source, const struct copy *copy, const struct buf *old,
                        struct buf *content, struct err *err)
{
    switch (copy->rule->piece) {
    case COPY_CERT:
        buf_add_str(content, cert_chain_pem_leaf(source->chain));
        return 0;
    case COPY_CHAIN:
        buf_add_str(content, cert_chain_pem_issuers(source->chain));
        return 0;
    case COPY_FULLCHAIN:
        buf_add_str(content, cert_chain_pem_full(source->chain));
        return 0;
    case COPY_PRIVKEY:
        return key_to_pem(source->key, content, err);
    case COPY_COMBINED:
        /* The key first: so Postfix wants it, and no other server minds. */
        if (key_to_pem(source->key, content, err) < 0) {
            return err_code(err);
        }
        buf_add_str(content, cert_chain_pem_full(source->chain));
        return 0;
    case COPY_PKCS12:
    case COPY_PIECES:
        break;
    }
    return make_pkcs12(source, copy, old, content, err);
}

static int stage(const struct source *source, struct copy *copy, struct err *err)
{
    AUTO(buf_done) struct buf old = BUF_SECRET(PKCS12_MAX);
    AUTO(buf_done) struct buf content = BUF_SECRET(PKCS12_MAX);
    bool is_kept = false;

    if (open_place(copy, err) < 0) {
        return err_code(err);
    }
    is_kept = fs_stage_holds(&copy->stage, &old);
    if (make_content(source, copy, &old, &content, err) < 0) {
        return err_code(err);
    }
    if (is_kept && old.len == content.len &&
        memcmp(buf_str(&old), buf_str(&content), old.len) == 0) {
        return 0;
    }
    copy->is_new = true;
    return fs_stage_fill(&copy->stage, buf_str(&content), content.len, err);
}

/* ---- All of them ---- */

/* The later one would win, now this and now that after a change of the other. */
static int check_double(const struct copies *copies, size_t index, struct err *err)
{
    for (size_t i = 0; i < index; i++) {
        if (str_eq(copies->items[i].path, copies->items[index].path)) {
            return err_set(err, ERR_CONFIG, "'%s' is where %s copies to, too",
                           copies->items[index].path, copy_piece_key(copies->items[i].rule->piece));
        }
    }
    return 0;
}

static int stage_all(const struct source *source, struct copies *copies, struct err *err)
{
    for (size_t i = 0; i < copies->n; i++) {
        struct copy *copy = &copies->items[i];

        if (check_double(copies, i, err) < 0 || stage(source, copy, err) < 0) {
            return err_wrap(err, "%s", copy_piece_key(copy->rule->piece));
        }
    }
    return 0;
}

int store_copy(struct store *store, const char *name, const struct copy_rule *rules, size_t n_rules,
               struct strv *ret_written, struct err *err)
{
    AUTO(source_done) struct source source = {.chain = NULL};
    AUTO(copies_done)
    struct copies copies = {.items = mem_alloc(n_rules, sizeof(struct copy)), .n = n_rules};

    for (size_t i = 0; i < n_rules; i++) {
        copies.items[i] = (struct copy){
            .rule = &rules[i], .path = copy_rule_path(&rules[i], name), .stage = FS_STAGE_INIT};
    }
    if (source_load(store, name, &source, err) < 0 || stage_all(&source, &copies, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < copies.n; i++) {
        struct copy *copy = &copies.items[i];

        if (!copy->is_new) {
            continue;
        }
        crash_point("store-copy-before");
        if (fs_stage_commit(&copy->stage, err) < 0) {
            return err_wrap(err, "%s", copy_piece_key(copy->rule->piece));
        }
        crash_point("store-copy-after");
        strv_add(ret_written, copy->path);
    }
    return 0;
}
