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

/* What the command line says; each may be NULL. */
struct eab_flags {
    const char *kid;
    const char *hmac_key_file; /* "-": standard input */
    const char *alg;           /* "HS256" ... */
};

/* Whether the flags make sense together. */
int eab_flags_check(const struct eab_flags *flags, struct err *err);

/* eab is owned by the callee, and NULL when none is configured; err: why it cannot be read. */
typedef void eab_done_fn(void *arg, struct acme_eab *eab, const struct err *err);

/* Everything is copied. Standard input is read at once. */
struct eab_source *eab_read_start(struct task_env *env, const struct ca *ca,
                                  const struct eab_flags *flags, eab_done_fn *done, void *arg);
void eab_read_cancel(struct eab_source **source);

#endif
