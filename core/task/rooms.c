/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/rooms.h"

#include "base/event.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/settings.h"
#include "store/store_lock.h"

#include <string.h>

#define LEFTOVERS_SHOWN 10

/* ---- Locks for provider/, which may not know the store ---- */

struct zone_lock {
    struct store_job *job;
    struct store_lock *lock;
    provider_locked_fn *locked;
    void *locked_arg;
};

static void finish_lock(void *arg, struct store_lock *lock, const struct err *err)
{
    struct zone_lock *zone_lock = arg;

    zone_lock->job = NULL;
    zone_lock->lock = lock;
    zone_lock->locked(zone_lock->locked_arg, err);
}

static void *lock_zone(void *arg, const char *plugin, const char *zone, provider_locked_fn *locked,
                       void *locked_arg)
{
    struct rooms *rooms = arg;
    AUTO_FREE char *name = str_fmt("%s/%s", plugin, zone);
    struct zone_lock *zone_lock = NEW(struct zone_lock);

    zone_lock->locked = locked;
    zone_lock->locked_arg = locked_arg;
    zone_lock->job =
        store_lock_start(rooms->store, STORE_LOCK_PLUGIN_ZONE, name, false,
                         rooms->env->settings->lock_timeout_ms, finish_lock, zone_lock);
    return zone_lock;
}

static void unlock_zone(void *arg, void *handle)
{
    struct zone_lock *zone_lock = handle;

    (void)arg;
    store_job_cancel(&zone_lock->job);
    store_lock_release(zone_lock->lock);
    mem_free(zone_lock);
}

static int prepare_values(void *arg, const struct provider *provider,
                          const struct provider_change *const *changes, size_t n, bool *ret_dropped,
                          struct err *err)
{
    struct rooms *rooms = arg;

    if (rooms->hooks.about_to_call != NULL) {
        return rooms->hooks.about_to_call(rooms->hooks.arg, provider, changes, n, ret_dropped, err);
    }
    return values_prepare(rooms->values, provider, changes, n, ret_dropped, err);
}

static void keep_receipt(void *arg, const struct provider *provider,
                         const struct provider_change *change, const void *bytes, size_t len)
{
    struct rooms *rooms = arg;

    if (rooms->hooks.receipt != NULL) {
        rooms->hooks.receipt(rooms->hooks.arg, provider, change, bytes, len);
    } else {
        values_keep_receipt(rooms->values, change, bytes, len);
    }
}

/* ---- Standard input and output for provider/, which may not know the DNS ---- */

static int say(void *arg, const char *line, struct err *err)
{
    struct rooms *rooms = arg;
    const struct task_console *console = &rooms->env->console;

    if (console->clear_output != NULL) {
        console->clear_output(console->arg);
    }
    return console->say(console->arg, line, err);
}

static void await(void *arg, provider_heard_fn *heard, void *heard_arg)
{
    struct rooms *rooms = arg;

    rooms->env->console.await(rooms->env->console.arg, heard, heard_arg);
}

static void hush(void *arg)
{
    struct rooms *rooms = arg;

    rooms->env->console.hush(rooms->env->console.arg);
}

static void look(void *arg)
{
    struct rooms *rooms = arg;

    dns_look_now(rooms->dns);
}

static struct provider_console make_console(const struct task_env *env, struct rooms *rooms)
{
    const struct task_console *console = &env->console;

    return (struct provider_console){
        .arg = rooms,
        .is_attended = env->is_interactive,
        .has_patience = settings_is_set(env->settings, "propagation-timeout"),
        .say = console->say == NULL ? NULL : say,
        .await = console->await == NULL ? NULL : await,
        .hush = console->hush == NULL ? NULL : hush,
        .look = look,
    };
}

/* ---- Opening and closing ---- */

/* The whole folder: conf.d/ and secrets/ stand beside the file. Where that is everything there is,
 * they alone. */
static void deny_configuration(const char *path, struct strv *denied)
{
    AUTO_FREE char *folder = config_folder(path);

    if (folder != NULL && strcmp(folder, "/") == 0) {
        strv_add(denied, path);
        strv_add(denied, "/conf.d");
        strv_add(denied, "/secrets");
    } else if (folder != NULL) {
        strv_add(denied, folder);
    }
}

struct provider_settings rooms_provider_settings(const struct task_env *env, struct strv *denied)
{
    const struct settings *settings = env->settings;

    strv_add(denied, settings->state_dir);
    deny_configuration(settings->config_path, denied);
    return (struct provider_settings){
        .plugin_dirs = &settings->plugin_dirs,
        .deny_paths = denied,
        .plugin_user = settings->plugin_user,
        .call_timeout_ms =
            settings_is_set(settings, "call-timeout") ? settings->call_timeout_ms : 0,
        .hook_timeout_ms =
            settings_is_set(settings, "hook-timeout") ? settings->hook_timeout_ms : 0,
    };
}

static int open_providers(struct rooms *rooms, const struct rooms_request *request, struct err *err)
{
    AUTO(strv_done) struct strv denied = STRV_INIT;
    struct provider_settings settings = rooms_provider_settings(rooms->env, &denied);

    settings.assignments = request->providers;
    settings.allow_aliases = request->allow_aliases;
    settings.hooks = (struct provider_hooks){.arg = rooms,
                                             .about_to_call = prepare_values,
                                             .receipt = keep_receipt,
                                             .lock = lock_zone,
                                             .unlock = unlock_zone};
    settings.console = make_console(rooms->env, rooms);
    settings.debugger = request->debugger;
    return provider_set_new(rooms->env->loop, rooms->env->config, &settings, &rooms->providers,
                            err);
}

