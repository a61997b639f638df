/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/plan.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/settings.h"
#include "config/standing.h"
#include "store/store_cert.h"
#include "task/ca_choice.h"
#include "task/deploy.h"
#include "task/renewal.h"
#include "task/wanted.h"

#include <stdlib.h>
#include <string.h>

/* What is known of one certificate while it is judged. */
struct subject {
    struct plan_item *item;
    struct store *store;
    struct certificate_section section;
    enum standing standing; /* of the section */
    struct err why;         /* DISABLED, LOST */
    struct store_pairs request;
    bool has_request;
    struct store_cert *cert; /* NULL: not installed */
};

struct planner {
    struct task_env *env;
    struct trees *trees;
    const struct plan_request *request;
    struct plan *plan;
    struct standings *standings;
    struct deploy_common *common;
    struct map *known; /* names that are in the plan */
    char *last_ca;     /* the CA that was looked up last, and whether it is for trials */
    bool is_last_ca_staging;
};

void plan_done(struct plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        mem_free(plan->items[i].name);
        mem_free(plan->items[i].why);
    }
    mem_free(plan->items);
}

bool plan_is_order(enum plan_action action)
{
    return action == PLAN_ISSUE || action == PLAN_REISSUE || action == PLAN_RENEW ||
           action == PLAN_RESUME;
}

const char *plan_action_name(enum plan_action action)
{
    static const char *const NAMES[] = {
        [PLAN_NOTHING] = "nothing", [PLAN_ISSUE] = "issue",   [PLAN_REISSUE] = "reissue",
        [PLAN_RENEW] = "renew",     [PLAN_RESUME] = "resume", [PLAN_DEPLOY] = "deploy",
        [PLAN_KEEP] = "remember",   [PLAN_WAIT] = "wait",     [PLAN_LEAVE] = "leave",
        [PLAN_BROKEN] = "broken",
    };

    return NAMES[action];
}

/* ---- Judging one ---- */

/* why is taken. */
static void decide(struct subject *s, enum plan_action action, char *take_why)
{
    mem_free(s->item->why);
    s->item->why = take_why;
    s->item->action = action;
}

static void decide_broken(struct subject *s, const struct err *err)
{
    decide(s, PLAN_BROKEN, str_dup(err->text));
    s->item->class = err->class;
}

static bool was_configured(const struct subject *s)
{
    return store_pairs_find(&s->request, STORE_REQUEST_CONFIGURED) != NULL;
}

/* What the configuration has and the certificate has not: "b.example, c.example"; or NULL. */
static char *find_added_names(const struct subject *s)
{
    AUTO(strv_done) struct strv added = STRV_INIT;

    for (size_t i = 0; s->standing == STANDING_GOOD && i < s->section.domains.n; i++) {
        if (!strv_has(&s->cert->domains, s->section.domains.items[i])) {
            strv_add(&added, s->section.domains.items[i]);
        }
    }
    return added.n == 0 ? NULL : strv_join(&added, ", ");
}

static bool is_request_stale(const struct subject *s)
{
    return s->standing == STANDING_GOOD && !wanted_is_kept(&s->section, &s->request);
}

static bool has_begun(const struct subject *s)
{
    AUTO(strv_done) struct strv tags = STRV_INIT;
    struct err ignored = ERR_INIT;

    return store_pending_key_list(s->store, s->item->name, &tags, &ignored) == 0 && tags.n > 0;
}

static bool needs_deploy(const struct planner *planner, const struct subject *s)
{
    AUTO(deploy_plan_done) struct deploy_plan plan = DEPLOY_PLAN_INIT;
    struct err ignored = ERR_INIT; /* told when they are to be run */

    return !planner->request->is_deploy_left &&
           deploy_plan_find(planner->common, s->store, s->item->name, &plan, &ignored) == 0 &&
           deploy_is_pending(s->store, s->cert, &plan);
}

/* "not before 2026-11-21T22:51:00Z: words" */
static char *explain_wait(int64_t until_s, const char *words)
{
    char until[CLOCK_TEXT_MAX];

    clock_format(until_s, until);
    return str_fmt("not before %s: %s", until, words);
}

/* It would be ordered, but for what the CA has said, or what failed before. */
static void hold_back(const struct planner *planner, struct subject *s,
                      const struct renewal_verdict *verdict)
{
    if (!plan_is_order(s->item->action) || s->item->action == PLAN_RESUME) {
        return;
    }
    if (verdict->limited_s > 0) {
        decide(s, PLAN_WAIT,
               explain_wait(verdict->limited_s, verdict->limit_text == NULL
                                                    ? "the CA has asked to be spared"
                                                    : verdict->limit_text));
    } else if (verdict->retry_s > 0 && planner->request->is_scheduled &&
               !planner->request->is_forced) {
        decide(s, PLAN_WAIT,
               explain_wait(verdict->retry_s, verdict->kept.error == NULL ? "it failed before"
                                                                          : verdict->kept.error));
    }
}

