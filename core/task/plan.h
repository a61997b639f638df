/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Which certificates there are, in the configuration and in STATE, and what an unattended run does
 * with each, and why. Asks nobody and changes nothing.
 *
 *     section   request.conf
 *     right     any              the section counts, then what a command said
 *     wrong     there            renewed as request.conf says, with a warning
 *     wrong     not there        broken
 *     none      a command's      as the command said
 *     none      of a section     left as it is: the section was taken away
 */
#ifndef TASK_PLAN_H
#define TASK_PLAN_H

#include "task/trees.h"

enum plan_action {
    PLAN_NOTHING, /* nothing is due */
    PLAN_ISSUE,   /* not there yet */
    PLAN_REISSUE, /* names were added */
    PLAN_RENEW,   /* due */
    PLAN_RESUME,  /* an order was begun */
    PLAN_DEPLOY,  /* hooks are to be run, no order */
    PLAN_KEEP,    /* what its section says is to be remembered, no order */
    PLAN_ASK,     /* not due by what is known; its CA is asked when to renew it */
    PLAN_WAIT,    /* due, but not to be tried yet */
    PLAN_LEAVE,   /* not ours to touch: revoked, taken out of the configuration, a trial */
    PLAN_BROKEN,  /* cannot be judged, or not be issued */
};

struct plan_item {
    char *name;
    bool is_staging;
    bool is_disabled;     /* its section is wrong: renewed as it was */
    bool is_request_lost; /* request.conf cannot be used: renewed as the one in force is */
    bool is_new_owner;    /* the configuration takes over from what a command said */
    bool wants_trial;     /* it failed to validate: first at its CA's staging partner */
    bool has_been_told;   /* somebody was told that it fails, and not yet of its recovery */
    bool is_urgent;       /* due and not to be put off: in danger, or its CA hurries it */
    bool is_hidden;       /* the real one of a name whose section is for trials */
    bool is_paced;        /* WAIT, so that not all come to the CA at once */
    enum plan_action action;
    char *why;            /* for people; NULL where the action says it all */
    enum err_class class; /* BROKEN, with why */
    int64_t not_after_s;  /* 0: not installed */
    int64_t due_s;        /* 0: not known, or now */
    int64_t danger_s;     /* when it is late; 0: not installed, or cannot be judged */
    int64_t interval_s;   /* from one renewal to the next; 0: likewise */
    int64_t failed_s;     /* when its last try failed; 0: it did not */
};

struct plan {
    struct plan_item *items; /* by name, those for trials last */
    size_t n, cap;
};

struct plan_request {
    const struct strv *names; /* only these; all must be known. NULL or empty: all */
    bool is_renewal;          /* no first issue */
    bool is_forced;           /* whatever the dates say */
    bool is_scheduled;        /* no trials */
    bool is_deploy_left;
    bool is_trial; /* a trial of all that could be ordered */
};

void plan_done(struct plan *plan);

/* ERR_CONFIG: a name that nobody knows. */
int plan_make(struct task_env *env, struct trees *trees, const struct plan_request *request,
              struct plan *ret_plan, struct err *err);

/* The order in which a run with fewer orders than it would like takes them: the nearest end first,
 * and those whose last try failed by turns with the others. */
void plan_sort(struct plan *plan);

/* Leaves renewals that can wait to the next runs, from the last in the plan on, if more are due
 * than usual for a run that comes gap_s after the one before; 0: not known, nothing is left. */
void plan_pace(struct plan *plan, int64_t gap_s, int64_t now_s);

/* Whether it takes an order. */
bool plan_is_order(enum plan_action action);

/* "renew", "wait", ...: for tables and JSON. */
const char *plan_action_name(enum plan_action action);

#endif
