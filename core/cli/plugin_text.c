/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cli/plugin_text.h"

#include "acme-plugin.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/json_line.h"

static const char *serial_name(uint32_t serial)
{
    static const char *const NAMES[] = {"plugin", "zone", "free"};

    return serial < ARRAY_LEN(NAMES) ? NAMES[serial] : "unknown";
}

static const char *yes_no(bool value)
{
    return value ? "yes" : "no";
}

static const struct {
    const char *name;
    uint32_t bit;
} TRAITS[] = {{"multi-value", ACME_TRAIT_MULTI_VALUE},
              {"batch-any-zone", ACME_TRAIT_BATCH_ANY_ZONE},
              {"serves", ACME_TRAIT_SERVES}},
  FLAGS[] = {{"required", ACME_OPTION_REQUIRED},
             {"secret", ACME_OPTION_SECRET},
             {"repeat", ACME_OPTION_REPEAT},
             {"group", ACME_OPTION_GROUP}},
  CALLBACKS[] = {{"check", PROVIDER_HAS_CHECK},     {"open", PROVIDER_HAS_OPEN},
                 {"close", PROVIDER_HAS_CLOSE},     {"add", PROVIDER_HAS_ADD},
                 {"remove", PROVIDER_HAS_REMOVE},   {"apply", PROVIDER_HAS_APPLY},
                 {"settled", PROVIDER_HAS_SETTLED}, {"zones", PROVIDER_HAS_ZONES}};

void plugin_format_line(const struct provider_description *plugin, struct buf *to)
{
    buf_addf(to, "%-16s %-9s %s\n", plugin->name, plugin->version, plugin->summary);
}

static void add_option(const struct provider_option *option, struct buf *to)
{
    AUTO_FREE char *front = str_fmt("option.%s", option->name);
    AUTO_FREE char *env = strv_join(&option->env, ",");
    AUTO_FREE char *choices = strv_join(&option->choices, ",");

    buf_addf(to, "%s.type=%s\n", front, provider_option_type_name(option->type));
    for (size_t i = 0; i < ARRAY_LEN(FLAGS); i++) {
        if ((option->flags & FLAGS[i].bit) != 0) {
            buf_addf(to, "%s.%s=yes\n", front, FLAGS[i].name);
        }
    }
    if (option->fallback != NULL) {
        buf_addf(to, "%s.default=%s\n", front, option->fallback);
    }
    if (option->choices.n > 0) {
        buf_addf(to, "%s.choices=%s\n", front, choices);
    }
    if (option->env.n > 0) {
        buf_addf(to, "%s.env=%s\n", front, env);
    }
    buf_addf(to, "%s.help=%s\n", front, option->help);
}

static void add_isolation(const struct provider_isolation *isolation, struct buf *to)
{
    buf_addf(to, "isolation.process=own\nisolation.user=%s\n", isolation->user);
    buf_addf(to, "isolation.own-user=%s\n", yes_no(isolation->has_own_user));
    if (isolation->landlock == 0) {
        buf_add_str(to, "isolation.landlock=no\n");
    } else {
        buf_addf(to, "isolation.landlock=%u\n", isolation->landlock);
    }
    buf_addf(to, "isolation.no-new-privileges=%s\n", yes_no(isolation->has_no_new_privs));
    buf_addf(to, "isolation.no-capabilities=%s\n", yes_no(isolation->has_no_capabilities));
    buf_addf(to, "isolation.signal-scope=%s\n", yes_no(isolation->has_signal_scope));
    buf_addf(to, "isolation.not-dumpable=%s\n", yes_no(isolation->is_not_dumpable));
}

void plugin_format_isolation(const struct provider_isolation *isolation, struct buf *to)
{
    buf_addf(to, "runs as %s%s", isolation->user,
             isolation->has_own_user ? "" : ", as acme-dns does");
    if (isolation->landlock > 0) {
        buf_addf(to, ", Landlock %u", isolation->landlock);
    }
    buf_add_str(to, isolation->has_no_new_privs ? ", no new privileges" : "");
    buf_add_str(to, isolation->has_no_capabilities ? ", no capabilities" : "");
    buf_add_str(to, isolation->has_signal_scope ? ", signals to its own" : "");
    buf_add_str(to, isolation->is_not_dumpable ? ", not dumpable" : "");
}

/* In seconds, under the key that sets it; 0 is a plug-in without a habit of its own. */
static void add_time(const char *key, uint32_t time_s, struct buf *to)
{
    if (time_s == 0) {
        buf_addf(to, "%s=default\n", key);
    } else {
        buf_addf(to, "%s=%u\n", key, time_s);
    }
}

