/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns plugin list | show: what the plug-ins say of themselves. */
#ifndef TASK_PLUGIN_H
#define TASK_PLUGIN_H

#include "task/task.h"

struct provider_description; /* provider/describe.h or where that room puts it */

/* Called once per plug-in, in the order of their names; err is not NULL for one that cannot be
 * loaded (file names it then, and description is NULL). Both are borrowed. */
typedef void plugin_seen_fn(void *arg, const char *file,
                            const struct provider_description *description, const struct err *err);

/* Every plug-in in the plug-in folders. EXIT_PROVIDER when one could not be read. */
enum task_exit task_plugin_list(struct task_env *env, plugin_seen_fn *seen, void *arg);

/* One, by name or path. */
enum task_exit task_plugin_show(struct task_env *env, const char *name, plugin_seen_fn *seen,
                                void *arg);

/* Asks several, one after the other; number is the one's place among them. Runs the loop. */
typedef void plugin_told_fn(void *arg, size_t number,
                            const struct provider_description *description, const struct err *err);
int plugin_ask_all(struct task_env *env, const struct strv *plugins, plugin_told_fn *told,
                   void *arg, struct err *err);

#endif
