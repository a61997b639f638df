/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * issue: what is wanted -> the certificate's lock -> is anything due? -> account and order side by
 * side -> what the user is told.
 */
#include "task/issue_impl.h"

#include "base/event.h"
#include "base/mem.h"
#include "config/settings.h"
#include "store/store_lock.h"
#include "task/ca_choice.h"
#include "task/deploy.h"
#include "task/signals.h"

void issue_finish(struct issue *issue, const struct err *err)
{
    if (issue->is_over) {
        return;
    }
    issue->is_over = true;
    if (err != NULL) {
        issue->err = *err;
    }
    loop_stop(issue->env->loop);
}

/* ---- The hooks ---- */

static void finish_deploy(void *arg, const struct err *err)
{
    struct issue *issue = arg;

    issue->deploy = NULL;
    if (err != NULL) {
        issue->deploy_err = *err;
    }
    issue_finish(issue, NULL);
}

void issue_deploy(struct issue *issue)
{
    const struct store_cert *cert = issue->after != NULL ? issue->after : issue->before;
    AUTO(strv_done) struct strv hooks = STRV_INIT;
    struct err err = ERR_INIT;

    if (deploy_gather(issue->env, &issue->wanted->now.deploy_hooks, &hooks, &err) < 0) {
        issue->deploy_err = err;
        issue_finish(issue, NULL);
    } else if (cert == NULL || !deploy_is_pending(issue->store, cert, &hooks)) {
        issue_finish(issue, NULL);
    } else {
        issue->deploy = deploy_start(issue->env, issue->store, cert, &hooks, finish_deploy, issue);
    }
}

/* ---- The order ---- */

int issue_load_installed(struct issue *issue, struct store_cert **ret_cert, struct err *err)
{
    int code = store_cert_load(issue->store, issue->wanted->name, ret_cert, err);

    if (code == -ERR_NOT_FOUND) {
        err_clear(err);
        return 0;
    }
    if (code == 0 && (*ret_cert)->warning != NULL) {
        event_log(EVENT_WARNING, issue->wanted->name, "%s", (*ret_cert)->warning);
    }
    return code;
}

static void finish_order(void *arg, const struct order_result *result)
{
    struct issue *issue = arg;
    struct err err = ERR_INIT;

    if (result->end == ORDER_END_PARKED && wanted_save(issue->wanted, issue->store, &err) < 0) {
        event_log(EVENT_WARNING, issue->wanted->name, "%s", err.text);
    }
    if (result->end != ORDER_END_INSTALLED) {
        issue_finish(issue, result->err);
        return;
    }
    if (issue_load_installed(issue, &issue->after, &err) < 0 ||
        wanted_save(issue->wanted, issue->store, &err) < 0) {
        issue_finish(issue, &err);
        return;
    }
    issue->state = "issued";
    issue_deploy(issue);
}

static void begin_order(void *arg, const struct account_parts *parts)
{
    struct issue *issue = arg;
    const struct order_env env = {
        .loop = issue->env->loop,
        .acme = parts->client,
        .ca = issue->wanted->ca,
        .account_key = parts->key,
        .providers = issue->rooms->providers,
        .dns = issue->rooms->dns,
        .store = issue->store,
        .journal = issue->rooms->journal,
        .values = issue->rooms->values,
        .settings = issue->env->settings,
        .account_refused = account_refused,
        .account_arg = issue->account,
    };
    const struct order_request request = {
        .certificate = issue->wanted->name,
        .names = &issue->wanted->now.names,
        .key_type = issue->wanted->key_type,
        .account_id = account_id(issue->account),
        .profile = issue->wanted->ca->profile,
        .providers = &issue->wanted->now.providers,
        .privkey_mode = issue->wanted->privkey_mode,
        .privkey_gid = issue->wanted->privkey_gid,
    };

    issue->order = order_start(&env, &request, finish_order, issue);
}

static void begin_ordering(void *arg, const struct err *err)
{
    struct issue *issue = arg;

    if (issue->order == NULL) {
        issue_finish(issue, err);
    } else {
        order_account_ready(issue->order, err);
    }
}

int issue_open_rooms(struct issue *issue, struct err *err)
{
    const struct journal_scope scope = {.certificate = issue->wanted->name};
    const struct rooms_request request = {
        .command = "issue",
        .scope = &scope,
        .providers = &issue->wanted->now.providers,
        .allow_aliases = &issue->wanted->now.allow_aliases,
        .store = issue->store,
    };

    return issue->rooms != NULL ? 0 : rooms_open(issue->env, &request, &issue->rooms, err);
}

