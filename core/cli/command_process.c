/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns process | renew. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/json_line.h"
#include "cli/table.h"
#include "task/process.h"

struct plan_view {
    struct sink *sink;
    struct table table;
    size_t n_idle; /* nothing is to be done for them */
    size_t n;
};

static void write_json(const struct plan_view *view, const struct plan_item *item)
{
    AUTO_PTR(json_out) struct json_out *out = json_line_begin("plan", item->name, clock_wall_s());

    json_out_kstr(out, "action", plan_action_name(item->action));
    json_out_kstr(out, "why", item->why);
    json_out_kbool(out, "staging", item->is_staging);
    json_out_kbool(out, "section-wrong", item->is_disabled);
    json_out_ktime(out, "not-after", item->not_after_s);
    json_out_ktime(out, "due", item->due_s);
    json_out_end(out);
    AUTO_FREE char *object = json_out_take(out);
    sink_write_json(view->sink, object);
}

static enum colour colour_of(enum plan_action action)
{
    switch (action) {
    case PLAN_BROKEN:
        return COLOUR_RED;
    case PLAN_WAIT:
    case PLAN_LEAVE:
        return COLOUR_YELLOW;
    default:
        return COLOUR_NONE;
    }
}

static void add_row(struct plan_view *view, const struct plan_item *item)
{
    char span[CLOCK_TEXT_MAX];
    const char *left = item->not_after_s == 0 ? "-" : "EXPIRED";
    int64_t left_s = item->not_after_s - clock_wall_s();
    AUTO(strv_done) struct strv reasons = STRV_INIT;

    if (item->is_staging) {
        strv_add(&reasons, "STAGING");
    }
    if (item->is_disabled) {
        strv_add(&reasons, "its section is wrong");
    }
    if (item->why != NULL) {
        strv_add_split(&reasons, item->why, "\n");
    }
    AUTO_FREE char *whole = strv_join(&reasons, "; ");

    if (item->not_after_s != 0 && left_s > 0) {
        clock_format_span(left_s, span);
        left = span;
    }
    const char *cells[] = {item->name, left, plan_action_name(item->action), whole};
    table_add(&view->table, colour_of(item->action), cells);
}

static void take_item(void *arg, const struct plan_item *item)
{
    struct plan_view *view = arg;

    view->n++;
    if (sink_is_json(view->sink)) {
        write_json(view, item);
    } else if (item->action == PLAN_NOTHING) {
        view->n_idle++;
    } else {
        add_row(view, item);
    }
}

/* To mem_free. */
static char *describe_rest(const struct plan_view *view)
{
    if (view->n_idle == view->n) {
        return str_fmt("nothing to do for any of %zu certificates\n", view->n);
    }
    return view->n_idle == 0
               ? str_fmt("something to do for each of %zu certificates\n", view->n)
               : str_fmt("nothing to do for %zu of %zu certificates\n", view->n_idle, view->n);
}

static enum task_exit show_plan(struct task_env *env, const struct process_request *request,
                                struct sink *sink)
{
    static const char *const HEADINGS[] = {"NAME", "LEFT", "ACTION", "WHY"};
    struct plan_view view = {.sink = sink};
    enum task_exit status = EXIT_DONE;

    table_init(&view.table, HEADINGS, ARRAY_LEN(HEADINGS));
    view.table.is_last_wrapped = true;
    status = task_process_plan(env, request, take_item, &view);
    if (!sink_is_json(sink) && view.n > view.n_idle) {
        command_show_table(sink, &view.table);
    }
    table_done(&view.table);
    if (!sink_is_json(sink) && status == EXIT_DONE) {
        AUTO_FREE char *rest = describe_rest(&view);

        sink_write_result(sink, rest);
    }
    return command_tell_end(sink, "plan", status);
}

enum task_exit command_process(struct task_env *env, const struct args *args, struct sink *sink)
{
    bool is_renewal = args->command == COMMAND_RENEW;
    const struct process_request request = {
        .command = is_renewal ? "renew" : "process",
        .names = &args->operands,
        .is_renewal = is_renewal,
        .is_forced = args_has(args, OPTION_FORCE),
        .is_scheduled = args_has(args, OPTION_SCHEDULED),
        .is_deploy_left = args_has(args, OPTION_NO_DEPLOY),
        .is_unchanged_told = args_has(args, OPTION_EXIT_UNCHANGED),
        .is_trial = args_has(args, OPTION_DRY_RUN),
    };

    return args_has(args, OPTION_PLAN) ? show_plan(env, &request, sink)
                                       : task_process(env, &request);
}
