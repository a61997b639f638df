/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns cleanup: what earlier runs left behind in the DNS, told by their journals. */
#ifndef TASK_CLEANUP_H
#define TASK_CLEANUP_H

#include "task/task.h"

struct cleanup_request {
    bool is_dry_run;           /* --dry-run: only say what would be removed */
    const char *forget;        /* --forget ID: drop this entry without removing the value */
    struct strv allow_aliases; /* --allow-alias: zones */
};

/* Removes every value that a journal without a living run still names. One EVENT_LOG a value at
 * EVENT_NOTICE (subject: owner), then EVENT_RESULT with subject "cleanup". */
enum task_exit task_cleanup(struct task_env *env, const struct cleanup_request *request);

#endif
