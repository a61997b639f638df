/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns register-autorenew | deregister-autorenew | autorenew status. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/json_line.h"
#include "cli/sink_impl.h"
#include "task/autorenew.h"

static void show_file(void *arg, const char *path, const char *text)
{
    struct sink *sink = arg;

    if (sink_is_json(sink)) {
        event_emit(EVENT_NOTICE, EVENT_LOG, path, FIELD("text", text));
    } else {
        AUTO_FREE char *whole = str_fmt("# %s\n%s\n", path, text);

        sink_write_result(sink, whole);
    }
}

enum task_exit command_register(struct task_env *env, const struct args *args, struct sink *sink)
{
    const struct autorenew_request request = {
        .is_printed = args_has(args, OPTION_PRINT), .shown = show_file, .arg = sink};
    enum task_exit status = task_autorenew_register(env, &request);

    return request.is_printed && status == EXIT_DONE
               ? command_tell_end(sink, "register-autorenew", status)
               : status;
}

/* ---- Status ---- */

/* "2026-11-22T08:17:00Z (in 2 hours)" */
static char *format_moment(int64_t at_s)
{
    int64_t now_s = clock_wall_s();
    char at[CLOCK_TEXT_MAX];
    char span[CLOCK_TEXT_MAX];

    clock_format(at_s, at);
    clock_format_span(at_s > now_s ? at_s - now_s : now_s - at_s, span);
    return at_s > now_s ? str_fmt("%s (in %s)", at, span) : str_fmt("%s (%s ago)", at, span);
}

static char *format_run(const struct store_last_run *run)
{
    AUTO_FREE char *started = run == NULL ? NULL : format_moment(run->started_s);

    if (run == NULL) {
        return str_dup("none yet");
    }
    return run->ended_s == 0 ? str_fmt("%s, has not ended", started)
                             : str_fmt("%s, exit status %d after %lld s, run %s", started,
                                       run->status, (long long)(run->ended_s - run->started_s),
                                       run->run == NULL ? "?" : run->run);
}

static void add_row(struct buf *to, const char *label, const char *text)
{
    buf_addf(to, "  %-13s%s\n", label, text);
}

static void show_status(struct sink *sink, const struct autorenew_status *status)
{
    AUTO(buf_done) struct buf text = BUF(SINK_TEXT_MAX);
    AUTO_FREE char *next =
        status->next_run_s == 0 ? str_dup("none") : format_moment(status->next_run_s);
    AUTO_FREE char *last = format_run(status->last);
    AUTO_FREE char *deploy = status->last_deploy == NULL ? NULL : format_run(status->last_deploy);

    buf_addf(&text, "autorenew: %s\n", status->method == NULL ? "not registered" : status->method);
    if (status->path != NULL && status->method != NULL) {
        add_row(&text, "File", status->path);
    }
    add_row(&text, "Next run", next);
    add_row(&text, "Last run", last);
    if (deploy != NULL) {
        add_row(&text, "Last deploy", deploy);
    }
    add_row(&text, "Log", status->log);
    for (size_t i = 0; i < status->findings.n; i++) {
        add_row(&text, i == 0 ? "Look at" : "", status->findings.items[i]);
    }
    sink_write_result(sink, buf_str(&text));
}

static void add_run(struct json_out *out, const char *key, const struct store_last_run *run)
{
    json_out_key(out, key);
    if (run == NULL) {
        json_out_null(out);
        return;
    }
    json_out_object(out);
    json_out_kstr(out, "run", run->run);
    json_out_ktime(out, "started", run->started_s);
    json_out_ktime(out, "ended", run->ended_s);
    if (run->status >= 0) {
        json_out_kint(out, "exit", run->status);
    }
    json_out_kstr(out, "text", run->text);
    json_out_end(out);
}

static void write_status(struct sink *sink, const struct autorenew_status *status)
{
    AUTO_PTR(json_out)
    struct json_out *out = json_line_begin("autorenew", "autorenew", clock_wall_s());

    json_out_kstr(out, "method", status->method);
    json_out_kstr(out, "path", status->path);
    json_out_ktime(out, "next-run", status->next_run_s);
    add_run(out, "last-run", status->last);
    add_run(out, "last-deploy", status->last_deploy);
    json_out_kstr(out, "log", status->log);
    json_out_kstrv(out, "findings", &status->findings);
    json_out_end(out);
    AUTO_FREE char *object = json_out_take(out);
    sink_write_json(sink, object);
}

static void take_status(void *arg, const struct autorenew_status *status)
{
    struct sink *sink = arg;

    if (sink_is_json(sink)) {
        write_status(sink, status);
    } else {
        show_status(sink, status);
    }
}

enum task_exit command_autorenew_status(struct task_env *env, struct sink *sink)
{
    return command_tell_end(sink, "autorenew status",
                            task_autorenew_status(env, take_status, sink));
}
