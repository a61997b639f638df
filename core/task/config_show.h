/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns config show: what is in force, and where each value comes from. */
#ifndef TASK_CONFIG_SHOW_H
#define TASK_CONFIG_SHOW_H

#include "task/config_view.h"
#include "task/task.h"

struct config_show_request {
    const char *kind; /* "provider", ...; NULL: everything */
    const char *name; /* NULL: every one of the kind */
};

/* Called for each, in the order [acme-dns], [provider], [zone], [ca], [certificate]; borrowed. */
typedef void config_view_fn(void *arg, const struct config_view *view);

/* EXIT_USAGE: there is no such section; or, of a certificate, none and none remembered. */
enum task_exit task_config_show(struct task_env *env, const struct config_show_request *request,
                                config_view_fn *seen, void *arg);

#endif
