/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Finding sections by name and walking those of a kind, with ten thousand of them there. */
#include "config/config.h"

#include "base/mem.h"
#include "base/str.h"
#include "config/config_tree.h"

#include <string.h>

/* A kind has no blank in it, so that these never meet. To mem_free. */
static char *section_key(const char *kind, const char *name)
{
    char *key = str_fmt("%s %s", kind, name);

    str_lower(key + strlen(kind));
    return key;
}

/* The index leads from a kind to its first section, which knows the last. */
static void append_to_kind(struct config *config, struct config_section *section)
{
    struct config_section *first = map_find(config->index, section->kind);

    if (first == NULL) {
        first = section;
        map_set(config->index, section->kind, section);
    } else {
        first->last_of_kind->next_of_kind = section;
    }
    first->last_of_kind = section;
}

void config_index_add(struct config *config, struct config_section *take_section)
{
    AUTO_FREE char *key = section_key(take_section->kind, take_section->name);

    take_section->index = config->n_sections;
    VEC_PUSH(config->sections, config->n_sections, config->cap_sections) = take_section;
    append_to_kind(config, take_section);
    if (map_find(config->index, key) == NULL) {
        map_set(config->index, key, take_section);
    }
}

struct config_section *config_index_find(const struct config *config, const char *kind,
                                         const char *name)
{
    AUTO_FREE char *key = section_key(kind, name);

    return map_find(config->index, key);
}

const struct config_section *config_section_find(const struct config *config, const char *kind,
                                                 const char *name)
{
    return config_index_find(config, kind, name);
}

const struct config_section *config_section_next(const struct config *config, const char *kind,
                                                 const struct config_section *after)
{
    size_t index = after == NULL ? 0 : after->index + 1;

    if (kind != NULL) {
        return after == NULL ? map_find(config->index, kind) : after->next_of_kind;
    }
    return index < config->n_sections ? config->sections[index] : NULL;
}
