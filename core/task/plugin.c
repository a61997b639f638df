/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/plugin.h"

#include "base/event.h"
#include "provider/provider.h"
#include "task/rooms.h"

struct look {
    struct task_env *env;
    plugin_seen_fn *seen;
    void *arg;
    bool has_failed;
    bool is_list;
};

static void take_description(void *arg, const char *path,
                             const struct provider_description *description, const struct err *err)
{
    struct look *look = arg;

    if (path != NULL || err != NULL) {
        look->has_failed = look->has_failed || err != NULL;
        look->seen(look->arg, path, description, err);
    }
    if (!look->is_list || path == NULL) {
        loop_stop(look->env->loop);
    }
}

static enum task_exit look_at(struct task_env *env, const char *name, plugin_seen_fn *seen,
                              void *arg)
{
    struct look look = {.env = env, .seen = seen, .arg = arg, .is_list = name == NULL};
    AUTO(strv_done) struct strv denied = STRV_INIT;
    const struct provider_settings settings = rooms_provider_settings(env, &denied);
    AUTO_PTR(provider_set) struct provider_set *set = NULL;
    struct err err = ERR_INIT;

    if (provider_set_new(env->loop, env->config, &settings, &set, &err) < 0) {
        event_log(EVENT_ERROR, "", "%s", err.text);
        return task_exit_for(err.class);
    }
    if (name == NULL) {
        provider_list(set, take_description, &look);
    } else {
        provider_describe(set, name, take_description, &look);
    }
    if (loop_run(env->loop, &err) < 0) {
        event_log(EVENT_ERROR, "", "%s", err.text);
        return EXIT_FAILED;
    }
    return look.has_failed ? EXIT_PROVIDER : EXIT_DONE;
}

enum task_exit task_plugin_list(struct task_env *env, plugin_seen_fn *seen, void *arg)
{
    return look_at(env, NULL, seen, arg);
}

enum task_exit task_plugin_show(struct task_env *env, const char *name, plugin_seen_fn *seen,
                                void *arg)
{
    return look_at(env, name, seen, arg);
}

struct asking {
    struct task_env *env;
    struct provider_set *set;
    const struct strv *plugins;
    size_t at;
    plugin_told_fn *told;
    void *arg;
};

static void ask_next(struct asking *asking);

static void take_answer(void *arg, const char *path, const struct provider_description *description,
                        const struct err *err)
{
    struct asking *asking = arg;

    (void)path;
    asking->told(asking->arg, asking->at++, description, err);
    ask_next(asking);
}

static void ask_next(struct asking *asking)
{
    if (asking->at == asking->plugins->n) {
        loop_stop(asking->env->loop);
    } else {
        provider_describe(asking->set, asking->plugins->items[asking->at], take_answer, asking);
    }
}

int plugin_ask_all(struct task_env *env, const struct strv *plugins, plugin_told_fn *told,
                   void *arg, struct err *err)
{
    struct asking asking = {.env = env, .plugins = plugins, .told = told, .arg = arg};
    AUTO(strv_done) struct strv denied = STRV_INIT;
    const struct provider_settings settings = rooms_provider_settings(env, &denied);
    AUTO_PTR(provider_set) struct provider_set *set = NULL;

    if (plugins->n == 0) {
        return 0;
    }
    if (provider_set_new(env->loop, env->config, &settings, &set, err) < 0) {
        return err_code(err);
    }
    asking.set = set;
    ask_next(&asking);
    return loop_run(env->loop, err);
}
