/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What sections say of one another: names that nothing bears. config/ cannot tell, because a name
 * may also be that of a plug-in or of a built-in CA. A section with such a name is marked wrong.
 */
#ifndef TASK_REFERENCES_H
#define TASK_REFERENCES_H

#include "config/config.h"
#include "config/settings.h"

/* After settings_new(). Looks for the files of plug-ins, and starts nothing. */
void references_check(struct config *config, const struct settings *settings,
                      struct config_errors *errors);

#endif
