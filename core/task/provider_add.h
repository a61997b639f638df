/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns provider add: asks for what a plug-in needs, tries it, and writes a [provider] section.
 */
#ifndef TASK_PROVIDER_ADD_H
#define TASK_PROVIDER_ADD_H

#include "task/task.h"

struct provider_add_request {
    const char *name;    /* of the instance to be */
    const char *plugin;  /* NULL: the one of that name */
    struct strv answers; /* OPTION=VALUE, OPTION=@FILE, OPTION=-; borrowed */
    bool is_untried;     /* write it without opening it first */
};

/* EXIT_USAGE: the name is taken, an answer is wrong or missing. EXIT_PROVIDER: it does not work;
 * then nothing stays behind. */
enum task_exit task_provider_add(struct task_env *env, const struct provider_add_request *request);

#endif
