/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The links of a certificate's folder, which servers read, and whether they are still ours. What a
 * person put in their place is named and never touched.
 */
#include "base/fs.h"
#include "base/mem.h"
#include "store/store_internal.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const LINKED[] = {"cert.pem", "chain.pem", "fullchain.pem", "privkey.pem",
                                     "metadata.json"};

char *store_cert_current(const struct store *store, const char *name)
{
    AUTO_FREE char *link = store_cert_path(store, name, "current");
    char target[NAME_MAX + 1];
    ssize_t len = readlink(link, target, sizeof(target) - 1);

    if (len < 0) {
        return NULL;
    }
    target[len] = '\0';
    return store_is_version_name(target) && store_name_check(target, &(struct err)ERR_INIT) == 0
               ? str_dup(target)
               : NULL;
}

/* "ln -sfn 20261121-04a1 .../current" for the newest version that lies there, to mem_free; NULL
 * without one. */
static char *suggest_link(const struct store *store, const char *name, const char *path)
{
    AUTO_FREE char *folder = store_cert_path(store, name, NULL);
    AUTO(strv_done) struct strv entries = STRV_INIT;
    struct err ignored = ERR_INIT;
    const char *newest = NULL;

    (void)fs_list(folder, &entries, &ignored);
    for (size_t i = 0; i < entries.n; i++) {
        if (store_is_version_name(entries.items[i])) {
            newest = entries.items[i];
        }
    }
    return newest == NULL ? NULL : str_fmt("ln -sfn %s '%s'", newest, path);
}

int store_check_current(const struct store *store, const char *name, struct err *err)
{
    AUTO_FREE char *version = store_cert_current(store, name);
    AUTO_FREE char *path = store_cert_path(store, name, "current");
    AUTO_FREE char *remedy = NULL;
    char target[PATH_MAX];
    struct stat st;
    ssize_t len = 0;

    if (version != NULL || lstat(path, &st) < 0) {
        return 0;
    }
    len = readlink(path, target, sizeof(target) - 1);
    if (len < 0) {
        (void)err_set(err, ERR_FAILED, "'%s' is not the link that acme-dns makes", path);
        return err_hint(err, "move it elsewhere and try again; nothing was changed");
    }
    target[len] = '\0';
    remedy = suggest_link(store, name, path);
    (void)err_set(err, ERR_FAILED,
                  "'%s' is in the way: it leads to '%s', and acme-dns did not make it so", path,
                  target);
    return err_hint(err, "put it back, or remove it: %s; nothing was changed",
                    remedy == NULL ? "rm" : remedy);
}

static int refuse_foreign(const char *path, const char *target, struct err *err)
{
    (void)err_set(err, ERR_FAILED, "'%s' is in the way: it is not the link that acme-dns makes",
                  path);
    return err_hint(err,
                    "move it elsewhere (servers that read it do not see new certificates), then "
                    "ln -s %s '%s', or leave that to the next run; nothing was changed",
                    target, path);
}

/* 1: the link is there and leads to target; 0: there is nothing; negative: something else is. */
static int check_link(const char *path, const char *target, struct err *err)
{
    char found[512];
    ssize_t len = readlink(path, found, sizeof(found) - 1);

    if (len < 0) {
        return errno == ENOENT ? 0 : refuse_foreign(path, target, err);
    }
    found[len] = '\0';
    return str_eq(found, target) ? 1 : refuse_foreign(path, target, err);
}

static int look_at_links(const struct store *store, const char *name, bool is_making,
                         struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(LINKED); i++) {
        AUTO_FREE char *path = store_cert_path(store, name, LINKED[i]);
        AUTO_FREE char *target = fs_join("current", LINKED[i]);
        int is_there = check_link(path, target, err);

        if (is_there < 0) {
            return is_there;
        }
        if (is_there == 0 && is_making && symlink(target, path) < 0) {
            return err_set_errno(err, "cannot create the link '%s'", path);
        }
    }
    return 0;
}

int store_cert_check_layout(const struct store *store, const char *name, struct err *err)
{
    return store_check_current(store, name, err) < 0 ? err_code(err)
                                                     : look_at_links(store, name, false, err);
}

int store_make_links(const struct store *store, const char *name, struct err *err)
{
    return look_at_links(store, name, true, err);
}
