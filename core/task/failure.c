/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/failure.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/event.h"
#include "base/mem.h"
#include "config/settings.h"
#include "store/store_cert.h"
#include "store/store_deploy.h"
#include "task/hook.h"
#include "task/plan.h"
#include "task/renewal.h"

#include <inttypes.h>
#include <unistd.h>

#define TEXT_MAX (1024u * 1024)

/* Less than a day, so that a timer that comes daily, now a little sooner and now a little later,
 * does not skip every other one. */
#define DAILY_S ((int64_t)23 * 3600)

/* ---- Whether to tell ---- */

/* A moment that is still to come was written by a wrong clock. */
static bool is_long_ago(int64_t told_s, int64_t now_s)
{
    return now_s - told_s >= DAILY_S || told_s > now_s;
}

enum failure_news failure_judge(const struct failure_facts *facts)
{
    if (facts->is_in_danger) {
        if (facts->danger_told_s == 0) {
            return FAILURE_DANGER;
        }
        return is_long_ago(facts->danger_told_s, facts->now_s) ? FAILURE_GOES_ON : FAILURE_NO_NEWS;
    }
    if (facts->has_failed) {
        return facts->failure_told_s == 0 ? FAILURE_BEGUN : FAILURE_NO_NEWS;
    }
    return facts->failure_told_s != 0 || facts->danger_told_s != 0 ? FAILURE_RECOVERED
                                                                   : FAILURE_NO_NEWS;
}

/* ---- The news of a run ---- */

struct news {
    char *name;
    struct store *store;
    char *domains;
    int64_t not_after_s;
    bool is_expired;
    enum failure_news kind;
    struct store_renewal renewal;
};

struct failures {
    const struct task_env *env;
    struct news *items;
    size_t n, cap;
    int64_t now_s;
    struct hooks *hooks;
    struct loop_timer *turn;
    failures_done_fn *done;
    void *arg;
};

struct failures *failures_new(const struct task_env *env)
{
    struct failures *failures = NEW(struct failures);

    failures->env = env;
    failures->now_s = clock_wall_s();
    return failures;
}

static void news_done(struct news *news)
{
    mem_free(news->name);
    mem_free(news->domains);
    store_renewal_done(&news->renewal);
}

void failures_free(struct failures *failures)
{
    if (failures == NULL) {
        return;
    }
    hooks_cancel(&failures->hooks);
    loop_timer_cancel(&failures->turn);
    for (size_t i = 0; i < failures->n; i++) {
        news_done(&failures->items[i]);
    }
    mem_free(failures->items);
    mem_free(failures);
}

static enum failure_news judge(const struct failures *failures,
                               const struct renewal_verdict *verdict)
{
    const struct failure_facts facts = {
        .has_failed = verdict->kept.error != NULL,
        .is_in_danger = verdict->is_in_danger,
        .failure_told_s = verdict->kept.failure_told_s,
        .danger_told_s = verdict->kept.danger_told_s,
        .now_s = failures->now_s,
    };

    return failure_judge(&facts);
}

/* Half of the time is gone that the certificate before it, with which its servers go on, had left
 * when this one came. Where none was deployed before, nothing is served that could end. */
static bool is_deploy_in_danger(struct store *store, const struct store_cert *cert,
                                const struct store_deploy *deploy, int64_t now_s)
{
    AUTO_PTR(store_cert) struct store_cert *served = NULL;
    struct err ignored = ERR_INIT; /* then nobody knows until when */

    return deploy->version != NULL &&
           store_cert_load_shelved(store, cert->name, STORE_ARCHIVED, deploy->version, &served,
                                   &ignored) == 0 &&
           now_s >= cert->not_before_s + (served->not_after_s - cert->not_before_s) / 2;
}

/* A server that was not told goes on with the old certificate until that ends. */
static void add_deploy(struct store *store, const struct store_cert *cert, int64_t now_s,
                       struct renewal_verdict *verdict)
{
    AUTO(store_deploy_done) struct store_deploy deploy = {.version = NULL};
    struct store_renewal *kept = &verdict->kept;
    struct err ignored = ERR_INIT; /* told by the run that deploys */

