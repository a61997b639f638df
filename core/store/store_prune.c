/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Keys of certificates that are long out of use. What no server needs any more can only be stolen;
 * the certificates themselves are public, and tell later what there was.
 */
#include "base/clock.h"
#include "base/crash.h"
#include "base/fs.h"
#include "base/mem.h"
#include "store/store_internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct old_key {
    char *path;
    int64_t issued_s;
    int64_t written_ns; /* tells those of one second apart */
};

struct old_keys {
    struct old_key *items;
    size_t n, cap;
};

static void old_keys_done(struct old_keys *keys)
{
    for (size_t i = 0; i < keys->n; i++) {
        mem_free(keys->items[i].path);
    }
    mem_free(keys->items);
}

/* Versions are named by the day alone. Where the metadata are lost, the file was written when it
 * was installed. */
static int64_t find_issued(const char *folder, int64_t written_s)
{
    AUTO_FREE char *path = fs_join(folder, "metadata.json");
    AUTO_PTR(json) struct json *json = NULL;
    struct err ignored = ERR_INIT;
    int64_t issued_s = 0;
    const char *text =
        store_json_load(path, &json, &ignored) == 0 ? json_get_str(json, "issued") : NULL;

    return text != NULL && clock_parse(text, &issued_s) ? issued_s : written_s;
}

static int gather(const char *archived, struct old_keys *to, struct err *err)
{
    AUTO(strv_done) struct strv versions = STRV_INIT;

    if (fs_list(archived, &versions, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < versions.n; i++) {
        AUTO_FREE char *folder = fs_join(archived, versions.items[i]);
        AUTO_FREE char *path = fs_join(folder, "privkey.pem");
        struct stat st;

        /* A link that somebody put there may lead to the version in force. */
        if (lstat(folder, &st) == 0 && S_ISDIR(st.st_mode) && lstat(path, &st) == 0) {
            int64_t issued_s = find_issued(folder, (int64_t)st.st_mtim.tv_sec);

            VEC_PUSH(to->items, to->n, to->cap) = (struct old_key){
                .path = TAKE(path),
                .issued_s = issued_s,
                .written_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec,
            };
        }
    }
    return 0;
}

/* The newest first. */
static int compare_ages(const void *a, const void *b)
{
    const struct old_key *x = a;
    const struct old_key *y = b;

    if (x->issued_s != y->issued_s) {
        return x->issued_s < y->issued_s ? 1 : -1;
    }
    if (x->written_ns != y->written_ns) {
        return x->written_ns < y->written_ns ? 1 : -1;
    }
    return strcmp(y->path, x->path);
}

int store_cert_prune(struct store *store, const char *name, size_t n_keep, struct err *err)
{
    AUTO_FREE char *archived = store_cert_path(store, name, "archived");
    AUTO(old_keys_done) struct old_keys keys = {.items = NULL};

    if (store_name_check(name, err) < 0 || gather(archived, &keys, err) < 0) {
        return err_wrap(err, "cannot remove old keys of '%s'", name);
    }
    if (keys.n <= n_keep) {
        return 0;
    }
    qsort(keys.items, keys.n, sizeof(keys.items[0]), compare_ages);
    for (size_t i = n_keep; i < keys.n; i++) {
        crash_point("store-prune-before");
        if (fs_wipe(keys.items[i].path, err) < 0) {
            return err_wrap(err, "cannot remove an old key of '%s'", name);
        }
        crash_point("store-prune-after");
    }
    return 0;
}
