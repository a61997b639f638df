/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Taking over what runs left that are gone: whose journal's lock can be had, and which of those
 * files this run has come for.
 */
#include "base/clock.h"
#include "base/crash.h"
#include "base/fs.h"
#include "base/mem.h"
#include "order/journal.h"
#include "order/journal_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- What is still needed ---- */

/* The CA may still come back to it: until it expires, its values stay. */
static bool is_parked(const struct journal_order *order)
{
    return !order->is_over && order->parked_s != 0 &&
           (order->expires_s == 0 || order->expires_s > clock_wall_s());
}

bool journal_order_is_resumable(const struct journal_order *order)
{
    return !order->is_over && order->url != NULL &&
           (order->expires_s == 0 || order->expires_s > clock_wall_s());
}

/* An order may be in one file and what was published for it in others: each run that went on with
 * it has written into its own. */
static bool has_order(const struct journal *journal, const char *certificate,
                      bool (*is_such)(const struct journal_order *order))
{
    for (size_t i = 0; i < journal->n_files; i++) {
        const struct journal_file *file = journal->files[i];

        for (size_t k = 0; k < file->n_orders; k++) {
            if (is_such(file->orders[k]) && str_eq(file->orders[k]->certificate, certificate)) {
                return true;
            }
        }
    }
    return strv_has(&journal->kept_elsewhere, certificate);
}

bool journal_may_end(const struct journal_entry *entry, int64_t now_s)
{
    switch (entry->kind) {
    case JOURNAL_ORDER:
        return !has_order(entry->file->journal, entry->certificate,
                          entry->is_awaited ? journal_order_is_resumable : is_parked);
    case JOURNAL_LEASE:
        return entry->until_s <= now_s;
    case JOURNAL_PERMANENT:
        return false;
    }
    return false;
}

static bool has_open_order(const struct journal_file *file)
{
    for (size_t i = 0; i < file->n_orders; i++) {
        if (!file->orders[i]->is_over) {
            return true;
        }
    }
    return false;
}

/* Whether this run has anything to do with what the file holds. */
static bool is_ours_to_end(const struct journal_file *file, const struct journal_scope *scope)
{
    if (scope == NULL || !journal_file_is_needed(file)) {
        return true;
    }
    for (size_t i = 0; i < file->n_orders; i++) {
        if (!file->orders[i]->is_over && scope->certificate != NULL &&
            str_eq(file->orders[i]->certificate, scope->certificate)) {
            return true;
        }
    }
    for (size_t i = 0; i < file->n_orders; i++) {
        if (journal_order_is_resumable(file->orders[i])) {
            return false; /* holding it would hide the order from the run that can use it */
        }
    }
    if (has_open_order(file)) {
        return true;
    }
    for (size_t i = 0; i < file->n_entries; i++) {
        const struct journal_entry *entry = file->entries[i];

        if (!entry->is_removed && (journal_may_end(entry, clock_wall_s()) ||
                                   (entry->kind == JOURNAL_ORDER && scope->certificate != NULL &&
                                    str_eq(entry->certificate, scope->certificate)))) {
            return true;
        }
    }
    return false;
}

/* ---- Locks ---- */

