/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One instance on its way to being ready: find the plug-in, start a worker, read the options
 * against the table that it describes, get secrets from commands, open.
 */
#include "provider/set.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "provider/paths.h"

#include "acme-plugin.h"

#include <stdlib.h>
#include <string.h>

#define TTL_DEFAULT_S 60u

void instance_free(struct provider *p)
{
    loop_timer_cancel(&p->wake_timer);
    command_cancel(&p->command);
    crew_free(p);
    queue_free(p);
    provider_description_free(p->plugin);
    option_values_done(&p->values);
    for (size_t i = 0; i < p->env.n; i++) {
        mem_wipe(p->env.items[i], strlen(p->env.items[i]));
    }
    strv_done(&p->env);
    instance_keys_done(&p->keys);
    user_done(&p->user);
    reach_done(&p->reach);
    mem_free(p->waiters);
    mem_free(p->plugin_path);
    mem_free(p->name);
    mem_free(p);
}

/* ---- Waiting for it ---- */

/* A callback may begin to wait again, or give up other waits. */
static void tell_waiters(struct provider *p, const struct err *why)
{
    while (p->n_waiters > 0) {
        struct waiter first = p->waiters[0];

        p->n_waiters--;
        memmove(p->waiters, p->waiters + 1, p->n_waiters * sizeof(first));
        first.done(first.arg, why);
    }
}

void provider_ready(struct provider *provider, provider_ready_fn *done, void *arg)
{
    VEC_PUSH(provider->waiters, provider->n_waiters, provider->cap_waiters) =
        (struct waiter){.done = done, .arg = arg};
    instance_start(provider);
    queue_wake(provider, 0);
}

void provider_unready(struct provider *provider, void *arg)
{
    size_t kept = 0;

    for (size_t i = 0; i < provider->n_waiters; i++) {
        if (provider->waiters[i].arg != arg) {
            provider->waiters[kept++] = provider->waiters[i];
        }
    }
    provider->n_waiters = kept;
}

void instance_start(struct provider *p)
{
    if (p->state == INSTANCE_NEW) {
        queue_wake(p, 0);
    }
}

void provider_start(struct provider *provider)
{
    provider->is_wanted = true;
    instance_start(provider);
}

bool provider_is_wanted(const struct provider *provider)
{
    return provider->is_wanted;
}

const struct err *provider_failure(const struct provider *provider)
{
    return provider->state == INSTANCE_FAILED ? &provider->failure : NULL;
}

const struct provider_facts *provider_facts(const struct provider *provider)
{
    return provider->state == INSTANCE_READY ? &provider->facts : NULL;
}

void instance_fail(struct provider *p, const struct err *why)
{
    struct err reason = *why;

    if (p->state == INSTANCE_FAILED) {
        return;
    }
    p->state = INSTANCE_FAILED;
    p->failure = reason;
    for (size_t i = 0; i < CREW_MAX; i++) {
        if (p->slots[i].lane != NULL) {
            lane_kill(p->slots[i].lane, &reason);
        }
    }
    queue_wake(p, 0);
    tell_waiters(p, &p->failure);
}

/* ---- Options ---- */

/* What the option table declares, pass-env lists and env sets; the last wins. */
static void gather_environment(struct provider *p)
{
    for (size_t i = 0; i < p->plugin->n_options; i++) {
        const struct strv *names = &p->plugin->options[i].env;

        for (size_t k = 0; k < names->n && instance_may_use_env(p); k++) {
            const char *value = getenv(names->items[k]);

            if (value != NULL) {
                strv_take(&p->env, str_fmt("%s=%s", names->items[k], value));
            }
        }
    }
    for (size_t i = 0; i < p->keys.pass_env.n; i++) {
        const char *value = getenv(p->keys.pass_env.items[i]);

        if (value != NULL) {
            strv_take(&p->env, str_fmt("%s=%s", p->keys.pass_env.items[i], value));
        }
    }
    for (size_t i = 0; i < p->keys.env.n; i++) {
        strv_add(&p->env, p->keys.env.items[i]);
    }
}

static uint32_t first_of(uint32_t a, uint32_t b)
{
    return a != 0 ? a : b;
}

static void gather_facts(struct provider *p)
{
    const struct provider_description *d = p->plugin;
    uint32_t ttl_s = first_of(p->keys.ttl_s, TTL_DEFAULT_S);

    p->facts = (struct provider_facts){
        .plugin = d,
        .can_hold_several = (d->traits & ACME_TRAIT_MULTI_VALUE) != 0,
        .has_settled = (d->callbacks & PROVIDER_HAS_SETTLED) != 0,
        .has_zones = (d->callbacks & PROVIDER_HAS_ZONES) != 0,
        .has_apply = (d->callbacks & PROVIDER_HAS_APPLY) != 0,
        .ttl_s = ttl_s < d->min_ttl_s ? d->min_ttl_s : ttl_s,
        .propagation_timeout_s = first_of(p->keys.propagation_timeout_s, d->propagation_timeout_s),
        .poll_interval_s = first_of(p->keys.interval_s, d->poll_interval_s),
        .settle_s = p->keys.has_settle ? p->keys.settle_s : d->settle_s,
        .has_settle = p->keys.has_settle,
        .has_propagation_timeout = p->keys.propagation_timeout_s != 0,
        .from_environment = &p->values.from_environment,
    };
    if (provider_is_by_hand(p) && p->facts.propagation_timeout_s == 0) {
        p->facts.propagation_timeout_s =
            p->set->console.is_attended ? CONSOLE_WAIT_S : CONSOLE_LOOK_S;
    }
}

