/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns plugin list | show. A plug-in that cannot be loaded is told beside the others. */
#include "cli/commands.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"
#include "cli/plugin_text.h"
#include "task/plugin.h"

enum { FACTS_MAX = 256 * 1024 };

struct show {
    struct sink *sink;
    bool is_list;
};

static void show_plugin(void *arg, const char *file, const struct provider_description *plugin,
                        const struct err *err)
{
    struct show *show = arg;
    AUTO(buf_done) struct buf text = BUF(FACTS_MAX);

    if (err != NULL) {
        event_log(EVENT_ERROR, file, "%s", err->text);
        return;
    }
    if (sink_is_json(show->sink)) {
        AUTO_FREE char *object = plugin_format_json(plugin, clock_wall_s());

        sink_write_json(show->sink, object);
        return;
    }
    if (show->is_list) {
        plugin_format_line(plugin, &text);
    } else {
        plugin_format_keys(plugin, &text);
    }
    sink_write_result(show->sink, buf_str(&text));
}

enum task_exit command_plugin_list(struct task_env *env, struct sink *sink)
{
    struct show show = {.sink = sink, .is_list = true};

    return command_tell_end(sink, "plugin list", task_plugin_list(env, show_plugin, &show));
}

enum task_exit command_plugin_show(struct task_env *env, const struct args *args, struct sink *sink)
{
    struct show show = {.sink = sink, .is_list = false};
    const char *name = args->operands.items[0];

    return command_tell_end(sink, "plugin show", task_plugin_show(env, name, show_plugin, &show));
}
