/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/copy_places.h"

#include "base/fs.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/copy.h"
#include "config/keys.h"
#include "store/store_copy.h"

#include <string.h>

struct places {
    const struct config *config;
    struct config_errors *errors;
    struct map *values;       /* by path: the first that writes there */
    struct map *certificates; /* by path: the section that it is for */
    struct map *judged;       /* values whose folder and people were looked for, by their place */
};

/* A path of the value, as it counts from the value's file. To mem_free. */
static char *resolve(const struct config_value *value, const char *path)
{
    struct config_value part = *value;

    part.text = path;
    return config_value_path(&part);
}

/* The folder has to be there: a copy makes none. */
static void judge(const struct places *places, const struct config_value *value,
                  struct copy_rule *rule, const char *path)
{
    AUTO_FREE char *folder = str_dup_len(path, (size_t)(strrchr(path, '/') + 1 - path));
    struct err err = ERR_INIT;

    if (!fs_is_dir(folder)) {
        config_errors_add(places->errors, NULL, &value->place, "%s: there is no folder '%s'",
                          value->key, folder);
    }
    if (rule->password_file != NULL) {
        char *given = rule->password_file;

        rule->password_file = resolve(value, given);
        mem_free(given);
    }
    if (store_copy_check(rule, &err) < 0) {
        config_errors_add(places->errors, NULL, &value->place, "%s: %s", value->key, err.text);
    }
}

static void refuse_second(const struct places *places, const struct config_value *value,
                          const char *path, const struct config_section *certificate)
{
    const struct config_value *first = map_find(places->values, path);
    const struct config_section *other = map_find(places->certificates, path);
    AUTO_FREE char *where = config_place_format(&first->place);

    if (other != certificate) {
        config_errors_add(
            places->errors, NULL, &value->place,
            "%s: [certificate %s] writes to '%s' too, at %s: each copy would take the "
            "other's place",
            value->key, other->name, path, where);
    } else if (!str_eq(first->key, value->key)) {
        config_errors_add(places->errors, NULL, &value->place,
                          "%s: %s writes to '%s' too, at %s: one copy would take the other's place",
                          value->key, first->key, path, where);
    }
}

static void check_value(const struct places *places, const struct config_value *value,
                        const struct config_section *certificate)
{
    AUTO(copy_rule_done) struct copy_rule rule = {.path = NULL};
    AUTO_FREE char *at = config_place_format(&value->place);
    AUTO_FREE char *named = NULL;
    AUTO_FREE char *path = NULL;
    struct err ignored = ERR_INIT; /* told when the section was read */

    if (copy_rule_parse(copy_piece_of(value->key), value->text, &rule, &ignored) < 0) {
        return;
    }
    named = copy_rule_path(&rule, certificate->name);
    path = resolve(value, named);
    if (map_find(places->judged, at) == NULL) {
        map_set(places->judged, at, (void *)(uintptr_t)value);
        judge(places, value, &rule, path);
    }
    if (map_find(places->values, path) != NULL) {
        refuse_second(places, value, path, certificate);
        return;
    }
    map_set(places->values, path, (void *)(uintptr_t)value);
    map_set(places->certificates, path, (void *)(uintptr_t)certificate);
}

/* from: the certificate's own section, or the general one, whose copies it has too. */
static void check_values(const struct places *places, const struct config_section *from,
                         const struct config_section *certificate)
{
    for (size_t i = 0; from != NULL && i < from->n_values; i++) {
        const struct config_key *key = key_find(from->kind, from->values[i].key);

        if (key != NULL && key->type == KEY_COPY) {
            check_value(places, &from->values[i], certificate);
        }
    }
}

void copy_places_check(const struct config *config, struct config_errors *errors)
{
    AUTO_PTR(map) struct map *values = map_new();
    AUTO_PTR(map) struct map *certificates = map_new();
    AUTO_PTR(map) struct map *judged = map_new();
    const struct places places = {.config = config,
                                  .errors = errors,
                                  .values = values,
                                  .certificates = certificates,
                                  .judged = judged};
    const struct config_section *general = config_section_next(config, "acme-dns", NULL);
    const struct config_section *section = NULL;

    while ((section = config_section_next(config, "certificate", section)) != NULL) {
        check_values(&places, section, section);
        check_values(&places, general, section);
    }
}
