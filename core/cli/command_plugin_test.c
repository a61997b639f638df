/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns plugin test: a report of what was tried, a paragraph a step, fit to be sent to whoever
 * wrote the plug-in. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"
#include "cli/json_line.h"
#include "cli/plugin_text.h"
#include "cli/sink_impl.h"
#include "task/plugin_test.h"

#include <string.h>
#include <sys/utsname.h>

enum { REPORT_MAX = 256 * 1024 };

static const char *verdict_name(enum plugin_test_verdict verdict)
{
    static const char *const NAMES[] = {
        [PLUGIN_TEST_PASSED] = "passed",
        [PLUGIN_TEST_FAILED] = "failed",
        [PLUGIN_TEST_SKIPPED] = "skipped",
    };

    return NAMES[verdict];
}

/* "Linux 6.1.0 x86_64" */
static char *describe_system(void)
{
    struct utsname system;

    return uname(&system) == 0 ? str_fmt("%s %s %s", system.sysname, system.release, system.machine)
                               : str_dup("unknown");
}

/* ---- For people ---- */

static void add_row(struct buf *to, const char *label, const char *text)
{
    buf_addf(to, "  %-12s%s\n", label, text);
}

static void add_plugin(const struct provider_description *plugin, struct buf *to)
{
    AUTO_FREE char *origin = plugin->is_built_in ? str_dup("a part of acme-dns")
                                                 : str_fmt("interface 1.%u", plugin->abi_minor);
    AUTO_FREE char *name = str_fmt("%s %s (%s)", plugin->name, plugin->version, origin);
    AUTO_FREE char *callbacks = provider_description_callbacks(plugin);
    AUTO(buf_done) struct buf isolation = BUF(REPORT_MAX);

    add_row(to, "Plug-in", name);
    if (plugin->is_built_in) {
        add_row(to, "Callbacks", callbacks);
        return;
    }
    add_row(to, "File", plugin->path);
    add_row(to, "Callbacks", callbacks);
    plugin_format_isolation(&plugin->isolation, &isolation);
    add_row(to, "Isolation", buf_str(&isolation));
}

static void write_wrapped(struct sink *sink, const struct buf *text)
{
    AUTO(buf_done) struct buf whole = BUF(REPORT_MAX);

    text_wrap(buf_str(text), sink_columns(sink, SINK_OUT), &whole);
    sink_write_result(sink, buf_str(&whole));
}

static void show_head(struct sink *sink, const struct plugin_test_facts *facts)
{
    AUTO(buf_done) struct buf text = BUF(REPORT_MAX);
    AUTO_FREE char *system = describe_system();
    AUTO_FREE char *instance = str_fmt("%s (%s)", facts->instance, facts->place);

    buf_addf(&text, "Test of provider '%s' on %s\n", facts->instance, facts->domain);
    add_row(&text, "acme-dns", ACME_VERSION);
    add_row(&text, "System", system);
    add_row(&text, "Instance", instance);
    for (size_t i = 0; i < facts->settings->n; i++) {
        add_row(&text, i == 0 ? "Settings" : "", facts->settings->items[i]);
    }
    if (facts->plugin != NULL) {
        add_plugin(facts->plugin, &text);
    }
    buf_add_char(&text, '\n');
    write_wrapped(sink, &text);
}

/* Indented, so that the steps stand out. */
static void add_lines(const char *lines, struct buf *to)
{
    while (*lines != '\0') {
        size_t len = strcspn(lines, "\n");

        buf_addf(to, "            %.*s\n", (int)len, lines);
        lines += len + (lines[len] == '\n' ? 1 : 0);
    }
}

static void show_step(struct sink *sink, const struct plugin_test_step *step)
{
    static const char *const WORDS[] = {
        [PLUGIN_TEST_PASSED] = "ok",
        [PLUGIN_TEST_FAILED] = "FAILED",
        [PLUGIN_TEST_SKIPPED] = "skipped",
    };
    AUTO(buf_done) struct buf text = BUF(REPORT_MAX);

    buf_addf(&text, "  %-8s  %s: %s (%lld ms)\n", WORDS[step->verdict], step->name, step->title,
             (long long)step->ms);
    add_lines(step->text, &text);
    write_wrapped(sink, &text);
}

/* ---- For programs ---- */

static void end_object(struct sink *sink, struct json_out *out)
{
    AUTO_FREE char *object = NULL;

    json_out_end(out);
    object = json_out_take(out);
    sink_write_json(sink, object);
    json_out_free(out);
}

/* Secrets are masked before JSON's own escaping can hide them. */
static void write_text(struct json_out *out, const char *text)
{
    AUTO(buf_done) struct buf masked = BUF(REPORT_MAX);

    secret_mask(text, &masked);
    json_out_str(out, buf_str(&masked));
}

static void write_head(struct sink *sink, const struct plugin_test_facts *facts)
{
    struct json_out *out = json_line_begin("plugin-test", facts->instance, clock_wall_s());
    AUTO_FREE char *system = describe_system();

    json_out_kstr(out, "domain", facts->domain);
    json_out_kstr(out, "place", facts->place);
    json_out_kstr(out, "acme-dns", ACME_VERSION);
    json_out_kstr(out, "system", system);
    json_out_key(out, "settings");
    json_out_array(out);
    for (size_t i = 0; i < facts->settings->n; i++) {
        write_text(out, facts->settings->items[i]);
    }
    json_out_end(out);
    end_object(sink, out);
    if (facts->plugin != NULL) {
        AUTO_FREE char *plugin = plugin_format_json(facts->plugin, clock_wall_s());

        sink_write_json(sink, plugin);
    }
}

static void write_step(struct sink *sink, const struct plugin_test_step *step)
{
    struct json_out *out = json_line_begin("plugin-test-step", step->name, clock_wall_s());

    json_out_kstr(out, "verdict", verdict_name(step->verdict));
    json_out_kint(out, "ms", step->ms);
    json_out_kstr(out, "title", step->title);
    json_out_key(out, "text");
    write_text(out, step->text);
    end_object(sink, out);
}

/* ---- The command ---- */

static void take_head(void *arg, const struct plugin_test_facts *facts)
{
    struct sink *sink = arg;

    if (sink_is_json(sink)) {
        write_head(sink, facts);
    } else {
        show_head(sink, facts);
    }
}

static void take_step(void *arg, const struct plugin_test_step *step)
{
    struct sink *sink = arg;

    if (sink_is_json(sink)) {
        write_step(sink, step);
    } else {
        show_step(sink, step);
    }
}

enum task_exit command_plugin_test(struct task_env *env, const struct args *args, struct sink *sink)
{
    const struct plugin_test_listener listener = {
        .arg = sink, .began = take_head, .ended = take_step};
    const struct plugin_test_request request = {
        .plugin = args->operands.items[0],
        .domains = args->values[OPTION_DOMAIN],
        .allow_aliases = args->values[OPTION_ALLOW_ALIAS],
        .debugger = args_text(args, OPTION_DEBUG),
    };

    sink_note_trial(sink);
    return task_plugin_test(env, &request, &listener);
}
