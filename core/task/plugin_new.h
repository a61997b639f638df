/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns plugin new: the beginnings of a plug-in, which builds and passes its own check. */
#ifndef TASK_PLUGIN_NEW_H
#define TASK_PLUGIN_NEW_H

#include "task/task.h"

struct plugin_new_request {
    const char *name;   /* of the plug-in */
    const char *folder; /* to write into; NULL: NAME in the working directory */
};

/* Writes the files of plugins/kit/template, with @NAME@ and @ENV@ filled in. EXIT_USAGE: the name
 * is none for a plug-in or taken, or there is something in the folder; then nothing was written. */
enum task_exit task_plugin_new(struct task_env *env, const struct plugin_new_request *request);

/* Compiled in from plugins/kit/template; ends with a name NULL. */
struct plugin_template_file {
    const char *name;
    const char *text;
};
extern const struct plugin_template_file plugin_template[];

#endif
