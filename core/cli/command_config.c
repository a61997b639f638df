/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns config check | show, and adopt. */
#include "cli/commands.h"

#include "base/event.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/config_text.h"
#include "config/config.h"
#include "task/config_check.h"

static size_t count_sections(const struct config *config, const char *kind)
{
    const struct config_section *section = NULL;
    size_t n = 0;

    while ((section = config_section_next(config, kind, section)) != NULL) {
        n++;
    }
    return n;
}

/* "3 certificates, 1 zone" */
static char *describe_sections(const struct config *config)
{
    static const char *const KINDS[] = {"certificate", "provider", "zone", "ca"};
    static const char *const WORDS[] = {"certificate", "provider", "zone", "CA"};
    AUTO(strv_done) struct strv parts = STRV_INIT;

    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        size_t n = count_sections(config, KINDS[i]);

        strv_take(&parts, str_fmt("%zu %s%s", n, WORDS[i], n == 1 ? "" : "s"));
    }
    return strv_join(&parts, ", ");
}

/* "2 errors, 1 warning" */
static char *describe_counts(const struct config_errors *errors)
{
    size_t n = errors->n + errors->n_left_out;
    AUTO_FREE char *warnings =
        errors->n_warnings == 0
            ? str_dup("")
            : str_fmt("%zu warning%s", errors->n_warnings, errors->n_warnings == 1 ? "" : "s");

    if (n == 0) {
        return TAKE(warnings);
    }
    return str_fmt("%zu error%s%s%s", n, n == 1 ? "" : "s", *warnings == '\0' ? "" : ", ",
                   warnings);
}

static void tell_all(const struct config_errors *errors)
{
    for (size_t i = 0; i < errors->n_warnings; i++) {
        config_text_tell(&errors->warnings[i], EVENT_WARNING);
    }
    for (size_t i = 0; i < errors->n; i++) {
        config_text_tell(&errors->items[i], EVENT_ERROR);
    }
    if (errors->n_left_out > 0) {
        event_log(EVENT_ERROR, "", "and %zu errors more", errors->n_left_out);
    }
}

enum task_exit command_config_check(struct task_env *env)
{
    enum task_exit status = task_config_check(env);
    const struct config_errors *errors = env->errors;
    AUTO_FREE char *counts = describe_counts(errors);
    AUTO_FREE char *sections = describe_sections(env->config);
    AUTO_FREE char *good = str_fmt("good: %s%s%s", sections, *counts == '\0' ? "" : "; ", counts);

    tell_all(errors);
    event_emit(status == EXIT_DONE ? EVENT_NOTICE : EVENT_ERROR, EVENT_RESULT, "configuration",
               FIELD_INT("exit", status), FIELD("class", status == EXIT_DONE ? NULL : "config"),
               FIELD("text", status == EXIT_DONE ? good : counts),
               FIELD_INT("errors", (int64_t)(errors->n + errors->n_left_out)),
               FIELD_INT("warnings", (int64_t)errors->n_warnings));
    return status;
}
