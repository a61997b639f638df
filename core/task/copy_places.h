/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Where all certificates are copied to, looked at together. */
#ifndef TASK_COPY_PLACES_H
#define TASK_COPY_PLACES_H

#include "config/config.h"

/* Adds what would make copies fail, or write one over another: two for the same file, a folder, an
 * owner, a group or a password's file that is not there. Sections that are wrong are judged too. */
void copy_places_check(const struct config *config, struct config_errors *errors);

#endif
