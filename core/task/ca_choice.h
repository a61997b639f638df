/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which CA is meant, and which roots it is trusted by. */
#ifndef TASK_CA_CHOICE_H
#define TASK_CA_CHOICE_H

#include "acme/ca.h"
#include "task/task.h"

/* spec: a preset, a [ca] section or a directory URL. ERR_CONFIG: none of these. */
int ca_choice_make(const struct config *config, const char *spec, struct ca **ret_ca,
                   struct err *err);

/* The one file of roots: --ca-bundle before the CA's own before the general one; NULL: the
 * system's. Borrowed from either. */
const char *ca_choice_bundle(const struct settings *settings, const struct ca *ca);

#endif
