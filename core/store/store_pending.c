/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Keys of orders under way. A key is on disk before the CA hears of the order: whatever is killed
 * after that, the certificate that the CA may already have made can still be used.
 */
#include "base/crash.h"
#include "base/fs.h"
#include "base/mem.h"
#include "keys/key.h"
#include "store/store_internal.h"

#include <string.h>

#define SUFFIX ".key"

struct pending_save {
    struct store_job job;
    char *name;
    char *tag;
    struct buf pem;
    struct err export_err;
    store_done_fn *done;
    void *arg;
};

char *store_pending_key_path(const struct store *store, const char *name, const char *tag)
{
    AUTO_FREE char *file = str_fmt("pending/%s%s", tag, SUFFIX);

    return store_cert_path(store, name, file);
}

static int check_names(const char *name, const char *tag, struct err *err)
{
    return store_name_check(name, err) < 0 ? err_code(err) : store_name_check(tag, err);
}

static int save(struct pending_save *s, struct err *err)
{
    AUTO_FREE char *path = store_pending_key_path(s->job.store, s->name, s->tag);

    if (check_names(s->name, s->tag, err) < 0 ||
        store_cert_make_folder(s->job.store, s->name, err) < 0) {
        return err_code(err);
    }
    crash_point("store-pending-key-before");
    if (fs_write_atomic(path, s->pem.bytes, s->pem.len, 0600, err) < 0) {
        return err_code(err);
    }
    crash_point("store-pending-key-after");
    return 0;
}

static void drop(struct store_job *job)
{
    struct pending_save *s = (struct pending_save *)job;

    mem_free(s->name);
    mem_free(s->tag);
    buf_done(&s->pem);
    mem_free(s);
}

static void run(void *arg)
{
    struct pending_save *s = arg;
    struct err err = s->export_err;
    store_done_fn *done = s->done;
    void *done_arg = s->arg;

    s->job.turn = NULL;
    if (err.class == ERR_NONE && save(s, &err) < 0) {
        err_wrap(&err, "cannot keep the key of the order for '%s'", s->name);
    }
    drop(&s->job);
    done(done_arg, err.class == ERR_NONE ? NULL : &err);
}

struct store_job *store_pending_key_save(struct store *store, const char *name, const char *tag,
                                         const struct key *key, store_done_fn *done, void *arg)
{
    struct pending_save *s = NEW(struct pending_save);

    s->name = str_dup(name);
    s->tag = str_dup(tag);
    s->pem = (struct buf)BUF_SECRET(KEY_FILE_MAX);
    s->done = done;
    s->arg = arg;
    (void)key_to_pem(key, &s->pem, &s->export_err);
    store_job_start(&s->job, store, run, drop);
    return &s->job;
}

int store_pending_key_load(struct store *store, const char *name, const char *tag,
                           struct key **ret_key, struct err *err)
{
    AUTO_FREE char *path = store_pending_key_path(store, name, tag);
    AUTO(buf_done) struct buf pem = BUF_SECRET(KEY_FILE_MAX);

    if (check_names(name, tag, err) < 0 || fs_read_private(path, false, &pem, err) < 0) {
        return err_code(err);
    }
    if (key_from_pem(buf_str(&pem), pem.len, ret_key, err) < 0) {
        return err_wrap(err, "'%s' is not a usable key", path);
    }
    return 0;
}

int store_pending_key_drop(struct store *store, const char *name, const char *tag, struct err *err)
{
    AUTO_FREE char *path = store_pending_key_path(store, name, tag);

    return check_names(name, tag, err) < 0 ? err_code(err) : fs_unlink(path, err);
}

int store_pending_key_list(struct store *store, const char *name, struct strv *ret_tags,
                           struct err *err)
{
    AUTO_FREE char *folder = store_cert_path(store, name, "pending");
    AUTO(strv_done) struct strv files = STRV_INIT;
    AUTO(strv_done) struct strv tags = STRV_INIT;

    if (store_name_check(name, err) < 0) {
        return err_code(err);
    }
    if (fs_list(folder, &files, err) < 0 && err->class != ERR_NOT_FOUND) {
        return err_code(err);
    }
    err_clear(err);
    for (size_t i = 0; i < files.n; i++) {
        size_t len = strlen(files.items[i]);

        if (len > strlen(SUFFIX) && str_has_suffix(files.items[i], SUFFIX)) {
            strv_take(&tags, str_dup_len(files.items[i], len - strlen(SUFFIX)));
        }
    }
    strv_copy(ret_tags, &tags);
    return 0;
}

bool store_pending_key_exists(struct store *store, const char *name)
{
    AUTO(strv_done) struct strv tags = STRV_INIT;
    struct err ignored = ERR_INIT;

    return store_pending_key_list(store, name, &tags, &ignored) == 0 && tags.n > 0;
}

int store_pending_key_drop_id(struct store *store, const char *name,
                              const uint8_t id[static KEY_ID_LEN], struct err *err)
{
    AUTO(strv_done) struct strv tags = STRV_INIT;

    if (store_pending_key_list(store, name, &tags, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < tags.n; i++) {
        AUTO_PTR(key) struct key *key = NULL;
        struct err ignored = ERR_INIT; /* one that cannot be read cannot be gone on with either */
        uint8_t found[KEY_ID_LEN];

        if (store_pending_key_load(store, name, tags.items[i], &key, &ignored) < 0) {
            continue;
        }
        key_id(key, found);
        if (memcmp(found, id, KEY_ID_LEN) == 0 &&
            store_pending_key_drop(store, name, tags.items[i], err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}
