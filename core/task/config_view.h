/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Sections as one list of values, each with where it comes from. */
#ifndef TASK_CONFIG_VIEW_H
#define TASK_CONFIG_VIEW_H

#include "config/config.h"
#include "config/keys.h"
#include "config/settings.h"

struct config_fact {
    char *key;
    char *text; /* NULL: a secret */
    struct config_place place;
    const char *source; /* instead of the place: "plug-in", "built in"; or NULL */
};

/* A section with all that counts for what it is about, inherited values and defaults included. */
struct config_view {
    const char *kind, *name;
    struct config_place place;
    const char *why; /* it is disabled: the first mistake; or NULL */
    struct config_fact *facts;
    size_t n, cap;
};

/* An empty one; kind, name and why are borrowed. */
struct config_view config_view_of(const struct config_section *section, const char *why);
void config_view_done(struct config_view *view);

void config_view_add(struct config_view *view, const char *key, const char *text,
                     const struct config_place *place, const char *source);

/* Every key of the section's kind that has a value in fields, the section's structure. */
void config_view_add_rows(struct config_view *view, const struct config_section *section,
                          const void *fields);

/* What [acme-dns] has under the same name. */
void config_view_add_inherited(struct config_view *view, const struct settings *settings,
                               const char *name);

/* The only keys of the table that hold a secret themselves. */
bool config_key_is_secret(const struct config_key *key);

#endif
