/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The order of things: arguments, the sink (from then on everything is an event), configuration,
 * settings, the loop, the command. Errors of the configuration are all told; those in sections that
 * the command may not need do not stop it, but show in the exit status.
 */
#include "cli/run.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "cli/args.h"
#include "cli/ask.h"
#include "cli/commands.h"
#include "cli/config_text.h"
#include "cli/dialogue.h"
#include "cli/every.h"
#include "cli/json_line.h"
#include "cli/run_log.h"
#include "cli/sink_impl.h"
#include "config/config.h"
#include "config/settings.h"
#include "task/list.h"
#include "task/references.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct run {
    struct args args;
    struct sink *sink;
    struct run_log *log; /* NULL: none of this command, or not yet */
    struct dialogue *dialogue;
    struct config_errors errors;
    struct config *config;
    struct settings *settings;
};

static void write_text(enum sink_stream stream, const char *text)
{
    struct sink_io io = sink_system_io();

    (void)io.write(io.arg, stream, text, strlen(text));
}

/* A program that asked for JSON gets it, even where the other arguments make no sense. */
static bool has_json_word(int argc, char *const *argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            return true;
        }
    }
    return false;
}

static bool is_terminal(int fd)
{
    const char *terminal = getenv("TERM");

    return terminal != NULL && strcmp(terminal, "dumb") != 0 && isatty(fd) == 1;
}

static bool wants_colour(int fd)
{
    const char *refused = getenv("NO_COLOR");

    return (refused == NULL || *refused == '\0') && is_terminal(fd);
}

/* Before there is a sink. */
static void write_wrapped(enum sink_stream stream, const char *text)
{
    struct sink_io io = sink_system_io();
    bool is_wrapped = is_terminal(stream == SINK_OUT ? STDOUT_FILENO : STDERR_FILENO);
    AUTO(buf_done) struct buf whole = BUF(SINK_TEXT_MAX);

    text_wrap(text, is_wrapped ? io.measure(io.arg).columns : 0, &whole);
    write_text(stream, buf_str(&whole));
}

static int refuse_arguments(bool is_json, const struct err *err)
{
    AUTO(buf_done) struct buf text = BUF(SINK_TEXT_MAX);

    if (is_json) {
        const struct event_field fields[] = {FIELD_INT("exit", EXIT_USAGE),
                                             FIELD("class", err_class_name(ERR_CONFIG)),
                                             FIELD("text", err->text)};
        const struct event event = {.kind = EVENT_RESULT,
                                    .level = EVENT_ERROR,
                                    .subject = "arguments",
                                    .fields = fields,
                                    .n_fields = ARRAY_LEN(fields)};

        json_line_format(&event, clock_wall_s(), &text);
    } else {
        buf_add_str(&text, "error: ");
        text_add_clean(&text, err->text, true);
        buf_add_char(&text, '\n');
    }
    if (is_json) {
        write_text(SINK_OUT, buf_str(&text));
    } else {
        write_wrapped(SINK_ERR, buf_str(&text));
    }
    return EXIT_USAGE;
}

/* True if the arguments only ask what this is. */
static bool answer_help(const struct args *args)
{
    AUTO(buf_done) struct buf text = BUF(SINK_TEXT_MAX);

    if (args_has(args, OPTION_VERSION)) {
        write_text(SINK_OUT, "acme-dns " ACME_VERSION "\n");
        return true;
    }
    if (args_has(args, OPTION_HELP)) {
        args_format_help(args, &text);
        write_wrapped(SINK_OUT, buf_str(&text));
        return true;
    }
    return false;
}

static struct sink *open_sink(const struct args *args)
{
    size_t n_verbose = args->values[OPTION_VERBOSE].n;
    struct sink_settings settings = {
        .kind = SINK_PLAIN,
        .level = EVENT_NOTICE,
        .has_colour =
            {[SINK_OUT] = wants_colour(STDOUT_FILENO), [SINK_ERR] = wants_colour(STDERR_FILENO)},
        .is_terminal =
            {[SINK_OUT] = is_terminal(STDOUT_FILENO), [SINK_ERR] = is_terminal(STDERR_FILENO)},
        .is_journal = {[SINK_OUT] = sink_fd_is_journal(STDOUT_FILENO),
                       [SINK_ERR] = sink_fd_is_journal(STDERR_FILENO)},
        .io = sink_system_io(),
    };

