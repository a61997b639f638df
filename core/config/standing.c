/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "config/standing.h"

#include "base/domain.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/sections.h"

#include <string.h>

struct standings {
    const struct config *config;
    const struct settings *settings;
    struct map *zones; /* suffix to section */
    const struct config_section *only_provider;
};

struct standings *standings_new(const struct config *config, const struct settings *settings)
{
    struct standings *standings = NEW(struct standings);
    const struct config_section *section = NULL;

    standings->config = config;
    standings->settings = settings;
    standings->zones = map_new();
    while ((section = config_section_next(config, "zone", section)) != NULL) {
        AUTO_FREE char *suffix = zone_section_suffix(section);

        if (suffix != NULL) {
            map_set(standings->zones, suffix, (void *)(uintptr_t)section);
        }
    }
    section = config_section_next(config, "provider", NULL);
    if (section != NULL && config_section_next(config, "provider", section) == NULL) {
        standings->only_provider = section;
    }
    return standings;
}

void standings_free(struct standings *standings)
{
    if (standings != NULL) {
        map_free(standings->zones);
        mem_free(standings);
    }
}

/* The section that is wrong, of those that something needs; NULL: none. */
typedef const struct config_section culprit;

static culprit *check(const struct config_section *section)
{
    return section != NULL && section->is_wrong ? section : NULL;
}

static culprit *check_ca(const struct standings *standings, const char *name, bool is_staging)
{
    const struct config_section *section = config_section_find(standings->config, "ca", name);
    const struct config_value *partner =
        section == NULL || !is_staging ? NULL : config_value_find(section, "staging");

    if (check(section) != NULL || partner == NULL) {
        return check(section);
    }
    return check(config_section_find(standings->config, "ca", partner->text));
}

/* names: "P" or "P,Q". */
static culprit *check_providers(const struct standings *standings, const char *names)
{
    AUTO(strv_done) struct strv all = STRV_INIT;
    culprit *found = NULL;

    strv_add_split(&all, names, ",");
    for (size_t i = 0; i < all.n && found == NULL; i++) {
        found = check(config_section_find(standings->config, "provider", all.items[i]));
    }
    return found;
}

/* The section of the longest zone that holds the name. */
static const struct config_section *zone_of(const struct standings *standings, const char *name)
{
    const struct config_section *zone = NULL;

    for (const char *at = name; zone == NULL && at != NULL && *at != '\0';) {
        const char *dot = strchr(at, '.');

        zone = map_find(standings->zones, at);
        at = dot == NULL ? NULL : dot + 1;
    }
    return zone;
}

/* Where a CNAME leads the challenge elsewhere only the DNS tells; then that zone's section is found
 * wrong when it is used. */
static culprit *check_zone_of(const struct standings *standings, const char *domain)
{
    AUTO_FREE char *owner = domain_challenge_owner(domain);
    const struct config_section *zone = zone_of(standings, owner);
    const struct config_value *providers = NULL;
    culprit *found = check(zone);

    if (zone == NULL) {
        return check(standings->only_provider);
    }
    while (found == NULL && (providers = config_value_next(zone, "provider", providers)) != NULL) {
        found = check_providers(standings, providers->text);
    }
    return found;
}

/* Those that it names itself; *ret_is_for_all: with one for every name. */
static culprit *check_own_providers(const struct standings *standings,
                                    const struct certificate_section *certificate,
                                    bool *ret_is_for_all)
{
    culprit *found = NULL;

    *ret_is_for_all = false;
    for (size_t i = 0; i < certificate->providers.n && found == NULL; i++) {
        const char *text = certificate->providers.items[i];
        const char *divider = strchr(text, '=');

        *ret_is_for_all = *ret_is_for_all || divider == NULL;
        found = check_providers(standings, divider == NULL ? text : divider + 1);
    }
    return found;
}

/* Whether "ZONE=P" of its own is about this name. */
static bool is_assigned(const struct certificate_section *certificate, const char *domain)
{
    AUTO_FREE char *owner = str_fmt(".%s", domain_base(domain));

    for (size_t i = 0; i < certificate->providers.n; i++) {
        const char *text = certificate->providers.items[i];
        size_t len = strcspn(text, "=");
        AUTO_FREE char *zone = str_fmt(".%.*s", (int)len, text);

        str_lower(zone);
        if (text[len] == '=' && str_has_suffix(owner, zone)) {
            return true;
        }
    }
    return false;
}

static culprit *check_needs(const struct standings *standings,
                            const struct certificate_section *certificate)
{
    const struct settings *settings = standings->settings;
    const char *ca = certificate->ca != NULL ? certificate->ca : settings->ca;
    bool is_staging = certificate->staging == ANSWER_YES ||
                      (certificate->staging == ANSWER_NONE && settings->is_staging);
    bool is_for_all = false;
    culprit *found = NULL;

    if (certificate->server == NULL) {
        found = check_ca(standings, ca, is_staging);
    }
    if (found == NULL) {
        found = check_own_providers(standings, certificate, &is_for_all);
    }
    for (size_t i = 0; i < certificate->domains.n && !is_for_all && found == NULL; i++) {
        if (!is_assigned(certificate, certificate->domains.items[i])) {
            found = check_zone_of(standings, certificate->domains.items[i]);
        }
    }
    return found;
}

enum standing standing_find(const struct standings *standings, const char *certificate,
                            struct certificate_section *ret_section, struct err *ret_why)
{
    const struct config_section *section =
        config_section_find(standings->config, "certificate", certificate);
    const char *lost = config_lost(standings->config);
    culprit *found = check(section);

    if (section == NULL) {
        if (lost != NULL) {
            (void)err_set(ret_why, ERR_CONFIG, "%s", lost);
        }
        return lost == NULL ? STANDING_ABSENT : STANDING_LOST;
    }
    if (found == NULL && certificate_section_read(section, ret_section, ret_why) < 0) {
        return STANDING_DISABLED;
    }
    if (found == NULL) {
        found = check(config_section_find(standings->config, "acme-dns", ""));
    }
    if (found == NULL) {
        found = check_needs(standings, ret_section);
    }
    if (found != NULL) {
        (void)err_set(ret_why, ERR_CONFIG, "%s", found->why);
    }
    return found == NULL ? STANDING_GOOD : STANDING_DISABLED;
}
