/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/run.h"

#include "base/event.h"
#include "base/mem.h"
#include "config/settings.h"
#include "task/around.h"
#include "task/ca_choice.h"
#include "task/deploy.h"
#include "task/run_impl.h"

#define SWEEP_MS 30000
#define N_TREES 2u

struct tree {
    struct run *run;
    struct rooms *rooms; /* NULL: not needed yet */
    struct strv claims;  /* certificates */
    bool is_sweeping;
};

struct shared_http {
    char *ca_file; /* or NULL */
    struct http *http;
};

struct shared_client {
    const char *directory_url;
    struct acme_client *client;
    bool is_silent;
};

struct run {
    struct task_env *env;
    struct run_request request;
    const char *certificate; /* or NULL */
    struct trees trees;
    struct tree tree[N_TREES];
    struct shared_http *https;
    size_t n_https, cap_https;
    struct deploy_common *deploy_common; /* NULL: not needed yet */
    struct provider_set *idle;           /* the same */
    struct around *around;
    struct err post_err;
    struct shared_client *clients;
    size_t n_clients, cap_clients;
    struct run_account **accounts;
    size_t n_accounts, cap_accounts;
    struct loop_timer *sweep_end;
    run_swept_fn *swept;
    void *swept_arg;
};

/* ---- Rooms ---- */

static struct tree *tree_of(struct run *run, const struct store *store)
{
    return &run->tree[store_is_staging(store) ? 1 : 0];
}

struct task_env *run_env(struct run *run)
{
    return run->env;
}

struct trees *run_trees(struct run *run)
{
    return &run->trees;
}

struct around *run_around(struct run *run)
{
    return run->around;
}

const struct err *run_post_error(const struct run *run)
{
    return &run->post_err;
}

const struct deploy_common *run_deploy_common(struct run *run)
{
    if (run->deploy_common == NULL) {
        run->deploy_common = deploy_common_new(run->env);
    }
    return run->deploy_common;
}

int run_get_idle(struct run *run, struct provider_set **ret_set, struct err *err)
{
    if (run->idle == NULL && rooms_open_idle(run->env, NULL, &run->idle, err) < 0) {
        return err_code(err);
    }
    *ret_set = run->idle;
    return 0;
}

void run_come_for(struct run *run, const char *certificate)
{
    run->certificate = certificate;
}

void run_claim(struct run *run, struct store *store, const char *certificate)
{
    struct tree *tree = tree_of(run, store);

    strv_add(&tree->claims, certificate);
    if (tree->rooms != NULL) {
        values_claim(tree->rooms->values, certificate);
    }
}

void run_disclaim(struct run *run, struct store *store, const char *certificate)
{
    struct tree *tree = tree_of(run, store);

    strv_remove(&tree->claims, certificate);
    if (tree->rooms != NULL) {
        values_disclaim(tree->rooms->values, certificate);
    }
}

int run_open_rooms(struct run *run, struct store *store, struct rooms **ret_rooms, struct err *err)
{
    struct tree *tree = tree_of(run, store);
    const struct journal_scope scope = {.certificate = run->certificate};
    const struct rooms_request request = {
        .command = run->request.command,
        .scope = run->certificate != NULL ? &scope : NULL,
        .store = store,
    };

    if (tree->rooms == NULL) {
        if (rooms_open(run->env, &request, &tree->rooms, err) < 0) {
            return err_code(err);
        }
        for (size_t i = 0; i < tree->claims.n; i++) {
            values_claim(tree->rooms->values, tree->claims.items[i]);
        }
    }
    *ret_rooms = tree->rooms;
    return 0;
}

struct rooms *run_rooms_if_open(const struct run *run, const struct store *store)
{
    return run->tree[store_is_staging(store) ? 1 : 0].rooms;
}

/* ---- Connections and accounts ---- */