    if (args_has(args, OPTION_QUIET)) {
        settings.level = EVENT_WARNING;
    } else if (n_verbose > 0) {
        settings.level = n_verbose > 1 ? EVENT_TRACE : EVENT_DEBUG;
    }
    if (args_has(args, OPTION_JSON)) {
        settings.kind = SINK_JSON;
    } else if (is_terminal(STDERR_FILENO)) {
        settings.kind = SINK_LIVE;
    }
    return sink_new(&settings);
}

static enum event_level wanted_level(const struct args *args)
{
    size_t n_verbose = args->values[OPTION_VERBOSE].n;

    /* With -q too: the sink itself drops what is not wanted, but needs to see results. */
    return n_verbose > 1 ? EVENT_TRACE : n_verbose == 1 ? EVENT_DEBUG : EVENT_NOTICE;
}

/* ---- The log beside the sink ---- */

/* Of what went wrong, where its story is. */
static void tell_sink(struct run *run, const struct event *event)
{
    struct event_field fields[24];
    struct event longer = *event;
    size_t n = event->n_fields;

    if (event->kind == EVENT_RESULT && event_number(event, "exit", EXIT_DONE) != EXIT_DONE &&
        n + 2 <= ARRAY_LEN(fields)) {
        memcpy(fields, event->fields, n * sizeof(fields[0]));
        fields[n] = FIELD("log", run_log_path(run->log));
        fields[n + 1] = FIELD("run", run_log_id(run->log));
        longer.fields = fields;
        longer.n_fields = n + 2;
    }
    sink_event(run->sink, &longer);
}

static void take_event(void *arg, const struct event *event)
{
    struct run *run = arg;

    run_log_event(run->log, event);
    tell_sink(run, event);
}

static void open_log(struct run *run, int argc, char *const *argv)
{
    const struct settings *settings = run->settings;
    const struct run_log_plan plan = {
        .state_dir = settings->state_dir,
        .scheduled = args_has(&run->args, OPTION_SCHEDULED) ? run->args.words.items[0] : NULL,
        .max_bytes = settings->log_size_bytes,
        .n_kept = settings->logs_kept,
    };

    /* Where the settings are wrong nothing is made, but a timer's failure is to be found where the
     * others are. */
    if (!run_log_wants(run->args.command) || args_has(&run->args, OPTION_PLAN) ||
        str_eq(settings->state_dir, "/") ||
        (run->errors.n_general > 0 && !fs_is_dir(settings->state_dir))) {
        return;
    }
    run->log = run_log_new(&plan);
    if (wanted_level(&run->args) < EVENT_DEBUG) {
        event_set_sink(take_event, run, EVENT_DEBUG);
    }
    run_log_begin(run->log, argc, argv, run->args.command == COMMAND_PROVIDER_ADD);
}

/* Below what went wrong: where all of it is. What the user asked for in the wrong way, or has to do
 * first, was told whole. */
static void close_log(struct run *run, enum task_exit status, int caught_signal)
{
    AUTO_FREE char *place = NULL;

    run_log_end(run->log, caught_signal == 0 ? (int)status : 128 + caught_signal);
    place = run_log_describe(run->log);
    if (place != NULL && !sink_is_json(run->sink) && caught_signal == 0 && status != EXIT_DONE &&
        status != EXIT_UNCHANGED && status != EXIT_USAGE && status != EXIT_LOCKED &&
        status != EXIT_HUMAN) {
        AUTO_FREE char *line = str_fmt("log: %s\n", place);

        sink_write(run->sink, SINK_ERR, line, strlen(line));
    }
    event_set_sink(NULL, NULL, EVENT_ERROR);
    run_log_free(TAKE(run->log));
}

/* Every option that stands for a setting, each value of it. */
static struct settings_override *collect_overrides(const struct args *args, struct strv *flags,
                                                   size_t *ret_n)
{
    struct settings_override *overrides = NULL;
    size_t n = 0;
    size_t cap = 0;

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = option_row((enum option_id)i);
        const struct strv *values = &args->values[i];
        size_t from = row->is_repeatable || values->n == 0 ? 0 : values->n - 1;

        if (row->setting == NULL || values->n == 0) {
            continue;
        }
        strv_take(flags, str_fmt("--%s", row->name));
        for (size_t k = from; k < values->n; k++) {
            VEC_PUSH(overrides, n, cap) = (struct settings_override){
                .key = row->setting, .flag = flags->items[flags->n - 1], .text = values->items[k]};
        }
    }
    *ret_n = n;
    return overrides;
}

