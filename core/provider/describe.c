/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/describe.h"

#include "base/mem.h"
#include "provider/frame.h"
#include "provider/option_parse.h"
#include "provider/paths.h"

#include "acme-plugin.h"

#include <string.h>

#define OPTIONS_MAX 64u
#define NAME_MAX_BYTES 32u
#define LINE_MAX_BYTES 1024u
#define HABIT_MAX_S 604800u /* a week: more is a mistake in the plug-in's table */

static const char *const CORE_KEYS[] = {
    "plugin", "zone", "ttl",      "parallel", "call-timeout",   "propagation-timeout", "interval",
    "settle", "env",  "pass-env", "user",     "new-privileges", "log-level",
};

bool provider_is_core_key(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(CORE_KEYS); i++) {
        if (str_eq(key, CORE_KEYS[i])) {
            return true;
        }
    }
    return str_has_prefix(key, "core-");
}

const char *const *provider_core_keys(size_t *ret_n)
{
    *ret_n = ARRAY_LEN(CORE_KEYS);
    return CORE_KEYS;
}

static const char *const TYPE_NAMES[] = {
    [ACME_OPTION_STRING] = "string",     [ACME_OPTION_INT] = "int",
    [ACME_OPTION_BOOL] = "bool",         [ACME_OPTION_DURATION] = "duration",
    [ACME_OPTION_PATH] = "path",         [ACME_OPTION_FILE] = "file",
    [ACME_OPTION_HOSTPORT] = "hostport", [ACME_OPTION_CHOICE] = "choice",
};

const char *provider_option_type_name(uint32_t type)
{
    return type < ARRAY_LEN(TYPE_NAMES) ? TYPE_NAMES[type] : "unknown";
}

char *provider_description_callbacks(const struct provider_description *description)
{
    static const char *const NAMES[] = {"check",  "open",  "close",   "add",
                                        "remove", "apply", "settled", "zones"};
    struct strv list = STRV_INIT;
    char *joined;

    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if ((description->callbacks & (1u << i)) != 0) {
            strv_add(&list, NAMES[i]);
        }
    }
    joined = strv_join(&list, ", ");
    strv_done(&list);
    return joined;
}

void provider_description_free(struct provider_description *description)
{
    if (description == NULL) {
        return;
    }
    for (size_t i = 0; i < description->n_options; i++) {
        struct provider_option *option = &description->options[i];

        mem_free(option->name);
        mem_free(option->fallback);
        mem_free(option->help);
        strv_done(&option->env);
        strv_done(&option->choices);
    }
    mem_free(description->options);
    mem_free(description->path);
    mem_free(description->name);
    mem_free(description->version);
    mem_free(description->summary);
    mem_free(description->isolation.user);
    mem_free(description);
}

