/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* A [provider] section against the table of its plug-in, without an instance: for who wants to know
 * all that is wrong with it, before it is needed. */
#include "provider/provider.h"

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/config.h"
#include "provider/console.h"
#include "provider/options.h"
#include "provider/paths.h"
#include "provider/user.h"

#include "acme-plugin.h"

#include <string.h>
#include <sys/stat.h>

const char *provider_section_plugin(const struct config_section *section)
{
    const struct config_value *plugin = config_value_find(section, "plugin");

    return plugin != NULL && *plugin->text != '\0' ? plugin->text : section->name;
}

bool provider_has_plugin(const struct strv *plugin_dirs, const char *plugin)
{
    AUTO(strv_done) struct strv folders = STRV_INIT;
    AUTO_FREE char *path = NULL;
    struct err ignored = ERR_INIT;

    paths_plugin_dirs(plugin_dirs, &folders);
    return console_find(plugin) != NULL ||
           paths_plugin_find(&folders, plugin, &path, &ignored) == 0;
}

bool section_may_use_env(const struct config *config, const struct config_section *section,
                         const char *name, const char *plugin)
{
    const struct config_section *other = NULL;
    size_t n_same = 0;

    if (section == NULL || str_eq(name, plugin)) {
        return true;
    }
    while (config != NULL && (other = config_section_next(config, "provider", other)) != NULL) {
        n_same += str_eq(provider_section_plugin(other), plugin) ? 1 : 0;
    }
    return n_same == 1;
}

struct check {
    const struct config_section *section;
    struct config_section *mark; /* marked wrong by each mistake; or NULL */
    struct config_errors *errors;
};

static void add_fault(void *arg, const struct config_place *at, const struct err *why)
{
    const struct check *check = arg;

    config_errors_add(check->errors, check->mark, at, "%s", why->text);
}

void provider_check_keys(struct config_section *section, struct config_errors *errors)
{
    AUTO(instance_keys_done) struct instance_keys keys = {.plugin = NULL};
    struct check check = {.section = section, .mark = section, .errors = errors};

    instance_keys_gather(section, &keys, add_fault, &check);
}

/* A command that prints a secret is not run, only looked for. */
static void check_command(const struct config_value *command, struct config_errors *errors)
{
    AUTO(strv_done) struct strv words = STRV_INIT;
    AUTO_FREE char *path = NULL;
    struct err err = ERR_INIT;

    if (words_split(command->text, &words, &err) < 0 ||
        words_find_program(words.items[0], &path, &err) < 0) {
        config_errors_add(errors, NULL, &command->place, "%s: %s", command->key, err.text);
    }
}

bool option_is_mentioned(const struct config_section *section, const struct provider_option *option)
{
    size_t len = strlen(option->name);

    for (size_t i = 0; i < section->n_values; i++) {
        const char *key = section->values[i].key;

        if (strncmp(key, option->name, len) == 0 &&
            (key[len] == '\0' || str_eq(key + len, "-file") || str_eq(key + len, "-command"))) {
            return true;
        }
    }
    return false;
}

static void check_required(const struct check *check, const struct provider_description *plugin,
                           const struct option_values *values)
{
    for (size_t i = 0; i < plugin->n_options; i++) {
        const struct provider_option *option = &plugin->options[i];
        struct err err = ERR_INIT;

        if (values->items[i].text == NULL && values->items[i].command == NULL &&
            option->fallback == NULL && (option->flags & ACME_OPTION_REQUIRED) != 0 &&
            !option_is_mentioned(check->section, option)) {
            (void)option_missing_err(option, check->section->name, &err);
            config_errors_add(check->errors, NULL, &check->section->place, "%s", err.text);
        }
    }
}

/* ---- What the values name ---- */

/* Only its name says that a path is a program's; an interpreter may read one that is not
 * executable. */
static void check_program(const struct check *check, const struct config_value *value,
                          const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
        config_errors_add(check->errors, NULL, &value->place, "%s: there is no program '%s'",
                          value->key, path);
    } else if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        (void)err_hint(config_errors_add(check->errors, NULL, &value->place,
                                         "%s: its group or others may write to '%s', mode %04o",
                                         value->key, path, (unsigned)(st.st_mode & 07777)),
                       "chmod go-w %s", path);
    } else if ((st.st_mode & 0111) == 0) {
        config_errors_warn(check->errors, &value->place,
                           "%s: '%s' is not executable, which only a script that a shell reads may "
                           "be; else chmod +x",
                           value->key, path);
    }
}

/* What else is not there may be made until it is needed. */
static void check_path(const struct check *check, const struct config_value *value)
{
    AUTO_FREE char *path = config_value_path(value);

    if (*value->text == '\0') {
        return;
    }
    if (str_eq(value->key, "command") || str_has_suffix(value->key, "-command")) {
        check_program(check, value, path);
    } else if (!fs_exists(path)) {
        config_errors_warn(check->errors, &value->place, "%s: there is no '%s'", value->key, path);
    }
}

static void check_user(const struct check *check, const struct config_value *value)
{
    AUTO(user_done) struct user user = {.name = NULL};
    struct err err = ERR_INIT;

    if (*value->text != '\0' && user_find(value->text, &user, &err) < 0) {
        config_errors_add(check->errors, NULL, &value->place, "user: %s", err.text);
    }
}

static bool is_path(const struct provider_description *plugin, const char *key)
{
    for (size_t i = 0; i < plugin->n_options; i++) {
        if (str_eq(plugin->options[i].name, key)) {
            return plugin->options[i].type == ACME_OPTION_PATH;
        }
    }
    return str_eq(key, "core-allow-path");
}

static void check_named(const struct check *check, const struct provider_description *plugin)
{
    for (size_t i = 0; i < check->section->n_values; i++) {
        const struct config_value *value = &check->section->values[i];

        if (is_path(plugin, value->key)) {
            check_path(check, value);
        } else if (str_eq(value->key, "user") && !plugin->is_built_in) {
            check_user(check, value);
        }
    }
}

void provider_check_section(const struct config *config, const struct config_section *section,
                            const struct provider_description *plugin, struct config_errors *errors)
{
    AUTO(option_values_done) struct option_values values = {.items = NULL};
    struct check check = {.section = section, .errors = errors};
    bool may_use_env = section_may_use_env(config, section, section->name, plugin->name);
    struct err err = ERR_INIT;

    option_values_gather(section, plugin, &values, add_fault, &check);
    if (option_values_read_environment(&values, section->name, plugin, may_use_env, &err) < 0) {
        config_errors_add(errors, NULL, &section->place, "%s", err.text);
    }
    for (size_t i = 0; i < values.n; i++) {
        if (values.items[i].command != NULL) {
            check_command(values.items[i].command, errors);
        }
    }
    check_required(&check, plugin, &values);
    check_named(&check, plugin);
    if (values.from_environment.n > 0) {
        AUTO_FREE char *names = strv_join(&values.from_environment, ", ");

        config_errors_warn(errors, &section->place,
                           "[provider %s] has from this environment what a timer's run will not "
                           "find: %s",
                           section->name, names);
    }
}
