/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The tree: made, looked up in, walked, freed. */
#include "config/config.h"

#include "base/mem.h"
#include "base/str.h"
#include "config/config_tree.h"

#include <string.h>
#include <sys/stat.h>

struct config *config_new(void)
{
    struct config *config = NEW(struct config);

    config->index = map_new();
    return config;
}

/* Keys, texts and names are const for readers; the tree owns them. */
static void free_text(const char *text)
{
    mem_free((void *)(uintptr_t)text);
}

static void section_free(struct config_section *section)
{
    for (size_t i = 0; i < section->n_values; i++) {
        free_text(section->values[i].key);
        /* Any of them may be a credential. */
        mem_free_secret((void *)(uintptr_t)section->values[i].text,
                        strlen(section->values[i].text));
    }
    mem_free(section->values);
    mem_free(section->why);
    free_text(section->kind);
    free_text(section->name);
    mem_free(section);
}

void config_free(struct config *config)
{
    if (config == NULL) {
        return;
    }
    for (size_t i = 0; i < config->n_sections; i++) {
        section_free(config->sections[i]);
    }
    mem_free(config->sections);
    strv_done(&config->paths);
    map_free(config->index);
    mem_free(config->lost);
    mem_free(config);
}

const struct config_value *config_value_find(const struct config_section *section, const char *key)
{
    for (size_t i = section->n_values; i > 0; i--) {
        if (strcmp(section->values[i - 1].key, key) == 0) {
            return &section->values[i - 1];
        }
    }
    return NULL;
}

const struct config_value *config_value_next(const struct config_section *section, const char *key,
                                             const struct config_value *after)
{
    size_t from = after == NULL ? 0 : (size_t)(after - section->values) + 1;

    for (size_t i = from; i < section->n_values; i++) {
        if (strcmp(section->values[i].key, key) == 0) {
            return &section->values[i];
        }
    }
    return NULL;
}

size_t config_section_count(const struct config *config)
{
    return config->n_sections;
}

struct config_section *config_section_at(struct config *config, size_t index)
{
    return config->sections[index];
}

bool config_value_is_exposed(const struct config_value *value)
{
    return value->place.origin == CONFIG_FILE && (value->place.mode & (S_IRWXG | S_IRWXO)) != 0;
}
