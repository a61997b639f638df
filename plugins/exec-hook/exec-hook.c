/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The exec-hook plug-in: publishes values by running a program of the user's. No shell is involved:
 * the program is one absolute path, its arguments are given one by one. (But for dnsapi scripts of
 * acme.sh, which are functions for a shell.)
 */
#include "exec-hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum option {
    OPTION_COMMAND,
    OPTION_ARG,
    OPTION_STYLE,
    OPTION_CLEANUP_COMMAND,
    OPTION_CLEANUP_ARG,
    OPTION_HOOK_CHAIN,
    OPTION_ACME_SH,
    OPTION_ACCOUNT_CONF,
    OPTION_DOMAIN_CONF,
    OPTION_ENV_FILE,
    OPTION_BATCH,
    OPTION_TIMEOUT,
    N_OPTIONS
};

static const struct acme_plugin_option options[N_OPTIONS] = {
    [OPTION_COMMAND] = {.name = "command",
                        .help = "The program, as an absolute path; it is run without a shell",
                        .env = "EXEC_PATH",
                        .type = ACME_OPTION_PATH,
                        .flags = ACME_OPTION_REQUIRED},
    [OPTION_ARG] = {.name = "arg",
                    .help = "An argument that stands before those of the style",
                    .type = ACME_OPTION_STRING,
                    .flags = ACME_OPTION_REPEAT},
    [OPTION_STYLE] = {.name = "style",
                      .fallback = "native",
                      .help = "Whose hooks the program is written for",
                      .env = "EXEC_STYLE",
                      .type = ACME_OPTION_CHOICE,
                      .choices = STYLE_NAMES},
    [OPTION_CLEANUP_COMMAND] = {.name = "cleanup-command",
                                .help = "The program that removes, where the style has two",
                                .type = ACME_OPTION_PATH},
    [OPTION_CLEANUP_ARG] = {.name = "cleanup-arg",
                            .help = "An argument for cleanup-command",
                            .type = ACME_OPTION_STRING,
                            .flags = ACME_OPTION_REPEAT},
    [OPTION_HOOK_CHAIN] = {.name = "hook-chain",
                           .fallback = "no",
                           .help =
                               "For dehydrated: give all changes to one run, as HOOK_CHAIN does",
                           .type = ACME_OPTION_BOOL},
    [OPTION_ACME_SH] = {.name = "acme-sh",
                        .help = "For acme.sh: the acme.sh that the script belongs to, if it does "
                                "not stand in the folder above the script's",
                        .type = ACME_OPTION_PATH},
    [OPTION_ACCOUNT_CONF] = {.name = "account-conf",
                             .help = "For acme.sh: an account.conf to take settings from",
                             .type = ACME_OPTION_FILE,
                             .flags = ACME_OPTION_SECRET},
    [OPTION_DOMAIN_CONF] = {.name = "domain-conf",
                            .help = "For acme.sh: a DOMAIN.conf to take settings from",
                            .type = ACME_OPTION_FILE,
                            .flags = ACME_OPTION_SECRET},
    [OPTION_ENV_FILE] = {.name = "env-file",
                         .help = "A file of variables for the program, NAME=VALUE, one a line",
                         .type = ACME_OPTION_FILE,
                         .flags = ACME_OPTION_SECRET},
    [OPTION_BATCH] = {.name = "batch",
                      .fallback = "no",
                      .help = "Give all changes to one run of the program, as lines of JSON",
                      .type = ACME_OPTION_BOOL},
    [OPTION_TIMEOUT] = {.name = "timeout",
                        .fallback = "0",
                        .help = "How long one run may take; 0: as long as the call may",
                        .type = ACME_OPTION_DURATION},
};

/* Options that only some styles have. */
static const struct {
    enum option option;
    unsigned taken_by;
    const char *styles;
} limited[] = {
    {OPTION_ARG, STYLE_TAKES_ARGUMENTS, "any but acme.sh"},
    {OPTION_CLEANUP_COMMAND, STYLE_TAKES_CLEANUP, "certbot or getssl"},
    {OPTION_CLEANUP_ARG, STYLE_TAKES_CLEANUP, "certbot or getssl"},
    {OPTION_HOOK_CHAIN, STYLE_TAKES_CHAIN, "dehydrated"},
    {OPTION_ACME_SH, STYLE_TAKES_ACME_SH, "acme.sh"},
    {OPTION_ACCOUNT_CONF, STYLE_TAKES_ACME_SH, "acme.sh"},
    {OPTION_DOMAIN_CONF, STYLE_TAKES_ACME_SH, "acme.sh"},
    {OPTION_BATCH, STYLE_TAKES_BATCH, "native"},
};