static bool is_option_name(const char *name)
{
    size_t len = strlen(name);

    return len >= 1 && len <= NAME_MAX_BYTES && name[0] >= 'a' && name[0] <= 'z' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool is_variable_name(const char *name)
{
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    static const char ALL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz0123456789";

    /* Names of our own may hold our own secrets, such as the account binding's key. */
    return name[0] != '\0' && strchr(LETTERS, name[0]) != NULL &&
           strspn(name, ALL) == strlen(name) && !str_has_prefix(name, "ACME_DNS_");
}

bool provider_option_has_ways(const struct provider_option *option)
{
    return option->type != ACME_OPTION_FILE &&
           (option->flags & (ACME_OPTION_SECRET | ACME_OPTION_GROUP)) != 0;
}

/* Whether name is how the other option may be given: "x-file" beside a secret "x" would make the
 * line "x-file = " mean two things. */
static bool is_way_of(const char *name, const struct provider_option *other)
{
    AUTO_FREE char *file = str_fmt("%s-file", other->name);
    AUTO_FREE char *command = str_fmt("%s-command", other->name);

    return provider_option_has_ways(other) && (str_eq(name, file) || str_eq(name, command));
}

static int judge_names(const struct provider_description *d, size_t index, struct err *err)
{
    const struct provider_option *option = &d->options[index];

    if (provider_is_core_key(option->name)) {
        return err_set(err, ERR_PROVIDER, "has an option '%s', which is a key of acme-dns itself",
                       option->name);
    }
    for (size_t i = 0; i < index; i++) {
        const struct provider_option *other = &d->options[i];

        if (str_eq(option->name, other->name)) {
            return err_set(err, ERR_PROVIDER, "has the option '%s' twice", other->name);
        }
        if (is_way_of(option->name, other) || is_way_of(other->name, option)) {
            return err_set(err, ERR_PROVIDER,
                           "has the options '%s' and '%s', of which one is how acme-dns lets the "
                           "other be given",
                           other->name, option->name);
        }
    }
    return 0;
}

/* Told when the plug-in is described, not when somebody first leaves the option out. What a FILE
 * option names may come and go, and is read when it is needed. */
static int judge_fallback(const struct provider_option *option, struct err *err)
{
    AUTO(buf_done) struct buf ignored = BUF(LINE_MAX_BYTES);
    struct err why = ERR_INIT;
    int64_t number = 0;

    if (option->fallback == NULL || option->type == ACME_OPTION_FILE ||
        option_parse(option, option->fallback, NULL, &ignored, &number, &why) == 0) {
        return 0;
    }
    return err_set(err, ERR_PROVIDER, "has an option '%s' whose default %s", option->name,
                   why.text);
}

static int judge_option(const struct provider_description *d, size_t index, struct err *err)
{
    const struct provider_option *option = &d->options[index];
    const uint32_t known =
        ACME_OPTION_REQUIRED | ACME_OPTION_SECRET | ACME_OPTION_REPEAT | ACME_OPTION_GROUP;

    if (option->name == NULL || !is_option_name(option->name)) {
        return err_set(err, ERR_PROVIDER, "has an option (number %zu) without a legal name",
                       index + 1);
    }
    if (option->type >= ARRAY_LEN(TYPE_NAMES)) {
        return err_set(err, ERR_PROVIDER, "has an option '%s' of the unknown type %u", option->name,
                       option->type);
    }
    if ((option->flags & ~known) != 0) {
        return err_set(err, ERR_PROVIDER, "has an option '%s' with unknown flags 0x%x",
                       option->name, option->flags & ~known);
    }
    if (option->help == NULL) {
        return err_set(err, ERR_PROVIDER, "has an option '%s' without a help text", option->name);
    }
    if ((option->type == ACME_OPTION_CHOICE) != (option->choices.n > 0)) {
        return err_set(err, ERR_PROVIDER, "has an option '%s' whose choices do not fit its type",
                       option->name);
    }
    for (size_t i = 0; i < option->env.n; i++) {
        if (!is_variable_name(option->env.items[i])) {
            return err_set(
                err, ERR_PROVIDER,
                "has an option '%s' with '%s', which cannot be an option's environment variable",
                option->name, option->env.items[i]);
        }
    }
    return judge_fallback(option, err) < 0 ? err_code(err) : judge_names(d, index, err);
}

static int judge(const struct provider_description *d, const char *name, struct err *err)
{
    const uint32_t needed = PROVIDER_HAS_ADD | PROVIDER_HAS_REMOVE;

    if (d->serial > ACME_SERIAL_FREE) {
        return err_set(err, ERR_PROVIDER, "says serial %u, which is unknown", d->serial);
    }
    if (d->min_ttl_s > HABIT_MAX_S || d->propagation_timeout_s > HABIT_MAX_S ||
        d->poll_interval_s > HABIT_MAX_S || d->settle_s > HABIT_MAX_S ||
        d->call_timeout_s > HABIT_MAX_S) {
        return err_set(err, ERR_PROVIDER, "has a time of more than a week");
    }
    if (d->name == NULL) {
        return err_set(err, ERR_PROVIDER, "has no name");
    }
    if (!paths_is_plugin_name(d->name) || !str_eq(d->name, name)) {
        return err_set(err, ERR_PROVIDER, "calls itself '%.64s', but its file is '%s.so'", d->name,
                       name);
    }
    if (d->version == NULL || d->summary == NULL) {
        return err_set(err, ERR_PROVIDER, "has no %s", d->version == NULL ? "version" : "summary");
    }
    if ((d->callbacks & needed) != needed) {
        return err_set(err, ERR_PROVIDER, "has no %s() function",
                       (d->callbacks & PROVIDER_HAS_ADD) == 0 ? "add" : "remove");
    }
    for (size_t i = 0; i < d->n_options; i++) {
        if (judge_option(d, i, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

static void read_option(struct frame_in *in, struct provider_option *to)
{
    to->name = frame_get_text(in, LINE_MAX_BYTES);
    to->fallback = frame_get_text(in, LINE_MAX_BYTES);
    to->help = frame_get_text(in, LINE_MAX_BYTES);
    AUTO_FREE char *env = frame_get_text(in, LINE_MAX_BYTES);
    AUTO_FREE char *choices = frame_get_text(in, LINE_MAX_BYTES);
    if (env != NULL) {
        strv_add_split(&to->env, env, ",");
    }
    if (choices != NULL) {
        strv_add_split(&to->choices, choices, ",");
    }
    to->type = frame_get_u32(in);
    to->flags = frame_get_u32(in);
}

static void read_fields(struct frame_in *in, struct provider_description *d)
{
    d->size = frame_get_u32(in);
    d->abi_minor = frame_get_u32(in);
    d->serial = frame_get_u32(in);
    d->traits = frame_get_u32(in);
    d->min_ttl_s = frame_get_u32(in);
    d->propagation_timeout_s = frame_get_u32(in);
    d->poll_interval_s = frame_get_u32(in);
    d->settle_s = frame_get_u32(in);
    d->call_timeout_s = frame_get_u32(in);
    d->callbacks = frame_get_u32(in);
    d->name = frame_get_text(in, LINE_MAX_BYTES);
    d->version = frame_get_text(in, LINE_MAX_BYTES);
    d->summary = frame_get_text(in, LINE_MAX_BYTES);
}

void describe_isolation(uint32_t landlock, uint32_t bits, struct provider_isolation *ret_isolation)
{
    *ret_isolation = (struct provider_isolation){
        .landlock = landlock,
        .has_own_user = (bits & FRAME_ISOLATED_USER) != 0,
        .has_no_new_privs = (bits & FRAME_ISOLATED_NO_NEW_PRIVS) != 0,
        .has_signal_scope = (bits & FRAME_ISOLATED_SIGNAL_SCOPE) != 0,
        .has_no_capabilities = (bits & FRAME_ISOLATED_NO_CAPS) != 0,
        .is_not_dumpable = (bits & FRAME_ISOLATED_NOT_DUMPABLE) != 0,
    };
}

int describe_parse(struct frame_in *in, const char *path, const char *name,
                   struct provider_description **ret_description, struct err *err)
{
    AUTO_PTR(provider_description)
    struct provider_description *d = NEW(struct provider_description);
    uint32_t n;

    d->path = str_dup(path);
    read_fields(in, d);
    n = frame_get_u32(in);
    if (n > OPTIONS_MAX) {
        return err_set(err, ERR_PROVIDER, "has more than %u options", OPTIONS_MAX);
    }
    d->options = mem_alloc(n, sizeof(*d->options));
    for (uint32_t i = 0; i < n && !in->is_bad; i++) {
        d->n_options = i + 1u;
        read_option(in, &d->options[i]);
    }
    if (!frame_is_whole(in)) {
        return err_set(err, ERR_PROVIDER,
                       "has a description with a text over %u bytes, or one that is damaged",
                       LINE_MAX_BYTES);
    }
    if (judge(d, name, err) < 0) {
        return err_code(err);
    }
    *ret_description = TAKE(d);
    return 0;
}
