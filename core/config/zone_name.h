/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Names of zones. Unlike a certificate's names they may hold underscores:
 * _acme-challenge.example.com. */
#ifndef CONFIG_ZONE_NAME_H
#define CONFIG_ZONE_NAME_H

#include "base/err.h"

/* Lower case, A-labels, no dot at the end; to mem_free. ERR_CONFIG with the reason for anything
 * that is not a name in the DNS. */
int zone_name_normalize(const char *text, char **ret_name, struct err *err);

#endif
