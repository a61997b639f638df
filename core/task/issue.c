/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * issue: what is wanted -> the certificate's lock -> is anything due? -> account and order side by
 * side -> what the user is told.
 */
#include "task/issue.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "config/settings.h"
#include "order/due.h"
#include "order/order.h"
#include "store/store_lock.h"
#include "task/account.h"
#include "task/rooms.h"
#include "task/signals.h"
#include "task/wanted.h"

#include <string.h>

#define REQUEST_CONF_MAX 65536
#define STAGING_WARNING "STAGING: a trial that nobody trusts, kept apart from real certificates"
#define NEXT_STEP                                                                              \
    "run the same command regularly, by a timer or cron: before that day it changes nothing, " \
    "from then on it renews"

struct issue {
    struct task_env *env;
    const struct issue_request *request;
    struct wanted *wanted;
    struct store *store;
    struct http *http;
    struct rooms *rooms;
    struct account *account;
    struct order *order;
    struct signals *signals;
    struct store_job *job;
    struct store_lock *lock;
    struct store_cert *before; /* installed when we began, or NULL */
    struct store_cert *after;
    const char *state; /* "issued", "unchanged", "remembered"; NULL: err says why not */
    char *change;      /* what is remembered, or NULL */
    struct err err;
    bool is_over;
};

static void finish(struct issue *issue, const struct err *err)
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

/* ---- The order ---- */

static int load_installed(struct issue *issue, struct store_cert **ret_cert, struct err *err)
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

    if (result->end != ORDER_END_INSTALLED) {
        finish(issue, result->err);
        return;
    }
    if (load_installed(issue, &issue->after, &err) < 0 ||
        wanted_save(issue->wanted, issue->store, &err) < 0) {
        finish(issue, &err);
        return;
    }
    issue->state = "issued";
    finish(issue, NULL);
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
    };

    issue->order = order_start(&env, &request, finish_order, issue);
}

static void begin_ordering(void *arg, const struct err *err)
{
    struct issue *issue = arg;

    if (issue->order == NULL) {
        finish(issue, err);
    } else {
        order_account_ready(issue->order, err);
    }
}

/* --ca-bundle before the CA's own section before the general one. */
static const char *choose_ca_file(const struct issue *issue)
{
    const struct settings *settings = issue->env->settings;

    if (settings_place(settings, "ca-bundle").origin == CONFIG_FLAG ||
        issue->wanted->ca->ca_file == NULL) {
        return settings->ca_bundle;
    }
    return issue->wanted->ca->ca_file;
}

/* Providers that the command line names must exist before anybody is asked for anything. */
static int check_providers(const struct issue *issue, struct err *err)
{
    for (size_t i = 0; i < issue->wanted->now.providers.n; i++) {
        const char *assignment = issue->wanted->now.providers.items[i];
        const char *divider = strchr(assignment, '=');
        struct provider *provider = NULL;

        if (provider_get(issue->rooms->providers, divider == NULL ? assignment : divider + 1,
                         &provider, err) < 0) {
            return err_code(err);
        }
        provider_start(provider);
    }
    return 0;
}

static int open_rooms(struct issue *issue, struct err *err)
{
    const struct rooms_request request = {
        .command = "issue",
        .certificate = issue->wanted->name,
        .providers = &issue->wanted->now.providers,
        .allow_aliases = &issue->wanted->now.allow_aliases,
        .store = issue->store,
    };

    return rooms_open(issue->env, &request, &issue->rooms, err);
}

