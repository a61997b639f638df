/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/references.h"

#include "acme/ca.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/sections.h"
#include "provider/paths.h"
#include "provider/provider.h"

#include <string.h>

struct references {
    struct config *config;
    const struct settings *settings;
    struct config_errors *errors;
    struct strv plugin_dirs;
    struct map *plugins; /* names that were looked for, to themselves if they are there */
    struct strv cas;     /* what a CA may be called, for suggestions: the presets first */
    size_t n_presets;
    struct strv providers; /* the same of providers */
};

static const char ABSENT[] = "";

/* A plug-in's file, or a provider inside the core. Thousands of sections name the same few. */
static bool is_plugin(struct references *r, const char *name)
{
    const char *known = map_find(r->plugins, name);

    if (known == NULL) {
        known = provider_has_plugin(&r->settings->plugin_dirs, name) ? "there" : ABSENT;
        map_set(r->plugins, name, (void *)(uintptr_t)known);
    }
    return known != ABSENT;
}

/* What a section names is not there: because it is not, or by another fault than this one. */
static void hint_lost(const struct references *r, struct err *err)
{
    if (err != NULL && config_lost(r->config) != NULL) {
        (void)err_hint(err, "it may stand in what could not be used: %s", config_lost(r->config));
    }
}

static bool is_provider(struct references *r, const char *name)
{
    return config_section_find(r->config, "provider", name) != NULL || is_plugin(r, name);
}

/* names: "P,Q". */
static void check_providers(struct references *r, struct config_section *section,
                            const struct config_value *value, const char *names)
{
    AUTO(strv_done) struct strv all = STRV_INIT;

    strv_add_split(&all, names, ",");
    for (size_t i = 0; i < all.n; i++) {
        const char *name = all.items[i];
        struct err *err = NULL;

        if (is_provider(r, name)) {
            continue;
        }
        err = config_errors_add(r->errors, section, &value->place,
                                "%s: there is neither a section [provider %s] nor a plug-in '%s'",
                                value->key, name, name);
        config_hint_nearest(err, name, (const char *const *)r->providers.items, r->providers.n);
        hint_lost(r, err);
    }
}

static void check_zone(struct references *r, struct config_section *section)
{
    const struct config_value *value = NULL;

    while ((value = config_value_next(section, "provider", value)) != NULL) {
        check_providers(r, section, value, value->text);
    }
}

/* A preset, a section, or the URL of a directory where one may stand. */
static void check_ca_name(struct references *r, struct config_section *section,
                          const struct config_value *value)
{
    struct err *err = NULL;

    if (value == NULL || *value->text == '\0' || str_has_prefix(value->text, "https://") ||
        config_section_find(r->config, "ca", value->text) != NULL || ca_is_preset(value->text)) {
        return;
    }
    err = config_errors_add(r->errors, section, &value->place,
                            "%s: '%s' is neither a built-in CA nor a section [ca %s]", value->key,
                            value->text, value->text);
    config_hint_nearest(err, value->text, (const char *const *)r->cas.items, r->cas.n);
    hint_lost(r, err);
}

/* The directory that a name, a section or a URL leads to; NULL: none. To mem_free. */
static char *find_directory(const struct references *r, const char *spec)
{
    const struct config_section *section = config_section_find(r->config, "ca", spec);
    const struct config_value *said =
        section == NULL ? NULL : config_value_find(section, "directory");
    AUTO_PTR(ca) struct ca *ca = NULL;
    struct err ignored = ERR_INIT; /* told where it stands */

    if (said != NULL) {
        return str_dup(said->text);
    }
    return ca_resolve(spec, NULL, &ca, &ignored) < 0 ? NULL : str_dup(ca->directory);
}

/* A trial there would be no trial. */
static void check_staging(struct references *r, struct config_section *section)
{
    const struct config_value *value = config_value_find(section, "staging");
    AUTO_FREE char *own = value == NULL ? NULL : find_directory(r, section->name);
    AUTO_FREE char *partner = value == NULL ? NULL : find_directory(r, value->text);
    struct err *err = NULL;

    check_ca_name(r, section, value);
    if (value == NULL ||
        (!str_eq_nocase(value->text, section->name) && (own == NULL || !str_eq(own, partner)))) {
        return;
    }
    err = config_errors_add(r->errors, section, &value->place,
                            "staging: '%s' is [ca %s] itself: its trials would be real orders",
                            value->text, section->name);
    if (err != NULL) {
        err_hint(err, "name the CA's service for trials, or leave staging out; is-staging = yes is "
                      "for a CA that is one");
    }
}

