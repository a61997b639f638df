/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Which provider serves a name, and where it may write. */
#include "provider/set.h"

#include "base/cleanup.h"
#include "base/domain.h"
#include "base/mem.h"
#include "provider/paths.h"

#include <libpsl.h>
#include <string.h>

void provider_choices_done(struct provider_choices *choices)
{
    for (size_t i = 0; i < choices->n; i++) {
        mem_free(choices->items[i].zone);
    }
    mem_free(choices->items);
    *choices = (struct provider_choices)PROVIDER_CHOICES_INIT;
}

/* ---- Names to instances ---- */

static struct provider *find_known(const struct provider_set *set, const char *name)
{
    for (size_t i = 0; i < set->n_providers; i++) {
        if (str_eq_nocase(set->providers[i]->name, name)) {
            return set->providers[i];
        }
    }
    return NULL;
}

static char *list_instances(const struct provider_set *set)
{
    const struct config_section *section = NULL;
    struct strv names = STRV_INIT;
    char *joined;

    while (set->config != NULL &&
           (section = config_section_next(set->config, "provider", section)) != NULL) {
        strv_add(&names, section->name);
    }
    joined = names.n > 0 ? strv_join(&names, ", ") : str_dup("none");
    strv_done(&names);
    return joined;
}

int provider_get(struct provider_set *set, const char *name, struct provider **ret_provider,
                 struct err *err)
{
    const struct config_section *section = NULL;
    struct provider *known = find_known(set, name);
    AUTO_FREE char *path = NULL;

    if (known != NULL) {
        *ret_provider = known;
        return 0;
    }
    if (set->config != NULL) {
        section = config_section_find(set->config, "provider", name);
    }
    if (section == NULL && console_find(name) == NULL &&
        paths_plugin_find(&set->plugin_dirs, name, &path, err) < 0) {
        AUTO_FREE char *instances = list_instances(set);

        return err_wrap(err, "there is no provider '%s' (configured: %s)", name, instances);
    }
    return set_provider_new(set, name, section, ret_provider, err);
}

/* ---- Names to providers ---- */

/* What an order says, or else the whole command. */
static const struct provider_map *map_in_force(const struct provider_set *set,
                                               const struct provider_map *map)
{
    return map != NULL ? map : set->said;
}

/* The longest; those that name nobody only where asked for. */
static const struct zone_rule *find_rule(const struct zone_rules *rules, const char *owner,
                                         bool is_empty_good)
{
    const struct zone_rule *best = NULL;

    for (size_t i = 0; i < rules->n; i++) {
        const struct zone_rule *rule = &rules->items[i];

        if ((is_empty_good || rule->providers.n > 0 || rule->wrong != NULL) &&
            domain_is_within(owner, rule->suffix) &&
            (best == NULL || strlen(rule->suffix) > strlen(best->suffix))) {
            best = rule;
        }
    }
    return best;
}

static int choose(struct provider_set *set, const char *name, const char *owner, const char *zone,
                  struct provider_choices *to, struct err *err)
{
    struct provider *p = NULL;

