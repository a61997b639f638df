/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The exec-hook plug-in: publishes values by running a program of the user's. No shell is involved:
 * the program is one absolute path, its arguments are given one by one.
 */
#include "exec-hook.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum option { OPTION_COMMAND, OPTION_ARG, OPTION_STYLE, OPTION_BATCH, OPTION_TIMEOUT, N_OPTIONS };

static const struct acme_plugin_option options[N_OPTIONS] = {
    [OPTION_COMMAND] = {.name = "command",
                        .help = "The program, as an absolute path; it is run without a shell",
                        .env = "EXEC_PATH",
                        .type = ACME_OPTION_PATH,
                        .flags = ACME_OPTION_REQUIRED},
    [OPTION_ARG] = {.name = "arg",
                    .help = "An argument that stands before the verb",
                    .type = ACME_OPTION_STRING,
                    .flags = ACME_OPTION_REPEAT},
    [OPTION_STYLE] = {.name = "style",
                      .fallback = "native",
                      .help = "How the program is called: native (add, remove, settled) or lego "
                              "(present, cleanup)",
                      .env = "EXEC_STYLE",
                      .type = ACME_OPTION_CHOICE,
                      .choices = "native,lego"},
    [OPTION_BATCH] = {.name = "batch",
                      .fallback = "no",
                      .help = "Give all changes to one run of the program, as lines of JSON",
                      .type = ACME_OPTION_BOOL},
    [OPTION_TIMEOUT] = {.name = "timeout",
                        .fallback = "0",
                        .help = "How long one run may take; 0: as long as the call may",
                        .type = ACME_OPTION_DURATION},
};

/* In a user namespace, files of users that it does not know (root's, for one) show this owner. */
static bool is_unmapped(uid_t uid)
{
    const uid_t overflow = 65534;
    FILE *file = uid == overflow ? fopen("/proc/self/uid_map", "re") : NULL;
    unsigned long first = 0;
    unsigned long count = 0;
    bool is_whole = true;

    if (file == NULL) {
        return false;
    }
    if (fscanf(file, "%lu %*u %lu", &first, &count) == 2) {
        is_whole = first == 0 && count == 4294967295UL;
    }
    (void)fclose(file);
    return !is_whole;
}

/* The mode and owner of a program that may be run: the rule that holds for everything that causes
 * execution. */
static const char *find_distrust(const struct stat *st)
{
    if (!S_ISREG(st->st_mode)) {
        return "it is not a regular file";
    }
    if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return "its group or others may write to it (chmod go-w)";
    }
    if (st->st_uid != 0 && st->st_uid != geteuid() && !is_unmapped(st->st_uid)) {
        return "it belongs neither to root nor to the user that would run it";
    }
    return NULL;
}

int32_t hook_check_command(struct acme_call *call, const char *path)
{
    struct stat st = {.st_mode = 0};
    const char *distrust = NULL;
    int fd = -1;
    int reason = 0;

    if (path[0] != '/') {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "command '%s' is not an absolute path", path);
    }
    /* O_PATH: a program need not be readable to be run. */
    fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        reason = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        return acme_fail(call, ACME_BAD_CONFIG, 0, "command '%s' cannot be run: %s", path,
                         strerror(reason));
    }
    (void)close(fd);
    distrust = find_distrust(&st);
    if (distrust == NULL && access(path, X_OK) < 0) {
        distrust = "it is not executable (chmod +x)";
    }
    if (distrust != NULL) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "command '%s' is not run: %s", path, distrust);
    }
    return ACME_OK;
}

static int32_t hook_check(struct acme_call *call, const struct acme_open *o)
{
    const struct acme_value *command = acme_value_at(o, OPTION_COMMAND);
    const struct acme_value *style = acme_value_at(o, OPTION_STYLE);

    if (command->text == NULL || command->len == 0) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "command is not set");
    }
    if (acme_value_at(o, OPTION_BATCH)->number != 0 && strcmp(style->text, "native") != 0) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "batch = yes needs style = native, not %s",
                         style->text);
    }
    return hook_check_command(call, command->text);
}

