/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/list.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/sections.h"
#include "config/settings.h"
#include "config/standing.h"
#include "order/journal.h"
#include "store/store_deploy.h"
#include "task/deploy.h"
#include "task/metrics.h"

struct list {
    struct task_env *env;
    const struct list_request *request;
    struct deploy_common *common;
    struct standings *standings;
    struct prospects *prospects;
    list_row_fn *seen;
    void *arg;
    struct metrics metrics;
    struct strv names;  /* all that were met, for a suggestion */
    struct map *orders; /* of the store in hand, by certificate: struct strv; NULL: not read yet */
    struct strv **order_names;
    size_t n_orders, cap_orders;
    bool has_finding; /* somebody should look */
    bool has_found;
};

const char *list_health_name(enum list_health health)
{
    static const char *const NAMES[] = {"good", "due", "absent", "danger", "expired", "damaged"};

    return NAMES[health];
}

static enum list_health health_of(const struct store_cert *cert,
                                  const struct renewal_verdict *verdict, int64_t now_s)
{
    if (now_s >= cert->not_after_s) {
        return LIST_EXPIRED;
    }
    if (verdict->is_in_danger) {
        return LIST_DANGER;
    }
    return verdict->is_due ? LIST_DUE : LIST_GOOD;
}

/* Somebody should look. A trial may expire: nobody renews it unasked. */
static bool is_finding(const struct list_row *row)
{
    bool is_missed = row->health == LIST_ABSENT && !row->is_retired;

    return !row->is_staging && (row->health >= LIST_DANGER || row->is_deploy_pending ||
                                (row->prospects & PROSPECT_NO_PROVIDER) != 0 ||
                                (is_missed && row->renewal->kept.n_failures > 0));
}

static void tell(struct list *list, const struct list_row *row)
{
    list->has_found = true;
    list->has_finding = list->has_finding || is_finding(row);
    if (list->request->metrics != NULL) {
        metrics_add(&list->metrics, row, is_finding(row));
    }
    list->seen(list->arg, row);
}

/* To mem_free; NULL where nothing failed. */
static char *load_deploy_error(struct store *store, const char *name)
{
    AUTO(store_deploy_done) struct store_deploy state = {.version = NULL};
    struct err ignored = ERR_INIT; /* told when it is to be done */

    return store_deploy_load(store, name, &state, &ignored) < 0 ? NULL : TAKE(state.error);
}

/* ---- What was ordered and has not come ---- */

static void drop_orders(struct list *list)
{
    for (size_t i = 0; i < list->n_orders; i++) {
        strv_done(list->order_names[i]);
        mem_free(list->order_names[i]);
    }
    mem_free(list->order_names);
    map_free(list->orders);
    list->order_names = NULL;
    list->n_orders = list->cap_orders = 0;
    list->orders = NULL;
}

static void keep_order(void *arg, const struct journal_order *order)
{
    struct list *list = arg;
    struct strv *names = NEW(struct strv);

    strv_copy(names, &order->names);
    VEC_PUSH(list->order_names, list->n_orders, list->cap_orders) = names;
    map_set(list->orders, order->certificate, names);
}

/* NULL: no journal knows. Read once a store, and only if it is needed. */
static const struct strv *find_ordered(struct list *list, struct store *store, const char *name)
{
    if (list->orders == NULL) {
        list->orders = map_new();
        journal_list_orders(store_folder(store, STORE_JOURNAL), keep_order, list);
    }
    return map_find(list->orders, name);
}

/* ---- One after the other ---- */

/* What the configuration and the last request say of a certificate. */
struct wishes {
    enum standing standing;
    struct certificate_section read;
    const struct certificate_section *section; /* NULL: there is none, or it is wrong */
    struct store_pairs kept;
    const struct store_pairs *request; /* NULL: it cannot be read */
};

static void wishes_done(struct wishes *wishes)
{
    certificate_section_done(&wishes->read);
    store_pairs_done(&wishes->kept);
}

static void find_wishes(const struct list *list, struct store *store, const char *name,
                        struct wishes *wishes)
{
    struct err ignored = ERR_INIT; /* what cannot be read says nothing */
    int code = store_request_load(store, name, &wishes->kept, &ignored);