static void tell_errors(const struct config_errors *errors)
{
    for (size_t i = 0; i < errors->n; i++) {
        config_text_tell(&errors->items[i], EVENT_ERROR);
    }
    if (errors->n_left_out > 0) {
        event_log(EVENT_ERROR, "", "and %zu errors more", errors->n_left_out);
    }
}

/* Plug-ins are there without any configuration; provider add begins one. */
static bool needs_configuration(enum command_id command)
{
    return command != COMMAND_PLUGIN_LIST && command != COMMAND_PLUGIN_SHOW &&
           command != COMMAND_PLUGIN_NEW && command != COMMAND_PROVIDER_ADD;
}

/* Names of plug-ins that are not there are no mistake of these commands. */
static bool needs_references(enum command_id command)
{
    return needs_configuration(command) && command != COMMAND_PROVIDER_ADD;
}

/* A slip in [acme-dns] disables every section; certificates that were issued before are renewed all
 * the same. */
static bool keeps_up_what_there_is(enum command_id command)
{
    return command == COMMAND_PROCESS || command == COMMAND_RENEW;
}

/* What is told is this command's own business. */
static bool tells_errors_itself(enum command_id command)
{
    return command == COMMAND_CONFIG_CHECK;
}

static bool load_settings(struct run *run, int argc, char *const *argv)
{
    const char *named = args_text(&run->args, OPTION_CONFIG);
    bool is_required = named != NULL;
    AUTO_FREE char *path =
        named != NULL ? str_dup(named) : settings_default_config_path(&is_required);
    AUTO(strv_done) struct strv flags = STRV_INIT;
    size_t n_overrides = 0;
    struct settings_override *overrides = collect_overrides(&run->args, &flags, &n_overrides);

    is_required = is_required && needs_configuration(run->args.command);
    /* Without a home there is no file to read, and none to miss. */
    run->config = path == NULL
                      ? config_parse("acme-dns.conf", "", 0, &run->errors)
                      : config_load(&(struct config_source){.path = path,
                                                            .is_required = is_required,
                                                            .has_folder = true,
                                                            .is_trust_checked = geteuid() == 0},
                                    &run->errors);
    run->settings = settings_new(run->config, path, overrides, n_overrides, &run->errors);
    mem_free(overrides);
    if (!config_is_unread(run->config) &&
        (run_log_wants(run->args.command) || run->args.command == COMMAND_CONFIG_CHECK)) {
        settings_check_state_dir(run->settings, &run->errors);
    }
    open_log(run, argc, argv);
    if (!config_is_unread(run->config) && needs_references(run->args.command)) {
        references_check(run->config, run->settings, &run->errors);
    }
    if (tells_errors_itself(run->args.command)) {
        return true;
    }
    config_errors_sort(&run->errors);
    tell_errors(&run->errors);
    return run->errors.n_fatal == 0 &&
           (run->errors.n_general == 0 || keeps_up_what_there_is(run->args.command));
}

static void tell_unusable(const struct run *run)
{
    AUTO_FREE char *text =
        str_fmt("%zu %s, nothing was done", run->errors.n + run->errors.n_left_out,
                run->errors.n + run->errors.n_left_out == 1 ? "error" : "errors");

    event_emit(EVENT_ERROR, EVENT_RESULT, "configuration", FIELD_INT("exit", EXIT_USAGE),
               FIELD("class", err_class_name(ERR_CONFIG)), FIELD("text", text));
}

/* A run that did all it was asked to is still not clean when a section had to be left out. */
static enum task_exit judge(const struct run *run, enum task_exit status)
{
    if (run->errors.n > 0 && (status == EXIT_DONE || status == EXIT_UNCHANGED)) {
        return EXIT_USAGE;
    }
    return sink_has_failed(run->sink) && status == EXIT_DONE ? EXIT_FAILED : status;
}

static bool changes_certificates(enum command_id command)
{
    return command == COMMAND_ISSUE || command == COMMAND_PROCESS || command == COMMAND_RENEW ||
           command == COMMAND_REVOKE || command == COMMAND_DEPLOY || command == COMMAND_DELETE;
}