static int get_http(struct run *run, const struct ca *ca, struct http **ret_http, struct err *err)
{
    const char *ca_file = ca_choice_bundle(run->env->settings, ca);
    const struct http_settings settings = {
        .ca_file = ca_file,
        .user_agent = "acme-dns/" ACME_VERSION,
        .connect_timeout_ms = run->env->settings->connect_timeout_ms,
    };
    struct http *http = NULL;

    for (size_t i = 0; i < run->n_https; i++) {
        if (str_eq(run->https[i].ca_file, ca_file)) {
            *ret_http = run->https[i].http;
            return 0;
        }
    }
    if (http_new(run->env->loop, &settings, &http, err) < 0) {
        return err_code(err);
    }
    VEC_PUSH(run->https, run->n_https, run->cap_https) =
        (struct shared_http){.ca_file = str_dup(ca_file), .http = http};
    *ret_http = http;
    return 0;
}

static struct shared_client *find_client(const struct run *run, const struct ca *ca)
{
    for (size_t i = 0; i < run->n_clients; i++) {
        if (str_eq(run->clients[i].directory_url, ca->directory)) {
            return &run->clients[i];
        }
    }
    return NULL;
}

void run_give_up_client(struct run *run, const struct ca *ca)
{
    struct shared_client *shared = find_client(run, ca);

    if (shared != NULL) {
        shared->is_silent = true;
    }
}

int run_open_client(struct run *run, const struct ca *ca, struct acme_client **ret_client,
                    struct err *err)
{
    struct http *http = NULL;
    struct acme_client *client = NULL;
    const struct shared_client *known = find_client(run, ca);

    if (known != NULL && known->is_silent) {
        return err_set(err, ERR_NETWORK, "%s has not answered earlier in this run", ca->title);
    }
    if (known != NULL) {
        *ret_client = known->client;
        return 0;
    }
    if (get_http(run, ca, &http, err) < 0 ||
        acme_new(run->env->loop, http, ca, NULL, &client, err) < 0) {
        return err_code(err);
    }
    VEC_PUSH(run->clients, run->n_clients, run->cap_clients) =
        (struct shared_client){.directory_url = ca->directory, .client = client};
    *ret_client = client;
    return 0;
}

static int get_account(struct run *run, struct store *store, const struct ca *ca, const char *email,
                       struct run_account **ret_account, struct err *err)
{
    const struct account_request request = {
        .ca = ca,
        .email = email,
        .has_agreed_tos = run->request.has_agreed_tos,
        .eab = run->request.eab,
    };
    struct http *http = NULL;

    for (size_t i = 0; i < run->n_accounts; i++) {
        if (run_account_is_for(run->accounts[i], store, ca)) {
            *ret_account = run->accounts[i];
            return 0;
        }
    }
    if (get_http(run, ca, &http, err) < 0) {
        return err_code(err);
    }
    *ret_account = run_account_open(run->env, store, http, &request);
    VEC_PUSH(run->accounts, run->n_accounts, run->cap_accounts) = *ret_account;
    return 0;
}

int run_join_account(struct run *run, struct store *store, const struct ca *ca, const char *email,
                     const struct account_callbacks *callbacks, void *arg,
                     struct run_member **ret_member, struct err *err)
{
    struct run_account *account = NULL;

    if (get_account(run, store, ca, email, &account, err) < 0) {
        return err_code(err);
    }
    *ret_member = run_account_join(account, callbacks, arg);
    return 0;
}

/* ---- The end ---- */

static bool is_sweeping(const struct run *run)
{
    for (size_t i = 0; i < N_TREES; i++) {
        if (run->tree[i].is_sweeping) {
            return true;
        }
    }
    return false;
}

static void stop_sweeping(struct run *run)
{
    loop_timer_cancel(&run->sweep_end);
    for (size_t i = 0; i < N_TREES; i++) {
        if (run->tree[i].is_sweeping) {
            values_wait_cancel(run->tree[i].rooms->values, &run->tree[i]);
            run->tree[i].is_sweeping = false;
        }
    }
}

