/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/config_check.h"

#include "base/event.h"
#include "base/fs.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/words.h"
#include "config/keys.h"
#include "config/sections.h"
#include "config/settings.h"
#include "provider/option_parse.h"
#include "provider/provider.h"
#include "task/ca_choice.h"
#include "task/copy_places.h"
#include "task/plugin.h"
#include "task/publishers.h"

#include <string.h>
#include <unistd.h>

struct config_check {
    struct task_env *env;
    const struct config *config;
    struct config_errors *errors;
    struct strv plugins;  /* each once */
    struct map *programs; /* first words of commands that are fine */
    struct map *domains;  /* to the first section that has each */
};

static void add(struct config_check *check, const struct config_place *place, const char *key,
                const struct err *why)
{
    config_errors_add(check->errors, NULL, place, "%s: %s", key, why->text);
}

/* ---- Commands ---- */

/* It would be handed to the program as one more argument, and most take no notice of it. */
static void warn_of_shell(struct config_check *check, const struct config_value *value)
{
    AUTO_FREE char *word = words_find_shell_syntax(value->text);

    if (word != NULL) {
        config_errors_warn(check->errors, &value->place,
                           "%s: '%s' is handed to the program as it stands, for there is no shell; "
                           "for what only a shell does, write sh -c '...'",
                           value->key, word);
    }
}

/* Thousands of certificates have the same hook. */
static void check_command(struct config_check *check, const struct config_value *value)
{
    AUTO(strv_done) struct strv words = STRV_INIT;
    AUTO_FREE char *path = NULL;
    struct err err = ERR_INIT;

    if (*value->text == '\0' || map_find(check->programs, value->text) != NULL) {
        return;
    }
    if (words_split(value->text, &words, &err) < 0) {
        return; /* told when the section was read */
    }
    if (words_find_program(words.items[0], &path, &err) < 0) {
        add(check, &value->place, value->key, &err);
    } else {
        warn_of_shell(check, value);
        map_set(check->programs, value->text, check);
    }
}

static void check_hooks(struct config_check *check, const struct config_section *section)
{
    for (size_t i = 0; i < section->n_values; i++) {
        if (str_has_suffix(section->values[i].key, "-hook") &&
            key_find(section->kind, section->values[i].key) != NULL) {
            check_command(check, &section->values[i]);
        }
    }
}

/* ---- Files ---- */

static void check_secret_file(struct config_check *check, const struct config_value *value)
{
    AUTO(buf_done) struct buf content = BUF_SECRET(OPTION_FILE_MAX);
    AUTO_FREE char *path = value == NULL ? NULL : config_value_path(value);
    struct err err = ERR_INIT;

    if (value == NULL || *value->text == '\0') {
        return;
    }
    if (option_read_secret_file(path, &content, &err) < 0) {
        add(check, &value->place, value->key, &err);
    } else if (content.len == 0) {
        config_errors_add(check->errors, NULL, &value->place, "%s: '%s' is empty", value->key,
                          path);
    }
}

static void check_file(struct config_check *check, const struct config_value *value)
{
    AUTO_FREE char *path = value == NULL ? NULL : config_value_path(value);

    if (value == NULL || *value->text == '\0') {
        return;
    }
    if (!fs_exists(path)) {
        config_errors_add(check->errors, NULL, &value->place, "%s: there is no file '%s'",
                          value->key, path);
    } else if (fs_is_dir(path) || access(path, R_OK) < 0) {
        config_errors_add(check->errors, NULL, &value->place, "%s: '%s' %s", value->key, path,
                          fs_is_dir(path) ? "is a folder: one file is wanted" : "cannot be read");
    }
}

/* ---- Sections ---- */

static void check_ca(struct config_check *check, const struct config_section *section)
{
    const struct config_value *command = config_value_find(section, "eab-hmac-key-command");

    check_file(check, config_value_find(section, "ca-bundle"));
    check_secret_file(check, config_value_find(section, "eab-hmac-key-file"));
    if (command != NULL) {
        check_command(check, command);
    }
}

/* Each name belongs in one certificate: two would both be renewed for it. */
static void check_domains(struct config_check *check, const struct config_section *section,
                          const struct certificate_section *certificate)
{
    const struct config_value *value = config_value_find(section, "domains");

    for (size_t i = 0; i < certificate->domains.n; i++) {
        const char *domain = certificate->domains.items[i];
        const struct config_section *first = map_find(check->domains, domain);

        if (first == NULL) {
            map_set(check->domains, domain, (void *)(uintptr_t)section);
        } else {
            AUTO_FREE char *where = config_place_format(&first->place);

            config_errors_warn(check->errors, &value->place,
                               "%s is in [certificate %s] at %s too: each will be renewed", domain,
                               first->name, where);
        }
    }
}

