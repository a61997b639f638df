/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * describe -> the answers -> secrets on disk -> open, and ask what it can edit -> the section on
 * disk. The section comes last: a run beside this one never sees one that was not tried.
 */
#include "task/provider_add.h"

#include "base/event.h"
#include "base/mem.h"
#include "config/sections.h"
#include "config/settings.h"
#include "provider/provider.h"
#include "task/provider_answers.h"
#include "task/publishers.h"
#include "task/rooms.h"
#include "task/signals.h"

#define SECTION_MAX (64 * 1024)

struct addition {
    struct task_env *env;
    const struct provider_add_request *request;
    struct credentials *credentials;
    struct provider *provider;
    struct provider_job *job;
    struct strv zones;
    struct strv left;     /* files that should have been taken back, and are there */
    bool has_asked_zones; /* the provider itself has answered, with this credential */
    struct err err;       /* ERR_NONE so far */
};

static void stop(struct addition *addition, const struct err *err)
{
    if (err != NULL && addition->err.class == ERR_NONE) {
        addition->err = *err;
    }
    loop_stop(addition->env->loop);
}

static int run_loop(struct addition *addition, struct err *err)
{
    if (loop_run(addition->env->loop, err) < 0) {
        return err_code(err);
    }
    if (addition->err.class != ERR_NONE) {
        *err = addition->err;
        return err_code(err);
    }
    return addition->env->caught_signal == 0 ? 0 : err_set(err, ERR_CANCELLED, "ended at once");
}

static const char *plugin_of(const struct provider_add_request *request)
{
    return request->plugin != NULL ? request->plugin : request->name;
}

/* ---- What to write ---- */

static int check_name(const struct addition *addition, struct err *err)
{
    const char *name = addition->request->name;
    const struct config_section *section =
        config_section_find(addition->env->config, "provider", name);

    if (!certificate_name_is_valid(name)) {
        return err_set(err, ERR_CONFIG,
                       "'%s' cannot name a provider: a-z 0-9 . _ - only, at most 128", name);
    }
    if (section != NULL) {
        AUTO_FREE char *place = config_place_format(&section->place);

        (void)err_set(err, ERR_CONFIG, "%s: there is a [provider %s] already", place, name);
        return err_hint(err, "choose another name, or remove that section first");
    }
    if (addition->env->settings->config_path == NULL) {
        return err_set(err, ERR_CONFIG,
                       "no configuration folder is known: name the file with --config");
    }
    return 0;
}

static void take_description(void *arg, const char *path,
                             const struct provider_description *description, const struct err *err)
{
    struct addition *addition = arg;
    struct err failure = ERR_INIT;

    (void)path;
    if (err != NULL) {
        stop(addition, err);
        return;
    }
    if (provider_answers_gather(addition->env, description, &addition->request->answers,
                                addition->credentials, &failure) < 0) {
        stop(addition, &failure);
        return;
    }
    stop(addition, NULL);
}

static int gather(struct addition *addition, struct err *err)
{
    AUTO(strv_done) struct strv denied = STRV_INIT;
    AUTO_PTR(provider_set) struct provider_set *set = NULL;
    const struct provider_settings settings = rooms_provider_settings(addition->env, &denied);

    if (provider_set_new(addition->env->loop, NULL, &settings, &set, err) < 0) {
        return err_code(err);
    }
    provider_describe(set, plugin_of(addition->request), take_description, addition);
    return run_loop(addition, err);
}

/* ---- Does it work? ---- */

static void take_zones(void *arg, const struct strv *zones, const struct provider_result *result)
{
    struct addition *addition = arg;

    addition->job = NULL;
    addition->has_asked_zones = result->is_ok;
    if (result->is_ok) {
        strv_copy(&addition->zones, zones);
    }
    stop(addition, result->err);
}

static void take_ready(void *arg, const struct err *err)
{
    struct addition *addition = arg;

    if (err != NULL || !provider_facts(addition->provider)->has_zones) {
        stop(addition, err);
        return;
    }
    addition->job = provider_zones(addition->provider, take_zones, addition);
    provider_release(addition->provider);
}

static int try_provider(struct addition *addition, const struct config *config, struct err *err)
{
    AUTO(strv_done) struct strv denied = STRV_INIT;
    AUTO_PTR(provider_set) struct provider_set *set = NULL;
    const struct provider_settings settings = rooms_provider_settings(addition->env, &denied);
    int code = 0;

    if (provider_set_new(addition->env->loop, config, &settings, &set, err) < 0 ||
        provider_get(set, addition->request->name, &addition->provider, err) < 0) {
        return err_code(err);
    }
    provider_ready(addition->provider, take_ready, addition);
    code = run_loop(addition, err);
    provider_unready(addition->provider, addition);
    provider_job_cancel(&addition->job);
    addition->provider = NULL;
    return code;
}

