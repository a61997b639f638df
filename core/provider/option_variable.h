/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which environment variable fills an option. */
#ifndef PROVIDER_OPTION_VARIABLE_H
#define PROVIDER_OPTION_VARIABLE_H

#include "provider/describe.h"

#include <stdbool.h>
#include <stddef.h>

struct option_variable {
    char *name;       /* NULL: none is set */
    const char *text; /* borrowed from the environment */
    bool is_file;     /* NAME_FILE: the text is the absolute path of what holds the value */
};

/* The first of the option's variables that is set and not empty: as NAME, or as NAME_FILE if the
 * value may stand in a file and no option of the table reads that variable itself. */
struct option_variable option_variable_find(const struct provider_description *plugin,
                                            size_t index);
void option_variable_done(struct option_variable *variable);

#endif