    if (cert == NULL || kept->error != NULL ||
        store_deploy_load(store, cert->name, &deploy, &ignored) < 0 || deploy.error == NULL ||
        str_eq(deploy.version, cert->version)) {
        return;
    }
    kept->error = str_fmt("it was renewed, and not deployed:\n%s", deploy.error);
    kept->failed_s = deploy.failed_s;
    kept->n_failures = deploy.n_failures;
    verdict->is_in_danger =
        verdict->is_in_danger || is_deploy_in_danger(store, cert, &deploy, now_s);
}

/* No run tries it again unasked. */
static bool is_left(struct store *store, const char *name)
{
    AUTO(store_pairs_done) struct store_pairs request = STORE_PAIRS_INIT;
    struct err ignored = ERR_INIT; /* told by whoever needs it */

    return store_request_load(store, name, &request, &ignored) == 0 &&
           store_pairs_find(&request, STORE_REQUEST_BEGUN) != NULL &&
           !store_pending_key_exists(store, name);
}

void failures_look_at(struct failures *failures, struct store *store, const char *name)
{
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    struct renewal_subject subject = {.name = name};
    struct renewal_verdict verdict = {.warning = NULL};
    struct err ignored = ERR_INIT; /* one that cannot be read is like one that is not there */
    enum failure_news kind = FAILURE_NO_NEWS;

    if (failures->env->settings->failure_hooks.n == 0 || store_is_staging(store)) {
        return;
    }
    (void)store_cert_load(store, name, &cert, &ignored);
    subject.cert = cert;
    renewal_judge(store, &subject, failures->now_s, &verdict);
    add_deploy(store, cert, failures->now_s, &verdict);
    kind = judge(failures, &verdict);
    if (kind == FAILURE_BEGUN && cert == NULL && is_left(store, name)) {
        kind = FAILURE_LEFT;
    }
    if (kind != FAILURE_NO_NEWS) {
        VEC_PUSH(failures->items, failures->n, failures->cap) =
            (struct news){.name = str_dup(name),
                          .store = store,
                          .domains = cert == NULL ? NULL : strv_join(&cert->domains, ", "),
                          .not_after_s = cert == NULL ? 0 : cert->not_after_s,
                          .is_expired = cert != NULL && cert->not_after_s < failures->now_s,
                          .kind = kind,
                          .renewal = verdict.kept};
        verdict.kept = (struct store_renewal){.n_failures = 0};
    }
    renewal_verdict_done(&verdict);
}

void failures_look_through(struct failures *failures, struct store *store, const struct plan *plan)
{
    bool is_anybody_told = failures->env->settings->failure_hooks.n > 0;

    for (size_t i = 0; is_anybody_told && i < plan->n; i++) {
        const struct plan_item *item = &plan->items[i];

        if (item->is_staging || item->action == PLAN_LEAVE) {
            continue;
        }
        /* Of one that was not due only its recovery may be news, which a hook failed to tell. */
        if (item->action != PLAN_NOTHING || item->has_been_told) {
            failures_look_at(failures, store, item->name);
        }
    }
}

/* ---- As a text ---- */

/* The groups of the text and of the environment, worst first. */
static const struct group {
    const char *title;
    const char *variable;
    const char *summary; /* behind a number */
    enum failure_news first, last;
    enum { LIFE_ANY, LIFE_ENDED, LIFE_LEFT } life;
} GROUPS[] = {
    {"Expired", "ACME_DNS_DANGER", "expired", FAILURE_DANGER, FAILURE_GOES_ON, LIFE_ENDED},
    {"In danger: half of the time that was left is gone", "ACME_DNS_DANGER", "in danger",
     FAILURE_DANGER, FAILURE_GOES_ON, LIFE_LEFT},
    {"Failed; acme-dns tries again by itself", "ACME_DNS_FAILED", "failed", FAILURE_BEGUN,
     FAILURE_BEGUN, LIFE_ANY},
    {"Failed; 'acme-dns issue --name NAME' tries again, nothing does so by itself",
     "ACME_DNS_FAILED", "failed", FAILURE_LEFT, FAILURE_LEFT, LIFE_ANY},
    {"In order again", "ACME_DNS_RECOVERED", "in order again", FAILURE_RECOVERED, FAILURE_RECOVERED,
     LIFE_ANY},
};

