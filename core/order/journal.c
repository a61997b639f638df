/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "order/journal.h"

#include "base/b64.h"
#include "base/clock.h"
#include "base/crash.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"
#include "order/journal_file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Another name is tried when somebody tidies a lock away that was just made. */
#define OPEN_TRIES 8

static struct journal_file *own_file(const struct journal *journal)
{
    return journal->files[journal->n_files - 1];
}

/* ---- This run's own file ---- */

/* A name that nobody has, and its lock. */
static int name_own(const struct journal *journal, struct journal_file *file, struct err *err)
{
    char now[CLOCK_TEXT_MAX];

    clock_format(clock_wall_s(), now);
    for (int i = 0; i < OPEN_TRIES && file->lock_fd < 0; i++) {
        mem_free(file->run);
        mem_free(file->path);
        file->run = str_fmt("%s-%ld-%06x", now, (long)getpid(), (unsigned)clock_random(0x1000000));
        file->path = fs_join(journal->dir, file->run);
        if (journal_lock_run(file->path, &file->lock_fd, err) < 0) {
            return err_code(err);
        }
    }
    return file->lock_fd >= 0
               ? 0
               : err_set(err, ERR_FAILED, "cannot lock a new journal in '%s'", journal->dir);
}

static int open_own(struct journal *journal, const char *command, struct err *err)
{
    char now[CLOCK_TEXT_MAX];
    AUTO(buf_done) struct buf line = BUF(JOURNAL_RECORDS_MAX);
    struct journal_file *file = NEW(struct journal_file);
    struct json_out *record = NULL;

    clock_format(clock_wall_s(), now);
    file->journal = journal;
    file->fd = -1;
    file->lock_fd = -1;
    VEC_PUSH(journal->files, journal->n_files, journal->cap_files) = file;
    if (name_own(journal, file, err) < 0) {
        return err_code(err);
    }
    crash_point("journal-open-before");
    file->fd = open(file->path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file->fd < 0) {
        return err_set_errno(err, "cannot create the journal '%s'", file->path);
    }
    record = journal_record_new("begin");
    json_out_kint(record, "format", 1);
    json_out_kstr(record, "command", command);
    json_out_kint(record, "pid", (int64_t)getpid());
    json_out_kstr(record, "began", now);
    journal_record_end(record, &line);
    /* The first intent's sync takes this line along; the name has to last on its own. */
    if (journal_file_append(file, &line, false, err) < 0) {
        return err_code(err);
    }
    return fs_fsync_dir(journal->dir, err);
}

static void free_all(struct journal *journal)
{
    for (size_t i = 0; i < journal->n_files; i++) {
        journal_file_free(journal->files[i]);
    }
    strv_done(&journal->kept_elsewhere);
    mem_free(journal->files);
    mem_free(journal->dir);
    mem_free(journal);
}

int journal_open(const char *dir, const char *command, const struct journal_scope *scope,
                 struct journal **ret_journal, struct strv *ret_warnings, struct err *err)
{
    struct journal *journal = NEW(struct journal);

    journal->dir = str_dup(dir);
    journal_adopt_all(journal, scope, ret_warnings);
    if (open_own(journal, command, err) < 0) {
        free_all(journal);
        return err_code(err);
    }
    *ret_journal = journal;
    return 0;
}

/* Orders that expired, or never got an answer, of certificates that nobody may ask for again. */
static void end_stale_orders(struct journal_file *file)
{
    struct err ignored = ERR_INIT;

    for (size_t i = 0; i < file->n_orders; i++) {
        if (!file->orders[i]->is_over && !journal_order_is_resumable(file->orders[i])) {
            (void)journal_end_order(file->orders[i], &ignored);
        }
    }
}

void journal_close(struct journal *journal)
{
    if (journal == NULL) {
        return;
    }
    for (size_t i = 0; i < journal->n_files; i++) {
        if (journal->files[i]->is_adopted) {
            end_stale_orders(journal->files[i]);
        }
        if (!journal_file_is_needed(journal->files[i])) {
            crash_point("journal-close-before");
            journal_unlink_run(journal->files[i]->path);
            crash_point("journal-close-after");
        }
    }
    free_all(journal);
}

int journal_lock_fd(const struct journal *journal)
{
    return own_file(journal)->lock_fd;
}

/* ---- Records ---- */

int journal_add_intents(struct journal *journal, const struct journal_entry *entries, size_t n,
                        struct journal_entry **ret_entries, struct err *err)
{
    struct journal_file *file = own_file(journal);
    AUTO(buf_done) struct buf lines = BUF(JOURNAL_RECORDS_MAX);

    for (size_t i = 0; i < n; i++) {
        journal_format_intent(&entries[i], file->last_number + 1 + i, &lines);
    }
    crash_point("journal-intent-before");
    if (journal_file_append(file, &lines, true, err) < 0) {
        return err_code(err);
    }
    crash_point("journal-intent-after");
    for (size_t i = 0; i < n; i++) {
        struct journal_entry *entry = journal_file_add_entry(file);

        entry->id = str_fmt("%s.%llu", file->run, (unsigned long long)++file->last_number);
        entry->kind = entries[i].kind;
        entry->certificate = str_dup(entries[i].certificate);
        entry->provider = str_dup(entries[i].provider);
        entry->owner = str_dup(entries[i].owner);
        entry->zone = str_dup(entries[i].zone);
        entry->identifier = str_dup(entries[i].identifier);
        entry->value = str_dup(entries[i].value);
        entry->until_s = entries[i].until_s;
        entry->is_awaited = entries[i].is_awaited;
        ret_entries[i] = entry;
    }
    return 0;
}

