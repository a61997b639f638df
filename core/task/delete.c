/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/delete.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/settings.h"
#include "store/store_cert.h"
#include "task/deploy.h"
#include "task/locked.h"

struct deletion {
    struct task_env *env;
    const struct delete_request *request;
    struct store *store;
    char *copies; /* that stay, for a message; NULL: none */
};

/* Whether the other tree has one of that name. */
static bool is_elsewhere(const struct deletion *deletion)
{
    const struct delete_request *request = deletion->request;
    const char *state_dir = deletion->env->settings->state_dir;
    AUTO_PTR(store) struct store *store = NULL;
    struct err ignored = ERR_INIT;

    if (store_look(deletion->env->loop, state_dir, !request->is_staging, &store, &ignored) < 0) {
        return false;
    }
    AUTO_FREE char *path = store_cert_path(store, request->name, NULL);
    return fs_is_dir(path);
}

static int refuse_unknown(const struct deletion *deletion, struct err *err)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    const char *name = deletion->request->name;
    struct err ignored = ERR_INIT;

    (void)store_cert_list(deletion->store, &names, &ignored);
    (void)err_set(err, ERR_CONFIG, "there is no certificate '%s'%s", name,
                  deletion->request->is_staging ? " of a staging service" : "");
    if (is_elsewhere(deletion)) {
        return err_hint(err, deletion->request->is_staging
                                 ? "one that is no trial is called so: leave --staging out"
                                 : "a trial is called so: --staging means that one");
    }
    config_hint_nearest(err, name, (const char *const *)names.items, names.n);
    return err_hint(err, "'acme-dns list' shows those that there are");
}

/* "valid for another 80 days", to mem_free. */
static char *describe_life(const struct deletion *deletion)
{
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;
    struct err ignored = ERR_INIT; /* one that cannot be read may be deleted too */
    char span[CLOCK_TEXT_MAX];
    int64_t left_s = 0;

    if (store_cert_load(deletion->store, deletion->request->name, &cert, &ignored) < 0) {
        return str_dup("no usable certificate is in it");
    }
    left_s = cert->not_after_s - clock_wall_s();
    clock_format_span(left_s < 0 ? -left_s : left_s, span);
    return left_s < 0 ? str_fmt("expired %s ago", span) : str_fmt("valid for another %s", span);
}

static int confirm(const struct deletion *deletion, struct err *err)
{
    const struct task_env *env = deletion->env;
    AUTO_FREE char *path = store_cert_path(deletion->store, deletion->request->name, NULL);
    AUTO_FREE char *life = describe_life(deletion);
    AUTO_FREE char *question = str_fmt(
        "Delete %s with its private key (%s)? Servers that use these files will fail.", path, life);

    if (deletion->request->is_confirmed) {
        return 0;
    }
    if (!env->is_interactive) {
        (void)err_set(err, ERR_HUMAN, "'%s' would be deleted with its private key (%s)", path,
                      life);
        return err_hint(err, "say --yes if that is meant");
    }
    return env->ask.yes(env->ask.arg, question) ? 0
                                                : err_set(err, ERR_HUMAN, "nothing was deleted");
}

/* The configuration goes on asking for it. */
static void warn_of_section(const struct deletion *deletion)
{
    const struct config_section *section =
        config_section_find(deletion->env->config, "certificate", deletion->request->name);

    if (section != NULL) {
        AUTO_FREE char *place = config_place_format(&section->place);

        event_log(EVENT_WARNING, deletion->request->name,
                  "%s still asks for this certificate: remove that section, or it is issued anew",
                  place);
    }
}

static void warn_of_copies(const struct deletion *deletion)
{
    if (deletion->copies != NULL) {
        event_log(EVENT_WARNING, deletion->request->name,
                  "copies of it stay until you remove them: %s", deletion->copies);
    }
}

static int begin(void *arg, struct err *err)
{
    const struct deletion *deletion = arg;

    return store_cert_delete(deletion->store, deletion->request->name, err);
}

static int delete_locked(struct deletion *deletion, struct err *err)
{
    struct locked locked = {.env = deletion->env,
                            .command = "delete",
                            .store = deletion->store,
                            .name = deletion->request->name,
                            .begin = begin,
                            .arg = deletion};
    int code = locked_run(&locked, err);

    locked_done(&locked);
    return code;
}

static int run(struct deletion *deletion, struct err *err)
{
    AUTO_FREE char *path = NULL;

    if (store_open(deletion->env->loop, deletion->env->settings->state_dir,
                   deletion->request->is_staging, &deletion->store, err) < 0 ||
        store_name_check(deletion->request->name, err) < 0) {
        return err_code(err);
    }
    path = store_cert_path(deletion->store, deletion->request->name, NULL);
    if (!fs_is_dir(path)) {
        return refuse_unknown(deletion, err);
    }
    deletion->copies =
        deploy_describe_copies(deletion->env, deletion->store, deletion->request->name);
    return confirm(deletion, err) < 0 ? err_code(err) : delete_locked(deletion, err);
}

enum task_exit task_delete(struct task_env *env, const struct delete_request *request)
{
    struct deletion deletion = {.env = env, .request = request};
    struct err err = ERR_INIT;
    int code = run(&deletion, &err);
    enum task_exit status = code < 0 ? task_exit_for(err.class) : EXIT_DONE;

    if (code == 0) {
        warn_of_copies(&deletion);
        warn_of_section(&deletion);
    }
    event_emit(code < 0 ? EVENT_ERROR : EVENT_NOTICE, EVENT_RESULT, request->name,
               FIELD_INT("exit", status), FIELD("class", err_class_name(err.class)),
               FIELD("text", code < 0 ? err.text : "deleted"));
    mem_free(deletion.copies);
    store_free(deletion.store);
    return status;
}
