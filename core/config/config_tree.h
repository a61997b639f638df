/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the files of the text half of this room share; nobody else includes it. */
#ifndef CONFIG_CONFIG_TREE_H
#define CONFIG_CONFIG_TREE_H

#include "config/config.h"

#include "base/map.h"
#include "base/str.h"

struct config {
    struct config_section **sections; /* each on its own, so that pointers to them stay good */
    size_t n_sections, cap_sections;
    struct map *index; /* config_index.c: who is there, and the kinds */
    struct strv paths; /* the files that were read: places point to these texts */
    char *lost;        /* as config_lost() */
    bool is_unread;    /* as config_is_unread() */
    bool has_lost_header;
};

/* One file on its way into the tree. */
struct config_text {
    const char *path;
    const char *bytes;
    size_t len;
    mode_t mode;
    bool is_main; /* else a fault outside any section costs only this file */
};

void config_parse_into(struct config *config, const struct config_text *text,
                       struct config_errors *errors);

struct config *config_new(void);

/* The tree owns the section from now on. The first of a name is the one that is found. */
void config_index_add(struct config *config, struct config_section *take_section);
struct config_section *config_index_find(const struct config *config, const char *kind,
                                         const char *name);

/* As config_errors_add() without a section, but not counted as general: what stands there is lost,
 * and the rest goes on. */
struct err *config_errors_add_lost(struct config *config, struct config_errors *errors,
                                   const struct config_place *place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define CONFIG_NO_INCLUDES "there are no includes: every conf.d/*.conf beside the main file is read"

/* The first time counts. */
void config_lose(struct config *config, const char *why);

#endif