static int open_all(struct issue *issue, struct err *err)
{
    static const struct account_callbacks CALLBACKS = {.has_client = begin_order,
                                                       .ready = begin_ordering};
    const struct settings *settings = issue->env->settings;
    const struct wanted *wanted = issue->wanted;
    const struct http_settings http_settings = {
        .ca_file = choose_ca_file(issue),
        .user_agent = "acme-dns/" ACME_VERSION,
        .connect_timeout_ms = settings->connect_timeout_ms,
    };
    const struct account_request account_request = {
        .ca = wanted->ca,
        .email = wanted->now.email,
        .has_agreed_tos = issue->request->has_agreed_tos || settings->has_agreed_tos,
        .eab = issue->request->eab,
    };

    if ((issue->rooms == NULL && open_rooms(issue, err) < 0) || check_providers(issue, err) < 0 ||
        http_new(issue->env->loop, &http_settings, &issue->http, err) < 0) {
        return err_code(err);
    }
    issue->account =
        account_open(issue->env, issue->store, issue->http, &account_request, &CALLBACKS, issue);
    return 0;
}

/* ---- Is anything due? ---- */

static bool has_same_names(const struct strv *a, const struct strv *b)
{
    for (size_t i = 0; i < a->n; i++) {
        if (!strv_has(b, a->items[i])) {
            return false;
        }
    }
    return a->n == b->n;
}

static int refuse_other_names(const struct issue *issue, struct err *err)
{
    AUTO_FREE char *old_names = strv_join(&issue->before->domains, ", ");
    AUTO_FREE char *new_names = strv_join(&issue->wanted->now.names, ", ");

    (void)err_set(err, ERR_CONFIG,
                  "certificate '%s' is for other names\n  it has:    %s\n  asked for: %s",
                  issue->wanted->name, old_names, new_names);
    return err_hint(
        err, "--expand issues one for all of them, --replace for exactly the names asked for; "
             "--name gives the new one a name of its own");
}

static char *read_request_conf(const struct issue *issue)
{
    AUTO_FREE char *path = store_cert_path(issue->store, issue->wanted->name, "request.conf");
    AUTO(buf_done) struct buf text = BUF(REQUEST_CONF_MAX);
    struct err ignored = ERR_INIT;

    return fs_read(path, &text, &ignored) < 0 ? NULL : buf_take(&text);
}

static bool is_setting(const char *line)
{
    return strchr(line, '=') != NULL && *line != '#';
}

/* The settings that are new in request.conf: "key-type = rsa2048, ca = zerossl". */
static char *describe_change(const char *old_text, const char *new_text)
{
    AUTO(strv_done) struct strv old_lines = STRV_INIT;
    AUTO(strv_done) struct strv new_lines = STRV_INIT;
    AUTO(strv_done) struct strv fresh = STRV_INIT;

    strv_add_split(&old_lines, old_text, "\n");
    strv_add_split(&new_lines, new_text, "\n");
    for (size_t i = 0; i < new_lines.n; i++) {
        if (is_setting(new_lines.items[i]) && !strv_has(&old_lines, new_lines.items[i])) {
            strv_add(&fresh, new_lines.items[i]);
        }
    }
    return fresh.n == 0 ? str_dup("what was said earlier is taken back") : strv_join(&fresh, ", ");
}

/* Nothing is issued now; what was asked for counts from the next renewal on. */
static int remember(struct issue *issue, struct err *err)
{
    AUTO_FREE char *old_text = read_request_conf(issue);
    AUTO_FREE char *new_text = NULL;

    if (wanted_save(issue->wanted, issue->store, err) < 0) {
        return err_code(err);
    }
    new_text = read_request_conf(issue);
    if (old_text == NULL || new_text == NULL || str_eq(old_text, new_text)) {
        issue->state = "unchanged";
    } else {
        issue->state = "remembered";
        issue->change = describe_change(old_text, new_text);
    }
    return 0;
}

/* ---- What earlier runs left, where nothing is due ---- */

static bool has_leftovers(const struct issue *issue)
{
    AUTO(strv_done) struct strv found = STRV_INIT;
    struct err ignored = ERR_INIT;

    (void)store_pending_key_list(issue->store, issue->wanted->name, &found, &ignored);
    if (found.n == 0) {
        (void)fs_list(store_folder(issue->store, STORE_JOURNAL), &found, &ignored);
    }
    return found.n > 0;
}

