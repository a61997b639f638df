/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/eab.h"

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "config/sections.h"
#include "provider/command.h"
#include "task/secret_input.h"

#include <stdlib.h>
#include <string.h>

#define HMAC_KEY_MAX 4096
#define KID_VARIABLE "ACME_DNS_EAB_KID"
#define HMAC_KEY_VARIABLE "ACME_DNS_EAB_HMAC_KEY"

struct eab_source {
    struct task_env *env;
    char *kid, *alg;
    char *where; /* the key comes from there */
    struct buf key;
    struct err err; /* ERR_NONE: kid and key are what there is */
    struct loop_timer *timer;
    struct command *command;
    eab_done_fn *done;
    void *arg;
};

static void source_free(struct eab_source *source)
{
    loop_timer_cancel(&source->timer);
    command_cancel(&source->command);
    buf_done(&source->key);
    mem_free(source->kid);
    mem_free(source->alg);
    mem_free(source->where);
    mem_free(source);
}

void eab_read_cancel(struct eab_source **source)
{
    if (*source != NULL) {
        source_free(*source);
        *source = NULL;
    }
}

/* ---- Places ---- */

static int read_file(struct eab_source *source, const char *path, struct err *err)
{
    bool is_stdin = strcmp(path, "-") == 0;

    str_set(&source->where, is_stdin ? "standard input" : path);
    if (is_stdin) {
        return secret_input_read("the HMAC key", &source->key, err);
    }
    if (fs_read_private(path, true, &source->key, err) < 0) {
        err->class = ERR_CONFIG;
        return err_wrap(err, "cannot read the HMAC key of the external account binding");
    }
    return 0;
}

int eab_flags_check(const struct eab_flags *flags, struct err *err)
{
    if (flags->alg != NULL && !str_eq_nocase(flags->alg, "HS256") &&
        !str_eq_nocase(flags->alg, "HS384") && !str_eq_nocase(flags->alg, "HS512")) {
        return err_set(err, ERR_CONFIG, "--eab-alg: '%s' is none of HS256, HS384, HS512",
                       flags->alg);
    }
    if ((flags->kid == NULL) == (flags->hmac_key_file == NULL)) {
        return 0;
    }
    return err_set(err, ERR_CONFIG,
                   "an external account binding needs both --eab-kid and --eab-hmac-key-file; %s "
                   "is missing",
                   flags->kid == NULL ? "--eab-kid" : "--eab-hmac-key-file");
}

static void finish_command(void *arg, const char *output, size_t len, const struct err *err)
{
    struct eab_source *source = arg;

    source->command = NULL;
    if (err != NULL) {
        source->err = *err;
        (void)err_wrap(&source->err, "eab-hmac-key-command");
    } else {
        buf_add(&source->key, output, len);
    }
}

static int start_command(struct eab_source *source, const struct config_value *command,
                         struct err *err)
{
    if (command_start(source->env->loop, command->text, finish_command, source, &source->command,
                      err) < 0) {
        AUTO_FREE char *where = config_place_format(&command->place);

        return err_wrap(err, "%s: %s", where, command->key);
    }
    return 0;
}

static int read_section(struct eab_source *source, const struct ca_section *section,
                        struct err *err)
{
    AUTO_FREE char *where = config_place_format(&section->section->place);