static bool is_given(const struct acme_open *o, enum option option)
{
    const struct acme_value *value = acme_value_at(o, option);

    return options[option].type == ACME_OPTION_BOOL ? value->number != 0
                                                    : value->text != NULL && value->len > 0;
}

/* The acme.sh of a dnsapi script. NULL: no memory. */
static char *find_acme_sh(const struct acme_open *o)
{
    return is_given(o, OPTION_ACME_SH) ? strdup(acme_value_at(o, OPTION_ACME_SH)->text)
                                       : acme_sh_beside(acme_value_at(o, OPTION_COMMAND)->text);
}

static int32_t check_acme_sh(struct acme_call *call, const struct acme_open *o)
{
    const char *script = acme_value_at(o, OPTION_COMMAND)->text;
    int32_t status = command_check(call, "command", script, true);
    char *path = NULL;

    if (status != ACME_OK) {
        return status;
    }
    if (!acme_sh_is_script(script)) {
        return acme_fail(call, ACME_BAD_CONFIG, 0,
                         "command '%s' is no dnsapi script of acme.sh: want "
                         "/FOLDER/dnsapi/dns_NAME.sh for style = acme.sh",
                         script);
    }
    path = find_acme_sh(o);
    if (path == NULL) {
        return acme_fail(call, ACME_BUG, 0, "there is no memory");
    }
    status = command_check(call, "acme-sh", path, true);
    free(path);
    return status;
}

/* ---- Callbacks ---- */

static int32_t check_limited(struct acme_call *call, const struct acme_open *o,
                             const struct style *style)
{
    for (size_t i = 0; i < sizeof(limited) / sizeof(limited[0]); i++) {
        if ((style->takes & limited[i].taken_by) == 0 && is_given(o, limited[i].option)) {
            return acme_fail(call, ACME_BAD_CONFIG, 0, "%s needs style = %s, not %s",
                             options[limited[i].option].name, limited[i].styles, style->name);
        }
    }
    return ACME_OK;
}

static int32_t check_cleanup(struct acme_call *call, const struct acme_open *o,
                             const struct style *style)
{
    if ((style->takes & STYLE_TAKES_CLEANUP) == 0) {
        return ACME_OK;
    }
    if (!is_given(o, OPTION_CLEANUP_COMMAND)) {
        return acme_fail(call, ACME_BAD_CONFIG, 0,
                         "style = %s needs cleanup-command, the program that removes (%s); one "
                         "that does both may be named twice",
                         style->name, style->verbs[VERB_REMOVE].name);
    }
    return command_check(call, "cleanup-command", acme_value_at(o, OPTION_CLEANUP_COMMAND)->text,
                         false);
}

static int32_t hook_check(struct acme_call *call, const struct acme_open *o)
{
    const struct acme_value *command = acme_value_at(o, OPTION_COMMAND);
    const struct style *style = style_find(acme_value_at(o, OPTION_STYLE)->text);
    int32_t status = ACME_OK;

    if (command->text == NULL || command->len == 0) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "command is not set");
    }
    if (style == NULL) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "style '%s' is not known, want one of %s",
                         acme_value_at(o, OPTION_STYLE)->text, STYLE_NAMES);
    }
    status = check_limited(call, o, style);
    if (status == ACME_OK) {
        status = env_file_check(call, acme_value_at(o, OPTION_ENV_FILE));
    }
    if (status == ACME_OK && (style->takes & STYLE_TAKES_ACME_SH) != 0) {
        return check_acme_sh(call, o);
    }
    if (status == ACME_OK) {
        status = command_check(call, "command", command->text, false);
    }
    return status == ACME_OK ? check_cleanup(call, o, style) : status;
}

static void hook_close(struct acme_call *call, void *instance)
{
    struct hook *h = instance;

    change_exit(call, h);
    free(h->acme_sh);
    free(h);
}

