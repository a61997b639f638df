/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/console.h"

#include "base/mem.h"
#include "provider/paths.h"
#include "provider/set.h"

#include "acme-plugin.h"

#include <string.h>

static const struct console_kind *const KINDS[] = {&CONSOLE_MANUAL, &CONSOLE_STDIO};

const struct console_kind *console_at(size_t number)
{
    return number < ARRAY_LEN(KINDS) ? KINDS[number] : NULL;
}

const struct console_kind *console_find(const char *plugin)
{
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        if (str_eq(KINDS[i]->name, plugin)) {
            return KINDS[i];
        }
    }
    return NULL;
}

struct provider_description *console_describe(const struct console_kind *kind, const char *version)
{
    struct provider_description *d = NEW(struct provider_description);

    *d = (struct provider_description){
        .is_built_in = true,
        .name = str_dup(kind->name),
        .version = str_dup(version),
        .summary = str_dup(kind->summary),
        .serial = ACME_SERIAL_PLUGIN,
        .traits = ACME_TRAIT_MULTI_VALUE,
        .callbacks = kind->callbacks,
        .poll_interval_s = kind->poll_interval_s,
    };
    return d;
}

bool provider_is_by_hand(const struct provider *provider)
{
    return provider->console != NULL && provider->console->is_by_hand;
}

bool provider_is_attended(const struct provider *provider)
{
    return provider->console != NULL;
}

bool provider_has_time_for_person(const struct provider *provider)
{
    const struct provider_console *console = &provider->set->console;

    return console->is_attended || console->has_patience ||
           provider->keys.propagation_timeout_s > 0;
}

/* ---- Whether it can work here ---- */

int console_check_files(const struct provider_set *set, const struct console_kind *kind,
                        struct err *err)
{
    AUTO_FREE char *path = NULL;
    struct err none = ERR_INIT;

    if (paths_plugin_find(&set->plugin_dirs, kind->name, &path, &none) < 0) {
        return 0;
    }
    (void)err_set(err, ERR_CONFIG,
                  "'%s' is a provider of acme-dns itself, and the plug-in '%s' has the same name",
                  kind->name, path);
    return err_hint(err, "give the plug-in's file another name");
}

int console_check_output(const struct provider *p, struct err *err)
{
    if (p->console->has_dialogue && p->set->console.say == NULL) {
        return err_set(err, ERR_CONFIG,
                       "provider '%s' speaks on standard output, where --json writes events: "
                       "only one of them can",
                       p->name);
    }
    return 0;
}

int console_check(const struct provider *p, struct err *err)
{
    return console_check_output(p, err) < 0 ? err_code(err)
                                            : console_check_files(p->set, p->console, err);
}

/* By the name of an instance, or of a plug-in. */
static bool speaks(const struct provider_set *set, const char *name)
{
    const struct config_section *section =
        set->config == NULL ? NULL : config_section_find(set->config, "provider", name);
    const struct config_value *plugin =
        section == NULL ? NULL : config_value_find(section, "plugin");
    const struct console_kind *kind = console_find(plugin == NULL ? name : plugin->text);

    return kind != NULL && kind->has_dialogue;
}

static bool has_speaker(const struct provider_set *set, const struct strv *names)
{
    for (size_t i = 0; i < names->n; i++) {
        if (speaks(set, names->items[i])) {
            return true;
        }
    }
    return false;
}

bool provider_set_may_speak(const struct provider_set *set, const struct provider_map *map)
{
    const struct provider_map *said = map != NULL ? map : set->said;
    const struct config_section *section = NULL;

    for (size_t i = 0; i < said->rules.n; i++) {
        if (has_speaker(set, &said->rules.items[i].providers)) {
            return true;
        }
    }
    if (said->for_all.n > 0 || set->config == NULL) {
        return has_speaker(set, &said->for_all);
    }
    while ((section = config_section_next(set->config, "provider", section)) != NULL) {
        if (speaks(set, section->name)) {
            return true;
        }
    }
    return false;
}

/* ---- Calls ---- */

void console_fail(struct call *call, const struct err *why)
{
    call->slot->call = NULL;
    call->slot->state = SLOT_IDLE;
    call_died(call, why);
}

void console_cancel(struct call *call)
{
    struct err why = ERR_INIT;

    console_hush(call->provider->set);
    (void)err_set(&why, ERR_CANCELLED, "cancelled while an answer was awaited");
    console_fail(call, &why);
}

void console_end_cancelled(struct provider *p)
{
    struct call *call = p->slots[0].call;

    if (p->console != NULL && call != NULL && call->jobs[0]->is_cancelled) {
        console_cancel(call);
    }
}

void console_close(struct slot *slot)
{
    if (slot->call != NULL) {
        console_cancel(slot->call);
    }
    slot->state = SLOT_EMPTY;
}

/* ---- Standard input ---- */

static bool has_dialogue_begun(const struct provider_set *set)
{
    for (size_t i = 0; i < set->n_providers; i++) {
        const struct provider *p = set->providers[i];

        if (p->console != NULL && p->console->has_dialogue) {
            return true;
        }
    }
    return false;
}

const struct provider *console_find_speaker(const struct call *call)
{
    const struct provider_set *set = call->provider->set;

    for (size_t i = 0; i < set->n_providers; i++) {
        const struct provider *p = set->providers[i];

        if (p != call->provider && p->console != NULL && p->console->has_dialogue &&
            p->slots[0].call != NULL) {
            return p;
        }
    }
    return NULL;
}

void console_await(struct provider *p, provider_heard_fn *heard, void *arg)
{
    const struct provider_console *console = &p->set->console;

    if (console->await != NULL && (p->console->has_dialogue || !has_dialogue_begun(p->set))) {
        console->await(console->arg, heard, arg);
    }
}

void console_hush(struct provider_set *set)
{
    if (set->console.hush != NULL) {
        set->console.hush(set->console.arg);
    }
}