/* The first worker had to be confined before its option table was known: where options name paths,
 * it makes room for one that may reach them; and always for one with a debugger. */
static void open_first(struct provider *p)
{
    struct slot *slot = &p->slots[0];
    size_t before = p->reach.n;

    gather_environment(p);
    gather_facts(p);
    for (size_t i = 0; i < p->values.paths.n; i++) {
        reach_add_named(&p->reach, p->values.paths.items[i]);
    }
    if (p->set->debugger.n == 0 && (p->reach.n == before || p->keys.may_gain_privileges)) {
        crew_open(slot);
    } else {
        slot->is_retiring = true;
        lane_close(slot->lane);
    }
}

static void next_command(struct provider *p);

static void fail_command(struct provider *p, const struct err *why)
{
    const struct config_value *value = p->values.items[p->command_index].command;
    AUTO_FREE char *place = config_place_format(&value->place);
    struct err err = *why;

    (void)err_wrap(&err, "%s: %s", place, value->key);
    instance_fail(p, &err);
}

static void on_command(void *arg, const char *output, size_t len, const struct err *why)
{
    struct provider *p = arg;
    struct err err = ERR_INIT;

    p->command = NULL;
    if (why != NULL) {
        fail_command(p, why);
    } else if (option_values_set(&p->values, p->plugin, p->command_index, output, len, &err) < 0) {
        instance_fail(p, &err);
    } else {
        next_command(p);
    }
}

/* Runs the commands one after the other (two password prompts at once help nobody), then opens. */
static void next_command(struct provider *p)
{
    struct err err = ERR_INIT;

    for (size_t i = 0; i < p->values.n; i++) {
        const struct config_value *value = p->values.items[i].command;

        if (value != NULL) {
            p->command_index = i;
            if (command_start(p->set->loop, value->text, on_command, p, &p->command, &err) < 0) {
                fail_command(p, &err);
            }
            return;
        }
    }
    if (option_values_check(&p->values, p->section, p->name, p->plugin, &p->set->reach, &err) < 0) {
        instance_fail(p, &err);
        return;
    }
    open_first(p);
}

void instance_described(struct provider *p, struct provider_description *take_description)
{
    struct err err = ERR_INIT;

    p->plugin = take_description;
    if (option_values_read(p->section, p->name, p->plugin, instance_may_use_env(p), &p->values,
                           &err) < 0) {
        instance_fail(p, &err);
        return;
    }
    next_command(p);
}

void instance_opened(struct provider *p)
{
    bool is_first = p->state == INSTANCE_STARTING;

    p->state = INSTANCE_READY;
    queue_wake(p, 0);
    if (is_first) {
        tell_waiters(p, NULL);
    }
}

/* ---- Beginning ---- */

int provider_check(struct provider *p, struct err *err)
{
    if (p->console != NULL) {
        return console_check(p, err);
    }
    if ((p->plugin_path == NULL &&
         paths_plugin_find(&p->set->plugin_dirs, p->keys.plugin, &p->plugin_path, err) < 0) ||
        (p->keys.user != NULL && !p->has_own_user && user_find(p->keys.user, &p->user, err) < 0)) {
        return err_wrap(err, "provider '%s'", p->name);
    }
    p->has_own_user = p->keys.user != NULL;
    return 0;
}

static int prepare(struct provider *p, struct err *err)
{
    if (provider_check(p, err) < 0) {
        return err_code(err);
    }
    confine_set(p->set);
    reach_copy(&p->reach, &p->set->reach);
    for (size_t i = 0; i < p->keys.allow_paths.n; i++) {
        reach_add_named(&p->reach, p->keys.allow_paths.items[i]);
    }
    return 0;
}

/* One inside the core: nothing to load, nothing to start. */
static int open_console(struct provider *p, struct err *err)
{
    if (console_check_files(p->set, p->console, err) < 0) {
        return err_wrap(err, "provider '%s'", p->name);
    }
    confine_set(p->set);
    p->plugin = console_describe(p->console, p->set->core_version);
    if (option_values_read(p->section, p->name, p->plugin, false, &p->values, err) < 0 ||
        option_values_check(&p->values, p->section, p->name, p->plugin, &p->set->reach, err) < 0) {
        return err_code(err);
    }
    gather_facts(p);
    p->slots[0].provider = p;
    p->slots[0].state = SLOT_IDLE;
    instance_opened(p);
    return 0;
}

void instance_begin(struct provider *p)
{
    struct err err = ERR_INIT;

    if (p->state == INSTANCE_FAILED || p->state == INSTANCE_READY) {
        tell_waiters(p, p->state == INSTANCE_FAILED ? &p->failure : NULL);
        return;
    }
    if (p->state != INSTANCE_NEW) {
        return;
    }
    p->state = INSTANCE_STARTING;
    if (p->console != NULL) {
        if (open_console(p, &err) < 0) {
            instance_fail(p, &err);
        }
        return;
    }
    if (prepare(p, &err) < 0 || crew_start(p, &p->slots[0], &err) < 0) {
        instance_fail(p, &err);
    }
}
