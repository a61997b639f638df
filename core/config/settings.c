/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * From all sources to one structure. Each key takes its value from the strongest source that has
 * one; lists are not merged over sources, because then nobody could shorten one.
 */
#include "config/settings.h"

#include "base/fs.h"
#include "base/mem.h"
#include "config/config_tree.h"
#include "config/sections_check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char SECTION[] = "acme-dns";

char *settings_variable(const char *key)
{
    char *name = str_fmt("ACME_DNS_%s", key);

    for (char *c = name; *c != '\0'; c++) {
        if (*c >= 'a' && *c <= 'z') {
            *c = (char)(*c - 'a' + 'A');
        } else if (*c == '-') {
            *c = '_';
        }
    }
    return name;
}

static char *user_folder(const char *variable, const char *below_home)
{
    const char *base = getenv(variable);
    const char *home = fs_home();

    if (base != NULL && *base == '/') {
        return str_fmt("%s/acme-dns", base);
    }
    return home == NULL ? NULL : str_fmt("%s/%s/acme-dns", home, below_home);
}

char *settings_default_config_path(bool *ret_is_required)
{
    const char *named = getenv("ACME_DNS_CONFIG");
    AUTO_FREE char *folder = NULL;

    *ret_is_required = named != NULL && *named != '\0';
    if (*ret_is_required) {
        return str_dup(named);
    }
    folder = geteuid() == 0 ? str_dup("/etc/acme-dns") : user_folder("XDG_CONFIG_HOME", ".config");
    return folder == NULL ? NULL : str_fmt("%s/acme-dns.conf", folder);
}

static char *default_state_dir(void)
{
    return geteuid() == 0 ? str_dup("/var/lib/acme-dns")
                          : user_folder("XDG_STATE_HOME", ".local/state");
}

static void remember_place(struct settings *settings, size_t index, struct config_place place)
{
    if (place.path != NULL) {
        strv_add(&settings->place_names, place.path);
        place.path = settings->place_names.items[settings->place_names.n - 1];
    }
    settings->places[index] = place;
}

/* Values outside files have no section that one could do without: each error is a general one. */
static void parse_outside(const struct config_key *key, const struct config_value *value,
                          struct settings *settings, struct config_errors *errors)
{
    struct err err = ERR_INIT;

    if (key_parse(key, value, settings, &err) < 0) {
        config_errors_add(errors, NULL, &value->place, "%s", err.text);
    }
}

static bool take_flags(struct settings *settings, const struct config_key *key, size_t index,
                       const struct settings_override *overrides, size_t n_overrides,
                       struct config_errors *errors)
{
    bool is_found = false;

    for (size_t i = 0; i < n_overrides; i++) {
        struct config_value value = {.key = key->name,
                                     .text = overrides[i].text,
                                     .place = {.origin = CONFIG_FLAG, .path = overrides[i].flag}};

        if (strcmp(overrides[i].key, key->name) != 0) {
            continue;
        }
        if (!is_found) {
            key_reset(key, settings);
            if (key_is_repeatable(key)) {
                strv_done((struct strv *)(void *)((char *)settings + key->offset));
            }
            remember_place(settings, index, value.place);
        }
        is_found = true;
        parse_outside(key, &value, settings, errors);
    }
    return is_found;
}

static void take_environment(struct settings *settings, const struct config_key *key, size_t index,
                             struct config_errors *errors)
{
    AUTO_FREE char *variable = settings_variable(key->name);
    const char *text = getenv(variable);
    struct config_value value = {
        .key = key->name, .text = text, .place = {.origin = CONFIG_ENVIRONMENT, .path = variable}};

    if (text == NULL || *text == '\0') {
        return;
    }
    key_reset(key, settings);
    remember_place(settings, index, value.place);
    parse_outside(key, &value, settings, errors);
}

static void take_file(struct settings *settings, struct config *config,
                      struct config_errors *errors)
{
    struct config_section *section = NULL;
    struct config_section empty = {.kind = SECTION, .name = ""};
    size_t n_keys = 0;
    const struct config_key *keys = key_table(&n_keys);

    for (size_t i = 0; i < config->n_sections; i++) {
        if (strcmp(config->sections[i]->kind, SECTION) == 0 && *config->sections[i]->name == '\0') {
            section = config->sections[i];
        }
    }
    key_parse_section(section == NULL ? &empty : section, settings, errors);
    for (size_t i = 0; section != NULL && i < n_keys; i++) {
        const struct config_value *value = config_value_find(section, keys[i].name);

        if (strcmp(keys[i].section, SECTION) == 0 && value != NULL) {
            remember_place(settings, i, value->place);
        }
    }
}

static void complete_state_dir(struct settings *settings, struct config_errors *errors)
{
    struct config_place place = {.origin = CONFIG_DEFAULT};

    if (settings->state_dir == NULL) {
        settings->state_dir = default_state_dir();
    }
    if (settings->state_dir == NULL) {
        config_errors_add(errors, NULL, &place,
                          "no home directory, so no place for certificates: give --state-dir");
        settings->state_dir = str_dup("/");
    }
}

struct settings *settings_new(struct config *config, const char *config_path,
                              const struct settings_override *overrides, size_t n_overrides,
                              struct config_errors *errors)
{
    struct settings *settings = NEW(struct settings);
    size_t n_keys = 0;
    const struct config_key *keys = key_table(&n_keys);

    settings->places = mem_alloc(n_keys, sizeof(settings->places[0]));
    settings->config_path = str_dup(config_path);
    take_file(settings, config, errors);
    for (size_t i = 0; i < n_keys; i++) {
        if (strcmp(keys[i].section, SECTION) == 0 &&
            !take_flags(settings, &keys[i], i, overrides, n_overrides, errors)) {
            take_environment(settings, &keys[i], i, errors);
        }
    }
    complete_state_dir(settings, errors);
    sections_check(config, errors);
    return settings;
}

void settings_free(struct settings *settings)
{
    if (settings == NULL) {
        return;
    }
    key_free_fields(SECTION, settings);
    mem_free(settings->config_path);
    mem_free(settings->places);
    strv_done(&settings->place_names);
    mem_free(settings);
}

struct config_place settings_place(const struct settings *settings, const char *key)
{
    size_t n_keys = 0;
    const struct config_key *keys = key_table(&n_keys);
    const struct config_key *row = key_find(SECTION, key);

    return row == NULL ? (struct config_place){.origin = CONFIG_DEFAULT}
                       : settings->places[row - keys];
}

bool settings_is_set(const struct settings *settings, const char *key)
{
    return settings_place(settings, key).origin != CONFIG_DEFAULT;
}
