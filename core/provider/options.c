/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/options.h"

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "provider/option_parse.h"
#include "provider/option_variable.h"

#include "acme-plugin.h"

#include <stdlib.h>
#include <string.h>

#define VALUES_MAX (256u * 1024u)

/* How a key of the section speaks of an option. */
enum way { WAY_NONE, WAY_INLINE, WAY_FILE, WAY_COMMAND };

void option_values_done(struct option_values *values)
{
    for (size_t i = 0; i < values->n; i++) {
        mem_free_secret(values->items[i].text, values->items[i].len);
    }
    mem_free(values->items);
    strv_done(&values->from_environment);
    strv_done(&values->paths);
    *values = (struct option_values){.items = NULL};
}

static bool is_secret(const struct provider_option *option)
{
    return (option->flags & ACME_OPTION_SECRET) != 0;
}

static enum way find_option(const struct provider_description *plugin, const char *key,
                            size_t *ret_index)
{
    static const char *const SUFFIXES[] = {"", "-file", "-command"};

    for (size_t way = 0; way < ARRAY_LEN(SUFFIXES); way++) {
        for (size_t i = 0; i < plugin->n_options; i++) {
            AUTO_FREE char *name = str_fmt("%s%s", plugin->options[i].name, SUFFIXES[way]);

            if (str_eq(key, name) && (way == 0 || provider_option_has_ways(&plugin->options[i]))) {
                *ret_index = i;
                return (enum way)(WAY_INLINE + (int)way);
            }
        }
    }
    return WAY_NONE;
}

static int refuse_unknown(const struct config_value *value,
                          const struct provider_description *plugin, struct err *err)
{
    size_t n_core = 0;
    const char *const *core = provider_core_keys(&n_core);
    const char **names = mem_alloc(plugin->n_options + n_core, sizeof(*names));
    size_t n = 0;

    for (size_t i = 0; i < plugin->n_options; i++) {
        names[n++] = plugin->options[i].name;
    }
    for (size_t i = 0; i < n_core; i++) {
        names[n++] = core[i];
    }
    (void)err_set(err, ERR_CONFIG, "plug-in '%s' has no option '%s'", plugin->name, value->key);
    config_hint_nearest(err, value->key, names, n);
    mem_free(names);
    return err_hint(err, "'acme-dns plugin show %s' lists its options", plugin->name);
}

/* Gives a slot its text; a repeated option gathers NUL-ended pieces. */
static int put(struct option_values *values, size_t index, const struct provider_option *option,
               const char *text, const struct config_value *value, struct err *err)
{
    struct option_slot *slot = &values->items[index];
    AUTO(buf_done) struct buf bytes = BUF_SECRET(VALUES_MAX);
    int64_t number = slot->number;
    bool is_repeated = (option->flags & ACME_OPTION_REPEAT) != 0;
    size_t before = 0;

    if (is_repeated && slot->text != NULL) {
        buf_add(&bytes, slot->text, slot->len);
        before = bytes.len;
    }
    if (option_parse(option, text, value, &bytes, &number, err) < 0) {
        return err_code(err);
    }
    if (buf_check(&bytes, "the value", err) < 0) {
        return err_code(err);
    }
    if (option->type == ACME_OPTION_PATH) {
        strv_add(&values->paths, buf_str(&bytes) + before);
    }
    if (is_secret(option)) {
        secret_register(buf_str(&bytes) + before, bytes.len - before);
    }
    if (is_repeated) {
        buf_add_char(&bytes, '\0');
        number = slot->number + 1;
    }
    mem_free_secret(slot->text, slot->len);
    slot->len = bytes.len;
    slot->text = buf_take(&bytes);
    slot->number = number;
    return 0;
}

static int put_file(struct option_values *values, size_t index,
                    const struct provider_option *option, const char *path, struct err *err)
{
    AUTO(buf_done) struct buf content = BUF_SECRET(OPTION_FILE_MAX);

    if (option_read_secret_file(path, &content, err) < 0) {
        return err_code(err);
    }
    if (strlen(buf_str(&content)) != content.len) {
        return err_set(err, ERR_CONFIG, "'%s' holds a NUL byte", path);
    }
    if (content.len == 0) {
        return err_set(err, ERR_CONFIG, "'%s' is empty", path);
    }
    return put(values, index, option, buf_str(&content), NULL, err);
}

/* Repeated keys only where the table says so, and one way of giving a value only. */
static int refuse_second(const struct option_slot *slot, const struct provider_option *option,
                         struct err *err)
{
    return (slot->text != NULL || slot->command != NULL) &&
                   (option->flags & ACME_OPTION_REPEAT) == 0
               ? err_set(err, ERR_CONFIG, "'%s' is given a second time", option->name)
               : 0;
}