/* What is known of the CA beforehand, so that nothing is ordered to be refused. */
static void check_names_at_ca(struct config_check *check, const struct config_section *section,
                              const struct certificate_section *certificate)
{
    const char *spec = certificate->server != NULL ? certificate->server
                       : certificate->ca != NULL   ? certificate->ca
                                                   : check->env->settings->ca;
    AUTO_PTR(ca) struct ca *ca = NULL;
    struct err err = ERR_INIT;

    /* A CA that is wrong was told where it stands. */
    if (ca_choice_make(check->config, spec, &ca, &err) == 0 &&
        ca_check_names(ca, &certificate->domains, &err) < 0) {
        add(check, &config_value_find(section, "domains")->place, "domains", &err);
    }
}

static void check_certificate(struct config_check *check, const struct config_section *section)
{
    AUTO(certificate_section_done) struct certificate_section certificate = {.section = section};
    struct err err = ERR_INIT;

    check_hooks(check, section);
    if (certificate_section_read(section, &certificate, &err) == 0) {
        check_domains(check, section, &certificate);
        check_names_at_ca(check, section, &certificate);
    }
}

static void check_general(struct config_check *check, const struct config_section *section)
{
    check_file(check, config_value_find(section, "ca-bundle"));
    check_hooks(check, section);
}

static void check_provider(struct config_check *check, const struct config_section *section)
{
    const char *plugin = provider_section_plugin(section);

    if (provider_has_plugin(&check->env->settings->plugin_dirs, plugin)) {
        strv_add_unique(&check->plugins, plugin);
    }
}

static void check_sections(struct config_check *check)
{
    static const struct {
        const char *kind;
        void (*check)(struct config_check *check, const struct config_section *section);
    } KINDS[] = {{"acme-dns", check_general},
                 {"ca", check_ca},
                 {"certificate", check_certificate},
                 {"provider", check_provider}};

    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        const struct config_section *section = NULL;

        while ((section = config_section_next(check->config, KINDS[i].kind, section)) != NULL) {
            KINDS[i].check(check, section);
        }
    }
}

/* The CA of all certificates that do not say theirs may be of a flag or a variable. */
static void check_general_ca(struct config_check *check)
{
    const struct config_place place = settings_place(check->env->settings, "ca");
    AUTO_PTR(ca) struct ca *ca = NULL;
    struct err err = ERR_INIT;

    if (ca_choice_make(check->config, check->env->settings->ca, &ca, &err) < 0 &&
        config_section_find(check->config, "ca", check->env->settings->ca) == NULL) {
        add(check, &place, "ca", &err);
    }
}

/* ---- Plug-ins ---- */

static void take_description(void *arg, size_t number,
                             const struct provider_description *description, const struct err *err)
{
    struct config_check *check = arg;
    const char *plugin = check->plugins.items[number];
    const struct config_section *section = NULL;

    while ((section = config_section_next(check->config, "provider", section)) != NULL) {
        if (!str_eq(provider_section_plugin(section), plugin)) {
            continue;
        }
        if (err != NULL) {
            config_errors_add(check->errors, NULL, &section->place, "[provider %s]: %s",
                              section->name, err->text);
        } else {
            provider_check_section(check->config, section, description, check->errors);
        }
    }
}

/* All that goes beyond the files themselves. */
static void check_content(struct config_check *check, struct err *err)
{
    check->programs = map_new();
    check->domains = map_new();
    check_sections(check);
    check_general_ca(check);
    publishers_check(check->config, check->errors);
    copy_places_check(check->config, check->errors);
    if (plugin_ask_all(check->env, &check->plugins, take_description, check, err) < 0) {
        event_log(EVENT_ERROR, "", "%s", err->text);
    }
    map_free(check->programs);
    map_free(check->domains);
    strv_done(&check->plugins);
}

enum task_exit task_config_check(struct task_env *env)
{
    struct config_check check = {.env = env, .config = env->config, .errors = env->errors};
    struct err err = ERR_INIT;

    /* Of half a configuration much would be said that is not true of all of it. */
    if (!config_is_unread(env->config)) {
        check_content(&check, &err);
    }
    config_errors_sort(env->errors);
    if (err.class != ERR_NONE) {
        return task_exit_for(err.class);
    }
    return env->errors->n > 0 ? EXIT_USAGE : EXIT_DONE;
}