    wishes->request = code == 0 || code == -ERR_NOT_FOUND ? &wishes->kept : NULL;
    wishes->standing = standing_find(list->standings, name, &wishes->read, &ignored);
    wishes->section = wishes->read.section != NULL ? &wishes->read : NULL;
}

/* As the next run sees it, but for what its command line would say. */
static void judge(const struct list *list, struct store *store, const char *name,
                  const struct store_cert *cert, const struct wishes *wishes,
                  struct renewal_verdict *ret_verdict)
{
    const struct renewal_subject subject = {
        .name = name,
        .cert = cert,
        .renew_before_s = cert == NULL ? 0
                                       : renewal_choose_margin(
                                             list->env->settings, wishes->section, &wishes->kept,
                                             cert->not_after_s - cert->not_before_s),
    };

    renewal_judge(store, &subject, clock_wall_s(), ret_verdict);
}

/* Of one that is left alone: who published for it. */
static unsigned find_prospects(const struct list *list, const struct store_cert *cert,
                               const struct wishes *wishes, struct strv *providers)
{
    const struct prospects_subject subject = {.cert = cert,
                                              .standing = wishes->standing,
                                              .section = &wishes->read,
                                              .request = &wishes->kept};
    unsigned sum = prospects_find(list->prospects, &subject, providers);

    if (providers->n == 0) {
        strv_copy(providers, &cert->providers);
    }
    return sum;
}

/* What there is none of would be for: what was ordered, its section, or the last one, which was
 * revoked. */
static const struct strv *find_names(struct list *list, struct store *store, const char *name,
                                     const struct wishes *wishes, const struct store_cert *revoked)
{
    const struct strv *ordered = find_ordered(list, store, name);

    if (ordered != NULL) {
        return ordered;
    }
    if (wishes->section != NULL) {
        return &wishes->section->domains;
    }
    return revoked == NULL ? NULL : &revoked->domains;
}

static void look_at(struct list *list, struct store *store, const char *name)
{
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    AUTO_PTR(store_cert) struct store_cert *revoked = NULL;
    AUTO_FREE char *path = store_cert_path(store, name, NULL);
    AUTO_FREE char *deploy_error = NULL;
    struct list_row row = {.name = name, .path = path, .is_staging = store_is_staging(store)};
    AUTO(renewal_verdict_done) struct renewal_verdict verdict = {.is_due = false};
    AUTO(wishes_done) struct wishes wishes = {.kept = STORE_PAIRS_INIT};
    AUTO(strv_done) struct strv providers = STRV_INIT;
    AUTO_FREE char *why = NULL;
    struct err err = ERR_INIT;
    struct err ignored = ERR_INIT;
    int code = store_cert_load(store, name, &cert, &err);

    find_wishes(list, store, name, &wishes);
    judge(list, store, name, cert, &wishes, &verdict);
    why = renewal_explain(&verdict);
    row.renewal = &verdict;
    row.renew_why = why;
    row.has_order = store_pending_key_exists(store, name);
    row.is_deploy_pending =
        code == 0 && deploy_is_due(list->common, store, cert, wishes.section, wishes.request);
    if (row.is_deploy_pending) {
        deploy_error = load_deploy_error(store, name);
        row.deploy_error = deploy_error;
    }
    if (code == 0) {
        row.cert = cert;
        row.names = &cert->domains;
        row.prospects = find_prospects(list, cert, &wishes, &providers);
        row.providers = &providers;
        row.renew_after_s = verdict.due.at_s;
        row.health = health_of(cert, &verdict, clock_wall_s());
        row.trouble = cert->warning != NULL ? cert->warning : verdict.warning;
        if (store_cert_judge_key(store, cert, &err) != STORE_KEY_GOOD) {
            row.health = LIST_DAMAGED;
            row.trouble = err.text;
        }
    } else if (code == -ERR_NOT_FOUND) {
        row.health = LIST_ABSENT;
        row.is_retired = store_cert_is_retired(store, name);
        if (row.is_retired) {
            (void)store_cert_find_shelved(store, name, STORE_REVOKED, NULL, &revoked, &ignored);
        }
        row.revoked = revoked;
        row.names = find_names(list, store, name, &wishes, revoked);
    } else {
        row.health = LIST_DAMAGED;
        row.trouble = err.text;
    }
    tell(list, &row);
}