static enum task_exit run_command(struct run *run, int *ret_signal)
{
    struct err err = ERR_INIT;
    struct task_env env = {
        .config = run->config, .settings = run->settings, .errors = &run->errors};
    enum task_exit status = EXIT_FAILED;

    if (loop_new(&env.loop, &err) < 0) {
        event_log(EVENT_ERROR, "", "%s", err.text);
        return EXIT_FAILED;
    }
    env.is_interactive = !args_has(&run->args, OPTION_NON_INTERACTIVE) &&
                         !sink_is_json(run->sink) && ask_is_possible();
    env.ask = ask_terminal(run->sink);
    env.console = dialogue_open(run->sink, env.loop, &run->dialogue);
    sink_set_loop(run->sink, env.loop);
    status = command_run(&env, &run->args, run->sink);
    if (changes_certificates(run->args.command) && !args_has(&run->args, OPTION_PLAN)) {
        list_refresh_metrics(&env);
    }
    sink_set_loop(run->sink, NULL);
    dialogue_close(run->dialogue);
    loop_free(env.loop);
    *ret_signal = env.caught_signal;
    return judge(run, status);
}

static void run_done(struct run *run)
{
    event_set_sink(NULL, NULL, EVENT_ERROR);
    sink_free(run->sink);
    settings_free(run->settings);
    config_free(run->config);
    config_errors_done(&run->errors);
    args_done(&run->args);
    secret_forget_all();
}

/* ---- Again and again ---- */

#define PERIOD_MIN_MS 1000
#define PERIOD_MAX_MS ((int64_t)30 * 24 * 3600 * 1000)
#define ROUND_MAX_MS ((int64_t)6 * 3600 * 1000) /* as long as the units give a run */

struct round {
    char *const *argv;
};

static int start_round(void *arg, pid_t *ret_pid, struct err *err)
{
    const struct round *round = arg;

    return every_start_self(round->argv, ret_pid, err);
}

/* Each round is a whole run of its own, with a log of its own: this one only waits. */
static enum task_exit run_every(const struct args *args, char *const *argv, int *ret_signal)
{
    const char *text = args_text(args, OPTION_EVERY);
    struct round round = {.argv = argv};
    struct every_plan plan = {.limit_ms = ROUND_MAX_MS, .start = start_round, .arg = &round};
    struct err err = ERR_INIT;
    int code = 0;

    if (args_has(args, OPTION_PLAN)) {
        code =
            err_set(&err, ERR_CONFIG, "--every: a plan is shown once: leave out --every or --plan");
    } else if (!duration_parse(text, &plan.period_ms) || plan.period_ms < PERIOD_MIN_MS ||
               plan.period_ms > PERIOD_MAX_MS) {
        code = err_set(&err, ERR_CONFIG, "--every: '%s' is not a duration from 1s to 30d, like 4h",
                       text);
    } else {
        code = every_run(&plan, ret_signal, &err);
    }
    if (code < 0) {
        enum task_exit status = task_exit_for(err.class);

        event_emit(EVENT_ERROR, EVENT_RESULT, args->words.items[0], FIELD_INT("exit", status),
                   FIELD("class", err_class_name(err.class)), FIELD("text", err.text));
        return status;
    }
    return EXIT_DONE;
}

int run_program(int argc, char *const *argv, int *ret_signal)
{
    AUTO(run_done) struct run run = {.errors = CONFIG_ERRORS_INIT};
    struct err err = ERR_INIT;
    enum task_exit status = EXIT_USAGE;

    *ret_signal = 0;
    if (args_parse(argc, argv, &run.args, &err) < 0) {
        return refuse_arguments(has_json_word(argc, argv), &err);
    }
    if (answer_help(&run.args)) {
        return EXIT_DONE;
    }
    run.sink = open_sink(&run.args);
    event_set_sink(take_event, &run, wanted_level(&run.args));
    if (args_has(&run.args, OPTION_EVERY)) {
        return (int)run_every(&run.args, argv, ret_signal);
    }
    if (load_settings(&run, argc, argv)) {
        status = run_command(&run, ret_signal);
    } else {
        tell_unusable(&run);
    }
    close_log(&run, status, *ret_signal);
    return (int)status;
}
