/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The pass over all sections that settings_new() makes; nobody else includes it. */
#ifndef CONFIG_SECTIONS_CHECK_H
#define CONFIG_SECTIONS_CHECK_H

#include "config/config.h"

/* Kinds, names, keys and values of every section but [acme-dns]'s own keys. Inline secrets are
 * registered for masking. */
void sections_check(struct config *config, struct config_errors *errors);

#endif
