/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The configuration's mistakes, and what is in force, as people and programs read them. */
#ifndef CLI_CONFIG_TEXT_H
#define CLI_CONFIG_TEXT_H

#include "base/event.h"
#include "config/config.h"

/* As an EVENT_LOG with its place in fields of its own: file=, line=, column=, what=. */
void config_text_tell(const struct config_error *error, enum event_level level);

#endif
