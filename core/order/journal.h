/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What this program has put into the DNS and begun at a CA, on disk before it happens, so that a
 * run that was killed can be undone and gone on with by the next.
 *
 * Each run has one file, STATE/journal/RUN, locked for the run's life; a run that finds such a file
 * with its lock free knows that nobody of that run is left, takes the lock, and owns what the file
 * says. Nothing is copied between files: what becomes of an entry is written where the entry
 * stands. A file with nothing left in it goes away.
 *
 * A file is lines of JSON, one a record. Only appended to; a torn last line is what a crash left of
 * a record that did not take effect.
 */
#ifndef ORDER_JOURNAL_H
#define ORDER_JOURNAL_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;
struct journal_file;

enum journal_kind {
    JOURNAL_ORDER,     /* belongs to an order: removed when the run that made it is gone */
    JOURNAL_LEASE,     /* somebody's for a time: removed after until_s */
    JOURNAL_PERMANENT, /* a record meant to stay: never removed by us */
};

/* A value that may stand in the DNS because of us. Owned by the journal, at a fixed address. */
struct journal_entry {
    struct journal_file *file; /* set by the journal */
    char *id;                  /* "RUN.7", for people; set by the journal */
    enum journal_kind kind;
    char *certificate; /* NAME, or "" */
    char *provider;    /* instance */
    char *owner;       /* where the value stands, CNAMEs followed; with a dot at the end */
    char *zone;        /* with a dot at the end */
    char *identifier;  /* whose challenge it is */
    char *value;
    char *receipt; /* or NULL */
    size_t receipt_len;
    int64_t until_s;
    bool is_awaited; /* a person was asked for it: stays while its order can be gone on with */
    bool is_leaving; /* its run does not count on it any more, and may be removing it */
    bool is_removed;
    bool is_adopted; /* left by a run that is gone */
};

/* An order that was begun. Owned by the journal. */
struct journal_order {
    struct journal_file *file;
    char *certificate;
    char *directory; /* the CA's directory URL */
    char *account;   /* the account's URL */
    char *url;       /* the order's URL; NULL: newOrder was sent, its answer is not known */
    char *key_tag;   /* of the key in pending/ */
    char *profile;   /* asked for, or NULL */
    struct strv names;
    int64_t expires_s; /* 0: not known */
    int64_t parked_s;  /* since when the CA keeps us waiting; 0: it does not */
    bool is_over;
};

/* What a run has come for, in the files of runs that are gone. */
struct journal_scope {
    const char *certificate; /* whose order it may go on with; or NULL */
};

/*
 * Opens this run's file in dir. Takes over every file whose run is gone; where scope is not NULL it
 * leaves those alone that hold only what is not its to end: leases in force, permanent
 * records, orders of other certificates that their next run can go on with. Files that cannot be
 * read, or were written by a newer release, are left alone and named in *ret_warnings.
 */
int journal_open(const char *dir, const char *command, const struct journal_scope *scope,
                 struct journal **ret_journal, struct strv *ret_warnings, struct err *err);

/* Removes files with nothing left in them and lets the others go. */
void journal_close(struct journal *journal);

/* The descriptor that carries this run's lock, for workers to inherit: the lock ends with the last
 * of them. Stays the journal's. */
int journal_lock_fd(const struct journal *journal);

/* Writes the intent to add these values: one append, one fdatasync. Entries are copied; ret_entries
 * gets where they live. Called before the provider is. */
int journal_add_intents(struct journal *journal, const struct journal_entry *entries, size_t n,
                        struct journal_entry **ret_entries, struct err *err);

/* Keeps a provider's receipt. Not synced: removal works without it. */
int journal_set_receipt(struct journal_entry *entry, const void *bytes, size_t len,
                        struct err *err);

/* The value is gone, or not ours any more. Not synced: removing twice does no harm. */
int journal_mark_removed(struct journal_entry *entry, struct err *err);

/* Writes an order's record, synced; a later record of the same certificate in the same run replaces
 * it. The record is copied; a pointer to ours is returned by journal_find_order. */
int journal_put_order(struct journal *journal, const struct journal_order *order, struct err *err);
int journal_end_order(struct journal_order *order, struct err *err);
struct journal_order *journal_find_order(struct journal *journal, const char *certificate);

/* The next run of its certificate can go on with it. */
bool journal_order_is_resumable(const struct journal_order *order);

/* Whether the journal of a run that is alive names this pending key of the certificate. */
bool journal_key_is_needed(const struct journal *journal, const char *certificate,
                           const char *key_tag);

/* Calls seen() for every order that is not over, of any run, alive or not; borrowed during the
 * call. Nothing is locked or changed: for who only wants to know. */
typedef void journal_order_fn(void *arg, const struct journal_order *order);
void journal_list_orders(const char *dir, journal_order_fn *seen, void *arg);

/* Walks the entries that are not removed, adopted ones first; NULL at the end. */
struct journal_entry *journal_next(struct journal *journal, size_t *cursor);

/* An order's entry for this value that is not removed, or NULL. */
struct journal_entry *journal_find_value(struct journal *journal, const char *provider,
                                         const char *owner, const char *value);

/* Whether the entry may be removed now: its order is not parked for another certificate, and no
 * person is at work for it; its lease is over. */
bool journal_may_end(const struct journal_entry *entry, int64_t now_s);

/* The leases of this value for this identifier are over from now on, as far as this run is
 * concerned; their files are taken over for it. How many. *ret_holder, to mem_free, is the name of
 * a run that has such a file, if only to look at it for a moment: ask again. NULL: none has. */
size_t journal_end_leases(struct journal *journal, const char *identifier, const char *value,
                          char **ret_holder);

/* Another value that is leased at this owner through this provider, whichever file names it: "until
 * 2026-11-21T22:51:00Z, entry RUN.7", to mem_free; NULL without. */
char *journal_find_lease(const struct journal *journal, const char *provider, const char *owner,
                         const char *value);

/* Whether a run that is alive has another value at this owner through this provider, or had and has
 * not said yet that it is gone. */
bool journal_owner_is_taken(const struct journal *journal, const char *provider, const char *owner,
                            const char *value);

/* Whether another run counts on this value too. Says first, where that run reads it, that this one
 * does not any more: of two that ask at the same time, at least one is told no. */
bool journal_stands_elsewhere(const struct journal *journal, struct journal_entry *entry);

#endif