void plugin_format_keys(const struct provider_description *plugin, struct buf *to)
{
    buf_addf(to, "name=%s\nversion=%s\nsummary=%s\nbuilt-in=%s\n", plugin->name, plugin->version,
             plugin->summary, yes_no(plugin->is_built_in));
    if (!plugin->is_built_in) {
        buf_addf(to, "file=%s\ninterface=1.%u\nsize=%u\n", plugin->path, plugin->abi_minor,
                 plugin->size);
    }
    buf_addf(to, "serial=%s\n", serial_name(plugin->serial));
    for (size_t i = 0; i < ARRAY_LEN(TRAITS); i++) {
        buf_addf(to, "%s=%s\n", TRAITS[i].name, yes_no((plugin->traits & TRAITS[i].bit) != 0));
    }
    for (size_t i = 0; i < ARRAY_LEN(CALLBACKS); i++) {
        buf_addf(to, "has_%s=%s\n", CALLBACKS[i].name,
                 yes_no((plugin->callbacks & CALLBACKS[i].bit) != 0));
    }
    buf_addf(to, "min-ttl=%u\nsettle=%u\n", plugin->min_ttl_s, plugin->settle_s);
    add_time("propagation-timeout", plugin->propagation_timeout_s, to);
    add_time("interval", plugin->poll_interval_s, to);
    add_time("call-timeout", plugin->call_timeout_s, to);
    for (size_t i = 0; i < plugin->n_options; i++) {
        add_option(&plugin->options[i], to);
    }
    if (plugin->is_built_in) {
        buf_add_str(to, "isolation.process=core\n");
    } else {
        add_isolation(&plugin->isolation, to);
    }
}

static void write_option(struct json_out *out, const struct provider_option *option)
{
    json_out_object(out);
    json_out_kstr(out, "name", option->name);
    json_out_kstr(out, "type", provider_option_type_name(option->type));
    for (size_t i = 0; i < ARRAY_LEN(FLAGS); i++) {
        json_out_kbool(out, FLAGS[i].name, (option->flags & FLAGS[i].bit) != 0);
    }
    json_out_kstr(out, "default", option->fallback);
    json_out_kstrv(out, "choices", &option->choices);
    json_out_kstrv(out, "env", &option->env);
    json_out_kstr(out, "help", option->help);
    json_out_end(out);
}

static void write_isolation(struct json_out *out, const struct provider_isolation *isolation)
{
    json_out_kstr(out, "process", "own");
    json_out_kstr(out, "user", isolation->user);
    json_out_kbool(out, "own-user", isolation->has_own_user);
    json_out_kint(out, "landlock", isolation->landlock);
    json_out_kbool(out, "no-new-privileges", isolation->has_no_new_privs);
    json_out_kbool(out, "no-capabilities", isolation->has_no_capabilities);
    json_out_kbool(out, "signal-scope", isolation->has_signal_scope);
    json_out_kbool(out, "not-dumpable", isolation->is_not_dumpable);
}

static void write_time(struct json_out *out, const char *key, uint32_t time_s)
{
    if (time_s == 0) {
        json_out_kstr(out, key, NULL);
    } else {
        json_out_kint(out, key, time_s);
    }
}

static void write_facts(struct json_out *out, const struct provider_description *plugin)
{
    AUTO_FREE char *interface = plugin->is_built_in ? NULL : str_fmt("1.%u", plugin->abi_minor);

    json_out_kstr(out, "name", plugin->name);
    json_out_kstr(out, "version", plugin->version);
    json_out_kstr(out, "summary", plugin->summary);
    json_out_kbool(out, "built-in", plugin->is_built_in);
    json_out_kstr(out, "file", plugin->path);
    json_out_kstr(out, "interface", interface);
    json_out_kint(out, "size", plugin->size);
    json_out_kstr(out, "serial", serial_name(plugin->serial));
    for (size_t i = 0; i < ARRAY_LEN(TRAITS); i++) {
        json_out_kbool(out, TRAITS[i].name, (plugin->traits & TRAITS[i].bit) != 0);
    }
    for (size_t i = 0; i < ARRAY_LEN(CALLBACKS); i++) {
        AUTO_FREE char *key = str_fmt("has_%s", CALLBACKS[i].name);

        json_out_kbool(out, key, (plugin->callbacks & CALLBACKS[i].bit) != 0);
    }
    json_out_kint(out, "min-ttl", plugin->min_ttl_s);
    json_out_kint(out, "settle", plugin->settle_s);
    write_time(out, "propagation-timeout", plugin->propagation_timeout_s);
    write_time(out, "interval", plugin->poll_interval_s);
    write_time(out, "call-timeout", plugin->call_timeout_s);
}

char *plugin_format_json(const struct provider_description *plugin, int64_t wall_s)
{
    AUTO_PTR(json_out) struct json_out *out = json_line_begin("plugin", plugin->name, wall_s);

    write_facts(out, plugin);
    json_out_key(out, "options");
    json_out_array(out);
    for (size_t i = 0; i < plugin->n_options; i++) {
        write_option(out, &plugin->options[i]);
    }
    json_out_end(out);
    json_out_key(out, "isolation");
    json_out_object(out);
    if (plugin->is_built_in) {
        json_out_kstr(out, "process", "core");
    } else {
        write_isolation(out, &plugin->isolation);
    }
    json_out_end(out);
    json_out_end(out);
    return json_out_take(out);
}
