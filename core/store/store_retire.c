/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Where versions go that are out of use: to archived/, or, when they were revoked, to revoked/. */
#include "store/store_cert.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/fs.h"
#include "base/mem.h"
#include "store/store_internal.h"

#include <string.h>
#include <unistd.h>

#define NOTE_MODE 0444
#define PREPARED_NOTE STORE_REVOKED_NOTE ".prepared"

/* revoked.json beside the certificate, or what is to become it. */
static int write_note(const char *folder, const char *file, const char *reason, struct err *err)
{
    AUTO_PTR(json_out) struct json_out *out = json_out_new(true);
    AUTO_FREE char *path = fs_join(folder, file);
    char when[CLOCK_TEXT_MAX];

    clock_format(clock_wall_s(), when);
    json_out_object(out);
    json_out_kint(out, "format", STORE_FORMAT);
    json_out_kstr(out, "revoked", when);
    json_out_kstr(out, "reason", reason);
    json_out_end(out);
    AUTO_FREE char *text = json_out_take(out);
    return fs_write_atomic(path, text, strlen(text), NOTE_MODE, err);
}

/* To mem_free. */
static char *find_folder(const struct store *store, const char *name, const char *version,
                         bool is_archived)
{
    AUTO_FREE char *above = store_cert_path(store, name, is_archived ? "archived" : NULL);

    return fs_join(above, version);
}

int store_cert_prepare_retiring(const struct store *store, const char *name, const char *version,
                                bool is_archived, const char *reason, struct err *err)
{
    AUTO_FREE char *folder = find_folder(store, name, version, is_archived);
    AUTO_FREE char *revoked = store_cert_path(store, name, "revoked");

    return fs_mkdir_all(revoked, 0711, err) < 0 ||
                   write_note(folder, PREPARED_NOTE, reason, err) < 0
               ? err_code(err)
               : 0;
}

void store_cert_forget_retiring(const struct store *store, const char *name, const char *version,
                                bool is_archived)
{
    AUTO_FREE char *folder = find_folder(store, name, version, is_archived);
    AUTO_FREE char *path = fs_join(folder, PREPARED_NOTE);

    (void)unlink(path);
}

/* What was prepared needs no space any more. */
static int put_note(const char *folder, const char *reason, struct err *err)
{
    AUTO_FREE char *prepared = fs_join(folder, PREPARED_NOTE);
    AUTO_FREE char *path = fs_join(folder, STORE_REVOKED_NOTE);

    return fs_exists(prepared) ? fs_rename(prepared, path, err)
                               : write_note(folder, STORE_REVOKED_NOTE, reason, err);
}

static bool has_note(const char *folder, const char *version)
{
    AUTO_FREE char *path = str_fmt("%s/%s/" STORE_REVOKED_NOTE, folder, version);

    return fs_exists(path);
}

/* A place in archived/ or revoked/; what was there twice gets a number. To mem_free. */
static char *find_place(const char *folder, const char *version)
{
    char *path = fs_join(folder, version);

    for (unsigned i = 2; i <= STORE_NAMESAKES_MAX && fs_exists(path); i++) {
        mem_free(path);
        path = str_fmt("%s/%s.%u", folder, version, i);
    }
    return path;
}

/* A link that leads nowhere says nothing about the others. */
static bool is_whole(const char *folder, const char *version)
{
    AUTO_FREE char *path = fs_join(folder, version);

    return fs_is_dir(path);
}

/* The note is there: the link goes, then the folder. */
static int withdraw(struct store *store, const char *name, struct err *err)
{
    AUTO_FREE char *current = store_cert_path(store, name, "current");

    if (fs_unlink(current, err) < 0) {
        return err_code(err);
    }
    crash_point("store-retire-between");
    return store_settle_versions(store, name, NULL, err);
}

int store_cert_retire(struct store *store, const char *name, const char *reason, struct err *err)
{
    AUTO_FREE char *version = store_cert_current(store, name);

    if (version == NULL) {
        return err_set(err, ERR_NOT_FOUND, "no certificate '%s' is installed", name);
    }
    AUTO_FREE char *folder = store_cert_path(store, name, version);
    struct err ignored = ERR_INIT; /* the CA has revoked it: no leftover keeps it in force */
    (void)store_settle_versions(store, name, version, &ignored);
    crash_point("store-retire-before");
    if (put_note(folder, reason, err) < 0) {
        return err_wrap(err, "cannot take '%s' out of use", name);
    }
    crash_point("store-retire-noted");
    return withdraw(store, name, err) < 0 ? err_wrap(err, "cannot take '%s' out of use", name) : 0;
}