static int64_t choose_margin(const struct planner *planner, const struct subject *s)
{
    const struct settings *settings = planner->env->settings;
    const struct margin *margin = &settings->renew_before;
    const char *kept = store_pairs_find(&s->request, "renew-before");
    struct margin parsed = {.ms = 0};

    if (s->standing == STANDING_GOOD && !margin_is_unsaid(&s->section.renew_before)) {
        margin = &s->section.renew_before;
    } else if (kept != NULL && margin_parse(kept, &parsed)) {
        margin = &parsed;
    }
    return margin_seconds(margin, s->cert->not_after_s - s->cert->not_before_s);
}

static void judge_dates(const struct planner *planner, struct subject *s,
                        const struct renewal_verdict *verdict)
{
    AUTO_FREE char *added = find_added_names(s);

    if (planner->request->is_forced) {
        decide(s, PLAN_RENEW, str_dup("--force"));
    } else if (added != NULL && !planner->request->is_renewal) {
        decide(s, PLAN_REISSUE, str_fmt("the configuration adds %s", added));
    } else if (verdict->is_clock_behind) {
        decide(s, PLAN_WAIT,
               str_dup("this computer's clock is behind: the certificate is not valid yet by it"));
    } else if (verdict->is_due) {
        decide(s, PLAN_RENEW, renewal_explain(verdict));
    }
}

static void judge_installed(const struct planner *planner, struct subject *s)
{
    AUTO(renewal_verdict_done) struct renewal_verdict verdict = {.is_due = false};
    const struct renewal_subject subject = {
        .name = s->item->name,
        .cert = s->cert,
        .renew_before_s = choose_margin(planner, s),
    };

    renewal_judge(s->store, &subject, clock_wall_s(), &verdict);
    s->item->not_after_s = s->cert->not_after_s;
    s->item->due_s = verdict.due.at_s;
    s->item->wants_ari = verdict.wants_ari;
    if (verdict.warning != NULL) {
        event_log(EVENT_WARNING, s->item->name, "%s", verdict.warning);
    }
    judge_dates(planner, s, &verdict);
    hold_back(planner, s, &verdict);
    if (s->item->action != PLAN_NOTHING) {
        return;
    }
    if (has_begun(s)) {
        decide(s, PLAN_RESUME, str_dup("an order was begun and not ended"));
    } else if (needs_deploy(planner, s)) {
        decide(s, PLAN_DEPLOY, str_dup("hooks failed, or were not run yet"));
    } else if (is_request_stale(s)) {
        decide(s, PLAN_KEEP, str_dup("its section has changed"));
    }
}

static void judge_absent(const struct planner *planner, struct subject *s)
{
    AUTO(renewal_verdict_done) struct renewal_verdict verdict = {.is_due = false};
    const struct renewal_subject subject = {.name = s->item->name};

    if (store_cert_is_retired(s->store, s->item->name)) {
        decide(s, PLAN_LEAVE,
               str_fmt("it was revoked: acme-dns issue --force --name %s brings it back",
                       s->item->name));
    } else if (has_begun(s)) {
        decide(s, PLAN_RESUME, str_dup("an order was begun and not ended"));
    } else if (planner->request->is_renewal) {
        decide(s, PLAN_LEAVE, str_dup("not issued yet: acme-dns process does that"));
    } else {
        decide(s, PLAN_ISSUE, NULL);
        renewal_judge(s->store, &subject, clock_wall_s(), &verdict);
        hold_back(planner, s, &verdict);
    }
}

/* Without a right section. False: that says it all. */
static bool judge_owner(struct subject *s)
{
    bool is_wrong =
        s->standing == STANDING_DISABLED || (s->standing == STANDING_LOST && was_configured(s));

    if (s->standing == STANDING_DISABLED && !s->has_request) {
        decide_broken(s, &s->why);
        return false;
    }
    if (!is_wrong && was_configured(s)) {
        decide(s, PLAN_LEAVE,
               str_fmt("its section was taken out of the configuration: acme-dns adopt %s shows "
                       "it, acme-dns delete %s removes the certificate",
                       s->item->name, s->item->name));
        return false;
    }
    s->item->is_disabled = is_wrong;
    return true;
}

static void judge(const struct planner *planner, struct subject *s)
{
    struct err err = ERR_INIT;
    int code = store_request_load(s->store, s->item->name, &s->request, &err);

    s->has_request = code == 0;
    if (code < 0 && code != -ERR_NOT_FOUND && s->standing != STANDING_GOOD) {
        decide_broken(s, &err);
        return;
    }
    if (planner->request->is_scheduled && s->item->is_staging) {
        decide(s, PLAN_LEAVE, str_dup("a trial: --scheduled leaves it alone"));
        return;
    }
    if (s->standing != STANDING_GOOD && !judge_owner(s)) {
        return;
    }
    s->item->is_new_owner = s->standing == STANDING_GOOD && s->has_request && !was_configured(s);
    err_clear(&err);
    code = store_cert_load(s->store, s->item->name, &s->cert, &err);
    if (code == -ERR_MALFORMED) {
        decide(s, PLAN_RENEW, str_dup(err.text)); /* what is damaged serves nobody */
    } else if (code == 0 && !store_cert_has_key(s->store, s->cert)) {
        decide(s, PLAN_RENEW, str_dup("its private key is gone"));
    } else if (code == 0) {
        judge_installed(planner, s);
    } else if (code == -ERR_NOT_FOUND) {
        judge_absent(planner, s);
    } else {
        decide_broken(s, &err);
    }
}

