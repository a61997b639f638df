/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns issue: one certificate, from its names to the files on disk. */
#ifndef TASK_ISSUE_H
#define TASK_ISSUE_H

#include "task/eab.h"
#include "task/task.h"

/* What the command line said; what it did not say is NULL, empty or false, and comes from
 * request.conf, the configuration, or the defaults. Strings are borrowed until the task returns. */
struct issue_request {
    struct strv domains;        /* as typed: comma lists, any case, U-labels */
    const char *name;           /* --name */
    struct strv providers;      /* --provider: "P" or "ZONE=P" */
    const char *server;         /* --server: a directory URL */
    const char *ca;             /* --ca: a preset or a [ca] section */
    bool is_staging;            /* --staging */
    const char *email;          /* -m */
    bool has_agreed_tos;        /* --agree-tos */
    const char *key_type;       /* --key-type */
    const char *profile;        /* --profile */
    struct eab_flags eab;       /* --eab-kid, --eab-hmac-key-file, --eab-alg */
    struct strv allow_aliases;  /* --allow-alias: zones */
    struct strv deploy_hooks;   /* --deploy-hook: command lines */
    bool is_forced;             /* --force: issue now, whatever order waits */
    bool is_expanding;          /* --expand: the union of old and new names, now */
    bool is_replacing;          /* --replace: exactly these names, now */
    bool is_unchanged_told;     /* --exit-unchanged: 2 when nothing was due */
    bool is_saving_credentials; /* what providers got from the environment goes to files */
    /* The names are what the configuration has: an added one counts now, one that was taken out
     * from the next renewal on. */
    bool is_following;
    /* Its section, or what that leads to, is wrong: as request.conf has it. */
    bool is_set_aside;
    bool is_request_lost; /* request.conf cannot be used: as the certificate in force says */
    bool is_renewal; /* an added name waits for the renewal, and so does all that is not there */
    bool is_trial;   /* the whole order at the staging partner; only the account is kept */
    bool is_deploy_left; /* deploy hooks are another run's */
    bool is_impatient;   /* a certificate that another run has locked is left to it */
};

/*
 * Issues unless nothing is due. Events: EVENT_ORDER and EVENT_NAME as it goes, EVENT_SERVERS while
 * waiting for DNS, EVENT_INSTALLED at the end, and one EVENT_RESULT whose subject is the
 * certificate, with exit=, class=, text= (the error, or what was done), and on success path=,
 * not-after=, renew-after= (both RFC 3339), next= (what happens next, one sentence) and state=
 * "issued", "unchanged" or "remembered". What would keep a renewal from working comes as EVENT_LOG
 * at EVENT_WARNING before it.
 */
enum task_exit task_issue(struct task_env *env, const struct issue_request *request);

#endif
