/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns config check | show, and adopt. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/config_text.h"
#include "cli/json_line.h"
#include "cli/sink_impl.h"
#include "config/config.h"
#include "task/adopt.h"
#include "task/config_check.h"
#include "task/config_show.h"

#include <unistd.h>

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

struct showing {
    struct sink *sink;
    bool is_whole; /* long values of one section are what was asked for */
    size_t n;
};

static void show_view(void *arg, const struct config_view *view)
{
    struct showing *showing = arg;
    struct sink *sink = showing->sink;
    const struct sink_settings *settings = &sink->settings;
    size_t columns = !showing->is_whole && isatty(STDOUT_FILENO) == 1
                         ? settings->io.measure(settings->io.arg).columns
                         : 0;
    AUTO(buf_done) struct buf text = BUF(SINK_TEXT_MAX);

    if (sink_is_json(sink)) {
        AUTO_FREE char *object = config_text_format_json(view, clock_wall_s());

        sink_write_json(sink, object);
        return;
    }
    if (showing->n++ > 0) {
        buf_add_char(&text, '\n');
    }
    config_text_add_view(view, settings->has_colour[SINK_OUT], columns, &text);
    sink_write(sink, SINK_OUT, buf_str(&text), text.len);
}

enum task_exit command_config_show(struct task_env *env, const struct args *args, struct sink *sink)
{
    const struct strv *operands = &args->operands;
    const struct config_show_request request = {
        .kind = operands->n > 0 ? operands->items[0] : NULL,
        .name = operands->n > 1 ? operands->items[1] : NULL,
    };

    struct showing showing = {.sink = sink, .is_whole = request.name != NULL};

    return command_tell_end(sink, "config show",
                            task_config_show(env, &request, show_view, &showing));
}

struct adopting {
    struct sink *sink;
    const char *name;
};

static void show_section(void *arg, const char *section, const char *folder)
{
    const struct adopting *adopting = arg;
    AUTO_PTR(json_out) struct json_out *out = NULL;
    AUTO_FREE char *object = NULL;

    if (!sink_is_json(adopting->sink)) {
        sink_write_result(adopting->sink, section);
        if (folder != NULL && isatty(STDOUT_FILENO) == 1) {
            event_log(EVENT_NOTICE, "", "this belongs into a file of its own, %s/%s.conf", folder,
                      adopting->name);
        }
        return;
    }
    out = json_line_begin("adopt", adopting->name, clock_wall_s());
    json_out_kstr(out, "section", section);
    json_out_end(out);
    object = json_out_take(out);
    sink_write_json(adopting->sink, object);
}

enum task_exit command_adopt(struct task_env *env, const struct args *args, struct sink *sink)
{
    const struct adopt_request request = {
        .name = args->operands.items[0],
        .is_staging = args_has(args, OPTION_STAGING),
    };
    struct adopting adopting = {.sink = sink, .name = request.name};

    return command_tell_end(sink, "adopt", task_adopt(env, &request, show_section, &adopting));
}