/* From memory: the section is not on disk yet, its secrets are. */
static int try_section(struct addition *addition, struct err *err)
{
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    AUTO(buf_done) struct buf text = BUF(SECTION_MAX);
    AUTO_PTR(config) struct config *config = NULL;

    if (credentials_format(addition->credentials, &text, err) < 0) {
        return err_code(err);
    }
    config =
        config_parse(credentials_path(addition->credentials), buf_str(&text), text.len, &errors);
    if (errors.n > 0) {
        *err = errors.items[0].err;
        return err_code(err);
    }
    return try_provider(addition, config, err);
}

static int write_all(struct addition *addition, struct err *err)
{
    if (credentials_store(addition->credentials, &addition->left, err) < 0) {
        return err_code(err);
    }
    if ((!addition->request->is_untried && try_section(addition, err) < 0) ||
        credentials_commit(addition->credentials, err) < 0) {
        credentials_withdraw(addition->credentials, &addition->left);
        return err_code(err);
    }
    return 0;
}

/* ---- The task ---- */

static enum task_exit tell_failure(const struct addition *addition, const struct err *err)
{
    enum task_exit status = task_exit_for(err->class);
    AUTO_FREE char *left = strv_join(&addition->left, ", ");
    AUTO_FREE char *next = addition->left.n == 0
                               ? str_dup("nothing was written")
                               : str_fmt("could not be removed again, and is of no use: %s", left);

    event_emit(EVENT_ERROR, EVENT_RESULT, addition->request->name, FIELD_INT("exit", status),
               FIELD("class", err_class_name(err->class)), FIELD("text", err->text),
               FIELD("next", next));
    return status;
}

/* To open a plug-in is no proof: most only read their options there. */
static char *format_success(const struct addition *addition)
{
    const char *path = credentials_path(addition->credentials);

    if (addition->has_asked_zones) {
        return str_fmt("works; written to %s", path);
    }
    return addition->request->is_untried
               ? str_fmt("not tried; written to %s", path)
               : str_fmt("written to %s; the credential was not tried", path);
}

/* The configuration is that from before. */
static void warn_of_orphans(const struct addition *addition)
{
    const struct config *config = addition->env->config;
    AUTO(strv_done) struct strv orphans = STRV_INIT;

    publishers_list_implicit(config, &orphans);
    if (orphans.n > 0) {
        AUTO_FREE char *names = strv_join(&orphans, ", ");

        event_log(EVENT_WARNING, addition->request->name,
                  "with two providers nothing says any more who publishes for %s: write 'provider "
                  "= %s' into the section, or a section [zone NAME]",
                  names, config_section_next(config, "provider", NULL)->name);
    }
}

static enum task_exit tell_success(const struct addition *addition)
{
    const char *name = addition->request->name;
    AUTO_FREE char *zones = strv_join(&addition->zones, ", ");
    AUTO_FREE char *next = addition->has_asked_zones
                               ? str_fmt("acme-dns issue -d NAME --provider %s", name)
                               : str_fmt("acme-dns plugin test %s -d ZONE", name);
    AUTO_FREE char *text = format_success(addition);

    if (credentials_made(addition->credentials) != NULL) {
        event_log(EVENT_NOTICE, name, "the configuration '%s' was not there: it is now",
                  credentials_made(addition->credentials));
    }
    if (addition->zones.n > 0) {
        event_log(EVENT_NOTICE, name, "it can change: %s", zones);
    }
    warn_of_orphans(addition);
    event_emit(EVENT_NOTICE, EVENT_RESULT, name, FIELD_INT("exit", EXIT_DONE),
               FIELD("class", err_class_name(ERR_NONE)), FIELD("text", text),
               FIELD("section", credentials_path(addition->credentials)), FIELD("next", next));
    return EXIT_DONE;
}

static void cancel(void *arg, const char *reason)
{
    struct addition *addition = arg;
    struct err err = ERR_INIT;

    (void)err_set(&err, ERR_CANCELLED, "%s", reason);
    stop(addition, &err);
}

static int add(struct addition *addition, struct err *err)
{
    if (check_name(addition, err) < 0) {
        return err_code(err);
    }
    addition->credentials = credentials_new(addition->env->settings->config_path,
                                            addition->request->name, plugin_of(addition->request));
    return gather(addition, err) < 0 ? err_code(err) : write_all(addition, err);
}

enum task_exit task_provider_add(struct task_env *env, const struct provider_add_request *request)
{
    struct addition addition = {.env = env, .request = request};
    struct signals *signals = signals_open(env, cancel, &addition);
    struct err err = ERR_INIT;
    enum task_exit status =
        add(&addition, &err) < 0 ? tell_failure(&addition, &err) : tell_success(&addition);

    signals_close(signals);
    credentials_free(addition.credentials);
    strv_done(&addition.zones);
    strv_done(&addition.left);
    return status;
}
