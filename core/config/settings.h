/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The settings in force for one run: flags before environment before [acme-dns] before defaults.
 * Made once, never changed afterwards. Strings are owned by the settings.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "config/config.h"
#include "config/copy.h"
#include "config/keys.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct settings {
    char *email;              /* NULL: none given */
    char *ca;                 /* a preset or a [ca] section */
    char *key_type;           /* "ec256", ... */
    char *state_dir;          /* absolute */
    char *ca_bundle;          /* one file of trusted roots for CAs; NULL: the system's */
    char *plugin_user;        /* whom workers become when we are root */
    char *config_path;        /* the main configuration file, there or not */
    char *metrics;            /* what runs write for Prometheus; NULL: nothing */
    struct strv deploy_hooks; /* for every certificate: command lines, as written */
    struct strv pre_hooks, post_hooks, failure_hooks; /* the same, for every run */
    struct strv copies[COPY_PIECES];                  /* of every certificate: copy_rule_parse() */
    struct strv plugin_dirs; /* searched first; empty: only where plug-ins are installed */
    struct strv resolvers;   /* ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT; empty: the system's */
    struct propagation_policy propagation;
    struct margin renew_before; /* for certificates that do not say */
    uint32_t keep;              /* older versions of each certificate, for those that do not say */
    uint32_t max_orders;        /* of one run */
    uint32_t parallel_orders;
    bool has_agreed_tos;
    bool is_network_fs_allowed; /* state_dir may be another host's */
    bool is_staging;

    /* Deadlines, in milliseconds. */
    int64_t lock_timeout_ms;
    int64_t connect_timeout_ms;
    int64_t request_timeout_ms;
    int64_t finalize_timeout_ms;
    int64_t call_timeout_ms;        /* one call of a plug-in */
    int64_t hook_timeout_ms;        /* one call of exec-hook */
    int64_t propagation_timeout_ms; /* order/patience.h says when it counts */
    int64_t validation_timeout_ms;
    int64_t issuance_timeout_ms;

    int64_t log_size_bytes; /* a log that grows over it is put aside */
    uint32_t logs_kept;     /* of those that were put aside */

    struct config_place
        *places; /* private: where each value comes from, in the order of the key table */
    struct strv place_names; /* private: the texts that places point to */
};

/* One value from the command line: stronger than all others. */
struct settings_override {
    const char *key;  /* "state-dir" */
    const char *flag; /* "--state-dir", for messages */
    const char *text;
};

/* Checks every section of the configuration (kinds, names, keys, values), marks wrong ones, and
 * makes the settings. Never NULL; with errors->n_fatal > 0 it is not to be used, with n_general > 0
 * only to keep up what there is: a wrong value of [acme-dns] has its default. The
 * configuration is not stored. */
struct settings *settings_new(struct config *config, const char *config_path,
                              const struct settings_override *overrides, size_t n_overrides,
                              struct config_errors *errors);
void settings_free(struct settings *settings);
DEFINE_AUTO_PTR(settings, settings_free);

/* Adds an error where STATE, or a part of it, is on another host's file system and that is not
 * allowed: two hosts may believe there that they hold the same lock. For those who change it. */
void settings_check_state_dir(const struct settings *settings, struct config_errors *errors);

/* Where the value in force comes from; origin CONFIG_DEFAULT also for an unknown key. */
struct config_place settings_place(const struct settings *settings, const char *key);

/* Whether anyone set it: not the built-in default. */
bool settings_is_set(const struct settings *settings, const char *key);

/* ACME_DNS_STATE_DIR for "state-dir"; to mem_free. */
char *settings_variable(const char *key);

/* The file to read when the user names none, to mem_free: ACME_DNS_CONFIG, else
 * /etc/acme-dns/acme-dns.conf for root, else below XDG_CONFIG_HOME. NULL when there is no home
 * either. *ret_is_required (not NULL): the variable named it. */
char *settings_default_config_path(bool *ret_is_required);

#endif
