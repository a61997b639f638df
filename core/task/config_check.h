/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * acme-dns config check: what a run would find out only when it needs it. Plug-ins are asked for
 * their tables, secrets are read, programs looked for; nothing is asked of any network, and nothing
 * written.
 */
#ifndef TASK_CONFIG_CHECK_H
#define TASK_CONFIG_CHECK_H

#include "task/task.h"

/* Adds to env->errors, which holds what was found when the configuration was read, and sorts them.
 * EXIT_USAGE: there are errors. */
enum task_exit task_config_check(struct task_env *env);

#endif