static void finish_tidying(void *arg)
{
    struct issue *issue = arg;
    struct err err = ERR_INIT;

    order_drop_keys(issue->store, issue->rooms->journal, issue->wanted->name);
    finish(issue, remember(issue, &err) < 0 ? &err : NULL);
}

/* 1: an order that an earlier run began is to be ended, whatever the dates say. 0: what such runs
 * left is being taken away. */
static int tidy(struct issue *issue, struct err *err)
{
    if (open_rooms(issue, err) < 0) {
        return err_code(err);
    }
    if (journal_find_order(issue->rooms->journal, issue->wanted->name) != NULL) {
        return 1;
    }
    values_sweep(issue->rooms->values);
    values_wait_idle(issue->rooms->values, finish_tidying, issue);
    return 0;
}

/* ---- What is done ---- */

/* 1: issue now. 0: nothing is due; the task ends by itself. */
static int decide(struct issue *issue, struct err *err)
{
    const struct issue_request *request = issue->request;
    bool is_now = request->is_forced;

    if (load_installed(issue, &issue->before, err) < 0) {
        return err_code(err);
    }
    if (issue->before == NULL) {
        return 1;
    }
    if (!has_same_names(&issue->wanted->now.names, &issue->before->domains)) {
        if (!request->is_expanding && !request->is_replacing) {
            return refuse_other_names(issue, err);
        }
        if (request->is_expanding) {
            wanted_add_names(issue->wanted, &issue->before->domains);
        }
        is_now = !has_same_names(&issue->wanted->now.names, &issue->before->domains) || is_now;
        if (is_now && ca_check_names(issue->wanted->ca, &issue->wanted->now.names, err) < 0) {
            return err_code(err);
        }
    }
    if (is_now || clock_wall_s() >=
                      due_renew_after_s(issue->before->not_before_s, issue->before->not_after_s)) {
        return 1;
    }
    if (has_leftovers(issue)) {
        return tidy(issue, err);
    }
    if (remember(issue, err) < 0) {
        return err_code(err);
    }
    finish(issue, NULL);
    return 0;
}

static void finish_lock(void *arg, struct store_lock *lock, const struct err *err)
{
    struct issue *issue = arg;
    struct err failure = ERR_INIT;
    int is_now = 0;

    issue->job = NULL;
    if (err != NULL) {
        finish(issue, err);
        return;
    }
    issue->lock = lock;
    is_now = decide(issue, &failure);
    if (is_now < 0 || (is_now > 0 && open_all(issue, &failure) < 0)) {
        finish(issue, &failure);
    }
}

static void cancel(void *arg, const char *reason)
{
    struct issue *issue = arg;
    struct err err = ERR_INIT;

    if (issue->is_over) {
        return; /* the rooms are closing; the order is gone */
    }
    if (issue->order != NULL) {
        order_cancel(issue->order, reason);
        return;
    }
    (void)err_set(&err, ERR_CANCELLED, "%s", reason);
    finish(issue, &err);
}

/* ---- What the user is told ---- */

/* Credentials that only this environment has will be missing when a timer renews. */
static void warn_of_environment(const struct issue *issue)
{
    size_t cursor = 0;
    struct provider *provider = NULL;

    while (issue->rooms != NULL &&
           (provider = provider_next(issue->rooms->providers, &cursor)) != NULL) {
        const struct provider_facts *facts = provider_facts(provider);

        if (facts != NULL && facts->from_environment->n > 0) {
            AUTO_FREE char *options = strv_join(facts->from_environment, ", ");

            event_log(
                EVENT_WARNING, issue->wanted->name,
                "a renewal will lack what provider '%s' got from the environment: %s\n"
                "Put it into the configuration:\n  [provider %s]\n  plugin = %s\n  OPTION = VALUE",
                provider_name(provider), options, provider_name(provider),
                provider_plugin(provider));
        }
    }
}

