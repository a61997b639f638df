/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What the journals of other runs say. Each question reads them afresh: they are written to while
 * we look. Files that cannot be read say nothing.
 */
#include "order/journal.h"

#include "base/clock.h"
#include "base/crash.h"
#include "base/fs.h"
#include "base/mem.h"
#include "order/journal_file.h"

#include <fcntl.h>
#include <unistd.h>

static bool is_one_of_ours(const struct journal *journal, const char *run)
{
    for (size_t i = 0; i < journal->n_files; i++) {
        if (str_eq(journal->files[i]->run, run)) {
            return true;
        }
    }
    return false;
}

struct journal_file *journal_load_next(const struct journal *journal, const struct strv *runs,
                                       size_t *at)
{
    while (*at < runs->n) {
        const char *run = runs->items[(*at)++];
        struct journal_file *file = NULL;
        struct err ignored = ERR_INIT;

        if (!str_has_suffix(run, JOURNAL_LOCK_SUFFIX) && !is_one_of_ours(journal, run) &&
            journal_file_load(journal->dir, run, &file, &ignored) == 0) {
            return file;
        }
    }
    return NULL;
}

static bool file_names_value(const struct journal_file *file, const struct journal_entry *wanted)
{
    for (size_t i = 0; i < file->n_entries; i++) {
        const struct journal_entry *entry = file->entries[i];

        if (!entry->is_removed && !entry->is_leaving && str_eq(entry->provider, wanted->provider) &&
            str_eq(entry->owner, wanted->owner) && str_eq(entry->value, wanted->value)) {
            return true;
        }
    }
    return false;
}

static bool file_names_key(const struct journal_file *file, const char *certificate,
                           const char *key_tag)
{
    for (size_t i = 0; i < file->n_orders; i++) {
        if (!file->orders[i]->is_over && str_eq(file->orders[i]->certificate, certificate) &&
            str_eq(file->orders[i]->key_tag, key_tag)) {
            return true;
        }
    }
    return false;
}

bool journal_key_is_needed(const struct journal *journal, const char *certificate,
                           const char *key_tag)
{
    AUTO(strv_done) struct strv runs = STRV_INIT;
    struct err err = ERR_INIT;
    bool is_named = false;
    struct journal_file *file = NULL;
    size_t at = 0;

    (void)fs_list(journal->dir, &runs, &err);
    while (!is_named && (file = journal_load_next(journal, &runs, &at)) != NULL) {
        is_named = file_names_key(file, certificate, key_tag);
        journal_file_free(file);
    }
    return is_named;
}

void journal_list_orders(const char *dir, journal_order_fn *seen, void *arg)
{
    AUTO_FREE char *own = str_dup(dir);
    const struct journal nobody = {.dir = own};
    AUTO(strv_done) struct strv runs = STRV_INIT;
    struct err ignored = ERR_INIT; /* then there is none */
    struct journal_file *file = NULL;
    size_t at = 0;

    (void)fs_list(dir, &runs, &ignored);
    while ((file = journal_load_next(&nobody, &runs, &at)) != NULL) {
        for (size_t i = 0; i < file->n_orders; i++) {
            if (!file->orders[i]->is_over) {
                seen(arg, file->orders[i]);
            }
        }
        journal_file_free(file);
    }
}

/* A run whose lock can be had is gone. */
static bool is_alive(const struct journal *journal, const char *run)
{
    AUTO_FREE char *name = str_fmt("%s" JOURNAL_LOCK_SUFFIX, run);
    AUTO_FREE char *path = fs_join(journal->dir, name);
    AUTO_FD int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct err err = ERR_INIT;

    return fd >= 0 && fs_try_lock(fd, true, &err) == 0;
}

static bool file_names_other(const struct journal_file *file, const char *provider,
                             const char *owner, const char *value)
{
    for (size_t i = 0; i < file->n_entries; i++) {
        const struct journal_entry *entry = file->entries[i];

        if (!entry->is_removed && str_eq(entry->provider, provider) &&
            str_eq(entry->owner, owner) && !str_eq(entry->value, value)) {
            return true;
        }
    }
    return false;
}

bool journal_owner_is_taken(const struct journal *journal, const char *provider, const char *owner,
                            const char *value)
{
    AUTO(strv_done) struct strv runs = STRV_INIT;
    struct err err = ERR_INIT;
    bool is_taken = false;
    struct journal_file *file = NULL;
    size_t at = 0;

    (void)fs_list(journal->dir, &runs, &err);
    while (!is_taken && (file = journal_load_next(journal, &runs, &at)) != NULL) {
        is_taken = file_names_other(file, provider, owner, value) && is_alive(journal, file->run);
        journal_file_free(file);
    }
    return is_taken;
}

static const struct journal_entry *find_other_lease(const struct journal_file *file,
                                                    const char *provider, const char *owner,
                                                    const char *value)
{
    for (size_t i = 0; i < file->n_entries; i++) {
        const struct journal_entry *entry = file->entries[i];

        if (entry->kind == JOURNAL_LEASE && !entry->is_removed && entry->until_s > clock_wall_s() &&
            str_eq(entry->provider, provider) && str_eq(entry->owner, owner) &&
            !str_eq(entry->value, value)) {
            return entry;
        }
    }
    return NULL;
}

static char *format_lease(const struct journal_entry *entry)
{
    char until[CLOCK_TEXT_MAX];

    if (entry == NULL) {
        return NULL;
    }
    clock_format(entry->until_s, until);
    return str_fmt("until %s, entry %s", until, entry->id);
}

char *journal_find_lease(const struct journal *journal, const char *provider, const char *owner,
                         const char *value)
{
    AUTO(strv_done) struct strv runs = STRV_INIT;
    struct err err = ERR_INIT;
    char *found = NULL;
    struct journal_file *file = NULL;
    size_t at = 0;

    for (size_t i = 0; i < journal->n_files && found == NULL; i++) {
        found = format_lease(find_other_lease(journal->files[i], provider, owner, value));
    }
    (void)fs_list(journal->dir, &runs, &err);
    while (found == NULL && (file = journal_load_next(journal, &runs, &at)) != NULL) {
        found = format_lease(find_other_lease(file, provider, owner, value));
        journal_file_free(file);
    }
    return found;
}

bool journal_stands_elsewhere(const struct journal *journal, struct journal_entry *entry)
{
    AUTO(strv_done) struct strv runs = STRV_INIT;
    struct err err = ERR_INIT;
    bool is_named = false;
    struct journal_file *file = NULL;
    size_t at = 0;

    crash_point("journal-leaving-before");
    entry->is_leaving = true;
    if (journal_append_mark(entry, "leaving", &err) < 0) {
        return false; /* nobody knows that we leave: then we must clean up ourselves */
    }
    crash_point("journal-leaving-after");
    if (fs_list(journal->dir, &runs, &err) < 0) {
        return false;
    }
    while (!is_named && (file = journal_load_next(journal, &runs, &at)) != NULL) {
        is_named = file_names_value(file, entry);
        journal_file_free(file);
    }
    return is_named;
}