static void subject_done(struct subject *s)
{
    certificate_section_done(&s->section);
    store_pairs_done(&s->request);
    store_cert_free(s->cert);
}

/* ---- Which there are ---- */

/* Whether it is for trials, by its section, its CA, or in general. */
static int find_tree(struct planner *planner, const struct certificate_section *section,
                     bool *ret_is_staging, struct err *err)
{
    const struct settings *settings = planner->env->settings;
    const char *spec = section->server != NULL ? section->server
                       : section->ca != NULL   ? section->ca
                                               : settings->ca;
    bool is_wanted =
        section->staging == ANSWER_NONE ? settings->is_staging : section->staging == ANSWER_YES;
    AUTO_PTR(ca) struct ca *ca = NULL;

    if (!is_wanted && !str_eq(spec, planner->last_ca)) {
        if (ca_choice_make(planner->env->config, spec, &ca, err) < 0) {
            return err_code(err);
        }
        str_set(&planner->last_ca, spec);
        planner->is_last_ca_staging = ca->is_staging;
    }
    *ret_is_staging = is_wanted || planner->is_last_ca_staging;
    return 0;
}

static bool is_asked_for(const struct planner *planner, const char *name)
{
    const struct strv *names = planner->request->names;

    return names == NULL || names->n == 0 || strv_has(names, name);
}

/* Adds it and judges it; section: NULL if STATE alone knows it. */
static int add(struct planner *planner, const char *name, const struct config_section *section,
               bool is_staging, struct err *err)
{
    struct plan_item item = {.name = str_dup(name), .is_staging = is_staging};
    AUTO(subject_done) struct subject s = {.request = STORE_PAIRS_INIT};

    map_set(planner->known, name, planner);
    s.item = &item;
    s.standing = standing_find(planner->standings, name, &s.why);
    if (s.standing == STANDING_GOOD &&
        (certificate_section_read(section, &s.section, &s.why) < 0 ||
         find_tree(planner, &s.section, &item.is_staging, &s.why) < 0)) {
        s.standing = STANDING_DISABLED;
    }
    if (trees_get(planner->trees, item.is_staging, &s.store, err) < 0) {
        mem_free(item.name);
        return err_code(err);
    }
    judge(planner, &s);
    VEC_PUSH(planner->plan->items, planner->plan->n, planner->plan->cap) = item;
    return 0;
}

static int add_configured(struct planner *planner, struct err *err)
{
    const struct config_section *section = NULL;

    while ((section = config_section_next(planner->env->config, "certificate", section)) != NULL) {
        if (certificate_name_is_valid(section->name) && is_asked_for(planner, section->name) &&
            map_find(planner->known, section->name) == NULL &&
            add(planner, section->name, section, planner->env->settings->is_staging, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

/* Trials of commands are theirs to repeat, unless all of this run is one. */
static int add_remembered(struct planner *planner, struct err *err)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct store *store = NULL;
    bool is_staging = planner->env->settings->is_staging;

    if (trees_get(planner->trees, is_staging, &store, err) < 0 ||
        store_cert_list(store, &names, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < names.n; i++) {
        if (is_asked_for(planner, names.items[i]) &&
            map_find(planner->known, names.items[i]) == NULL &&
            add(planner, names.items[i], NULL, is_staging, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

static int check_names(const struct planner *planner, struct err *err)
{
    const struct strv *names = planner->request->names;

    for (size_t i = 0; names != NULL && i < names->n; i++) {
        if (map_find(planner->known, names->items[i]) == NULL) {
            (void)err_set(err, ERR_CONFIG, "there is no certificate '%s'", names->items[i]);
            return err_hint(err, "'acme-dns list' shows those that there are; a new one is made by "
                                 "'acme-dns issue', or by a section and 'acme-dns process'");
        }
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct plan_item *x = a;
    const struct plan_item *y = b;

    return x->is_staging != y->is_staging ? (x->is_staging ? 1 : -1) : strcmp(x->name, y->name);
}

int plan_make(struct task_env *env, struct trees *trees, const struct plan_request *request,
              struct plan *ret_plan, struct err *err)
{
    struct plan plan = {.items = NULL};
    struct planner planner = {
        .env = env,
        .trees = trees,
        .request = request,
        .plan = &plan,
        .standings = standings_new(env->config, env->settings),
        .common = deploy_common_new(env),
        .known = map_new(),
    };
    int code = 0;

    if (add_configured(&planner, err) < 0 || add_remembered(&planner, err) < 0 ||
        check_names(&planner, err) < 0) {
        code = err_code(err);
        plan_done(&plan);
    } else {
        if (plan.n > 0) {
            qsort(plan.items, plan.n, sizeof(plan.items[0]), compare);
        }
        *ret_plan = plan;
    }
    map_free(planner.known);
    deploy_common_free(planner.common);
    standings_free(planner.standings);
    mem_free(planner.last_ca);
    return code;
}