static bool is_in(const struct group *group, const struct news *news)
{
    return news->kind >= group->first && news->kind <= group->last &&
           (group->life == LIFE_ANY || news->is_expired == (group->life == LIFE_ENDED));
}

static void add_life(const struct failures *failures, const struct news *news, struct buf *to)
{
    int64_t left_s = news->not_after_s - failures->now_s;
    char end[CLOCK_TEXT_MAX], span[CLOCK_TEXT_MAX];

    if (news->not_after_s == 0) {
        buf_add_str(to, "    not issued yet\n");
        return;
    }
    clock_format(news->not_after_s, end);
    clock_format_span(left_s < 0 ? -left_s : left_s, span);
    if (left_s < 0) {
        buf_addf(to, "    EXPIRED %s ago (%s)\n", span, end);
    } else {
        buf_addf(to, "    valid for another %s (until %s)\n", span, end);
    }
}

/* What a CA or a name server said is in it: no control bytes go to whoever reads the mail. */
static void add_error(const struct store_renewal *renewal, struct buf *to)
{
    AUTO(buf_done) struct buf escaped = BUF(2u * ESCAPE_MAX);
    AUTO(strv_done) struct strv lines = STRV_INIT;
    char last[CLOCK_TEXT_MAX];

    if (renewal->error == NULL) {
        return;
    }
    clock_format(renewal->failed_s, last);
    if (renewal->n_failures > 1) {
        buf_addf(to, "    failed %" PRId64 " times in a row, last on %s:\n", renewal->n_failures,
                 last);
    } else {
        buf_addf(to, "    failed on %s:\n", last);
    }
    escape_terminal(renewal->error, true, &escaped);
    strv_add_split(&lines, buf_str(&escaped), "\n");
    for (size_t i = 0; i < lines.n; i++) {
        buf_addf(to, "      %s\n", lines.items[i]);
    }
}

static void add_group(const struct failures *failures, const struct group *group, struct buf *to)
{
    const char *title = group->title;

    for (size_t i = 0; i < failures->n; i++) {
        const struct news *news = &failures->items[i];

        if (!is_in(group, news)) {
            continue;
        }
        if (title != NULL) {
            buf_addf(to, "\n%s:\n", title);
            title = NULL;
        }
        buf_addf(to, "  %s%s%s%s\n", news->name, news->domains == NULL ? "" : " (",
                 news->domains == NULL ? "" : news->domains, news->domains == NULL ? "" : ")");
        add_life(failures, news, to);
        add_error(&news->renewal, to);
    }
}

static size_t count(const struct failures *failures, const struct group *group)
{
    size_t n = 0;

    for (size_t i = 0; i < failures->n; i++) {
        n += is_in(group, &failures->items[i]) ? 1 : 0;
    }
    return n;
}

/* "1 certificate expired, 1 in danger, 2 failed" */
static char *summarize(const struct failures *failures)
{
    AUTO(strv_done) struct strv pieces = STRV_INIT;

    for (size_t i = 0; i < ARRAY_LEN(GROUPS); i++) {
        size_t n = count(failures, &GROUPS[i]);
        const char *what = pieces.n > 0 ? "" : n == 1 ? " certificate" : " certificates";

        if (n > 0) {
            strv_take(&pieces, str_fmt("%zu%s %s", n, what, GROUPS[i].summary));
        }
    }
    return strv_join(&pieces, ", ");
}