/* Every provider that the assignments name; started or only looked for. */
static int get_named(struct provider_set *set, const struct strv *assignments, bool is_starting,
                     struct err *err)
{
    for (size_t i = 0; i < assignments->n; i++) {
        const char *assignment = assignments->items[i];
        const char *divider = strchr(assignment, '=');
        AUTO(strv_done) struct strv names = STRV_INIT;

        strv_add_split(&names, divider == NULL ? assignment : divider + 1, ",");
        for (size_t k = 0; k < names.n; k++) {
            struct provider *provider = NULL;

            if (provider_get(set, names.items[k], &provider, err) < 0 ||
                provider_check(provider, err) < 0) {
                return err_code(err);
            }
            if (is_starting) {
                provider_start(provider);
            }
        }
    }
    return 0;
}

int rooms_open_idle(struct task_env *env, const struct strv *assignments,
                    struct provider_set **ret_set, struct err *err)
{
    const struct provider_settings settings = {
        .plugin_dirs = &env->settings->plugin_dirs,
        .assignments = assignments,
        .plugin_user = env->settings->plugin_user,
        .console = {.say = env->console.say == NULL ? NULL : say},
    };

    return provider_set_new(env->loop, env->config, &settings, ret_set, err);
}

int rooms_check_providers(struct provider_set *idle, const struct strv *assignments,
                          const struct provider_map *map, const char *name, struct err *err)
{
    if (get_named(idle, assignments, false, err) < 0) {
        return err_code(err);
    }
    return name == NULL ? 0 : provider_check_any(idle, map, name, err);
}

void rooms_leave_output(struct task_env *env, const struct provider_set *idle,
                        const struct provider_map *map)
{
    if (env->console.clear_output != NULL && provider_set_may_speak(idle, map)) {
        env->console.clear_output(env->console.arg);
    }
}

int rooms_start_providers(struct rooms *rooms, const struct strv *assignments, struct err *err)
{
    return get_named(rooms->providers, assignments, true, err);
}

static int open_dns(struct rooms *rooms, struct err *err)
{
    struct dns_settings settings = {.resolvers = rooms->env->settings->resolvers};

    return dns_new(rooms->env->loop, &settings, &rooms->dns, err);
}

static int open_journal(struct rooms *rooms, const struct rooms_request *request, struct err *err)
{
    AUTO(strv_done) struct strv warnings = STRV_INIT;

    if (journal_open(store_folder(rooms->store, STORE_JOURNAL), request->command, request->scope,
                     &rooms->journal, &warnings, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < warnings.n; i++) {
        event_log(EVENT_WARNING, "journal", "%s", warnings.items[i]);
    }
    return 0;
}

static void free_rooms(struct rooms *rooms)
{
    values_free(rooms->values);
    siblings_free(rooms->siblings);
    provider_set_free(rooms->providers);
    dns_free(rooms->dns);
    journal_close(rooms->journal);
    mem_free(rooms);
}

int rooms_open(struct task_env *env, const struct rooms_request *request, struct rooms **ret_rooms,
               struct err *err)
{
    struct rooms *rooms = NEW(struct rooms);

    rooms->env = env;
    rooms->store = request->store;
    if (request->hooks != NULL) {
        rooms->hooks = *request->hooks;
    }
    rooms->values = values_new(env->loop);
    rooms->siblings = siblings_new();
    if (open_providers(rooms, request, err) < 0 || open_dns(rooms, err) < 0 ||
        open_journal(rooms, request, err) < 0) {
        free_rooms(rooms);
        return err_code(err);
    }
    provider_set_inherit(rooms->providers, journal_lock_fd(rooms->journal));
    values_open(rooms->values, rooms->providers, rooms->journal, rooms->dns);
    *ret_rooms = rooms;
    return 0;
}

static void finish_closing(void *arg)
{
    loop_stop(arg);
}

void rooms_close(struct rooms *rooms)
{
    struct err err = ERR_INIT;

    if (rooms == NULL) {
        return;
    }
    if (rooms->env->caught_signal == 0) {
        provider_set_close(rooms->providers, finish_closing, rooms->env->loop);
        if (loop_run(rooms->env->loop, &err) < 0) {
            event_log(EVENT_WARNING, "", "%s", err.text);
        }
    }
    free_rooms(rooms);
}

static void tell_leftover(const struct journal_entry *entry, const struct err *why)
{
    AUTO_FREE char *provider = str_fmt("provider '%s'", entry->provider);
    bool is_named = strstr(why->text, provider) != NULL; /* most reasons begin with it */

    event_log(EVENT_WARNING, entry->owner, "\"%s\" may still stand%s%s (entry %s): %s",
              entry->value, is_named ? "" : " at ", is_named ? "" : provider, entry->id, why->text);
}

size_t rooms_tell_leftovers(const struct rooms *rooms)
{
    const struct journal_entry *entry = NULL;
    const struct err *why = NULL;
    size_t cursor = 0;
    size_t n = 0;

    while ((entry = values_next_left(rooms->values, &cursor, &why)) != NULL) {
        if (n++ < LEFTOVERS_SHOWN) {
            tell_leftover(entry, why);
        }
    }
    if (n > LEFTOVERS_SHOWN) {
        event_log(EVENT_WARNING, "",
                  "and %zu values more, which 'acme-dns cleanup --dry-run' lists",
                  n - LEFTOVERS_SHOWN);
    }
    if (n > 0) {
        event_log(EVENT_WARNING, "",
                  "the journal keeps what may still stand: the next run, or 'acme-dns cleanup', "
                  "tries again\n'acme-dns cleanup --forget ID' drops an entry whose value you "
                  "have removed, or cannot");
    }
    return n;
}
