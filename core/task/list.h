/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns list | show: what is installed and how it stands. Nothing is changed, nothing asked of
 * the network. */
#ifndef TASK_LIST_H
#define TASK_LIST_H

#include "store/store_cert.h"
#include "task/prospects.h"
#include "task/renewal.h"
#include "task/task.h"

/* Best first; from LIST_DANGER on somebody should look. */
enum list_health {
    LIST_GOOD,
    LIST_DUE,    /* to be renewed at the next occasion */
    LIST_ABSENT, /* asked for, not issued yet */
    LIST_DANGER, /* half of the time for renewing is gone */
    LIST_EXPIRED,
    LIST_DAMAGED, /* cannot be read, or its key is not there, another's, or open to others */
};

/* "good", "due", "absent", "danger", "expired", "damaged" */
const char *list_health_name(enum list_health health);

/* One certificate; all borrowed during the callback. */
struct list_row {
    const char *name;
    const char *path; /* of its folder */
    bool is_staging;
    enum list_health health;
    const struct store_cert *cert;    /* NULL: absent, or it cannot be read */
    const struct store_cert *revoked; /* with is_retired: the last one; NULL: it cannot be read */
    const struct strv *names;         /* the certificate's, or its order's; NULL: not known */
    const struct strv *providers;     /* with cert: who publishes for it when it is renewed */
    int64_t renew_after_s;            /* with cert */
    const char *renew_why; /* and what stands in the way; "" when there is nothing to say */
    const struct renewal_verdict *renewal; /* of one that cannot be read: as of an absent one */
    bool is_deploy_pending;                /* copies or hooks failed, or are still to come */
    const char *deploy_error;              /* why they failed the last time; NULL: they did not */
    unsigned prospects;  /* PROSPECT_: what keeps it from being renewed by itself */
    bool has_order;      /* the key of an order that has not ended lies there */
    bool is_retired;     /* with LIST_ABSENT: it was revoked, and only issue --force ends that */
    const char *trouble; /* why it is damaged, or what is wrong with its metadata; or NULL */
};
typedef void list_row_fn(void *arg, const struct list_row *row);

struct list_request {
    const char *name;    /* only this one, which must be there; NULL: all */
    bool is_judged;      /* EXIT_FAILED if somebody should look at one */
    const char *metrics; /* a file for a Prometheus node exporter, or NULL */
};

/* Calls seen() for each, by name, those of the staging tree last. */
enum task_exit task_list(struct task_env *env, const struct list_request *request,
                         list_row_fn *seen, void *arg);

/* Writes settings.metrics, if it is set, at the end of a command that may have changed something.
 * What keeps it from being written is warned of. */
void list_refresh_metrics(struct task_env *env);

#endif