static void hook_close(struct acme_call *call, void *instance)
{
    struct hook *h = instance;

    (void)call;
    free(h->command);
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
    h->command = strdup(acme_value_at(o, OPTION_COMMAND)->text);
    h->arguments = *acme_value_at(o, OPTION_ARG); /* lives until close() returns */
    h->style = style_find(acme_value_at(o, OPTION_STYLE)->text);
    h->is_batch = acme_value_at(o, OPTION_BATCH)->number != 0;
    h->limit_ms = acme_value_at(o, OPTION_TIMEOUT)->number * 1000;
    if (h->command == NULL || h->style == NULL) {
        hook_close(call, h);
        return acme_fail(call, ACME_BUG, 0, "style '%s' is not known",
                         acme_value_at(o, OPTION_STYLE)->text);
    }
    h->name = strrchr(h->command, '/') + 1;
    *ret_instance = h;
    return ACME_OK;
}

/* Runs the program for one change, which is number index of the call. Its failure is reported. */
static int32_t run_verb(struct acme_call *call, const struct hook *h, const char *verb,
                        const struct acme_record *record, size_t index)
{
    struct outcome outcome = {.call = call, .name = h->name};
    struct run run = {.path = h->command,
                      .limit_ms = h->limit_ms,
                      .take_line = outcome_take_line,
                      .context = &outcome};
    struct style_call with;
    struct run_result result;
    char text[RUN_TAIL_MAX * 2];
    int32_t status = ACME_BUG;

    if (record->type != ACME_RECORD_TXT || memchr(record->value, '\0', record->value_len) != NULL) {
        return acme_fail_at(call, index, ACME_UNSUPPORTED, 0,
                            "only TXT values without NUL bytes can be given to a program");
    }
    if (style_call_init(&with, h, verb, record)) {
        run.argv = with.argv;
        run.envp = with.envp;
        run_program(call, &run, &result);
        status = outcome_judge(&result, h->name, style_verb(h->style, verb),
                               h->style->has_native_codes, text, sizeof(text));
    } else {
        (void)snprintf(text, sizeof(text), "there is no memory to run %s", h->name);
    }
    style_call_done(&with);
    if (outcome.receipt_len > 0) {
        call->host->receipt(call, index, outcome.receipt, outcome.receipt_len);
    }
    if (status == ACME_OK || (status == ACME_UNSUPPORTED && strcmp(verb, "settled") == 0)) {
        return status; /* without that verb the name servers decide: nothing has failed */
    }
    return acme_fail_at(call, index, status, outcome.retry_after_s, "%s", text);
}

static int32_t change_one(struct acme_call *call, const struct hook *h,
                          const struct acme_record *record, uint32_t what)
{
    struct acme_change change = {.size = sizeof(change), .what = what, .record = record};
    const struct acme_change *list = &change;

    int32_t failed_status = ACME_OK;
    int32_t status = ACME_OK;

    if (!h->is_batch) {
        return run_verb(call, h, what == ACME_ADD ? "add" : "remove", record, 0);
    }
    status = batch_apply(call, h, &list, 1, &failed_status);
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

/* One run a change, unless the program takes batches. A change that fails does not keep the others
 * from being made. */
static int32_t hook_apply(struct acme_call *call, void *instance,
                          const struct acme_change *const *changes, size_t n)
{
    const struct hook *h = instance;
    int32_t ignored = ACME_OK;

    if (h->is_batch) {
        return batch_apply(call, h, changes, n, &ignored);
    }
    for (size_t i = 0; i < n; i++) {
        const char *verb = changes[i]->what == ACME_ADD ? "add" : "remove";
        int32_t status = run_verb(call, h, verb, changes[i]->record, i);

        if (status == ACME_CANCELLED) {
            return status;
        }
        if (status == ACME_OK) {
            call->host->done(call, i);
        }
    }
    return ACME_OK;
}

/* A program without this verb has no word to say: the name servers decide. */
static int32_t hook_settled(struct acme_call *call, void *instance,
                            const struct acme_record *record)
{
    struct hook *h = instance;
    int32_t status = ACME_OK;

    if (h->lacks_settled || h->style->settled == NULL) {
        return ACME_OK;
    }
    status = run_verb(call, h, "settled", record, 0);
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
        .summary = "Any DNS, by a program of yours that adds and removes values",
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