/* Somebody may have tidied the file away between open and flock: then the lock guards nothing. */
static bool is_still_named(int fd, const char *path)
{
    struct stat opened;
    struct stat named;

    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

int journal_lock_run(const char *path, int *ret_fd, struct err *err)
{
    AUTO_FREE char *lock_path = str_fmt("%s" JOURNAL_LOCK_SUFFIX, path);
    AUTO_FD int fd = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int got = 0;

    *ret_fd = -1;
    if (fd < 0) {
        return err_set_errno(err, "cannot open the journal's lock '%s'", lock_path);
    }
    got = fs_try_lock(fd, false, err);
    if (got > 0 && is_still_named(fd, lock_path)) {
        *ret_fd = TAKE_FD(fd);
    }
    return got < 0 ? got : 0;
}

void journal_unlink_run(const char *path)
{
    AUTO_FREE char *lock_path = str_fmt("%s" JOURNAL_LOCK_SUFFIX, path);

    (void)unlink(path);
    crash_point("journal-close-between");
    (void)unlink(lock_path);
}

/* ---- Files ---- */

/* Takes the file of a run that is gone; what is in it is judged later. */
static int take_file(struct journal *journal, const char *run, struct strv *warnings,
                     struct err *err)
{
    AUTO_FREE char *path = fs_join(journal->dir, run);
    AUTO_FD int lock_fd = -1;
    struct journal_file *file = NULL;

    if (journal_lock_run(path, &lock_fd, err) < 0) {
        return err_code(err);
    }
    if (lock_fd < 0) {
        return 0;
    }
    if (!fs_exists(path)) {
        journal_unlink_run(
            path); /* its run ended properly, or was killed before it had a journal */
        return 0;
    }
    if (journal_file_load(journal->dir, run, &file, err) < 0) {
        return err_code(err);
    }
    if (file->is_newer) {
        strv_take(warnings, str_fmt("the journal '%s' was written by a newer acme-dns (format "
                                    "%lld): what it names is left to that release, or one after it",
                                    path, (long long)file->format));
        journal_file_free(file);
        return 0;
    }
    if (file->has_surprises) {
        strv_take(warnings, str_fmt("the journal '%s' has lines that this release cannot read; "
                                    "it is kept",
                                    path));
    }
    file->journal = journal;
    file->lock_fd = TAKE_FD(lock_fd);
    VEC_PUSH(journal->files, journal->n_files, journal->cap_files) = file;
    return 0;
}

static void take_all(struct journal *journal, struct strv *warnings)
{
    AUTO(strv_done) struct strv runs = STRV_INIT;
    struct err err = ERR_INIT;

    if (fs_list(journal->dir, &runs, &err) < 0) {
        strv_add(warnings, err.text);
        return;
    }
    for (size_t i = 0; i < runs.n; i++) {
        size_t len = strlen(runs.items[i]);
        bool is_lock = str_has_suffix(runs.items[i], JOURNAL_LOCK_SUFFIX);
        AUTO_FREE char *run =
            str_dup_len(runs.items[i], is_lock ? len - strlen(JOURNAL_LOCK_SUFFIX) : len);

        if (is_lock && strv_has(&runs, run)) {
            continue;
        }
        err_clear(&err);
        if (take_file(journal, run, warnings, &err) < 0) {
            strv_add(warnings, err.text);
        }
    }
}

static int adopt_file(struct journal_file *file, struct err *err)
{
    if (journal_file_open(file, err) < 0) {
        return err_code(err);
    }
    file->is_adopted = true;
    for (size_t i = 0; i < file->n_entries; i++) {
        file->entries[i]->is_adopted = true;
    }
    return 0;
}

/* Lets a file go again, remembering what its orders still need. */
static void leave_file(struct journal *journal, struct journal_file *file)
{
    for (size_t i = 0; i < file->n_orders; i++) {
        if (journal_order_is_resumable(file->orders[i])) {
            strv_add_unique(&journal->kept_elsewhere, file->orders[i]->certificate);
        }
    }
    journal_file_free(file);
}

/* All files are read before any is judged: what one names may be needed by an order in another. */
void journal_adopt_all(struct journal *journal, const struct journal_scope *scope,
                       struct strv *warnings)
{
    AUTO_FREE bool *is_ours = NULL;
    size_t n_taken = 0;
    size_t n_kept = 0;

    take_all(journal, warnings);
    n_taken = journal->n_files;
    is_ours = mem_alloc(n_taken, sizeof(bool));
    for (size_t i = 0; i < n_taken; i++) {
        is_ours[i] = is_ours_to_end(journal->files[i], scope);
    }
    for (size_t i = 0; i < n_taken; i++) {
        struct journal_file *file = journal->files[i];
        struct err err = ERR_INIT;

        if (is_ours[i] && adopt_file(file, &err) == 0) {
            journal->files[n_kept++] = file;
            continue;
        }
        if (is_ours[i]) {
            strv_add(warnings, err.text);
        }
        leave_file(journal, file);
    }
    journal->n_files = n_kept;
}

/* ---- Leases that end before their time ---- */

/* Makes those of the file end; how many they are. */
static size_t end_leases(const struct journal_file *file, const char *identifier, const char *value)
{
    size_t n = 0;

    for (size_t i = 0; i < file->n_entries; i++) {
        struct journal_entry *entry = file->entries[i];

        if (entry->kind == JOURNAL_LEASE && !entry->is_removed && str_eq(entry->value, value) &&
            str_eq(entry->identifier, identifier)) {
            entry->until_s = 0;
            n++;
        }
    }
    return n;
}

/* Whether the file is ours now. */
static bool take_later(struct journal *journal, const char *run)
{
    AUTO(strv_done) struct strv warnings = STRV_INIT; /* told when the journal was opened */
    struct err err = ERR_INIT;
    size_t n_before = journal->n_files;
    struct journal_file *file = NULL;

    if (take_file(journal, run, &warnings, &err) < 0 || journal->n_files == n_before) {
        return false;
    }
    file = journal->files[n_before];
    if (adopt_file(file, &err) < 0) {
        journal->n_files = n_before;
        leave_file(journal, file);
        return false;
    }
    /* This run's own comes last. */
    journal->files[n_before] = journal->files[n_before - 1];
    journal->files[n_before - 1] = file;
    return true;
}

size_t journal_end_leases(struct journal *journal, const char *identifier, const char *value,
                          char **ret_holder)
{
    AUTO(strv_done) struct strv runs = STRV_INIT;
    struct err ignored = ERR_INIT; /* the folder could be read when the journal was opened */
    struct journal_file *file = NULL;
    char *holder = NULL;
    size_t at = 0;
    size_t n = 0;

    (void)fs_list(journal->dir, &runs, &ignored);
    while ((file = journal_load_next(journal, &runs, &at)) != NULL) {
        if (end_leases(file, identifier, value) > 0 && !take_later(journal, file->run) &&
            fs_exists(file->path)) {
            str_set(&holder, file->run);
        }
        journal_file_free(file);
    }
    for (size_t i = 0; i + 1 < journal->n_files; i++) {
        n += end_leases(journal->files[i], identifier, value);
    }
    *ret_holder = holder;
    return n;
}
