/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Whether the configuration says who publishes for each of its certificates. */
#ifndef TASK_PUBLISHERS_H
#define TASK_PUBLISHERS_H

#include "base/str.h"
#include "config/config.h"

/*
 * An error for each [certificate] that nobody can be meant for, whatever the DNS holds; a warning
 * for names that no zone holds, which a CNAME may yet lead into one. Zones that are wrong were told
 * of where they stand, and what they hold is not told of again.
 */
void publishers_check(const struct config *config, struct config_errors *errors);

/* Appends the [certificate]s for which the only [provider] publishes because there is no other: a
 * second one leaves them without. Nothing if there is not just one. */
void publishers_list_implicit(const struct config *config, struct strv *to);

#endif
