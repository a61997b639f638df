/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The command line as tables: a row an option, a row a command. Parsing, help texts, suggestions
 * and the test of the manual page read the same rows. A new command is a row in options.c, a
 * function in run.c.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_id {
    OPTION_DOMAIN,
    OPTION_NAME,
    OPTION_PROVIDER,
    OPTION_CHALLENGE,
    OPTION_CA,
    OPTION_SERVER,
    OPTION_STAGING,
    OPTION_EMAIL,
    OPTION_AGREE_TOS,
    OPTION_KEY_TYPE,
    OPTION_PROFILE,
    OPTION_EAB_KID,
    OPTION_EAB_HMAC_KEY_FILE,
    OPTION_EAB_ALG,
    OPTION_ALLOW_ALIAS,
    OPTION_FORCE,
    OPTION_EXPAND,
    OPTION_REPLACE,
    OPTION_EXIT_UNCHANGED,
    OPTION_DEPLOY_HOOK,
    OPTION_RENEW_BEFORE,
    OPTION_KEEP,
    OPTION_SAVE_CREDENTIALS,
    OPTION_RESOLVER,
    OPTION_PROPAGATION_TIMEOUT,
    OPTION_CA_BUNDLE,
    OPTION_DRY_RUN,
    OPTION_FORGET,
    OPTION_DEBUG,
    OPTION_PLUGIN,
    OPTION_NO_CHECK,
    OPTION_CHECK,
    OPTION_METRICS,
    OPTION_YES,
    OPTION_REASON,
    OPTION_REISSUE,
    OPTION_PENDING,
    OPTION_CERT,
    OPTION_SCHEDULED,
    OPTION_EVERY,
    OPTION_PRINT,
    OPTION_PLAN,
    OPTION_NO_DEPLOY,
    OPTION_MAX_ORDERS,
    OPTION_PARALLEL_ORDERS,
    OPTION_LEASE,
    OPTION_WAIT,
    OPTION_CONFIG,
    OPTION_STATE_DIR,
    OPTION_ALLOW_NETWORK_FS,
    OPTION_PLUGIN_DIR,
    OPTION_NON_INTERACTIVE,
    OPTION_JSON,
    OPTION_VERBOSE,
    OPTION_QUIET,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_COUNT,
};

struct option_row {
    char letter;         /* 'd' for -d; 0 without one */
    const char *name;    /* "domain" for --domain */
    const char *value;   /* what it takes, for help: "NAME"; NULL: nothing */
    bool is_repeatable;  /* all values count, not only the last */
    const char *setting; /* the key of [acme-dns] that it overrides; or NULL */
    const char *help;    /* one line */
};

enum command_id {
    COMMAND_ISSUE,
    COMMAND_CLEANUP,
    COMMAND_PLUGIN_LIST,
    COMMAND_PLUGIN_SHOW,
    COMMAND_PLUGIN_NEW,
    COMMAND_PLUGIN_TEST,
    COMMAND_PROVIDER_ADD,
    COMMAND_LIST,
    COMMAND_SHOW,
    COMMAND_DELETE,
    COMMAND_REVOKE,
    COMMAND_DNS_ADD,
    COMMAND_DNS_WAIT,
    COMMAND_DNS_REMOVE,
    COMMAND_DEPLOY,
    COMMAND_CONFIG_CHECK,
    COMMAND_REGISTER_AUTORENEW,
    COMMAND_DEREGISTER_AUTORENEW,
    COMMAND_AUTORENEW_STATUS,
    COMMAND_OPEN_LOGS,
    COMMAND_OPEN_STATE,
    COMMAND_PROCESS,
    COMMAND_RENEW,
    COMMAND_CONFIG_SHOW,
    COMMAND_ADOPT,
    COMMAND_COUNT,
};

struct command_row {
    const char *words;             /* "issue", "plugin list" */
    const char *operands;          /* for help: "NAME"; "" without */
    unsigned n_operands;           /* at least as many */
    unsigned n_optional;           /* and up to so many more */
    const char *summary;           /* one line, for the list of commands */
    const char *examples;          /* lines, each a command or "# what it does" */
    const enum option_id *options; /* those that not every command has */
    size_t n_options;
};

/* Indexed by enum option_id and enum command_id. */
const struct option_row *option_row(enum option_id id);
const struct command_row *command_row(enum command_id id);

/* Options that every command takes come behind its own. */
bool option_is_general(enum option_id id);
bool command_takes(const struct command_row *command, enum option_id id);

/* Why an option that would carry a secret is refused, and what to use instead; NULL for other
 * names. */
const char *option_refusal(const char *name);

#endif
