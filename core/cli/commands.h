/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* From parsed arguments to a task's request: one function a command. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/args.h"
#include "cli/sink.h"
#include "cli/table.h"
#include "task/task.h"

/* Runs the command that the arguments name. */
enum task_exit command_run(struct task_env *env, const struct args *args, struct sink *sink);

enum task_exit command_issue(struct task_env *env, const struct args *args);
enum task_exit command_cleanup(struct task_env *env, const struct args *args);
enum task_exit command_plugin_list(struct task_env *env, struct sink *sink);
enum task_exit command_plugin_show(struct task_env *env, const struct args *args,
                                   struct sink *sink);
enum task_exit command_plugin_test(struct task_env *env, const struct args *args,
                                   struct sink *sink);

enum task_exit command_list(struct task_env *env, const struct args *args, struct sink *sink);
enum task_exit command_show(struct task_env *env, const struct args *args, struct sink *sink);

enum task_exit command_config_check(struct task_env *env);
enum task_exit command_process(struct task_env *env, const struct args *args, struct sink *sink);

/* A result as a table, cut to the terminal if there is one. */
void command_show_table(struct sink *sink, const struct table *table);

enum task_exit command_register(struct task_env *env, const struct args *args, struct sink *sink);
enum task_exit command_autorenew_status(struct task_env *env, struct sink *sink);

enum task_exit command_open_logs(struct task_env *env, const struct args *args, struct sink *sink);
enum task_exit command_open_state(struct task_env *env, const struct args *args, struct sink *sink);
enum task_exit command_config_show(struct task_env *env, const struct args *args,
                                   struct sink *sink);
enum task_exit command_adopt(struct task_env *env, const struct args *args, struct sink *sink);

/* For commands that show things instead of doing some: people see from what was listed that it is
 * over; programs read until the result. */
enum task_exit command_tell_end(struct sink *sink, const char *subject, enum task_exit status);

#endif