static enum task_exit tell_error(const char *subject, const struct err *err)
{
    enum task_exit status = task_exit_for(err->class);

    event_emit(EVENT_ERROR, EVENT_RESULT, subject, FIELD_INT("exit", status),
               FIELD("class", err_class_name(err->class)), FIELD("text", err->text),
               err->retry_after_s > 0 ? FIELD_INT("retry-after", err->retry_after_s)
                                      : FIELD("retry-after", NULL));
    return status;
}

/* NULL where the state says it all. */
static char *describe_state(const struct issue *issue)
{
    if (issue->after != NULL) {
        return NULL;
    }
    return issue->change == NULL
               ? str_dup("not due yet; nothing was done (--force issues all the same)")
               : str_fmt("not due yet; counts from the next renewal on, or now with --force: %s",
                         issue->change);
}

static enum task_exit tell_success(const struct issue *issue)
{
    const struct store_cert *cert = issue->after != NULL ? issue->after : issue->before;
    enum task_exit status =
        issue->request->is_unchanged_told && issue->after == NULL ? EXIT_UNCHANGED : EXIT_DONE;
    AUTO_FREE char *path = store_cert_path(issue->store, cert->name, NULL);
    AUTO_FREE char *names = strv_join(&cert->domains, ", ");
    AUTO_FREE char *text = describe_state(issue);
    char not_after[CLOCK_TEXT_MAX];
    char renew_after[CLOCK_TEXT_MAX];

    clock_format(cert->not_after_s, not_after);
    clock_format(due_renew_after_s(cert->not_before_s, cert->not_after_s), renew_after);
    if (issue->after != NULL) {
        event_emit(EVENT_NOTICE, EVENT_INSTALLED, cert->name, FIELD("path", path),
                   FIELD("not-after", not_after), FIELD("names", names));
        warn_of_environment(issue);
    }
    event_emit(EVENT_NOTICE, EVENT_RESULT, cert->name, FIELD_INT("exit", status),
               FIELD("class", err_class_name(ERR_NONE)), FIELD("state", issue->state),
               FIELD("text", text),
               FIELD("warning", store_is_staging(issue->store) ? STAGING_WARNING : NULL),
               FIELD("names", names), FIELD("path", path), FIELD("not-after", not_after),
               FIELD("renew-after", renew_after), FIELD("next", NEXT_STEP));
    return status;
}

static void close_all(struct issue *issue)
{
    store_job_cancel(&issue->job);
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

static enum task_exit tell(const struct issue *issue)
{
    if (issue->rooms != NULL) {
        (void)rooms_tell_leftovers(issue->rooms);
    }
    return issue->state != NULL ? tell_success(issue)
                                : tell_error(issue->wanted->name, &issue->err);
}

/* What the user calls it, where it is not known yet what it is. */
static char *name_request(const struct issue_request *request)
{
    const char *first = request->domains.n > 0 ? request->domains.items[0] : "issue";

    return request->name != NULL ? str_dup(request->name)
                                 : str_dup_len(first, strcspn(first, ", "));
}

enum task_exit task_issue(struct task_env *env, const struct issue_request *request)
{
    AUTO(close_all) struct issue issue = {.env = env, .request = request};
    struct err err = ERR_INIT;

    if (wanted_make(env, request, &issue.wanted, &issue.store, &err) < 0) {
        AUTO_FREE char *subject = name_request(request);

        return tell_error(subject, &err);
    }
    store_set_command(issue.store, "issue");
    issue.signals = signals_open(env, cancel, &issue);
    issue.job = store_lock_start(issue.store, STORE_LOCK_CERT, issue.wanted->name, false,
                                 env->settings->lock_timeout_ms, finish_lock, &issue);
    if (loop_run(env->loop, &err) < 0) {
        finish(&issue, &err);
    }
    if (!issue.is_over) {
        (void)err_set(&err, ERR_CANCELLED, "ended at once");
        issue.err = err;
    }
    return tell(&issue);
}