static int read_inline(struct option_values *values, size_t index,
                       const struct provider_option *option, const struct config_value *value,
                       struct err *err)
{
    if (is_secret(option) && option->type != ACME_OPTION_FILE && config_value_is_exposed(value)) {
        (void)err_set(err, ERR_CONFIG, "holds a secret in a file that others can read (mode %04o)",
                      (unsigned)(value->place.mode & 07777));
        return err_hint(err, "chmod 600 %s, or move the secret: %s-file = PATH", value->place.path,
                        option->name);
    }
    return put(values, index, option, value->text, value, err);
}

static int read_value(struct option_values *values, const struct provider_description *plugin,
                      const struct config_value *value, struct config_place *ret_at,
                      struct err *err)
{
    size_t index = 0;
    enum way way = find_option(plugin, value->key, &index);
    int result = 0;

    *ret_at = value->place;
    if (way == WAY_NONE) {
        ret_at->column = value->key_column; /* the key is wrong, not its value */
        return refuse_unknown(value, plugin, err);
    }
    const struct provider_option *option = &plugin->options[index];
    if (refuse_second(&values->items[index], option, err) < 0) {
        return err_code(err);
    }
    if (way == WAY_COMMAND) {
        values->items[index].command = value;
    } else if (way == WAY_FILE) {
        AUTO_FREE char *path = config_value_path(value);

        result = put_file(values, index, option, path, err);
    } else {
        result = read_inline(values, index, option, value, err);
    }
    return result < 0 ? err_wrap(err, "%s", value->key) : 0;
}

static bool is_set(const struct option_slot *slot)
{
    return slot->text != NULL || slot->command != NULL;
}

/* A credential out of two sources is one that nobody meant. */
static bool has_group_part(const struct option_values *values,
                           const struct provider_description *plugin)
{
    for (size_t i = 0; i < values->n; i++) {
        if ((plugin->options[i].flags & ACME_OPTION_GROUP) != 0 && is_set(&values->items[i])) {
            return true;
        }
    }
    return false;
}

/* systemd's LoadCredential=INSTANCE.OPTION:/path counts as a file. */
static int read_credential(struct option_values *values, size_t index, const char *name,
                           const struct provider_option *option, struct err *err)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");

    if (folder == NULL || folder[0] != '/' || !provider_option_has_ways(option)) {
        return 0;
    }
    AUTO_FREE char *path = str_fmt("%s/%s.%s", folder, name, option->name);
    return fs_exists(path) ? put_file(values, index, option, path, err) : 0;
}

static int read_variable(struct option_values *values, size_t index,
                         const struct provider_description *plugin, struct err *err)
{
    const struct provider_option *option = &plugin->options[index];
    AUTO(option_variable_done)
    struct option_variable variable = option_variable_find(plugin, index);
    int result = 0;

    if (variable.name == NULL) {
        return 0;
    }
    result = variable.is_file ? put_file(values, index, option, variable.text, err)
                              : put(values, index, option, variable.text, NULL, err);
    if (result < 0) {
        return err_wrap(err, "environment variable %s", variable.name);
    }
    strv_take(&values->from_environment, str_fmt("%s (%s)", option->name, variable.name));
    return 0;
}

