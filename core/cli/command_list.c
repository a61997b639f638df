/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns list | show. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"
#include "cli/cert_text.h"
#include "cli/sink_impl.h"
#include "config/settings.h"

#include <unistd.h>

/* Ten thousand certificates of a hundred names each. */
#define TABLE_MAX ((size_t)64 * 1024 * 1024)

struct listing {
    struct sink *sink;
    struct table table;
    struct notes notes;
    size_t n;
};

static void take_row(void *arg, const struct list_row *row)
{
    struct listing *listing = arg;

    listing->n++;
    if (sink_is_json(listing->sink)) {
        AUTO_FREE char *object = cert_format_json(row, clock_wall_s());

        sink_write_json(listing->sink, object);
    } else {
        cert_table_add(&listing->table, row, clock_wall_s());
        cert_list_notes(row, &listing->notes);
    }
}

static void show_note(void *arg, const char *line)
{
    const struct listing *listing = arg;

    sink_write_result(listing->sink, line);
}

static void show_listing(struct listing *listing)
{
    command_show_table(listing->sink, &listing->table);
    notes_tell(&listing->notes, show_note, listing);
}

void command_show_table(struct sink *sink, const struct table *table)
{
    const struct sink_settings *settings = &sink->settings;
    size_t columns =
        isatty(STDOUT_FILENO) == 1 ? settings->io.measure(settings->io.arg).columns : 0;
    AUTO(buf_done) struct buf text = BUF(TABLE_MAX);

    table_format(table, settings->has_colour[SINK_OUT], columns, &text);
    sink_write(sink, SINK_OUT, buf_str(&text), text.len);
}

enum task_exit command_list(struct task_env *env, const struct args *args, struct sink *sink)
{
    const struct list_request request = {
        .is_judged = args_has(args, OPTION_CHECK),
        .metrics = env->settings->metrics,
    };
    struct listing listing = {.sink = sink};
    enum task_exit status = EXIT_DONE;

    cert_table_init(&listing.table);
    status = task_list(env, &request, take_row, &listing);
    if (!sink_is_json(sink) && listing.n > 0) {
        show_listing(&listing);
    } else if (!sink_is_json(sink) && status == EXIT_DONE) {
        event_log(EVENT_NOTICE, "", "no certificate yet in %s: acme-dns issue --help",
                  env->settings->state_dir);
    }
    table_done(&listing.table);
    notes_done(&listing.notes);
    return command_tell_end(sink, "list", status);
}

static void show_row(void *arg, const struct list_row *row)
{
    struct sink *sink = arg;
    AUTO(buf_done) struct buf text = BUF(SINK_TEXT_MAX);

    if (sink_is_json(sink)) {
        AUTO_FREE char *object = cert_format_json(row, clock_wall_s());

        sink_write_json(sink, object);
        return;
    }
    cert_format_keys(row, &text);
    sink_write_result(sink, buf_str(&text));
}

enum task_exit command_show(struct task_env *env, const struct args *args, struct sink *sink)
{
    const struct list_request request = {.name = args->operands.items[0]};

    return command_tell_end(sink, "show", task_list(env, &request, show_row, sink));
}
