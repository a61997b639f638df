/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One [provider] section: the keys of the core, and the plug-in's options checked against its own
 * table. Files come first; the environment fills what they left open, where that is allowed.
 */
#ifndef PROVIDER_OPTIONS_H
#define PROVIDER_OPTIONS_H

#include "base/err.h"
#include "base/event.h"
#include "base/str.h"
#include "config/config.h"
#include "provider/describe.h"
#include "provider/reach.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The core's own keys. */
struct instance_keys {
    char *plugin, *zone, *user; /* zone and user may be NULL */
    uint32_t ttl_s, parallel, propagation_timeout_s, interval_s, settle_s; /* 0: not given */
    int64_t call_timeout_ms;
    bool has_settle;
    bool may_gain_privileges;
    struct strv pass_env, env; /* names; NAME=value */
    struct strv allow_paths;   /* core-allow-path: more that its Landlock rules let through */
    enum event_level log_up_to;
};

/* Told of each mistake in a section, with its place; why has none. */
typedef void option_fault_fn(void *arg, const struct config_place *at, const struct err *why);

/* One that keeps the first, its place in front; arg: a struct err of the class ERR_NONE. */
void option_fault_keep(void *arg, const struct config_place *at, const struct err *why);

void instance_keys_done(struct instance_keys *keys);

/* All mistakes, not only the first. keys are to be freed in any case. */
void instance_keys_gather(const struct config_section *section, struct instance_keys *keys,
                          option_fault_fn *fault, void *arg);

/* section may be NULL: a plug-in without one. */
int instance_keys_read(const struct config_section *section, const char *name,
                       struct instance_keys *ret_keys, struct err *err);

/* One option's value on its way to the plug-in. */
struct option_slot {
    int64_t number;
    char *text; /* NULL: not set */
    size_t len;
    const struct config_value *command; /* its output is still to be had, or NULL */
};

struct option_values {
    struct option_slot *items; /* in the order of the table */
    size_t n;
    struct strv from_environment; /* "token (CF_DNS_API_TOKEN)" */
    struct strv paths;            /* what PATH options name */
};

void option_values_done(struct option_values *values); /* wipes */

/*
 * Reads the section against the table. may_use_env: this instance is the one that the environment
 * speaks of. Slots with a command are to be completed by option_values_set() before
 * option_values_check(). Secrets are registered.
 */
int option_values_read(const struct config_section *section, const char *name,
                       const struct provider_description *plugin, bool may_use_env,
                       struct option_values *ret_values, struct err *err);

/* The same without the environment, and all mistakes, not only the first. values has room for the
 * table, and is to be freed in any case. */
void option_values_gather(const struct config_section *section,
                          const struct provider_description *plugin, struct option_values *values,
                          option_fault_fn *fault, void *arg);
int option_values_read_environment(struct option_values *values, const char *name,
                                   const struct provider_description *plugin, bool may_use_env,
                                   struct err *err);

/* What a command printed, without the line's end. */
int option_values_set(struct option_values *values, const struct provider_description *plugin,
                      size_t index, const char *text, size_t len, struct err *err);

/* Fallbacks, and: is everything there that is required? The fallback of a FILE option names a file
 * that is read if it is there; "~/" stands for the home folder of whoever runs the program. One
 * that cannot be read, or that reach denies, is warned of and not used. */
int option_values_check(struct option_values *values, const struct config_section *section,
                        const char *name, const struct provider_description *plugin,
                        const struct reach *reach, struct err *err);

/* An option that is required, without a value: what to add to the section of that name. */
int option_missing_err(const struct provider_option *option, const char *name, struct err *err);

/* A key of the section that speaks of the option, right or wrong. */
bool option_is_mentioned(const struct config_section *section,
                         const struct provider_option *option);

/* Whether the environment speaks of the instance: it is named like its plug-in, or is the only one
 * that uses it. section NULL: a plug-in without one. */
bool section_may_use_env(const struct config *config, const struct config_section *section,
                         const char *name, const char *plugin);

#endif