/* The number behind the last dot of an entry's id. */
static int64_t entry_number(const struct journal_entry *entry)
{
    int64_t number = -1;

    (void)str_parse_int(strrchr(entry->id, '.') + 1, 0, INT64_MAX, &number);
    return number;
}

int journal_set_receipt(struct journal_entry *entry, const void *bytes, size_t len, struct err *err)
{
    AUTO(buf_done) struct buf line = BUF(JOURNAL_RECORDS_MAX);
    AUTO_FREE char *text = b64url_encode(bytes, len);
    struct json_out *record = journal_record_new("receipt");

    json_out_kint(record, "number", entry_number(entry));
    json_out_kstr(record, "bytes", text);
    journal_record_end(record, &line);
    crash_point("journal-receipt-before");
    if (journal_file_append(entry->file, &line, false, err) < 0) {
        return err_code(err);
    }
    crash_point("journal-receipt-after");
    mem_free(entry->receipt);
    entry->receipt = mem_copy(bytes, len);
    entry->receipt_len = len;
    return 0;
}

int journal_append_mark(const struct journal_entry *entry, const char *what, struct err *err)
{
    AUTO(buf_done) struct buf line = BUF(JOURNAL_RECORDS_MAX);
    struct json_out *record = journal_record_new(what);

    json_out_kint(record, "number", entry_number(entry));
    journal_record_end(record, &line);
    return journal_file_append(entry->file, &line, false, err);
}

int journal_mark_removed(struct journal_entry *entry, struct err *err)
{
    crash_point("journal-removed-before");
    entry->is_removed = true;
    if (journal_append_mark(entry, "removed", err) < 0) {
        return err_code(err);
    }
    crash_point("journal-removed-after");
    return 0;
}

int journal_put_order(struct journal *journal, const struct journal_order *order, struct err *err)
{
    struct journal_file *file = own_file(journal);
    struct journal_order *kept = journal_find_order(journal, order->certificate);
    AUTO(buf_done) struct buf line = BUF(JOURNAL_RECORDS_MAX);

    if (kept != NULL) {
        file = kept->file;
    }
    journal_format_order(order, &line);
    crash_point("journal-order-before");
    if (journal_file_append(file, &line, true, err) < 0) {
        return err_code(err);
    }
    crash_point("journal-order-after");
    if (kept == NULL) {
        kept = journal_file_add_order(file);
    }
    if (kept == order) {
        return 0;
    }
    str_set(&kept->certificate, order->certificate);
    str_set(&kept->directory, order->directory);
    str_set(&kept->account, order->account);
    str_set(&kept->url, order->url);
    str_set(&kept->key_tag, order->key_tag);
    str_set(&kept->profile, order->profile);
    strv_copy(&kept->names, &order->names);
    kept->expires_s = order->expires_s;
    kept->parked_s = order->parked_s;
    kept->is_over = false;
    return 0;
}

/* Nothing that a person was asked to create for it is of use any more. */
static void end_awaiting(const struct journal_order *order)
{
    const struct journal *journal = order->file->journal;

    for (size_t i = 0; i < journal->n_files; i++) {
        const struct journal_file *file = journal->files[i];

        for (size_t k = 0; k < file->n_entries; k++) {
            if (str_eq(file->entries[k]->certificate, order->certificate)) {
                file->entries[k]->is_awaited = false;
            }
        }
    }
}

int journal_end_order(struct journal_order *order, struct err *err)
{
    AUTO(buf_done) struct buf line = BUF(JOURNAL_RECORDS_MAX);
    struct json_out *record = journal_record_new("order-over");

    json_out_kstr(record, "certificate", order->certificate);
    journal_record_end(record, &line);
    crash_point("journal-order-over-before");
    order->is_over = true;
    end_awaiting(order);
    if (journal_file_append(order->file, &line, false, err) < 0) {
        return err_code(err);
    }
    crash_point("journal-order-over-after");
    return 0;
}

struct journal_order *journal_find_order(struct journal *journal, const char *certificate)
{
    for (size_t i = journal->n_files; i-- > 0;) {
        struct journal_file *file = journal->files[i];

        for (size_t k = 0; k < file->n_orders; k++) {
            if (!file->orders[k]->is_over && str_eq(file->orders[k]->certificate, certificate)) {
                return file->orders[k];
            }
        }
    }
    return NULL;
}

struct journal_entry *journal_next(struct journal *journal, size_t *cursor)
{
    size_t index = *cursor;

    for (size_t i = 0; i < journal->n_files; i++) {
        struct journal_file *file = journal->files[i];

        if (index >= file->n_entries) {
            index -= file->n_entries;
            continue;
        }
        for (; index < file->n_entries; index++) {
            (*cursor)++;
            if (!file->entries[index]->is_removed) {
                return file->entries[index];
            }
        }
        index = 0;
    }
    return NULL;
}

struct journal_entry *journal_find_value(struct journal *journal, const char *provider,
                                         const char *owner, const char *value)
{
    size_t cursor = 0;
    struct journal_entry *entry = NULL;

    while ((entry = journal_next(journal, &cursor)) != NULL) {
        if (entry->kind == JOURNAL_ORDER && str_eq(entry->provider, provider) &&
            str_eq(entry->owner, owner) && str_eq(entry->value, value)) {
            return entry;
        }
    }
    return NULL;
}