int option_values_read_environment(struct option_values *values, const char *name,
                                   const struct provider_description *plugin, bool may_use_env,
                                   struct err *err)
{
    for (size_t i = 0; i < values->n; i++) {
        if (!is_set(&values->items[i]) &&
            read_credential(values, i, name, &plugin->options[i], err) < 0) {
            return err_code(err);
        }
    }
    bool has_group = has_group_part(values, plugin);
    for (size_t i = 0; may_use_env && i < values->n; i++) {
        const struct provider_option *option = &plugin->options[i];

        if (is_set(&values->items[i]) || (has_group && (option->flags & ACME_OPTION_GROUP) != 0)) {
            continue;
        }
        if (read_variable(values, i, plugin, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

void option_values_gather(const struct config_section *section,
                          const struct provider_description *plugin, struct option_values *values,
                          option_fault_fn *fault, void *arg)
{
    *values = (struct option_values){
        .items = mem_alloc(plugin->n_options, sizeof(struct option_slot)), .n = plugin->n_options};
    for (size_t i = 0; section != NULL && i < section->n_values; i++) {
        struct config_place at;
        struct err err = ERR_INIT;

        if (!provider_is_core_key(section->values[i].key) &&
            read_value(values, plugin, &section->values[i], &at, &err) < 0) {
            fault(arg, &at, &err);
        }
    }
}

int option_values_read(const struct config_section *section, const char *name,
                       const struct provider_description *plugin, bool may_use_env,
                       struct option_values *ret_values, struct err *err)
{
    struct option_values values;
    struct err first = ERR_INIT;

    option_values_gather(section, plugin, &values, option_fault_keep, &first);
    if (first.class != ERR_NONE) {
        *err = first;
    }
    if (first.class != ERR_NONE ||
        option_values_read_environment(&values, name, plugin, may_use_env, err) < 0) {
        option_values_done(&values);
        err->class = ERR_CONFIG;
        return err_code(err);
    }
    *ret_values = values;
    return 0;
}

int option_values_set(struct option_values *values, const struct provider_description *plugin,
                      size_t index, const char *text, size_t len, struct err *err)
{
    const struct config_value *value = values->items[index].command;
    AUTO_FREE char *place = config_place_format(&value->place);

    values->items[index].command = NULL;
    if (len == 0 || strlen(text) != len) {
        return err_set(err, ERR_CONFIG, "%s: %s: the command printed %s", place, value->key,
                       len == 0 ? "nothing" : "a NUL byte");
    }
    if (put(values, index, &plugin->options[index], text, NULL, err) < 0) {
        return err_wrap(err, "%s: %s: what the command printed", place, value->key);
    }
    return 0;
}

/* The names of all required options without a value. To mem_free. */
static char *list_missing(const struct option_values *values,
                          const struct provider_description *plugin)
{
    AUTO(strv_done) struct strv names = STRV_INIT;

    for (size_t i = 0; i < values->n; i++) {
        if (values->items[i].text == NULL && plugin->options[i].fallback == NULL &&
            (plugin->options[i].flags & ACME_OPTION_REQUIRED) != 0) {
            strv_add(&names, plugin->options[i].name);
        }
    }
    return strv_join(&names, ", ");
}

/* A FILE that a plug-in looks for unless another is named need not be there; and one that cannot be
 * read is no reason to fail an instance that may do without. The plug-in chose the path and we read
 * it, perhaps as root: never what is kept from plug-ins. */
static void put_default_file(struct option_values *values, size_t index, const char *name,
                             const struct provider_option *option, const struct reach *reach)
{
    const char *home = str_has_prefix(option->fallback, "~/") ? fs_home() : NULL;
    AUTO_FREE char *path =
        str_fmt("%s%s", home != NULL ? home : "", option->fallback + (home != NULL ? 1 : 0));
    struct err why = ERR_INIT;

    if (reach_denies(reach, path)) {
        event_log(EVENT_WARNING, name, "%s = %s lies where no plug-in may read; it is not used",
                  option->name, option->fallback);
    } else if (fs_exists(path) && put(values, index, option, path, NULL, &why) < 0) {
        event_log(EVENT_WARNING, name, "%s = %s %s; it is not used", option->name, option->fallback,
                  why.text);
    }
}

static int put_fallback(struct option_values *values, size_t index, const char *name,
                        const struct provider_description *plugin, const struct reach *reach,
                        struct err *err)
{
    const struct provider_option *option = &plugin->options[index];

    if (values->items[index].text != NULL || option->fallback == NULL) {
        return 0;
    }
    if (option->type == ACME_OPTION_FILE) {
        put_default_file(values, index, name, option, reach);
        return 0;
    }
    if (put(values, index, option, option->fallback, NULL, err) < 0) {
        return err_wrap(err, "plug-in '%s', default of '%s'", plugin->name, option->name);
    }
    return 0;
}

static int hint_missing(const struct provider_option *option, const char *name, struct err *err)
{
    AUTO_FREE char *env = strv_join(&option->env, " or ");

    return err_hint(err, "add to [provider %s]: %s%s = ...%s%s", name, option->name,
                    provider_option_has_ways(option) ? "-file" : "",
                    option->env.n > 0 ? ", or set " : "", env);
}

int option_missing_err(const struct provider_option *option, const char *name, struct err *err)
{
    (void)err_set(err, ERR_CONFIG, "[provider %s] lacks '%s' (%s)", name, option->name,
                  option->help);
    return hint_missing(option, name, err);
}

int option_values_check(struct option_values *values, const struct config_section *section,
                        const char *name, const struct provider_description *plugin,
                        const struct reach *reach, struct err *err)
{
    for (size_t i = 0; i < values->n; i++) {
        const struct provider_option *option = &plugin->options[i];

        if (put_fallback(values, i, name, plugin, reach, err) < 0) {
            return err_code(err);
        }
        if (values->items[i].text != NULL || (option->flags & ACME_OPTION_REQUIRED) == 0) {
            continue;
        }
        if (section == NULL) {
            AUTO_FREE char *missing = list_missing(values, plugin);
            (void)err_set(err, ERR_CONFIG, "plug-in '%s' needs: %s", plugin->name, missing);
            return hint_missing(option, name, err);
        }
        AUTO_FREE char *place = config_place_format(&section->place);
        (void)option_missing_err(option, name, err);
        return err_wrap(err, "%s", place);
    }
    return 0;
}
