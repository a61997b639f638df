/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/options.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "provider/option_parse.h"
#include "provider/paths.h"

#include <string.h>

#define PARALLEL_DEFAULT 4
#define PARALLEL_MAX 64
#define TIME_MAX_S 604800

void instance_keys_done(struct instance_keys *keys)
{
    mem_free(keys->plugin);
    mem_free(keys->zone);
    mem_free(keys->user);
    strv_done(&keys->pass_env);
    strv_done(&keys->env);
    strv_done(&keys->allow_paths);
    *keys = (struct instance_keys){.plugin = NULL};
}

static int wrong(const struct config_value *value, const char *what, struct err *err)
{
    return err_set(err, ERR_CONFIG, "%s = %s %s", value->key, value->text, what);
}

static int read_number(const struct config_value *value, int64_t min, int64_t max, uint32_t *ret,
                       struct err *err)
{
    int64_t number;

    if (!str_parse_int(value->text, min, max, &number)) {
        return err_set(err, ERR_CONFIG, "%s = %s is not a number from %lld to %lld", value->key,
                       value->text, (long long)min, (long long)max);
    }
    *ret = (uint32_t)number;
    return 0;
}

static int read_seconds(const struct config_value *value, int64_t min, uint32_t *ret,
                        struct err *err)
{
    int64_t seconds;

    if (!option_parse_seconds(value->text, &seconds) || seconds < min || seconds > TIME_MAX_S) {
        return wrong(value, "is not a time that fits (90, 90s, 5m, 2h, at most 7d)", err);
    }
    *ret = (uint32_t)seconds;
    return 0;
}

static int read_level(const struct config_value *value, enum event_level *ret, struct err *err)
{
    static const char *const NAMES[] = {"error", "warning", "notice", "debug"};

    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if (str_eq(value->text, NAMES[i])) {
            *ret = (enum event_level)i;
            return 0;
        }
    }
    return wrong(value, "is none of: error, warning, notice, debug", err);
}

static int read_times(const struct config_value *value, struct instance_keys *to, struct err *err)
{
    uint32_t seconds = 0;

    if (str_eq(value->key, "call-timeout")) {
        if (read_seconds(value, 1, &seconds, err) < 0) {
            return err_code(err);
        }
        to->call_timeout_ms = (int64_t)seconds * 1000;
    } else if (str_eq(value->key, "propagation-timeout")) {
        return read_seconds(value, 1, &to->propagation_timeout_s, err);
    } else if (str_eq(value->key, "interval")) {
        return read_seconds(value, 1, &to->interval_s, err);
    } else if (str_eq(value->key, "settle")) {
        to->has_settle = true;
        return read_seconds(value, 0, &to->settle_s, err);
    }
    return 0;
}

static int read_environment(const struct config_value *value, struct instance_keys *to,
                            struct err *err)
{
    if (str_eq(value->key, "pass-env")) {
        strv_add_split(&to->pass_env, value->text, ",");
    } else if (strchr(value->text, '=') == NULL || value->text[0] == '=') {
        AUTO_FREE char *place = config_place_format(&value->place);

        /* Not shown: it may be a token whose variable was forgotten. */
        return err_set(err, ERR_CONFIG, "%s: env: is not NAME=value", place);
    } else {
        strv_add(&to->env, value->text);
    }
    return 0;
}

static int read_key(const struct config_value *value, struct instance_keys *to, struct err *err)
{
    const char *key = value->key;

    if (str_eq(key, "plugin")) {
        if (!paths_is_plugin_name(value->text) && strchr(value->text, '/') == NULL) {
            return wrong(value, "cannot be a plug-in's name", err);
        }
        str_set(&to->plugin, value->text);
    } else if (str_eq(key, "zone")) {
        str_set(&to->zone, value->text);
    } else if (str_eq(key, "user")) {
        str_set(&to->user, value->text);
    } else if (str_eq(key, "ttl")) {
        return read_number(value, 1, 86400, &to->ttl_s, err);
    } else if (str_eq(key, "parallel")) {
        return read_number(value, 1, PARALLEL_MAX, &to->parallel, err);
    } else if (str_eq(key, "log-level")) {
        return read_level(value, &to->log_up_to, err);
    } else if (str_eq(key, "env") || str_eq(key, "pass-env")) {
        return read_environment(value, to, err);
    } else if (str_eq(key, "core-allow-path")) {
        strv_take(&to->allow_paths, config_value_path(value));
    } else if (str_eq(key, "new-privileges")) {
        return option_parse_bool(value->text, &to->may_gain_privileges)
                   ? 0
                   : wrong(value, "is neither yes nor no", err);
    } else if (str_has_prefix(key, "core-")) {
        return wrong(value, "is a key that this acme-dns does not have", err);
    }
    return read_times(value, to, err);
}

static bool is_repeatable(const char *key)
{
    return str_eq(key, "env") || str_eq(key, "pass-env") || str_eq(key, "core-allow-path");
}

static int read_once(const struct config_section *section, const struct config_value *value,
                     struct instance_keys *to, struct err *err)
{
    const struct config_value *first = config_value_next(section, value->key, NULL);

    if (first != value && !is_repeatable(value->key)) {
        AUTO_FREE char *where = config_place_format(&first->place);

        return err_set(err, ERR_CONFIG, "'%s' is already given at %s", value->key, where);
    }
    return read_key(value, to, err);
}

void instance_keys_gather(const struct config_section *section, struct instance_keys *keys,
                          option_fault_fn *fault, void *arg)
{
    for (size_t i = 0; section != NULL && i < section->n_values; i++) {
        const struct config_value *value = &section->values[i];
        struct err err = ERR_INIT;

        if (provider_is_core_key(value->key) && read_once(section, value, keys, &err) < 0) {
            fault(arg, &value->place, &err);
        }
    }
}

void option_fault_keep(void *arg, const struct config_place *at, const struct err *why)
{
    AUTO_FREE char *place = config_place_format(at);
    struct err *first = arg;

    if (first->class == ERR_NONE) {
        *first = *why;
        (void)err_wrap(first, "%s", place);
    }
}

int instance_keys_read(const struct config_section *section, const char *name,
                       struct instance_keys *ret_keys, struct err *err)
{
    struct instance_keys keys = {
        .plugin = str_dup(name), .parallel = PARALLEL_DEFAULT, .log_up_to = EVENT_DEBUG};
    struct err first = ERR_INIT;

    instance_keys_gather(section, &keys, option_fault_keep, &first);
    if (first.class != ERR_NONE) {
        instance_keys_done(&keys);
        *err = first;
        return err_code(err);
    }
    *ret_keys = keys;
    return 0;
}