static char *make_text(const struct failures *failures, const char *summary)
{
    struct buf text = BUF(TEXT_MAX);
    char host[256] = "";

    (void)gethostname(host, sizeof(host) - 1);
    buf_addf(&text, "acme-dns on %s: %s\n", host, summary);
    for (size_t i = 0; i < ARRAY_LEN(GROUPS); i++) {
        add_group(failures, &GROUPS[i], &text);
    }
    buf_add_str(&text, "\nSee 'acme-dns list' and 'acme-dns show NAME'.\n");
    return buf_take(&text);
}

/* ---- Telling ---- */

/* Once for groups that share it. */
static void add_names(const struct failures *failures, const char *variable, struct strv *env)
{
    AUTO(strv_done) struct strv names = STRV_INIT;

    for (size_t i = 0; i < failures->n; i++) {
        for (size_t k = 0; k < ARRAY_LEN(GROUPS); k++) {
            if (str_eq(GROUPS[k].variable, variable) && is_in(&GROUPS[k], &failures->items[i])) {
                strv_add(&names, failures->items[i].name);
            }
        }
    }
    AUTO_FREE char *joined = strv_join(&names, " ");
    hooks_add_variable(env, variable, joined);
}

static void set_told(enum failure_news kind, int64_t now_s, struct store_renewal *renewal)
{
    bool is_danger = kind == FAILURE_DANGER || kind == FAILURE_GOES_ON;

    if (kind == FAILURE_RECOVERED) {
        renewal->failure_told_s = 0;
        renewal->danger_told_s = 0;
        return;
    }
    if (renewal->failure_told_s == 0) {
        renewal->failure_told_s = now_s;
    }
    renewal->danger_told_s = is_danger ? now_s : 0;
}

/* Read again: the hooks have taken their time, and another run may have come by. */
static int keep(const struct failures *failures, const struct news *news, struct err *err)
{
    AUTO(store_renewal_done) struct store_renewal renewal = {.n_failures = 0};

    if (store_renewal_load(news->store, news->name, &renewal, err) < 0) {
        return err_code(err);
    }
    set_told(news->kind, failures->now_s, &renewal);
    return store_renewal_save(news->store, news->name, &renewal, err);
}

static void finish_hooks(void *arg, const struct err *err)
{
    struct failures *failures = arg;

    failures->hooks = NULL;
    for (size_t i = 0; err == NULL && i < failures->n; i++) {
        struct err why = ERR_INIT;

        if (keep(failures, &failures->items[i], &why) < 0) {
            event_log(EVENT_WARNING, failures->items[i].name, "%s", why.text);
        }
    }
    failures->done(failures->arg);
}

static void finish_nothing(void *arg)
{
    struct failures *failures = arg;

    failures->turn = NULL;
    failures->done(failures->arg);
}

void failures_send(struct failures *failures, failures_done_fn *done, void *arg)
{
    const struct settings *settings = failures->env->settings;
    AUTO(strv_done) struct strv env = STRV_INIT;
    AUTO_FREE char *summary = summarize(failures);
    AUTO_FREE char *text = make_text(failures, summary);
    const struct hooks_plan plan = {.subject = "",
                                    .what = "failure-hook",
                                    .lines = &settings->failure_hooks,
                                    .env = &env,
                                    .input = text,
                                    .deadline_ms = settings->hook_timeout_ms};

    failures->done = done;
    failures->arg = arg;
    if (failures->n == 0) {
        failures->turn = loop_timer_start(failures->env->loop, 0, finish_nothing, failures);
        return;
    }
    hooks_add_variable(&env, "ACME_DNS_EVENT", "failure");
    hooks_add_variable(&env, "ACME_DNS_SUMMARY", summary);
    for (size_t i = 0; i < ARRAY_LEN(GROUPS); i++) {
        if (i == 0 || !str_eq(GROUPS[i].variable, GROUPS[i - 1].variable)) {
            add_names(failures, GROUPS[i].variable, &env);
        }
    }
    failures->hooks = hooks_start(failures->env->loop, &plan, finish_hooks, failures);
}
