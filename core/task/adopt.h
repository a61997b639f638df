/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns adopt: what is remembered of a certificate, as a section for the configuration. */
#ifndef TASK_ADOPT_H
#define TASK_ADOPT_H

#include "task/task.h"

struct adopt_request {
    const char *name;
    bool is_staging; /* the one of the CA's staging service */
};

/* section: "[certificate NAME]" and its lines; folder: where such files are read from, or NULL. */
typedef void adopt_fn(void *arg, const char *section, const char *folder);

/* Nothing is written. EXIT_USAGE: no such certificate, or the configuration has it already. */
enum task_exit task_adopt(struct task_env *env, const struct adopt_request *request, adopt_fn *seen,
                          void *arg);

#endif
