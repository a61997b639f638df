/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns delete: forgets a certificate, its key and its versions. It is not revoked. */
#ifndef TASK_DELETE_H
#define TASK_DELETE_H

#include "task/task.h"

struct delete_request {
    const char *name;
    bool is_staging;   /* the one below STATE/staging */
    bool is_confirmed; /* nobody is asked */
};

/* EXIT_HUMAN: nobody confirmed it. EXIT_USAGE: there is none of that name. */
enum task_exit task_delete(struct task_env *env, const struct delete_request *request);

#endif