static void finish_post(void *arg, const struct err *err)
{
    struct run *run = arg;

    if (err != NULL) {
        run->post_err = *err;
    }
    run->swept(run->swept_arg);
}

static void end_sweep(void *arg)
{
    struct run *run = arg;

    run->sweep_end = NULL;
    if (is_sweeping(run)) {
        event_log(
            EVENT_WARNING, "",
            "values could not be removed within %d s; the journal keeps them for the next run",
            SWEEP_MS / 1000);
    }
    stop_sweeping(run);
    around_finish(run->around, finish_post, run);
}

/* All trees are at rest: from the timer, so that no tree is told from within another's callback. */
static void end_soon(struct run *run)
{
    loop_timer_cancel(&run->sweep_end);
    run->sweep_end = loop_timer_start(run->env->loop, 0, end_sweep, run);
}

static void finish_tree(void *arg)
{
    struct tree *tree = arg;

    tree->is_sweeping = false;
    if (!is_sweeping(tree->run)) {
        end_soon(tree->run);
    }
}

void run_sweep(struct run *run, run_swept_fn *done, void *arg)
{
    run->swept = done;
    run->swept_arg = arg;
    run->sweep_end = loop_timer_start(run->env->loop, SWEEP_MS, end_sweep, run);
    for (size_t i = 0; i < N_TREES; i++) {
        struct tree *tree = &run->tree[i];

        if (tree->rooms != NULL) {
            tree->is_sweeping = true;
            values_sweep(tree->rooms->values, "");
            values_wait_idle(tree->rooms->values, NULL, finish_tree, tree);
        }
    }
    if (!is_sweeping(run)) {
        end_soon(run);
    }
}

void run_explain_end(const struct task_env *env, struct err *err)
{
    if (err->class == ERR_NONE && env->caught_signal != 0) {
        (void)err_set(err, ERR_CANCELLED, "ended at once");
    } else if (err->class == ERR_NONE) {
        (void)err_set(err, ERR_FAILED,
                      "nothing was left to wait for before the end was reached: this is a fault in "
                      "acme-dns, please report it");
    }
}

size_t run_tell_leftovers(const struct run *run)
{
    size_t n = 0;

    for (size_t i = 0; i < N_TREES; i++) {
        n += run->tree[i].rooms == NULL ? 0 : rooms_tell_leftovers(run->tree[i].rooms);
    }
    return n;
}

struct run *run_new(struct task_env *env, const struct run_request *request)
{
    struct run *run = NEW(struct run);

    run->env = env;
    run->around = around_new(env);
    run->request = *request;
    run->trees = (struct trees){.env = env, .command = request->command};
    for (size_t i = 0; i < N_TREES; i++) {
        run->tree[i].run = run;
    }
    return run;
}

void run_close(struct run *run)
{
    stop_sweeping(run);
    around_free(TAKE(run->around));
    for (size_t i = 0; i < run->n_accounts; i++) {
        run_account_free(run->accounts[i]);
    }
    run->n_accounts = 0;
    for (size_t i = 0; i < run->n_clients; i++) {
        acme_free(run->clients[i].client);
    }
    run->n_clients = 0;
    for (size_t i = 0; i < run->n_https; i++) {
        http_free(run->https[i].http);
        mem_free(run->https[i].ca_file);
    }
    run->n_https = 0;
    for (size_t i = 0; i < N_TREES; i++) {
        rooms_close(TAKE(run->tree[i].rooms));
    }
}

void run_free(struct run *run)
{
    if (run == NULL) {
        return;
    }
    run_close(run);
    for (size_t i = 0; i < N_TREES; i++) {
        strv_done(&run->tree[i].claims);
    }
    mem_free(run->accounts);
    mem_free(run->clients);
    mem_free(run->https);
    deploy_common_free(run->deploy_common);
    provider_set_free(run->idle);
    trees_close(&run->trees);
    mem_free(run);
}
