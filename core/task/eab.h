/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Where an external account binding comes from: the command line, then the CA's section, then the
 * environment. Never half from one and half from another.
 */
#ifndef TASK_EAB_H
#define TASK_EAB_H

#include "acme/ca.h"
#include "acme/eab.h"
#include "task/task.h"

struct eab_source;

/* eab is owned by the callee, and NULL when none is configured; err: why it cannot be read. */
typedef void eab_done_fn(void *arg, struct acme_eab *eab, const struct err *err);

/* kid and hmac_key_file as on the command line, or NULL; "-" reads standard input, at once. */
struct eab_source *eab_read_start(struct task_env *env, const struct ca *ca, const char *kid,
                                  const char *hmac_key_file, eab_done_fn *done, void *arg);
void eab_read_cancel(struct eab_source **source);

#endif
