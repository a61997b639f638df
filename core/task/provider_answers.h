/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The values for a new [provider] section: from the command line, from the person at the terminal,
 * from the environment. */
#ifndef TASK_PROVIDER_ANSWERS_H
#define TASK_PROVIDER_ANSWERS_H

#include "task/credentials.h"
#include "task/task.h"

struct provider_description;

/* Each given answer is checked against the option's type, then whoever sits at the terminal is
 * asked for the rest; without a terminal, the environment fills it. ERR_CONFIG: an unknown option,
 * a secret on the command line, a value that is wrong, a required one that is missing. */
int provider_answers_gather(const struct task_env *env, const struct provider_description *plugin,
                            const struct strv *given, struct credentials *to, struct err *err);

#endif
