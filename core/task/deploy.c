/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/deploy.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"
#include "base/secret.h"
#include "config/settings.h"
#include "store/store_copy.h"
#include "store/store_deploy.h"
#include "task/hook.h"

#include <string.h>

struct deploy {
    const struct task_env *env;
    struct store *store;
    char *name, *version;
    struct deploy_plan plan;
    struct strv variables; /* for the hooks */
    struct loop_timer *turn;
    struct hooks *hooks;
    deploy_done_fn *done;
    void *arg;
};

/* ---- What they are told ---- */

static void add_path(struct strv *env, const char *name, struct store *store,
                     const struct store_cert *cert, const char *file)
{
    AUTO_FREE char *path = store_cert_path(store, cert->name, file);

    hooks_add_variable(env, name, path);
}

/* RENEWED_LINEAGE and RENEWED_DOMAINS are what hooks written for certbot read. */
static void make_env(struct store *store, const struct store_cert *cert, struct strv *env)
{
    AUTO_FREE char *domains = strv_join(&cert->domains, " ");
    char not_after[CLOCK_TEXT_MAX];

    clock_format(cert->not_after_s, not_after);
    hooks_add_variable(env, "ACME_DNS_EVENT", "deploy");
    hooks_add_variable(env, "ACME_DNS_NAME", cert->name);
    hooks_add_variable(env, "ACME_DNS_DOMAINS", domains);
    hooks_add_variable(env, "ACME_DNS_NOT_AFTER", not_after);
    hooks_add_variable(env, "ACME_DNS_CA",
                       cert->ca_name != NULL ? cert->ca_name : cert->directory_url);
    add_path(env, "ACME_DNS_FOLDER", store, cert, NULL);
    add_path(env, "ACME_DNS_FULLCHAIN", store, cert, "fullchain.pem");
    add_path(env, "ACME_DNS_PRIVKEY", store, cert, "privkey.pem");
    add_path(env, "ACME_DNS_CERT", store, cert, "cert.pem");
    add_path(env, "ACME_DNS_CHAIN", store, cert, "chain.pem");
    add_path(env, "RENEWED_LINEAGE", store, cert, NULL);
    hooks_add_variable(env, "RENEWED_DOMAINS", domains);
}

/* ---- The copies ---- */

static int make_rules(const struct deploy *deploy, const struct copy_rule *rules, struct err *err)
{
    AUTO(strv_done) struct strv written = STRV_INIT;
    int code = store_copy(deploy->store, deploy->name, rules, deploy->plan.copies.n, &written, err);

    for (size_t i = 0; i < written.n; i++) {
        event_log(EVENT_NOTICE, deploy->name, "copied to %s", written.items[i]);
    }
    return code;
}

static int make_copies(const struct deploy *deploy, struct err *err)
{
    const struct strv *lines = &deploy->plan.copies;
    struct copy_rule *rules = mem_alloc(lines->n, sizeof(*rules));
    int code = 0;

    for (size_t i = 0; code == 0 && i < lines->n; i++) {
        code = deploy_parse_copy(lines->items[i], &rules[i], err);
    }
    if (code == 0 && lines->n > 0) {
        code = make_rules(deploy, rules, err);
    }
    for (size_t i = 0; i < lines->n; i++) {
        copy_rule_done(&rules[i]);
    }
    mem_free(rules);
    return code;
}

/* ---- Running them ---- */

static void deploy_free(struct deploy *deploy)
{
    loop_timer_cancel(&deploy->turn);
    hooks_cancel(&deploy->hooks);
    deploy_plan_done(&deploy->plan);
    strv_done(&deploy->variables);
    mem_free(deploy->name);
    mem_free(deploy->version);
    mem_free(deploy);
}

void deploy_cancel(struct deploy **deploy)
{
    if (*deploy != NULL) {
        deploy_free(*deploy);
        *deploy = NULL;
    }
}

/* The version that was told of last stays, so that a failure is seen as one. */
static int keep(const struct deploy *deploy, const struct err *why, struct err *err)
{
    AUTO(store_deploy_done) struct store_deploy state = {.version = NULL};
    AUTO(buf_done) struct buf masked = BUF(2 * ERR_TEXT_MAX);

    if (store_deploy_load(deploy->store, deploy->name, &state, err) < 0) {
        return err_code(err);
    }
    secret_mask(why == NULL ? "" : why->text, &masked);
    str_set(&state.error, why == NULL ? NULL : buf_str(&masked));
    if (why == NULL) {
        str_set(&state.version, deploy->version);
        strv_copy(&state.copies, &deploy->plan.copies);
        strv_copy(&state.hooks, &deploy->plan.own);
        state.done_s = clock_wall_s();
        state.failed_s = 0;
        state.n_failures = 0;
    } else {
        state.failed_s = clock_wall_s();
        state.n_failures++;
    }
    return store_deploy_save(deploy->store, deploy->name, &state, err);
}

/* err: NULL when all was done. */
static void finish(struct deploy *deploy, const struct err *err)
{
    struct err failure = ERR_INIT;

    if (keep(deploy, err, &failure) < 0) {
        /* They are run again: the user should know why. */
        event_log(EVENT_WARNING, deploy->name, "%s", failure.text);
        err = err == NULL ? &failure : err;
    }
    deploy->done(deploy->arg, err);
    deploy_free(deploy);
}

static void finish_hooks(void *arg, const struct err *err)
{
    struct deploy *deploy = arg;

    deploy->hooks = NULL;
    finish(deploy, err);
}

/* Hooks tell servers to read what was copied: they wait until it could be. */
static void begin(void *arg)
{
    struct deploy *deploy = arg;
    const struct hooks_plan plan = {.subject = deploy->name,
                                    .what = "deploy hook",
                                    .lines = &deploy->plan.hooks,
                                    .env = &deploy->variables,
                                    .deadline_ms = deploy->env->settings->hook_timeout_ms};
    struct err err = ERR_INIT;

    deploy->turn = NULL;
    if (make_copies(deploy, &err) < 0) {
        event_log(EVENT_WARNING, deploy->name, "%s", err.text);
        finish(deploy, &err);
    } else {
        deploy->hooks = hooks_start(deploy->env->loop, &plan, finish_hooks, deploy);
    }
}

struct deploy *deploy_start(const struct task_env *env, struct store *store,
                            const struct store_cert *cert, const struct deploy_plan *plan,
                            deploy_done_fn *done, void *arg)
{
    struct deploy *deploy = NEW(struct deploy);

    deploy->env = env;
    deploy->store = store;
    deploy->name = str_dup(cert->name);
    deploy->version = str_dup(cert->version);
    strv_copy(&deploy->plan.hooks, &plan->hooks);
    strv_copy(&deploy->plan.own, &plan->own);
    strv_copy(&deploy->plan.copies, &plan->copies);
    make_env(store, cert, &deploy->variables);
    deploy->done = done;
    deploy->arg = arg;
    deploy->turn = loop_timer_start(env->loop, 0, begin, deploy);
    return deploy;
}