static int32_t hook_open(struct acme_call *call, const struct acme_open *o, void **ret_instance)
{
    struct hook *h = NULL;
    int32_t status = hook_check(call, o);

    if (status != ACME_OK) {
        return status;
    }
    h = calloc(1, sizeof(*h));
    if (h == NULL) {
        return acme_fail(call, ACME_BUG, 0, "there is no memory");
    }
    h->style = style_find(acme_value_at(o, OPTION_STYLE)->text);
    h->command = acme_value_at(o, OPTION_COMMAND)->text;
    h->arguments = *acme_value_at(o, OPTION_ARG);
    h->cleanup = acme_value_at(o, OPTION_CLEANUP_COMMAND)->text;
    h->cleanup_arguments = *acme_value_at(o, OPTION_CLEANUP_ARG);
    h->env_file = *acme_value_at(o, OPTION_ENV_FILE);
    h->account_conf = *acme_value_at(o, OPTION_ACCOUNT_CONF);
    h->domain_conf = *acme_value_at(o, OPTION_DOMAIN_CONF);
    h->is_batch = acme_value_at(o, OPTION_BATCH)->number != 0;
    h->is_chain = acme_value_at(o, OPTION_HOOK_CHAIN)->number != 0;
    h->limit_ms = acme_value_at(o, OPTION_TIMEOUT)->number * 1000;
    if ((h->style->takes & STYLE_TAKES_ACME_SH) != 0) {
        h->acme_sh = find_acme_sh(o);
        if (h->acme_sh == NULL) {
            free(h);
            return acme_fail(call, ACME_BUG, 0, "there is no memory");
        }
        home_sweep();
        h->removes_by_name = acme_sh_removes_by_name(h->command);
    }
    *ret_instance = h;
    return ACME_OK;
}

/* Changes that fail do not keep the others from being made. */
static int32_t make_changes(struct acme_call *call, struct hook *h,
                            const struct acme_change *const *changes, size_t n,
                            int32_t *ret_failed_status)
{
    return h->is_batch ? batch_apply(call, h, changes, n, ret_failed_status)
                       : change_apply(call, h, changes, n, ret_failed_status);
}

static int32_t change_one(struct acme_call *call, struct hook *h, const struct acme_record *record,
                          uint32_t what)
{
    struct acme_change change = {.size = sizeof(change), .what = what, .record = record};
    const struct acme_change *list = &change;
    int32_t failed_status = ACME_OK;
    int32_t status = make_changes(call, h, &list, 1, &failed_status);

    return status != ACME_OK ? status : failed_status;
}

static int32_t hook_add(struct acme_call *call, void *instance, const struct acme_record *record)
{
    return change_one(call, instance, record, ACME_ADD);
}

static int32_t hook_remove(struct acme_call *call, void *instance, const struct acme_record *record)
{
    return change_one(call, instance, record, ACME_REMOVE);
}

static int32_t hook_apply(struct acme_call *call, void *instance,
                          const struct acme_change *const *changes, size_t n)
{
    int32_t ignored = ACME_OK; /* reported, change by change */

    return make_changes(call, instance, changes, n, &ignored);
}

/* A program without this verb has no word to say: the name servers decide. */
static int32_t hook_settled(struct acme_call *call, void *instance,
                            const struct acme_record *record)
{
    struct hook *h = instance;
    int32_t status = ACME_OK;

    if (h->lacks_settled || h->style->verbs[VERB_SETTLED].argv == NULL) {
        return ACME_OK;
    }
    status = change_settled(call, h, record);
    if (status == ACME_UNSUPPORTED) {
        h->lacks_settled = true;
        return ACME_OK;
    }
    return status;
}

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
    static const struct acme_plugin description = {
        ACME_PLUGIN_HEAD,
        .serial = ACME_SERIAL_PLUGIN,
        .traits = ACME_TRAIT_MULTI_VALUE | ACME_TRAIT_BATCH_ANY_ZONE,
        .n_options = N_OPTIONS,
        .call_timeout_s = 300,
        .name = "exec-hook",
        .version = ACME_VERSION,
        .summary = "Any DNS, by a program of yours, or a hook written for another ACME client",
        .options = options,
        .check = hook_check,
        .open = hook_open,
        .close = hook_close,
        .add = hook_add,
        .remove = hook_remove,
        .apply = hook_apply,
        .settled = hook_settled,
    };

    return &description;
}