static void tell_absent(struct list *list, struct store *store,
                        const struct config_section *section)
{
    AUTO(certificate_section_done) struct certificate_section read = {.section = NULL};
    AUTO(renewal_verdict_done) struct renewal_verdict verdict = {.is_due = false};
    AUTO_FREE char *path = store_cert_path(store, section->name, NULL);
    struct err err = ERR_INIT;
    bool is_read = certificate_section_read(section, &read, &err) == 0;
    const struct list_row row = {
        .name = section->name,
        .path = path,
        .is_staging = store_is_staging(store),
        .health = LIST_ABSENT,
        .names = is_read ? &read.domains : NULL,
        .renewal = &verdict,
        .renew_why = "",
        .trouble = is_read ? NULL : err.text,
    };

    tell(list, &row);
}

/* Those that the configuration has and STATE has not. */
static void tell_unissued(struct list *list, struct store *store, const struct strv *known)
{
    const struct config_section *section = NULL;
    AUTO_PTR(map) struct map *folders = map_new();

    for (size_t i = 0; i < known->n; i++) {
        map_set(folders, known->items[i], list);
    }
    while ((section = config_section_next(list->env->config, "certificate", section)) != NULL) {
        if (certificate_name_is_valid(section->name) && map_find(folders, section->name) == NULL &&
            (list->request->name == NULL || str_eq(list->request->name, section->name))) {
            strv_add(&list->names, section->name);
            tell_absent(list, store, section);
        }
    }
}

static int look_through(struct list *list, bool is_staging, struct err *err)
{
    AUTO_PTR(store) struct store *store = NULL;
    AUTO(strv_done) struct strv names = STRV_INIT;

    if (store_look(list->env->loop, list->env->settings->state_dir, is_staging, &store, err) < 0 ||
        store_cert_list(store, &names, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < names.n; i++) {
        strv_add(&list->names, names.items[i]);
        if (list->request->name == NULL || str_eq(list->request->name, names.items[i])) {
            look_at(list, store, names.items[i]);
        }
    }
    drop_orders(list);
    if (is_staging == list->env->settings->is_staging) {
        tell_unissued(list, store, &names);
    }
    return 0;
}

static int refuse_unknown(const struct list *list, struct err *err)
{
    (void)err_set(err, ERR_CONFIG, "there is no certificate '%s'", list->request->name);
    config_hint_nearest(err, list->request->name, (const char *const *)list->names.items,
                        list->names.n);
    return err_hint(err, "'acme-dns list' shows those that there are");
}

/* All that follows is counted from now. */
static void warn_of_clock(struct list *list)
{
    struct err err = ERR_INIT;

    if (clock_check(&err) < 0) {
        event_log(EVENT_WARNING, "", "%s", err.text);
        list->has_finding = true;
    }
}

static int run(struct list *list, struct err *err)
{
    warn_of_clock(list);
    if (look_through(list, false, err) < 0 ||
        (store_has_staging(list->env->settings->state_dir) && look_through(list, true, err) < 0)) {
        return err_code(err);
    }
    if (list->request->name != NULL && !list->has_found) {
        return refuse_unknown(list, err);
    }
    return list->request->metrics == NULL
               ? 0
               : metrics_write(&list->metrics, list->request->metrics, err);
}

enum task_exit task_list(struct task_env *env, const struct list_request *request,
                         list_row_fn *seen, void *arg)
{
    struct list list = {.env = env, .request = request, .seen = seen, .arg = arg};
    struct err err = ERR_INIT;
    enum task_exit status = EXIT_DONE;

    metrics_init(&list.metrics);
    list.common = deploy_common_new(env);
    list.standings = standings_new(env->config, env->settings);
    list.prospects = prospects_new(env);
    if (run(&list, &err) < 0) {
        event_log(EVENT_ERROR, "", "%s", err.text);
        status = task_exit_for(err.class);
    } else if (request->is_judged && list.has_finding) {
        status = EXIT_FAILED;
    }
    deploy_common_free(list.common);
    prospects_free(list.prospects);
    standings_free(list.standings);
    metrics_done(&list.metrics);
    strv_done(&list.names);
    return status;
}

static void ignore_row(void *arg, const struct list_row *row)
{
    (void)arg;
    (void)row;
}

void list_refresh_metrics(struct task_env *env)
{
    const struct list_request request = {.metrics = env->settings->metrics};

    if (request.metrics != NULL) {
        (void)task_list(env, &request, ignore_row, NULL);
    }
}
