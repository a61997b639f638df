/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What is wrong with a section as a whole: its kind, its name, keys that go together or exclude
 * each other. */
#include "config/sections_check.h"

#include "base/cleanup.h"
#include "base/group.h"
#include "base/map.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/words.h"
#include "config/config_tree.h"
#include "config/keys.h"
#include "config/sections.h"
#include "config/zone_name.h"

#include <string.h>

typedef void check_fn(struct config_section *section, struct config_errors *errors);

static void check_general(struct config_section *section, struct config_errors *errors)
{
    if (*section->name != '\0') {
        config_errors_add(errors, section, &section->place,
                          "[acme-dns] takes no name; it is there once");
    }
}

static void check_provider(struct config_section *section, struct config_errors *errors)
{
    if (!certificate_name_is_valid(section->name)) {
        config_errors_add(errors, section, &section->place,
                          "'%s' cannot name a provider: a-z 0-9 . _ - only, at most 128",
                          section->name);
    }
}

/* Only its form: the program may come later, or be on another host than the check. */
static void check_command(struct config_section *section, const struct config_value *command,
                          struct config_errors *errors)
{
    AUTO(strv_done) struct strv words = STRV_INIT;
    struct err err = ERR_INIT;

    if (words_split(command->text, &words, &err) < 0) {
        config_errors_add(errors, section, &command->place, "%s: %s", command->key, err.text);
    }
}

/* A key in a file that others can read is no secret, and one without its kid (or the other way
 * round) signs nothing (RFC 8555 section 7.3.4). */
static void check_binding(struct config_section *section, const struct ca_section *ca,
                          struct config_errors *errors)
{
    const struct config_value *key = ca->eab_hmac_key;
    int n_keys = (key != NULL ? 1 : 0) + (ca->eab_hmac_key_file != NULL ? 1 : 0) +
                 (ca->eab_hmac_key_command != NULL ? 1 : 0);

    if (key != NULL) {
        secret_register(key->text, strlen(key->text));
    }
    if (ca->eab_hmac_key_command != NULL) {
        check_command(section, ca->eab_hmac_key_command, errors);
    }
    if (key != NULL && config_value_is_exposed(key)) {
        config_errors_add(errors, section, &key->place,
                          "eab-hmac-key: other users can read this file (mode %04o); make it mode "
                          "0600, or use eab-hmac-key-file",
                          (unsigned)key->place.mode);
    }
    if (n_keys > 1) {
        config_errors_add(errors, section, &section->place,
                          "eab-hmac-key, eab-hmac-key-file and eab-hmac-key-command exclude each "
                          "other");
    } else if (n_keys == 1 && ca->eab_kid == NULL) {
        config_errors_add(errors, section, &section->place,
                          "an EAB key without eab-kid: the CA gives out both");
    } else if (n_keys == 0 && ca->eab_kid != NULL) {
        config_errors_add(errors, section, &section->place,
                          "eab-kid without a key: add eab-hmac-key-file");
    }
}

static void check_ca(struct config_section *section, struct config_errors *errors)
{
    AUTO(ca_section_done) struct ca_section ca = {0};

    if (!certificate_name_is_valid(section->name)) {
        config_errors_add(errors, section, &section->place,
                          "'%s' cannot name a CA: a-z 0-9 . _ - only, at most 128", section->name);
    }
    key_parse_section(section, &ca, errors);
    if (ca.account != NULL && !certificate_name_is_valid(ca.account)) {
        config_errors_add(errors, section, &config_value_find(section, "account")->place,
                          "account: '%s' cannot name one: a-z 0-9 . _ - only", ca.account);
    }
    check_binding(section, &ca, errors);
}