static int open_all(struct issue *issue, struct err *err)
{
    static const struct account_callbacks CALLBACKS = {.has_client = begin_order,
                                                       .ready = begin_ordering};
    const struct settings *settings = issue->env->settings;
    const struct wanted *wanted = issue->wanted;
    const struct http_settings http_settings = {
        .ca_file = ca_choice_bundle(settings, wanted->ca),
        .user_agent = "acme-dns/" ACME_VERSION,
        .connect_timeout_ms = settings->connect_timeout_ms,
    };
    const struct account_request account_request = {
        .ca = wanted->ca,
        .email = wanted->now.email,
        .has_agreed_tos = issue->request->has_agreed_tos || settings->has_agreed_tos,
        .eab = issue->request->eab,
    };

    if (issue_open_rooms(issue, err) < 0 ||
        rooms_start_providers(issue->rooms, &wanted->now.providers, err) < 0 ||
        http_new(issue->env->loop, &http_settings, &issue->http, err) < 0) {
        return err_code(err);
    }
    issue->account =
        account_open(issue->env, issue->store, issue->http, &account_request, &CALLBACKS, issue);
    return 0;
}

static void finish_lock(void *arg, struct store_lock *lock, const struct err *err)
{
    struct issue *issue = arg;
    struct err failure = ERR_INIT;
    int is_now = 0;

    issue->job = NULL;
    if (err != NULL) {
        issue_finish(issue, err);
        return;
    }
    issue->lock = lock;
    store_cert_tidy(issue->store, issue->wanted->name);
    is_now = issue_decide(issue, &failure);
    if (is_now < 0 || (is_now > 0 && open_all(issue, &failure) < 0)) {
        issue_finish(issue, &failure);
    }
}

static void cancel(void *arg, const char *reason)
{
    struct issue *issue = arg;
    struct err err = ERR_INIT;

    if (issue->is_over) {
        return; /* the rooms are closing; the order is gone */
    }
    (void)err_set(&err, ERR_CANCELLED, "%s", reason);
    if (issue->deploy != NULL) {
        deploy_cancel(&issue->deploy); /* they are run again by the next run */
        issue->deploy_err = err;
        issue_finish(issue, NULL);
    } else if (issue->order != NULL) {
        order_cancel(issue->order, reason);
    } else {
        issue_finish(issue, &err);
    }
}

static void close_all(struct issue *issue)
{
    store_job_cancel(&issue->job);
    deploy_cancel(&issue->deploy);
    order_free(issue->order);
    account_close(issue->account);
    http_free(issue->http);
    rooms_close(issue->rooms);
    signals_close(issue->signals);
    store_lock_release(issue->lock);
    store_cert_free(issue->before);
    store_cert_free(issue->after);
    store_free(issue->store);
    mem_free(issue->change);
    wanted_free(issue->wanted);
}

enum task_exit task_issue(struct task_env *env, const struct issue_request *request)
{
    AUTO(close_all) struct issue issue = {.env = env, .request = request};
    struct err err = ERR_INIT;

    if (wanted_make(env, request, &issue.wanted, &issue.store, &err) < 0 ||
        rooms_check_providers(env, &issue.wanted->now.providers, issue.wanted->now.names.items[0],
                              &err) < 0) {
        return issue_tell_refusal(request, &err);
    }
    rooms_leave_output(env, &issue.wanted->now.providers);
    store_set_command(issue.store, "issue");
    issue.signals = signals_open(env, cancel, &issue);
    issue.job = store_lock_start(issue.store, STORE_LOCK_CERT, issue.wanted->name, false,
                                 env->settings->lock_timeout_ms, finish_lock, &issue);
    if (loop_run(env->loop, &err) < 0) {
        issue_finish(&issue, &err);
    }
    if (!issue.is_over) {
        (void)(env->caught_signal != 0
                   ? err_set(&err, ERR_CANCELLED, "ended at once")
                   : err_set(&err, ERR_FAILED,
                             "nothing was left to wait for before the end was reached: this is a "
                             "fault in acme-dns, please report it"));
        issue.err = err;
        issue.is_over = true;
    }
    return issue_tell(&issue);
}
