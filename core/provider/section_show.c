/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What a [provider] section comes to, without its secrets. */
#include "provider/provider.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "config/config.h"
#include "provider/options.h"

#include "acme-plugin.h"

#include <stdlib.h>
#include <string.h>

struct listing {
    const struct config *config;
    const struct config_section *section;
    const struct provider_description *plugin;
    provider_fact_fn *fact;
    void *arg;
};

/* What a FILE option holds is its path. */
static bool is_secret(const struct provider_option *option)
{
    return (option->flags & ACME_OPTION_SECRET) != 0 && option->type != ACME_OPTION_FILE;
}

static const struct provider_option *find_option(const struct provider_description *plugin,
                                                 const char *name)
{
    for (size_t i = 0; plugin != NULL && i < plugin->n_options; i++) {
        if (str_eq(plugin->options[i].name, name)) {
            return &plugin->options[i];
        }
    }
    return NULL;
}

/* A key that is no option may be a mistyped one, and its value a secret. */
static bool may_be_shown(const struct listing *l, const struct config_value *value)
{
    const struct provider_option *option = find_option(l->plugin, value->key);

    if (option != NULL) {
        return !is_secret(option);
    }
    return provider_is_core_key(value->key) || str_has_suffix(value->key, "-file") ||
           str_has_suffix(value->key, "-command");
}

static void list_value(const struct listing *l, const struct config_value *value)
{
    const char *equals = strchr(value->text, '=');
    AUTO_FREE char *hidden = NULL;

    /* A variable for a hook may be a token: only its name is told. */
    if (str_eq(value->key, "env") && equals != NULL) {
        hidden = str_fmt("%.*s=[secret]", (int)(equals - value->text), value->text);
    }
    l->fact(l->arg, value->key,
            hidden != NULL           ? hidden
            : may_be_shown(l, value) ? value->text
                                     : NULL,
            &value->place);
}

static void list_plugin(const struct listing *l)
{
    const struct config_place place = {.origin = CONFIG_DEFAULT};

    if (config_value_find(l->section, "plugin") == NULL) {
        l->fact(l->arg, "plugin", l->section->name, &place);
    }
}

/* Parts of one credential come from one source only. */
static bool has_group_part(const struct listing *l)
{
    for (size_t i = 0; i < l->plugin->n_options; i++) {
        if ((l->plugin->options[i].flags & ACME_OPTION_GROUP) != 0 &&
            option_is_mentioned(l->section, &l->plugin->options[i])) {
            return true;
        }
    }
    return false;
}

static bool list_variable(const struct listing *l, const struct provider_option *option)
{
    for (size_t i = 0; i < option->env.n; i++) {
        const char *text = getenv(option->env.items[i]);
        const struct config_place place = {.origin = CONFIG_ENVIRONMENT,
                                           .path = option->env.items[i]};

        if (text != NULL && *text != '\0') {
            l->fact(l->arg, option->name, is_secret(option) ? NULL : text, &place);
            return true;
        }
    }
    return false;
}

static void list_rest(const struct listing *l)
{
    const struct config_place place = {.origin = CONFIG_DEFAULT};
    bool may_use_env =
        section_may_use_env(l->config, l->section, l->section->name, l->plugin->name);
    bool has_group = has_group_part(l);

    for (size_t i = 0; i < l->plugin->n_options; i++) {
        const struct provider_option *option = &l->plugin->options[i];
        bool is_open = may_use_env && (!has_group || (option->flags & ACME_OPTION_GROUP) == 0);

        if (option_is_mentioned(l->section, option) || (is_open && list_variable(l, option))) {
            continue;
        }
        if (option->fallback != NULL) {
            l->fact(l->arg, option->name, option->fallback, &place);
        }
    }
}

void provider_list_facts(const struct config *config, const struct config_section *section,
                         const struct provider_description *plugin, provider_fact_fn *fact,
                         void *arg)
{
    const struct listing l = {
        .config = config, .section = section, .plugin = plugin, .fact = fact, .arg = arg};

    list_plugin(&l);
    for (size_t i = 0; i < section->n_values; i++) {
        list_value(&l, &section->values[i]);
    }
    if (plugin != NULL) {
        list_rest(&l);
    }
}
