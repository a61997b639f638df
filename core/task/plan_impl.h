/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The inside of the plan: which certificates there are (plan.c), and what is to be done with one
 * (plan_judge.c). */
#ifndef TASK_PLAN_IMPL_H
#define TASK_PLAN_IMPL_H

#include "config/sections.h"
#include "config/standing.h"
#include "store/store_cert.h"
#include "task/deploy.h"
#include "task/plan.h"

/* What is known of one certificate while it is judged. */
struct plan_subject {
    struct plan_item *item;
    struct store *store;
    struct certificate_section section; /* filled if it is right by itself: standing_find() */
    enum standing standing;             /* of the section */
    struct err why;                     /* DISABLED, LOST */
    struct store_pairs request;
    bool has_request;
    bool is_request_readable; /* or not there */
    struct store_cert *cert;  /* NULL: not installed */
};

/* What is made when it is first asked for; NULL: not yet. */
struct plan_lookups {
    struct map *begun[2]; /* certificates whose orders can be gone on with, of each tree */
    struct prospects *prospects;
};

struct planner {
    struct task_env *env;
    struct trees *trees;
    const struct plan_request *request;
    struct plan *plan;
    struct standings *standings;
    struct deploy_common *common;
    struct map *known; /* names that are in the plan; to one of the next two */
    char is_real, is_trial;
    struct plan_lookups *lookups;
    char *last_ca; /* the CA that was looked up last, and whether it is for trials */
    bool is_last_ca_staging;
};

/* plan_publish.c: what would be ordered is broken if nobody can be meant to publish for it. */
void plan_check_publishers(const struct planner *planner, struct plan_subject *s);

/* Decides what is to be done with the subject's item. */
void plan_judge(const struct planner *planner, struct plan_subject *s);
/* It cannot be judged, and why. */
void plan_decide_broken(struct plan_subject *s, const struct err *err);
void plan_subject_done(struct plan_subject *s);

#endif
