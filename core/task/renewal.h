/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Whether a certificate is to be renewed now, and what is remembered of earlier tries: the glue
 * between order/due.h, which reckons, and store/store_renewal.h, which keeps. No network but in
 * renewal_ask.h.
 *
 * The share that due.h wants is not kept on disk: it is the certificate's fingerprint, which is as
 * random, does not change, and cannot be lost.
 */
#ifndef TASK_RENEWAL_H
#define TASK_RENEWAL_H

#include "acme/problem.h"
#include "order/due.h"
#include "store/store_cert.h"
#include "store/store_renewal.h"
#include "task/task.h"

struct certificate_section;
struct settings;

/* Borrowed. */
struct renewal_subject {
    const char *name;
    const struct store_cert *cert; /* installed; NULL: nothing is */
    int64_t renew_before_s;        /* 0: not set */
    /* Where the next order would go, and for what: whether the CA has asked to be spared. NULL: as
     * the certificate says. */
    const char *directory_url;
    const char *account_id;
    const struct strv *names;
};

struct renewal_verdict {
    bool is_due;          /* or nothing is installed */
    bool is_in_danger;    /* half of the time for renewing is gone; or it is over */
    bool is_clock_behind; /* this clock is wrong: nothing is due by it */
    bool wants_ari;       /* renewal_ask_start() should be called before one goes by this */
    bool wants_staging;   /* the last try failed to validate: try the CA's staging partner first */
    struct due due;       /* with a certificate */
    int64_t retry_s; /* scheduled runs leave it alone until then, after failures; 0: they do not */
    int64_t limited_s; /* nobody may order until then, --force or not: the CA said so; 0: free */
    char *limit_text;  /* the CA's words */
    struct store_renewal kept;
    char *warning; /* NULL, or what cannot be read of what is kept, to show */
};

/* renew-before as it is in force without a command line: of the certificate's section (NULL: there
 * is none, or it is wrong), else as the last command was told (request.conf, empty: none), else the
 * general one. For a certificate of that lifetime; 0: none. */
int64_t renewal_choose_margin(const struct settings *settings,
                              const struct certificate_section *section,
                              const struct store_pairs *request, int64_t lifetime_s);

/* Always ends with a verdict: what cannot be read counts as not there. */
void renewal_judge(struct store *store, const struct renewal_subject *subject, int64_t now_s,
                   struct renewal_verdict *ret_verdict);
void renewal_verdict_done(struct renewal_verdict *verdict);

/* Why it is renewed when it is, and what stands in the way, for people: "the CA suggests it (ARI);
 * not before 2026-11-21T22:51:00Z, after 3 failures". To mem_free. */
char *renewal_explain(const struct renewal_verdict *verdict);

/* ---- What came of a try. By whoever holds the certificate's lock. ---- */

/* before: what was installed when it began, or NULL. Forgets failures; what failure hooks were told
 * stays, for them to tell the recovery. */
int renewal_note_success(struct store *store, const struct store_cert *before,
                         const struct store_cert *after, int64_t now_s, struct err *err);

struct renewal_failure {
    const struct err *why;
    bool is_validation; /* the CA looked and did not find what it wanted */
};

/*
 * Keeps it, and from when on scheduled runs may try again. Where another try costs nobody anything,
 * or somebody has to act first (configuration, a human), it is kept without a wait; another run's
 * lock and a signal are no failures. cert: what is installed, or NULL.
 */
int renewal_note_failure(struct store *store, const char *name, const struct store_cert *cert,
                         const struct renewal_failure *failure, int64_t now_s, struct err *err);

/* The try at the staging partner went well: the next goes to the CA itself. */
int renewal_note_trial(struct store *store, const char *name, struct err *err);

/* ---- What the CA has asked to be spared ---- */

struct renewal_order {
    const char *directory_url;
    const char *account_id;
    const struct strv *names;
    /* What it is to replace is: then a limit is obeyed for hours at a time and not for weeks, since
     * who asks too early is told so, and who never asks lets it expire. */
    bool is_in_danger;
};

/* Before an order: ERR_LATER with the CA's words and retry_after_s while it may not be made. */
int renewal_check_limits(struct store *store, const struct renewal_order *order, int64_t now_s,
                         struct err *err);

/* A limit, by the CA's own word: who has to wait for its end has not failed. */
bool renewal_is_limited(const struct acme_problem *problem);

/* After a refusal: keeps it if it is a limit, for all orders of the account or for those of these
 * names. retry_after_s: -1 or 0 when the CA did not say. */
int renewal_note_limit(struct store *store, const struct renewal_order *order,
                       const struct acme_problem *problem, int64_t retry_after_s, int64_t now_s,
                       struct err *err);

/* ---- RFC 9773 ---- */

/* How a certificate that is installed is called there, to mem_free; NULL when it cannot be. */
char *renewal_certificate_id(struct store *store, const struct store_cert *cert);

/* The certificate that such an order replaces (section 5), to mem_free; NULL when it is another
 * CA's or account's, or has no name in common. */
char *renewal_replaces(struct store *store, const struct store_cert *before,
                       const struct renewal_order *order);

#endif