static void check_ca(struct references *r, struct config_section *section)
{
    check_staging(r, section);
    if (!ca_is_preset(section->name) && config_value_find(section, "directory") == NULL) {
        struct err *err = config_errors_add(r->errors, section, &section->place,
                                            "[ca %s] lacks 'directory': no built-in CA is called "
                                            "so",
                                            section->name);

        config_hint_nearest(err, section->name, (const char *const *)r->cas.items, r->n_presets);
    }
}

static void check_certificate(struct references *r, struct config_section *section)
{
    const struct config_value *value = NULL;

    check_ca_name(r, section, config_value_find(section, "ca"));
    while ((value = config_value_next(section, "provider", value)) != NULL) {
        const char *divider = strchr(value->text, '=');

        check_providers(r, section, value, divider == NULL ? value->text : divider + 1);
    }
}

static void check_provider(struct references *r, struct config_section *section)
{
    const struct config_value *value = config_value_find(section, "plugin");
    const char *plugin = provider_section_plugin(section);
    AUTO_FREE char *path = NULL;
    struct err why = ERR_INIT;

    provider_check_keys(section, r->errors);
    if (!is_plugin(r, plugin) && paths_plugin_find(&r->plugin_dirs, plugin, &path, &why) < 0) {
        struct err *err =
            config_errors_add(r->errors, section, value != NULL ? &value->place : &section->place,
                              "%s%s", value != NULL ? "plugin: " : "", why.text);

        if (err != NULL && value == NULL) {
            err_hint(err, "say which plug-in it is: plugin = NAME");
        }
    }
}

/* "example.com" and "Example.com." are one zone, but two names of sections. */
static void check_zone_twice(struct references *r, struct map *seen, struct config_section *section)
{
    AUTO_FREE char *suffix = zone_section_suffix(section);
    struct config_section *first = suffix == NULL ? NULL : map_find(seen, suffix);

    if (first != NULL) {
        AUTO_FREE char *where = config_place_format(&first->place);

        config_errors_add(r->errors, section, &section->place,
                          "[zone %s] is about the same zone as [zone %s] at %s", section->name,
                          first->name, where);
    } else if (suffix != NULL) {
        map_set(seen, suffix, section);
    }
}

static void gather_names(struct references *r)
{
    const struct config_section *section = NULL;

    for (size_t i = 0; ca_preset_name(i) != NULL; i++) {
        strv_add(&r->cas, ca_preset_name(i));
    }
    r->n_presets = r->cas.n;
    while ((section = config_section_next(r->config, "ca", section)) != NULL) {
        strv_add(&r->cas, section->name);
    }
    while ((section = config_section_next(r->config, "provider", section)) != NULL) {
        strv_add(&r->providers, section->name);
    }
}

static void check_all(struct references *r)
{
    AUTO_PTR(map) struct map *zones = map_new();

    for (size_t i = 0; i < config_section_count(r->config); i++) {
        struct config_section *section = config_section_at(r->config, i);

        if (strcmp(section->kind, "zone") == 0) {
            check_zone(r, section);
            check_zone_twice(r, zones, section);
        } else if (strcmp(section->kind, "certificate") == 0) {
            check_certificate(r, section);
        } else if (strcmp(section->kind, "ca") == 0) {
            check_ca(r, section);
        } else if (strcmp(section->kind, "provider") == 0) {
            check_provider(r, section);
        }
    }
}

void references_check(struct config *config, const struct settings *settings,
                      struct config_errors *errors)
{
    struct references r = {.config = config, .settings = settings, .errors = errors};

    r.plugins = map_new();
    paths_plugin_dirs(&settings->plugin_dirs, &r.plugin_dirs);
    gather_names(&r);
    check_all(&r);
    map_free(r.plugins);
    strv_done(&r.plugin_dirs);
    strv_done(&r.cas);
    strv_done(&r.providers);
}
