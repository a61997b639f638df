/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Who is to publish for what would be ordered: a plan that says "issue" of what the run then
 * refuses is none. */
#include "task/plan_impl.h"

#include "base/mem.h"
#include "task/prospects.h"

/* As the order would have them. */
static void find_names(const struct plan_subject *s, struct strv *names)
{
    const char *asked_for = store_pairs_find(&s->request, "domains");

    if (s->standing == STANDING_GOOD) {
        strv_copy(names, &s->section.domains);
    } else if (asked_for != NULL) {
        strv_add_split(names, asked_for, ",");
    } else if (s->cert != NULL) {
        strv_copy(names, &s->cert->domains);
    }
}

void plan_check_publishers(const struct planner *planner, struct plan_subject *s)
{
    const struct prospects_subject subject = {
        .cert = s->cert, .standing = s->standing, .section = &s->section, .request = &s->request};
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct err err = ERR_INIT;

    if (planner->lookups->prospects == NULL) {
        planner->lookups->prospects = prospects_new(planner->env);
    }
    find_names(s, &names);
    if (prospects_check(planner->lookups->prospects, &subject, &names, &err) < 0) {
        plan_decide_broken(s, &err);
    }
}