static void check_zone(struct config_section *section, struct config_errors *errors)
{
    AUTO(zone_section_done) struct zone_section zone = {0};
    AUTO_FREE char *suffix = NULL;
    AUTO_FREE char *cut = NULL;
    struct err err = ERR_INIT;

    if (zone_name_normalize(section->name, &suffix, &err) < 0) {
        config_errors_add(errors, section, &section->place, "%s", err.text);
    }
    key_parse_section(section, &zone, errors);
    if (zone.zone != NULL && zone_name_normalize(zone.zone, &cut, &err) < 0) {
        config_errors_add(errors, section, &config_value_find(section, "zone")->place, "zone: %s",
                          err.text);
    }
    if (!section->is_wrong && zone.providers.n == 0) {
        config_errors_add(errors, section, &section->place, "[zone %s] says no provider",
                          section->name);
    }
}

static void refuse_own_key(struct config_section *section, const char *key,
                           struct config_errors *errors)
{
    const struct config_value *value = config_value_find(section, key);

    if (value != NULL) {
        config_errors_add(errors, section, &value->place,
                          "%s: acme-dns itself writes this, into request.conf; leave it out here",
                          key);
    }
}

static void check_certificate(struct config_section *section, struct config_errors *errors)
{
    AUTO(certificate_section_done) struct certificate_section certificate = {0};

    if (*section->name == '\0') {
        (void)err_hint(config_errors_add(errors, section, &section->place,
                                         "[certificate] lacks a name of yours for it"),
                       "[certificate NAME]; its files are then in certs/NAME");
    } else if (!certificate_name_is_valid(section->name)) {
        config_errors_add(errors, section, &section->place,
                          "'%s' cannot name a certificate: a-z 0-9 . _ - only, at most 128, "
                          "beginning with a letter, a digit or _",
                          section->name);
    }
    key_parse_section(section, &certificate, errors);
    if (!section->is_wrong && certificate.domains.n == 0) {
        config_errors_add(errors, section, &section->place, "[certificate %s] says no domains",
                          section->name);
    }
    refuse_own_key(section, "configured", errors);
    refuse_own_key(section, "begun", errors);
    if (certificate.ca != NULL && certificate.server != NULL) {
        config_errors_add(errors, section, &section->place, "ca and server exclude each other");
    }
}

static const struct {
    const char *kind;
    check_fn *check;
} KINDS[] = {
    {"acme-dns", check_general}, {"provider", check_provider},       {"ca", check_ca},
    {"zone", check_zone},        {"certificate", check_certificate},
};

/* A kind that is not known may be a mistyped one: then the section is missing elsewhere. */
static void check_section(struct config *config, struct config_section *section,
                          struct config_errors *errors)
{
    const char *names[ARRAY_LEN(KINDS)];

    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        names[i] = KINDS[i].kind;
        if (strcmp(KINDS[i].kind, section->kind) == 0) {
            KINDS[i].check(section, errors);
            return;
        }
    }
    config_hint_nearest(
        config_errors_add(errors, section, &section->place, "unknown section [%s]", section->kind),
        section->kind, names, ARRAY_LEN(KINDS));
    config_lose(config, section->why);
}

/* Thousands of certificates have the same few groups, and each question may go to a directory
 * service. */
static void check_groups(struct config *config, struct config_errors *errors)
{
    AUTO_PTR(map) struct map *known = map_new();

    for (size_t i = 0; i < config_section_count(config); i++) {
        struct config_section *section = config_section_at(config, i);
        const struct config_value *group = config_value_find(section, "group");
        struct err err = ERR_INIT;
        gid_t gid = 0;

        if (group == NULL || strcmp(section->kind, "certificate") != 0 || *group->text == '\0' ||
            map_find(known, group->text) != NULL) {
            continue;
        }
        if (group_find(group->text, &gid, &err) < 0) {
            config_errors_add(errors, section, &group->place, "group: %s", err.text);
        } else {
            map_set(known, group->text, section);
        }
    }
}

void sections_check(struct config *config, struct config_errors *errors)
{
    for (size_t i = 0; i < config_section_count(config); i++) {
        check_section(config, config_section_at(config, i), errors);
    }
    check_groups(config, errors);
}
