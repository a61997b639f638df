/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/option_variable.h"

#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>

void option_variable_done(struct option_variable *variable)
{
    mem_free(variable->name);
    *variable = (struct option_variable){.name = NULL};
}

static bool is_declared(const struct provider_description *plugin, const char *variable)
{
    for (size_t i = 0; i < plugin->n_options; i++) {
        if (strv_has(&plugin->options[i].env, variable)) {
            return true;
        }
    }
    return false;
}

static bool may_name_file(const struct provider_description *plugin, size_t index,
                          const char *variable)
{
    return provider_option_has_ways(&plugin->options[index]) && !is_declared(plugin, variable);
}

struct option_variable option_variable_find(const struct provider_description *plugin, size_t index)
{
    const struct strv *names = &plugin->options[index].env;

    for (size_t i = 0; i < names->n; i++) {
        const char *text = getenv(names->items[i]);
        AUTO_FREE char *file_name = str_fmt("%s_FILE", names->items[i]);
        const char *file = may_name_file(plugin, index, file_name) ? getenv(file_name) : NULL;

        if (text != NULL && *text != '\0') {
            return (struct option_variable){.name = str_dup(names->items[i]), .text = text};
        }
        if (file != NULL && file[0] == '/') {
            return (struct option_variable){.name = TAKE(file_name), .text = file, .is_file = true};
        }
    }
    return (struct option_variable){.name = NULL};
}