int store_cert_retire_archived(struct store *store, const char *name, const char *version,
                               const char *reason, struct err *err)
{
    AUTO_FREE char *archived = store_cert_path(store, name, "archived");
    AUTO_FREE char *revoked = store_cert_path(store, name, "revoked");
    AUTO_FREE char *from = fs_join(archived, version);
    AUTO_FREE char *to = find_place(revoked, version);

    if (put_note(from, reason, err) < 0 || fs_rename(from, to, err) < 0) {
        return err_wrap(err, "cannot put the revoked version aside");
    }
    return 0;
}

/* What lies in the folder of a certificate without `current`: a version with a note of its
 * revocation, on the way to revoked/ when a run was killed; or only one without, whose link
 * somebody took away, since a revocation leaves none behind. */
enum remains { REMAINS_NOTHING, REMAINS_VERSION, REMAINS_REVOKED };

static enum remains find_remains(const char *folder)
{
    AUTO(strv_done) struct strv entries = STRV_INIT;
    struct err ignored = ERR_INIT;
    enum remains found = REMAINS_NOTHING;

    (void)fs_list(folder, &entries, &ignored);
    for (size_t i = 0; i < entries.n && found != REMAINS_REVOKED; i++) {
        if (store_is_version_name(entries.items[i])) {
            found = has_note(folder, entries.items[i]) ? REMAINS_REVOKED : REMAINS_VERSION;
        }
    }
    return found;
}

bool store_cert_is_retired(struct store *store, const char *name)
{
    AUTO_FREE char *version = store_cert_current(store, name);
    AUTO_FREE char *folder = store_cert_path(store, name, NULL);
    AUTO_FREE char *revoked = fs_join(folder, "revoked");
    AUTO(strv_done) struct strv entries = STRV_INIT;
    struct err ignored = ERR_INIT;
    enum remains remains = version == NULL ? find_remains(folder) : REMAINS_VERSION;

    if (remains != REMAINS_NOTHING) {
        return remains == REMAINS_REVOKED;
    }
    return fs_list(revoked, &entries, &ignored) == 0 && entries.n > 0;
}

/* ---- What a run before left half done ---- */

bool store_is_version_name(const char *entry)
{
    return strspn(entry, "0123456789") == 8 && entry[8] == '-';
}

/* A version that a power cut puts back beside the one in force is archived by the next run: nothing
 * leads to it. That one is revoked must not be forgotten. */
static int put_aside(const char *folder, const char *version, bool is_revoked, struct err *err)
{
    AUTO_FREE char *from = fs_join(folder, version);
    AUTO_FREE char *shelf = fs_join(folder, is_revoked ? "revoked" : "archived");
    AUTO_FREE char *to = find_place(shelf, version);

    return is_revoked ? fs_rename(from, to, err) : fs_rename_unsynced(from, to, err);
}

int store_settle_versions(struct store *store, const char *name, const char *current,
                          struct err *err)
{
    AUTO_FREE char *folder = store_cert_path(store, name, NULL);
    AUTO(strv_done) struct strv entries = STRV_INIT;

    if (fs_list_folders(folder, &entries, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < entries.n; i++) {
        const char *entry = entries.items[i];

        if (!store_is_version_name(entry) || str_eq(entry, current)) {
            continue;
        }
        bool is_revoked = has_note(folder, entry);
        if ((current != NULL || is_revoked) && put_aside(folder, entry, is_revoked, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

void store_cert_tidy(struct store *store, const char *name)
{
    AUTO_FREE char *folder = store_cert_path(store, name, NULL);
    AUTO_FREE char *pending = fs_join(folder, "pending");
    AUTO_FREE char *current = store_cert_current(store, name);
    struct err unused = ERR_INIT; /* it is tried again by the next run */

    fs_drop_temporaries(folder);
    fs_drop_temporaries(pending);
    if (current != NULL && has_note(folder, current)) {
        (void)withdraw(store, name, &unused);
    } else if (current == NULL || is_whole(folder, current)) {
        (void)store_settle_versions(store, name, current, &unused);
    }
}
