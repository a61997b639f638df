/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The inside of the values, shared by values.c (the table and its uses), values_add.c,
 * values_held.c (one value a name) and values_remove.c (removals and what earlier runs left). */
#ifndef ORDER_VALUES_IMPL_H
#define ORDER_VALUES_IMPL_H

#include "dns/gone.h"
#include "order/values.h"

enum value_state {
    VALUE_HELD,
    VALUE_ADDING,
    VALUE_PRESENT,
    VALUE_FAILED, /* not added; may stand all the same if entry is not NULL */
    VALUE_REMOVING,
    VALUE_CHECKING, /* removed; the servers are being asked */
    VALUE_GONE,
    VALUE_LEFT, /* could not be removed: the journal keeps it */
};

struct value_use {
    struct value *value;
    value_published_fn *published;
    void *arg;
    struct loop_timer *telling;
};

/* Asks the servers for several values of one owner at once; each of them points to it. */
struct value_question {
    struct values *values;
    struct dns_gone *gone;
};

struct value {
    struct values *values;
    struct provider *provider;
    char *owner, *zone, *text;
    char *certificate, *identifier, *token, *key_authorization;
    bool is_wildcard, is_unwatched;
    int64_t lease_until_s;
    struct dns_place *place; /* or NULL */
    enum value_state state;
    struct value_use **uses;
    size_t n_uses, cap_uses;
    bool is_kept;          /* without uses, and to stand for a later run */
    bool is_spared;        /* was to go, and is left to somebody else */
    bool is_left_standing; /* was to go, and its provider does not take it away */
    struct provider_job *job;
    struct value_question *question;
    bool was_known;              /* an entry was there before this add */
    struct journal_entry *entry; /* NULL: never handed to the provider, or known to be gone */
    unsigned n_removals;
    int64_t held_since_ms;      /* 0: not */
    const struct value *holder; /* while held; NULL: another run */
    struct err err;             /* why FAILED or LEFT */
};

struct idle_waiter {
    char *certificate; /* NULL: all values */
    values_settled_fn *done;
    void *arg;
};

/* An entry that the sweep could not even hand to a provider. */
struct lost_entry {
    const struct journal_entry *entry;
    struct err err;
};

struct values {
    struct loop *loop;
    struct provider_set *set;
    struct journal *journal;
    struct dns *dns;
    struct value **items;
    size_t n, cap;
    struct provider **touched; /* have queued changes that may go at the end of this turn */
    size_t n_touched, cap_touched;
    struct loop_timer *flush;
    struct loop_timer *idle_check;
    struct idle_waiter *waiters;
    size_t n_waiters, cap_waiters;
    struct strv claims;            /* certificates */
    bool has_swept_rest;           /* what is claimed for nobody */
    struct loop_timer *held_check; /* while any is held */
    int64_t held_max_ms;
    struct value_question **questions;
    size_t n_questions, cap_questions;
    size_t n_removed, n_handed_over;
    struct strv told_standing; /* providers that take nothing away */
    struct lost_entry *lost;
    size_t n_lost, cap_lost;
};

/* ---- values.c ---- */

struct value *value_find(struct values *values, const struct provider *provider, const char *owner,
                         const char *text);
struct value *value_new(struct values *values, struct provider *provider, const char *owner,
                        const char *zone, const char *text);
bool value_is_busy(const struct value *v);
bool value_is_at(const struct value *v, const struct provider *provider, const char *owner);
/* Nobody wants it any more, unless a later run is to find it. */
bool value_is_unwanted(const struct value *v);
void value_take_wish(struct value *v, const struct value_wish *wish);

/* It came to rest: those that it held may go, and perhaps all are idle. */
void value_rest(struct value *v, enum value_state state);
/* The second half of that. */
void values_settle(struct values *values);

/* ---- values_add.c ---- */

void value_submit(struct value *v, enum provider_verb verb, provider_done_fn *done);
void value_start_add(struct value *v);

/* Through the loop, one by one: a callback may release any use, its own included. */
void value_tell_users(struct value *v);

/* What runs have left at this place is this value: no second entry for it. NULL: there is none. */
struct journal_entry *value_find_known(const struct value *v);

/* The value is known not to stand any more, whichever entries name it. */
void value_forget(struct value *v);

/* For the journal: what v is. Borrows from it. */
struct journal_entry value_describe(const struct value *v);

/* Who keeps a value for longer is stuck, or waits for us somewhere else. */
#define VALUES_HELD_MAX_MS 600000

/* ---- values_held.c: of providers that hold one value a name ---- */

/* The value of this run that keeps v from being added, or NULL. */
const struct value *value_find_holder(const struct value *v);
/* Another run has one there; it would be lost. */
bool value_is_taken_elsewhere(const struct value *v);
/* Another is leased there, which may last for hours: v->err says so. */
bool value_is_leased(struct value *v);

/* v waits, or fails when it has waited for too long. holder NULL: another run. */
void value_give_way(struct value *v, const struct value *holder);
/* Those that wait try again. */
void values_wake_held(struct values *values);

/* ---- values_remove.c ---- */

void value_start_remove(struct value *v);

/* Before a removal is sent: does somebody else count on the value? */
bool value_is_needed(struct value *v);

void questions_free(struct values *values);

#endif