    if (section->eab_kid == NULL) {
        return err_set(err, ERR_CONFIG, "%s: [ca %s] has an HMAC key but no eab-kid", where,
                       section->section->name);
    }
    str_set(&source->kid, section->eab_kid);
    if (section->eab_hmac_key_file != NULL) {
        AUTO_FREE char *path = config_value_path(section->eab_hmac_key_file);

        return read_file(source, path, err);
    }
    if (section->eab_hmac_key_command != NULL) {
        str_set(&source->where, "eab-hmac-key-command");
        return start_command(source, section->eab_hmac_key_command, err);
    }
    if (section->eab_hmac_key == NULL) {
        return err_set(err, ERR_CONFIG,
                       "%s: [ca %s] has eab-kid but none of eab-hmac-key, eab-hmac-key-file, "
                       "eab-hmac-key-command",
                       where, section->section->name);
    }
    if (config_value_is_exposed(section->eab_hmac_key)) {
        AUTO_FREE char *key_where = config_place_format(&section->eab_hmac_key->place);

        return err_set(err, ERR_CONFIG,
                       "%s: others can read this file: chmod 600 it, or move the key to a file of "
                       "its own and name that as eab-hmac-key-file",
                       key_where);
    }
    str_set(&source->where, where);
    buf_add_str(&source->key, section->eab_hmac_key->text);
    return 0;
}

static bool section_has_binding(const struct ca_section *section)
{
    return section->eab_kid != NULL || section->eab_hmac_key != NULL ||
           section->eab_hmac_key_file != NULL || section->eab_hmac_key_command != NULL;
}

static int read_environment(struct eab_source *source, struct err *err)
{
    const char *kid = getenv(KID_VARIABLE);
    const char *key = getenv(HMAC_KEY_VARIABLE);

    if (kid == NULL && key == NULL) {
        return 0;
    }
    if (kid == NULL || key == NULL) {
        return err_set(err, ERR_CONFIG, "%s is set but %s is not",
                       kid != NULL ? KID_VARIABLE : HMAC_KEY_VARIABLE,
                       kid != NULL ? HMAC_KEY_VARIABLE : KID_VARIABLE);
    }
    source->kid = str_dup(kid);
    str_set(&source->where, HMAC_KEY_VARIABLE);
    buf_add_str(&source->key, key);
    return 0;
}

static int read_any(struct eab_source *source, const struct ca *ca, const struct eab_flags *flags,
                    struct err *err)
{
    AUTO(ca_section_done) struct ca_section section = {.eab_kid = NULL};
    int code = eab_flags_check(flags, err);

    if (code < 0) {
        return code;
    }
    code = ca_section_get(source->env->config, ca->name, &section, err);
    if (code == -ERR_NOT_FOUND) {
        err_clear(err);
    } else if (code < 0) {
        return code;
    }
    source->alg = str_dup(flags->alg != NULL ? flags->alg : section.eab_alg);
    if (flags->kid != NULL) {
        source->kid = str_dup(flags->kid);
        return read_file(source, flags->hmac_key_file, err);
    }
    return section_has_binding(&section) ? read_section(source, &section, err)
                                         : read_environment(source, err);
}

/* ---- The end ---- */

/* Looks in a while whether the command is through; its own deadline bounds the wait. */
static void finish(void *arg)
{
    struct eab_source *source = arg;
    struct acme_eab *eab = NULL;
    eab_done_fn *done = source->done;
    void *done_arg = source->arg;
    struct err err = ERR_INIT;

    source->timer = NULL;
    if (source->command != NULL) {
        source->timer = loop_timer_start(source->env->loop, 10, finish, source);
        return;
    }
    if (source->err.class == ERR_NONE && source->kid != NULL) {
        secret_register(source->key.bytes, source->key.len);
        if (acme_eab_new(source->kid, buf_str(&source->key), source->alg, &eab, &source->err) < 0) {
            (void)err_wrap(&source->err, "%s", source->where);
        }
    }
    err = source->err;
    source_free(source);
    done(done_arg, eab, err.class == ERR_NONE ? NULL : &err);
}

struct eab_source *eab_read_start(struct task_env *env, const struct ca *ca,
                                  const struct eab_flags *flags, eab_done_fn *done, void *arg)
{
    struct eab_source *source = NEW(struct eab_source);

    source->env = env;
    source->key = (struct buf)BUF_SECRET(HMAC_KEY_MAX);
    source->done = done;
    source->arg = arg;
    (void)read_any(source, ca, flags, &source->err);
    source->timer = loop_timer_start(env->loop, 0, finish, source);
    return source;
}