    if (provider_get(set, name, &p, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < to->n; i++) {
        if (to->items[i].provider == p) {
            return 0; /* named twice */
        }
    }
    /* err_set() is always negative. NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    AUTO_FREE char *told = zone_absolute(p->keys.zone != NULL ? p->keys.zone : zone);
    if (!domain_is_within(owner, told)) {
        return err_set(err, ERR_CONFIG, "provider '%s' is told the zone %s, but %s lies outside it",
                       name, told, owner);
    }
    VEC_PUSH(to->items, to->n, to->cap) =
        (struct provider_choice){.provider = p, .zone = TAKE(told)};
    return 0;
}

static int choose_all(struct provider_set *set, const struct strv *names, const char *owner,
                      const char *zone, struct provider_choices *to, struct err *err)
{
    for (size_t i = 0; i < names->n; i++) {
        if (choose(set, names->items[i], owner, zone, to, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

static int choose_by_rule(struct provider_set *set, const struct zone_rule *rule, const char *owner,
                          const char *zone, struct provider_choices *to, struct err *err)
{
    if (rule->wrong != NULL) {
        return err_set(err, ERR_CONFIG, "[zone %.*s] is not used: %s",
                       (int)strlen(rule->suffix) - 1, rule->suffix, rule->wrong);
    }
    if (choose_all(set, &rule->providers, owner, rule->zone != NULL ? rule->zone : zone, to, err) <
        0) {
        return err_wrap(err, "%s", rule->place);
    }
    return 0;
}

static const struct config_section *only_instance(const struct provider_set *set)
{
    const struct config_section *first = NULL;

    if (set->config != NULL) {
        first = config_section_next(set->config, "provider", NULL);
    }
    return first != NULL && config_section_next(set->config, "provider", first) == NULL ? first
                                                                                        : NULL;
}

/* Who publishes where nothing says who. */
static const struct config_section *default_instance(const struct provider_set *set,
                                                     const struct provider_map *said)
{
    const struct config_section *only = only_instance(set);

    return only != NULL || said->remembered == NULL || set->config == NULL
               ? only
               : config_section_find(set->config, "provider", said->remembered);
}

const char *provider_default(const struct provider_set *set, const struct provider_map *map)
{
    const struct config_section *section = default_instance(set, map_in_force(set, map));

    return section == NULL ? NULL : section->name;
}

/* ---- What is nobody's ---- */

/* What the public registers under, in words; NULL: an ordinary name. Only explicit rules of the
 * ICANN part count, else every private TLD would be one by the list's last rule. */
static const char *describe_public(const char *name)
{
    AUTO_FREE char *bare = str_dup(name);
    size_t len = strlen(bare);

    if (len > 0 && bare[len - 1] == '.') {
        bare[len - 1] = '\0';
    }
    if (strchr(bare, '.') == NULL) {
        return "the root or a top-level domain";
    }
    if (psl_is_public_suffix2(psl_builtin(), bare, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE)) {
        return "a public suffix";
    }
    return NULL;
}

static int check_public(const char *name, const char *owner, struct err *err)
{
    const char *public = describe_public(name);

    if (public != NULL) {
        return err_set(err, ERR_CONFIG, "%s: '%s' is %s; values are never written there", owner,
                       name, public);
    }
    return 0;
}

/* Servers of such a zone hold a name only when nothing is delegated to its holder: a domain that
 * does not exist. Whoever does run a top-level domain names it in a section of its own. */
static int check_zones(const struct provider_set *set, const char *owner,
                       const struct provider_choices *choices, struct err *err)
{
    for (size_t i = 0; i < choices->n; i++) {
        const char *zone = choices->items[i].zone;
        const char *public = describe_public(zone);
        bool is_named = false;

        for (size_t k = 0; k < set->rules.n; k++) {
            is_named = is_named || str_eq(set->rules.items[k].suffix, zone);
        }
        if (public == NULL || is_named) {
            continue;
        }
        (void)err_set(err, ERR_CONFIG,
                      "%s lies in the zone '%s', which is %s: values are never written there",
                      owner, zone, public);
        return err_hint(err,
                        "is the name spelt right, and its domain registered and delegated? If the "
                        "zone is yours, add to the configuration:\n"
                        "    [zone %.*s]\n    provider = %s",
                        strcmp(zone, ".") == 0 ? 1 : (int)strlen(zone) - 1, zone,
                        choices->items[i].provider->name);
    }
    return 0;
}

static void add_suffixes(const struct zone_rules *rules, struct strv *to)
{
    for (size_t i = 0; i < rules->n; i++) {
        strv_add(to, rules->items[i].suffix);
    }
}

static int explain_no_match(const struct provider_set *set, const struct provider_map *map,
                            const char *owner, const char *zone, struct err *err)
{
    AUTO_FREE char *instances = list_instances(set);
    struct strv suffixes = STRV_INIT;

    add_suffixes(&map->rules, &suffixes);
    add_suffixes(&set->rules, &suffixes);
    AUTO_FREE char *zones = suffixes.n > 0 ? strv_join(&suffixes, ", ") : str_dup("none");
    const char *dot = strchr(owner, '.');
    const char *named = describe_public(zone) != NULL && dot != NULL ? dot + 1 : zone;
    AUTO_FREE char *bare =
        str_dup_len(named, strlen(named) > 1 ? strlen(named) - 1 : strlen(named));
    strv_done(&suffixes);
    (void)err_set(err, ERR_CONFIG,
                  "no provider is configured for %s (providers: %s; zones they are mapped to: %s)",
                  owner, instances, zones);
    if (strcmp(instances, "none") == 0 && strcmp(zones, "none") == 0) {
        return err_hint(err, "'acme-dns provider add NAME --plugin PLUGIN' configures one, "
                             "'acme-dns plugin list' shows which plug-ins there are\n"
                             "or say --provider PLUGIN, with its options in the environment");
    }
    return err_hint(err,
                    "add to the configuration:\n    [zone %s]\n    provider = NAME\n"
                    "or issue it again with --provider NAME",
                    bare);
}

int provider_find(struct provider_set *set, const struct provider_map *map, const char *final_owner,
                  const char *zone, struct provider_choices *ret_choices, struct err *err)
{
    struct provider_choices found = PROVIDER_CHOICES_INIT;
    const struct provider_map *said = map_in_force(set, map);
    const struct zone_rule *flag = find_rule(&said->rules, final_owner, false);
    const struct zone_rule *section = find_rule(&set->rules, final_owner, false);
    const char *by_default = provider_default(set, map);
    const char *told = section != NULL && section->zone != NULL ? section->zone : zone;
    int result;

    if (flag != NULL) {
        result = choose_by_rule(set, flag, final_owner, told, &found, err);
    } else if (said->for_all.n > 0) {
        result = choose_all(set, &said->for_all, final_owner, told, &found, err);
    } else if (section != NULL) {
        result = choose_by_rule(set, section, final_owner, zone, &found, err);
    } else if (by_default != NULL) {
        result = choose(set, by_default, final_owner, zone, &found, err);
    } else {
        result = explain_no_match(set, said, final_owner, zone, err);
    }
    if (result == 0) {
        result = check_zones(set, final_owner, &found, err);
    }
    if (result < 0) {
        provider_choices_done(&found);
        return result;
    }
    *ret_choices = found;
    return 0;
}

static bool names_anybody(const struct zone_rules *rules)
{
    for (size_t i = 0; i < rules->n; i++) {
        if (rules->items[i].providers.n > 0) {
            return true;
        }
    }
    return false;
}

int provider_check_any(struct provider_set *set, const struct provider_map *map, const char *name,
                       struct err *err)
{
    const struct provider_map *said = map_in_force(set, map);
    AUTO_FREE char *zone = zone_absolute(domain_base(name));
    AUTO_FREE char *owner = domain_challenge_owner(zone);

    return names_anybody(&said->rules) || names_anybody(&set->rules) || said->for_all.n > 0 ||
                   default_instance(set, said) != NULL
               ? 0
               : explain_no_match(set, said, owner, zone, err);
}

static bool names_provider(const struct zone_rules *rules, const char *name)
{
    for (size_t i = 0; i < rules->n; i++) {
        for (size_t k = 0; k < rules->items[i].providers.n; k++) {
            if (str_eq_nocase(rules->items[i].providers.items[k], name)) {
                return true;
            }
        }
    }
    return false;
}

bool provider_has_zone(const struct provider_set *set, const struct provider_map *map,
                       const char *name)
{
    return names_provider(&map_in_force(set, map)->rules, name) ||
           names_provider(&set->rules, name);
}

/* Without --provider ZONE=P and [zone] sections it is the same for every name. */
static bool is_same_for_all(const struct provider_set *set, const struct provider_map *said)
{
    return said->rules.n == 0 && (said->for_all.n > 0 || set->rules.n == 0);
}

void provider_guess(struct provider_set *set, const struct provider_map *map, const char *owner,
                    struct provider_choices *ret_choices, bool *ret_is_certain)
{
    struct provider_choices guessed = PROVIDER_CHOICES_INIT;
    struct err ignored = ERR_INIT;

    /* No zone is known yet; the owner lies in itself. */
    (void)provider_find(set, map, owner, owner, &guessed, &ignored);
    for (size_t i = 0; i < guessed.n; i++) {
        instance_start(guessed.items[i].provider);
    }
    *ret_choices = guessed;
    *ret_is_certain = is_same_for_all(set, map_in_force(set, map));
}

/* ---- Where we may write ---- */

/* The label at `at`, and what follows its dot. */
static const char *next_label(const char *at)
{
    const char *dot = strchr(at, '.');

    return dot != NULL ? dot + 1 : at + strlen(at);
}

static bool label_is(const char *at, const char *label)
{
    size_t len = strlen(label);

    return strncmp(at, label, len) == 0 && at[len] == '.';
}

/* The name that an owner speaks for, or NULL: "_acme-challenge.x.", "_ACCOUNT._acme-challenge.x.",
 * "_validation-persist.x." (dns-01, dns-account-01, dns-persist-01). */
static const char *base_of(const char *owner)
{
    const char *second = next_label(owner);

    if (label_is(owner, "_acme-challenge") || label_is(owner, "_validation-persist")) {
        return second;
    }
    if (owner[0] == '_' && label_is(second, "_acme-challenge")) {
        return next_label(second);
    }
    return NULL;
}

static bool is_alias_allowed(const struct provider_set *set, const struct provider_map *said,
                             const char *target)
{
    const struct zone_rule *flag = find_rule(&said->rules, target, true);
    const struct zone_rule *section = find_rule(&set->rules, target, true);

    for (size_t i = 0; i < said->allow_aliases.n; i++) {
        if (domain_is_within(target, said->allow_aliases.items[i])) {
            return true;
        }
    }
    if (flag != NULL && (section == NULL || strlen(flag->suffix) >= strlen(section->suffix))) {
        return true;
    }
    return section != NULL && section->is_alias_target;
}

int provider_may_write(const struct provider_set *set, const struct provider_map *map,
                       const char *identifier_owner, const char *final_owner, const char *chain,
                       struct err *err)
{
    const char *base = base_of(identifier_owner);
    const char *target_base;

    if (base == NULL) {
        return err_set(err, ERR_CONFIG,
                       "%s: values are written only below _acme-challenge and _validation-persist",
                       identifier_owner);
    }
    if (check_public(base, identifier_owner, err) < 0) {
        return err_code(err);
    }
    if (str_eq_nocase(identifier_owner, final_owner)) {
        return 0;
    }
    target_base = base_of(final_owner);
    if (check_public(target_base != NULL ? target_base : final_owner, final_owner, err) < 0) {
        return err_code(err);
    }
    if (is_alias_allowed(set, map_in_force(set, map), final_owner)) {
        return 0;
    }
    AUTO_FREE char *path =
        chain != NULL ? str_dup(chain) : str_fmt("%s -> %s", identifier_owner, final_owner);
    const char *zone = next_label(final_owner);
    if (describe_public(zone) != NULL) {
        zone = final_owner;
    }
    (void)err_set(err, ERR_CONFIG,
                  "a CNAME leads to %s, and nothing says that we may write there (%s)", final_owner,
                  path);
    return err_hint(err,
                    "if that is yours, say --allow-alias %.*s, or add to the configuration:\n"
                    "    [zone %.*s]\n    provider = NAME",
                    (int)strlen(zone) - 1, zone, (int)strlen(zone) - 1, zone);
}
