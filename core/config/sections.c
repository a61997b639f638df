/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "config/sections.h"

#include "base/mem.h"
#include "config/keys.h"
#include "config/zone_name.h"

#include <string.h>

bool certificate_name_is_valid(const char *name)
{
    size_t len = strlen(name);

    return len >= 1 && len <= 128 && *name != '.' && *name != '-' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

void ca_section_done(struct ca_section *ca)
{
    key_free_fields("ca", ca);
}

void zone_section_done(struct zone_section *zone)
{
    key_free_fields("zone", zone);
    mem_free(zone->suffix);
    zone->suffix = NULL;
}

void certificate_section_done(struct certificate_section *certificate)
{
    key_free_fields("certificate", certificate);
}

static int refuse_wrong(const struct config_section *section, struct err *err)
{
    return err_set(err, ERR_CONFIG, "[%s %s] is not used: %s", section->kind, section->name,
                   section->why);
}

/* Fills the fields. A section that settings_new() has not seen (request.conf) may still be wrong:
 * then the first error speaks for all. */
static int fill(const struct config_section *section, void *fields, struct err *err)
{
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    struct config_section copy = *section; /* errors mark the copy: this one is const */

    if (section->is_wrong) {
        return refuse_wrong(section, err);
    }
    key_parse_section(&copy, fields, &errors);
    if (errors.n > 0) {
        *err = errors.items[0].err;
        mem_free(copy.why);
        return err_code(err);
    }
    return 0;
}

int ca_section_get(const struct config *config, const char *name, struct ca_section *ret,
                   struct err *err)
{
    const struct config_section *section = config_section_find(config, "ca", name);
    struct ca_section ca = {.section = section};

    if (section == NULL) {
        return err_set(err, ERR_NOT_FOUND, "no section [ca %s]", name);
    }
    if (fill(section, &ca, err) < 0) {
        ca_section_done(&ca);
        return err_code(err);
    }
    *ret = ca;
    return 0;
}

int zone_section_read(const struct config_section *section, struct zone_section *ret,
                      struct err *err)
{
    struct zone_section zone = {.section = section};
    AUTO_FREE char *cut = NULL;

    if (fill(section, &zone, err) < 0 ||
        zone_name_normalize(section->name, &zone.suffix, err) < 0 ||
        (zone.zone != NULL && zone_name_normalize(zone.zone, &cut, err) < 0)) {
        zone_section_done(&zone);
        return err_code(err);
    }
    str_set(&zone.zone, cut);
    *ret = zone;
    return 0;
}

char *zone_section_suffix(const struct config_section *section)
{
    char *suffix = NULL;
    struct err ignored = ERR_INIT; /* told when the section was checked */

    return zone_name_normalize(section->name, &suffix, &ignored) < 0 ? NULL : suffix;
}

int certificate_section_read(const struct config_section *section, struct certificate_section *ret,
                             struct err *err)
{
    struct certificate_section certificate = {.section = section};

    if (fill(section, &certificate, err) < 0) {
        certificate_section_done(&certificate);
        return err_code(err);
    }
    *ret = certificate;
    return 0;
}

int certificate_section_get(const struct config *config, const char *name,
                            struct certificate_section *ret, struct err *err)
{
    const struct config_section *section = config_section_find(config, "certificate", name);

    if (section == NULL) {
        return err_set(err, ERR_NOT_FOUND, "no section [certificate %s]", name);
    }
    return certificate_section_read(section, ret, err);
}
