/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/set.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "config/sections.h"
#include "provider/paths.h"
#include "provider/probe.h"
#include "provider/session.h"

#include <string.h>

/* ---- The zone map ---- */

/* A section that is wrong was reported when the configuration was checked. What it would have
 * served must not go to the provider of a zone above. */
static void add_wrong_zone(struct provider_set *set, const struct config_section *section)
{
    AUTO_FREE char *suffix = zone_section_suffix(section);

    if (suffix != NULL && section->is_wrong) {
        struct zone_rule *rule = zone_rules_add(&set->rules, suffix);

        rule->place = config_place_format(&section->place);
        rule->wrong = str_dup(section->why);
    }
}

static void add_zone_sections(struct provider_set *set, const struct config *config)
{
    const struct config_section *section = NULL;

    while ((section = config_section_next(config, "zone", section)) != NULL) {
        struct zone_section zone;
        struct err err = ERR_INIT;

        if (zone_section_read(section, &zone, &err) < 0) {
            add_wrong_zone(set, section);
            continue;
        }
        struct zone_rule *rule = zone_rules_add(&set->rules, zone.suffix);
        strv_copy(&rule->providers, &zone.providers);
        rule->zone = zone.zone != NULL ? zone_absolute(zone.zone) : NULL;
        rule->is_alias_target = zone.is_alias_target || config_value_find(section, "alias") == NULL;
        rule->place = config_place_format(&section->place);
        zone_section_done(&zone);
    }
}

/* ---- Instances ---- */

int set_provider_new(struct provider_set *set, const char *name,
                     const struct config_section *section, struct provider **ret_provider,
                     struct err *err)
{
    struct provider *p = NEW(struct provider);

    p->set = set;
    p->name = str_dup(name);
    p->section = section;
    if (section != NULL && section->is_wrong) {
        (void)err_set(err, ERR_CONFIG, "[provider %s] is not used: %s", name, section->why);
        mem_free(p->name);
        mem_free(p);
        return err_code(err);
    }
    if (instance_keys_read(section, name, &p->keys, err) < 0) {
        mem_free(p->name);
        mem_free(p);
        return err_code(err);
    }
    p->console = console_find(p->keys.plugin);
    VEC_PUSH(set->providers, set->n_providers, set->cap_providers) = p;
    *ret_provider = p;
    return 0;
}

bool instance_may_use_env(const struct provider *p)
{
    return section_may_use_env(p->set->config, p->section, p->name, p->keys.plugin);
}

struct provider *provider_next(const struct provider_set *set, size_t *cursor)
{
    return *cursor < set->n_providers ? set->providers[(*cursor)++] : NULL;
}

const char *provider_name(const struct provider *provider)
{
    return provider->name;
}

const char *provider_plugin(const struct provider *provider)
{
    return provider->keys.plugin;
}

/* ---- Life ---- */

int provider_set_new(struct loop *loop, const struct config *config,
                     const struct provider_settings *settings, struct provider_set **ret_set,
                     struct err *err)
{
    struct provider_set *set = NEW(struct provider_set);

    session_harden_self();
    set->loop = loop;
    set->config = config;
    set->hooks = settings->hooks;
    set->console = settings->console;
    set->inherit_fd = -1;
    set->call_timeout_ms = settings->call_timeout_ms;
    set->hook_timeout_ms = settings->hook_timeout_ms;
    if (settings->debugger != NULL) {
        strv_copy(&set->debugger, settings->debugger);
    }
    paths_plugin_dirs(settings->plugin_dirs, &set->plugin_dirs);
    set->worker_path =
        settings->worker_path != NULL ? str_dup(settings->worker_path) : paths_worker();
    set->core_version =
        str_dup(settings->core_version != NULL ? settings->core_version : ACME_VERSION);
    set->plugin_user = str_dup(settings->plugin_user);
    if (settings->deny_paths != NULL) {
        strv_copy(&set->deny_paths, settings->deny_paths);
    }
    if (provider_map_new(settings->assignments, settings->allow_aliases, &set->said, err) < 0) {
        provider_set_free(set);
        return err_code(err);
    }
    if (config != NULL) {
        add_zone_sections(set, config);
    }
    *ret_set = set;
    return 0;
}

void provider_set_allow(struct provider_set *set, const struct strv *zones)
{
    provider_map_allow(set->said, zones);
}

void provider_set_inherit(struct provider_set *set, int fd)
{
    set->inherit_fd = fd;
}

void provider_set_free(struct provider_set *set)
{
    if (set == NULL) {
        return;
    }
    loop_timer_cancel(&set->close_timer);
    console_hush(set);
    probe_free_all(set);
    for (size_t i = 0; i < set->n_providers; i++) {
        instance_free(set->providers[i]);
    }
    mem_free(set->providers);
    zone_rules_done(&set->rules);
    provider_map_free(set->said);
    strv_done(&set->debugger);
    strv_done(&set->plugin_dirs);
    mem_free(set->worker_path);
    mem_free(set->core_version);
    mem_free(set->plugin_user);
    strv_done(&set->deny_paths);
    mem_free(set->user_warning);
    user_done(&set->user);
    reach_done(&set->reach);
    mem_free(set);
}

void provider_cancel_all(struct provider_set *set, int64_t grace_ms)
{
    for (size_t i = 0; i < set->n_providers; i++) {
        struct provider *p = set->providers[i];

        queue_cancel(p);
        for (size_t k = 0; k < CREW_MAX; k++) {
            if (p->slots[k].call != NULL) {
                call_cancel(p->slots[k].call, grace_ms);
            }
        }
    }
}

static void on_closed(void *arg)
{
    struct provider_set *set = arg;
    provider_closed_fn *closed = set->closed;

    set->close_timer = NULL;
    set->closed = NULL;
    set->is_closing = false;
    closed(set->closed_arg);
}

void set_closed_check(struct provider_set *set)
{
    for (size_t i = 0; i < set->n_providers; i++) {
        if (crew_count(set->providers[i], SLOT_EMPTY) < CREW_MAX) {
            return;
        }
    }
    if (set->closed != NULL && set->close_timer == NULL) {
        set->close_timer = loop_timer_start(set->loop, 0, on_closed, set);
    }
}

static void close_slot(struct slot *slot)
{
    struct err why = ERR_INIT;

    if (slot->provider != NULL && slot->provider->console != NULL) {
        console_close(slot);
        return;
    }
    if (slot->lane == NULL) {
        return;
    }
    if (slot->state == SLOT_IDLE) {
        lane_close(slot->lane);
    } else {
        (void)err_set(&why, ERR_CANCELLED, "ended before it was done");
        lane_kill(slot->lane, &why);
    }
}

void provider_set_close(struct provider_set *set, provider_closed_fn *done, void *arg)
{
    set->closed = done;
    set->closed_arg = arg;
    set->is_closing = true;
    console_hush(set);
    for (size_t i = 0; i < set->n_providers; i++) {
        struct provider *p = set->providers[i];

        command_cancel(&p->command);
        queue_cancel(p);
        for (size_t k = 0; k < CREW_MAX; k++) {
            close_slot(&p->slots[k]);
        }
    }
    set_closed_check(set);
}
