/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* From parsed arguments to a task's request: one function a command. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/args.h"
#include "cli/sink.h"
#include "task/task.h"

/* Runs the command that the arguments name. */
enum task_exit command_run(struct task_env *env, const struct args *args, struct sink *sink);

enum task_exit command_issue(struct task_env *env, const struct args *args);
enum task_exit command_cleanup(struct task_env *env, const struct args *args);
enum task_exit command_plugin_list(struct task_env *env, struct sink *sink);
enum task_exit command_plugin_show(struct task_env *env, const struct args *args,
                                   struct sink *sink);

#endif
