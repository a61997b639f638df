/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/deploy.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/settings.h"
#include "store/store_deploy.h"
#include "task/hook.h"

#include <ctype.h>
#include <string.h>

struct deploy {
    struct store *store;
    char *name, *version;
    struct hooks *hooks;
    deploy_done_fn *done;
    void *arg;
};

/* ---- Which hooks ---- */

/* Names as run-parts(8) takes them, and dots: no editor's backup, no package manager's leftover. */
static bool is_hook_name(const char *name)
{
    static const char *const LEFTOVERS[] = {".dpkg-old", ".dpkg-dist", ".dpkg-new", ".dpkg-tmp",
                                            ".rpmsave",  ".rpmnew",    ".bak"};

    for (size_t i = 0; name[i] != '\0'; i++) {
        if (!isalnum((unsigned char)name[i]) && strchr("._-", name[i]) == NULL) {
            return false;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(LEFTOVERS); i++) {
        if (str_has_suffix(name, LEFTOVERS[i])) {
            return false;
        }
    }
    return true;
}

/* In single quotes a path is one word, whatever is in it but a single quote. */
static int add_program(const char *path, struct strv *to, struct err *err)
{
    if (strchr(path, '\'') != NULL) {
        return err_set(err, ERR_CONFIG, "'%s': a hook's path cannot have a quote in it", path);
    }
    strv_take(to, str_fmt("'%s'", path));
    return 0;
}

static int add_folder(const char *config_path, struct strv *to, struct err *err)
{
    AUTO_FREE char *beside = config_folder(config_path);
    AUTO_FREE char *folder = beside == NULL ? NULL : fs_join(beside, "hooks.d");
    AUTO(strv_done) struct strv names = STRV_INIT;
    int code = folder == NULL ? -ERR_NOT_FOUND : fs_list(folder, &names, err);

    if (code == -ERR_NOT_FOUND) {
        err_clear(err);
        return 0;
    }
    for (size_t i = 0; code == 0 && i < names.n; i++) {
        AUTO_FREE char *path = fs_join(folder, names.items[i]);

        if (is_hook_name(names.items[i]) && !fs_is_dir(path)) {
            code = add_program(path, to, err);
        }
    }
    return code;
}

int deploy_gather(const struct task_env *env, const struct strv *own, struct strv *to,
                  struct err *err)
{
    const struct strv *general = &env->settings->deploy_hooks;

    for (size_t i = 0; i < own->n; i++) {
        strv_add(to, own->items[i]);
    }
    for (size_t i = 0; i < general->n; i++) {
        strv_add_unique(to, general->items[i]);
    }
    return add_folder(env->settings->config_path, to, err);
}

bool deploy_is_pending(struct store *store, const struct store_cert *cert, const struct strv *hooks)
{
    AUTO(store_deploy_done) struct store_deploy state = {.version = NULL};
    struct err err = ERR_INIT;

    if (hooks->n == 0 || store_is_staging(store)) {
        return false;
    }
    if (store_deploy_load(store, cert->name, &state, &err) < 0) {
        event_log(EVENT_WARNING, cert->name, "%s", err.text);
        return false;
    }
    return !str_eq(state.version, cert->version);
}

/* ---- What they are told ---- */

static void add_variable(struct strv *env, const char *name, const char *value)
{
    strv_take(env, str_fmt("%s=%s", name, value == NULL ? "" : value));
}

static void add_path(struct strv *env, const char *name, struct store *store,
                     const struct store_cert *cert, const char *file)
{
    AUTO_FREE char *path = store_cert_path(store, cert->name, file);

    add_variable(env, name, path);
}

/* RENEWED_LINEAGE and RENEWED_DOMAINS are what hooks written for certbot read. */
static void make_env(struct store *store, const struct store_cert *cert, struct strv *env)
{
    AUTO_FREE char *domains = strv_join(&cert->domains, " ");
    char not_after[CLOCK_TEXT_MAX];

    clock_format(cert->not_after_s, not_after);
    add_variable(env, "ACME_DNS_EVENT", "deploy");
    add_variable(env, "ACME_DNS_NAME", cert->name);
    add_variable(env, "ACME_DNS_DOMAINS", domains);
    add_variable(env, "ACME_DNS_NOT_AFTER", not_after);
    add_variable(env, "ACME_DNS_CA", cert->ca_name != NULL ? cert->ca_name : cert->directory_url);
    add_path(env, "ACME_DNS_FOLDER", store, cert, NULL);
    add_path(env, "ACME_DNS_FULLCHAIN", store, cert, "fullchain.pem");
    add_path(env, "ACME_DNS_PRIVKEY", store, cert, "privkey.pem");
    add_path(env, "ACME_DNS_CERT", store, cert, "cert.pem");
    add_path(env, "ACME_DNS_CHAIN", store, cert, "chain.pem");
    add_path(env, "RENEWED_LINEAGE", store, cert, NULL);
    add_variable(env, "RENEWED_DOMAINS", domains);
}

/* ---- Running them ---- */

static void deploy_free(struct deploy *deploy)
{
    hooks_cancel(&deploy->hooks);
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

    if (store_deploy_load(deploy->store, deploy->name, &state, err) < 0) {
        return err_code(err);
    }
    str_set(&state.error, why == NULL ? NULL : why->text);
    if (why == NULL) {
        str_set(&state.version, deploy->version);
        state.done_s = clock_wall_s();
        state.failed_s = 0;
        state.n_failures = 0;
    } else {
        state.failed_s = clock_wall_s();
        state.n_failures++;
    }
    return store_deploy_save(deploy->store, deploy->name, &state, err);
}

static void finish_hooks(void *arg, const struct err *err)
{
    struct deploy *deploy = arg;
    struct err failure = ERR_INIT;

    deploy->hooks = NULL;
    if (keep(deploy, err, &failure) < 0 && err == NULL) {
        err = &failure; /* they would be run again: the user should know why */
    }
    deploy->done(deploy->arg, err);
    deploy_free(deploy);
}

struct deploy *deploy_start(const struct task_env *env, struct store *store,
                            const struct store_cert *cert, const struct strv *hooks,
                            deploy_done_fn *done, void *arg)
{
    struct deploy *deploy = NEW(struct deploy);
    AUTO(strv_done) struct strv variables = STRV_INIT;
    const struct hooks_plan plan = {.subject = cert->name,
                                    .what = "deploy hook",
                                    .lines = hooks,
                                    .env = &variables,
                                    .deadline_ms = env->settings->hook_timeout_ms};

    make_env(store, cert, &variables);
    deploy->store = store;
    deploy->name = str_dup(cert->name);
    deploy->version = str_dup(cert->version);
    deploy->done = done;
    deploy->arg = arg;
    deploy->hooks = hooks_start(env->loop, &plan, finish_hooks, deploy);
    return deploy;
}
