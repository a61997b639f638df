/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What is said of who publishes where beside the configuration: --provider and --allow-alias. */
#include "provider/set.h"

#include "base/mem.h"

#include <string.h>

/* Names inside this room end with a dot, as owners do. */
char *zone_absolute(const char *name)
{
    size_t len = strlen(name);
    char *copy = len > 0 && name[len - 1] == '.' ? str_dup(name) : str_fmt("%s.", name);

    str_lower(copy);
    return copy;
}

struct zone_rule *zone_rules_add(struct zone_rules *rules, const char *suffix)
{
    struct zone_rule rule = {.suffix = zone_absolute(suffix)};

    VEC_PUSH(rules->items, rules->n, rules->cap) = rule;
    return &rules->items[rules->n - 1];
}

void zone_rules_done(struct zone_rules *rules)
{
    for (size_t i = 0; i < rules->n; i++) {
        mem_free(rules->items[i].suffix);
        mem_free(rules->items[i].zone);
        mem_free(rules->items[i].place);
        mem_free(rules->items[i].wrong);
        strv_done(&rules->items[i].providers);
    }
    mem_free(rules->items);
}

static int add_assignment(struct provider_map *map, const char *text, struct err *err)
{
    const char *equals = strchr(text, '=');

    if (equals == NULL && map->for_all.n > 0) {
        return err_set(err, ERR_CONFIG,
                       "--provider %s: who serves all names was given already; --provider P,Q "
                       "publishes to both, --provider ZONE=P sets one zone's",
                       text);
    }
    if (equals == NULL) {
        strv_add_split(&map->for_all, text, ",");
        return 0;
    }
    if (equals == text || equals[1] == '\0') {
        return err_set(err, ERR_CONFIG, "--provider %s: not ZONE=PROVIDER", text);
    }
    AUTO_FREE char *zone = str_dup_len(text, (size_t)(equals - text));
    struct zone_rule *rule = zone_rules_add(&map->rules, zone);
    rule->is_alias_target = true;
    rule->place = str_fmt("--provider %s", text);
    strv_add_split(&rule->providers, equals + 1, ",");
    return 0;
}

int provider_map_new(const struct strv *assignments, const struct strv *allow_aliases,
                     struct provider_map **ret_map, struct err *err)
{
    AUTO_PTR(provider_map) struct provider_map *map = NEW(struct provider_map);

    for (size_t i = 0; assignments != NULL && i < assignments->n; i++) {
        if (add_assignment(map, assignments->items[i], err) < 0) {
            return err_code(err);
        }
    }
    provider_map_allow(map, allow_aliases);
    *ret_map = TAKE(map);
    return 0;
}

void provider_map_allow(struct provider_map *map, const struct strv *zones)
{
    for (size_t i = 0; zones != NULL && i < zones->n; i++) {
        AUTO_FREE char *zone = zone_absolute(zones->items[i]);

        strv_add_unique(&map->allow_aliases, zone);
    }
}

void provider_map_remember(struct provider_map *map, const char *name)
{
    str_set(&map->remembered, name);
}

void provider_map_free(struct provider_map *map)
{
    if (map == NULL) {
        return;
    }
    zone_rules_done(&map->rules);
    strv_done(&map->for_all);
    strv_done(&map->allow_aliases);
    mem_free(map->remembered);
    mem_free(map);
}
