/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* One journal file: its lock, its lines, and what they add up to; and the set of them that a run
 * holds. For the journal's own files only. */
#ifndef ORDER_JOURNAL_FILE_H
#define ORDER_JOURNAL_FILE_H

#include "base/buf.h"
#include "order/journal.h"

struct json_out;

#define JOURNAL_RECORDS_MAX ((size_t)16 << 20)
#define JOURNAL_LOCK_SUFFIX ".lock"

struct journal {
    char *dir;
    struct journal_file **files; /* this run's own comes last */
    size_t n_files, cap_files;
    struct strv kept_elsewhere; /* certificates with an order in a file that we left alone */
};

struct journal_file {
    char *path;
    char *run;                     /* the file's name */
    int fd;                        /* for appending; -1 for a file that is only looked at */
    int lock_fd;                   /* of RUN.lock, held; -1 likewise */
    const struct journal *journal; /* that holds it, or NULL */
    size_t whole_len;              /* of the lines that end; what stands behind them is torn */
    uint64_t last_number;
    bool is_adopted;
    int64_t format;     /* as it says; 0: not said */
    bool is_newer;      /* of a release after this one */
    bool has_surprises; /* lines that could not be read: the file is never deleted */
    struct journal_entry **entries;
    size_t n_entries, cap_entries;
    struct journal_order **orders;
    size_t n_orders, cap_orders;
};

/* Reads the file's lines into *ret_file, which has no descriptor yet. What a newer release wrote is
 * not understood beyond its first line: is_newer. */
int journal_file_load(const char *dir, const char *run, struct journal_file **ret_file,
                      struct err *err);
void journal_file_free(struct journal_file *file);

/* Opens the file for appending, behind its last whole line. */
int journal_file_open(struct journal_file *file, struct err *err);

/* Takes the lock of a run that is gone, or of one that begins; *ret_fd is -1 when somebody has it.
 */
int journal_lock_run(const char *path, int *ret_fd, struct err *err);

/* The journal before its lock: a lock without a journal is litter, a journal without a lock is not.
 */
void journal_unlink_run(const char *path);

/* Takes over, at the opening, what this run has come for; its own file is not there yet. */
void journal_adopt_all(struct journal *journal, const struct journal_scope *scope,
                       struct strv *warnings);

/* Reads the next of these runs' files (a listing of the folder) that this run does not hold, from
 * *at; to journal_file_free. NULL at the end. */
struct journal_file *journal_load_next(const struct journal *journal, const struct strv *runs,
                                       size_t *at);

/* Whether anything in it still has to be remembered. */
bool journal_file_is_needed(const struct journal_file *file);

/* Begins a record; ends it into lines. */
struct json_out *journal_record_new(const char *what);
void journal_record_end(struct json_out *record, struct buf *lines);

void journal_format_intent(const struct journal_entry *entry, uint64_t number, struct buf *lines);
void journal_format_order(const struct journal_order *order, struct buf *lines);

/* Appends whole lines in one write; is_synced: and waits until they are on the disk. */
int journal_file_append(struct journal_file *file, const struct buf *lines, bool is_synced,
                        struct err *err);

/* Appends a record, not synced, that says no more than which entry it is about. */
int journal_append_mark(const struct journal_entry *entry, const char *what, struct err *err);

void journal_entry_free(struct journal_entry *entry);
void journal_order_free(struct journal_order *order);

/* Adds an empty entry or order to the file. */
struct journal_entry *journal_file_add_entry(struct journal_file *file);
struct journal_order *journal_file_add_order(struct journal_file *file);

#endif
