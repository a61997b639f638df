/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/plan_impl.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/settings.h"
#include "config/standing.h"
#include "store/store_cert.h"
#include "task/ca_choice.h"
#include "task/deploy.h"
#include "task/prospects.h"
#include "task/renewal.h"
#include "task/wanted.h"

#include <stdlib.h>
#include <string.h>

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
        [PLAN_KEEP] = "remember",   [PLAN_ASK] = "ask",       [PLAN_WAIT] = "wait",
        [PLAN_LEAVE] = "leave",     [PLAN_BROKEN] = "broken",
    };

    return NAMES[action];
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

/* Adds it and judges it. */
static int add(struct planner *planner, const char *name, bool is_staging, struct err *err)
{
    struct plan_item item = {.name = str_dup(name), .is_staging = is_staging};
    AUTO(plan_subject_done) struct plan_subject s = {.request = STORE_PAIRS_INIT};

    s.item = &item;
    s.standing = standing_find(planner->standings, name, &s.section, &s.why);
    if (s.standing == STANDING_GOOD &&
        find_tree(planner, &s.section, &item.is_staging, &s.why) < 0) {
        s.standing = STANDING_DISABLED;
    }
    map_set(planner->known, name, item.is_staging ? &planner->is_trial : &planner->is_real);
    if (trees_get(planner->trees, item.is_staging, &s.store, err) == 0) {
        plan_judge(planner, &s);
    } else if (item.is_staging != planner->env->settings->is_staging) {
        plan_decide_broken(&s, err); /* trials that cannot be read stop nothing else */
        err_clear(err);
    } else {
        mem_free(item.name);
        return err_code(err);
    }
    VEC_PUSH(planner->plan->items, planner->plan->n, planner->plan->cap) = item;
    return 0;
}

static int add_configured(struct planner *planner, struct err *err)
{
    const struct config_section *section = NULL;

    while ((section = config_section_next(planner->env->config, "certificate", section)) != NULL) {
        if (certificate_name_is_valid(section->name) && is_asked_for(planner, section->name) &&
            map_find(planner->known, section->name) == NULL &&
            add(planner, section->name, planner->env->settings->is_staging, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

/* A section for trials does not say what the real certificate of its name is to be; that this one
 * ends some day must not come as a surprise. */
static void add_hidden(const struct planner *planner, struct store *store, const char *name)
{
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    struct err ignored = ERR_INIT; /* then there is none to end */

    if (store_cert_load(store, name, &cert, &ignored) == 0) {
        VEC_PUSH(planner->plan->items, planner->plan->n, planner->plan->cap) = (struct plan_item){
            .name = str_dup(name),
            .is_hidden = true,
            .action = PLAN_LEAVE,
            .why = str_dup("the section of its name is for trials: give one of them another name"),
            .not_after_s = cert->not_after_s,
        };
    }
}

/* Where the configuration makes everything a trial. */
static void warn_of_real(const struct planner *planner)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    AUTO_FREE char *where = NULL;
    struct config_place place = settings_place(planner->env->settings, "staging");
    struct store *store = NULL;
    struct err ignored = ERR_INIT; /* then none is known to be left out */

    if (place.origin != CONFIG_FILE || trees_get(planner->trees, false, &store, &ignored) < 0 ||
        store_cert_list(store, &names, &ignored) < 0 || names.n == 0) {
        return;
    }
    where = config_place_format(&place);
    event_log(EVENT_WARNING, "",
              "%zu certificates that are no trials are not renewed: %s says staging = yes", names.n,
              where);
}

static int add_remembered_name(struct planner *planner, struct store *store, const char *name,
                               struct err *err)
{
    const void *met = map_find(planner->known, name);

    if (!is_asked_for(planner, name)) {
        return 0;
    }
    if (met == &planner->is_trial && !store_is_staging(store)) {
        add_hidden(planner, store, name);
    }
    return met != NULL ? 0 : add(planner, name, store_is_staging(store), err);
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
        if (add_remembered_name(planner, store, names.items[i], err) < 0) {
            return err_code(err);
        }
    }
    if (is_staging) {
        warn_of_real(planner);
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
        .lookups = &(struct plan_lookups){.prospects = NULL},
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
    map_free(planner.lookups->begun[0]);
    map_free(planner.lookups->begun[1]);
    prospects_free(planner.lookups->prospects);
    map_free(planner.known);
    deploy_common_free(planner.common);
    standings_free(planner.standings);
    mem_free(planner.last_ca);
    return code;
}
