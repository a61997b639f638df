/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/publishers.h"

#include "base/domain.h"
#include "base/map.h"
#include "base/mem.h"
#include "config/sections.h"

#include <string.h>

struct publishers {
    const struct config *config;
    struct config_errors *errors;
    size_t n_providers;
    struct map *zones; /* suffixes, to their sections */
    bool has_usable_zone;
};

static void gather(struct publishers *p)
{
    const struct config_section *section = NULL;

    while ((section = config_section_next(p->config, "provider", section)) != NULL) {
        p->n_providers++;
    }
    while ((section = config_section_next(p->config, "zone", section)) != NULL) {
        AUTO_FREE char *suffix = zone_section_suffix(section);

        if (suffix != NULL) {
            map_set(p->zones, suffix, (void *)(uintptr_t)section);
        }
        p->has_usable_zone = p->has_usable_zone || !section->is_wrong;
    }
}

static bool is_held(const struct publishers *p, const char *domain)
{
    for (const char *at = domain_base(domain); at != NULL && *at != '\0';) {
        const char *dot = strchr(at, '.');

        if (map_find(p->zones, at) != NULL) {
            return true;
        }
        at = dot == NULL ? NULL : dot + 1;
    }
    return false;
}

/* "[certificate a]", or those of its names that no zone holds; NULL: all are held. */
static char *find_orphans(const struct publishers *p, const struct config_section *section)
{
    AUTO(certificate_section_done) struct certificate_section certificate = {.section = section};
    AUTO(strv_done) struct strv orphans = STRV_INIT;
    struct err ignored = ERR_INIT; /* told when it was checked; its names are not known then */

    if (certificate_section_read(section, &certificate, &ignored) < 0) {
        if (p->has_usable_zone) {
            return NULL;
        }
    } else {
        for (size_t i = 0; i < certificate.domains.n; i++) {
            if (!is_held(p, certificate.domains.items[i])) {
                strv_add(&orphans, certificate.domains.items[i]);
            }
        }
        if (orphans.n == 0) {
            return NULL;
        }
    }
    return orphans.n == certificate.domains.n ? str_fmt("[certificate %s]", section->name)
                                              : strv_join(&orphans, ", ");
}

static char *find_unassigned(const struct publishers *p, const struct config_section *section)
{
    return config_value_find(section, "provider") != NULL ? NULL : find_orphans(p, section);
}

static void check_certificate(struct publishers *p, const struct config_section *section)
{
    AUTO_FREE char *orphans = find_unassigned(p, section);
    const char *providers = p->n_providers == 0 ? "is no [provider]" : "are several [provider]s";
    struct err *err = NULL;

    if (orphans == NULL || *section->name == '\0') { /* that it has no name was told */
        return;
    }
    if (p->has_usable_zone) {
        config_errors_warn(p->errors, &section->place,
                           "nobody publishes for %s, unless a CNAME leads its challenge into a "
                           "[zone]: there %s, and no [zone] holds it",
                           orphans, providers);
        return;
    }
    err = config_errors_add(p->errors, NULL, &section->place, "nobody publishes for %s: there %s%s",
                            orphans, providers, p->n_providers == 0 ? "" : " and no [zone]");
    if (err != NULL) {
        err_hint(err, p->n_providers == 0
                          ? "'acme-dns provider add NAME --plugin PLUGIN' writes one"
                          : "say which one: a section [zone NAME] with provider = NAME, or "
                            "provider = NAME here");
    }
}

void publishers_check(const struct config *config, struct config_errors *errors)
{
    AUTO_PTR(map) struct map *zones = map_new();
    struct publishers p = {.config = config, .errors = errors, .zones = zones};
    const struct config_section *section = NULL;

    gather(&p);
    if (p.n_providers == 1) {
        return;
    }
    while ((section = config_section_next(config, "certificate", section)) != NULL) {
        check_certificate(&p, section);
    }
}

void publishers_list_implicit(const struct config *config, struct strv *to)
{
    AUTO_PTR(map) struct map *zones = map_new();
    struct publishers p = {.config = config, .zones = zones};
    const struct config_section *section = NULL;

    gather(&p);
    while (p.n_providers == 1 &&
           (section = config_section_next(config, "certificate", section)) != NULL) {
        AUTO_FREE char *orphans = find_unassigned(&p, section);

        if (orphans != NULL) {
            strv_add(to, section->name);
        }
    }
}
