/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the files of the text half of this room share; nobody else includes it. */
#ifndef CONFIG_CONFIG_TREE_H
#define CONFIG_CONFIG_TREE_H

#include "config/config.h"

#include "base/str.h"

struct config {
    struct config_section **sections; /* each on its own, so that pointers to them stay good */
    size_t n_sections, cap_sections;
    struct strv paths; /* the files that were read: places point to these texts */
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

/* As config_errors_add() without a section, but not counted as general. */
struct err *config_errors_add_local(struct config_errors *errors, const struct config_place *place,
                                    const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
