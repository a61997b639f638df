/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * [ca], [zone] and [certificate] sections as structures. settings_new() has checked them before; a
 * section that was found wrong then is refused here, with ERR_CONFIG, so that only what depends on
 * it stops.
 */
#ifndef CONFIG_SECTIONS_H
#define CONFIG_SECTIONS_H

#include "config/copy.h"
#include "config/keys.h"

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* [ca NAME]: a CA of one's own, or what to add to a preset of that name. */
struct ca_section {
    char *directory;               /* https URL; NULL: the preset's */
    char *account;                 /* the account's ID on disk: "default" */
    char *email;                   /* for this CA's account; NULL: the general one */
    char *ca_bundle;               /* roots for this CA; NULL: the general ones */
    char *staging;                 /* the CA that --staging means; NULL: the preset's, or none */
    char *profile;                 /* to order; NULL: the CA's default */
    enum config_answer is_staging; /* kept apart on disk */
    enum config_answer refuses_www_beside_wildcard;
    struct strv allowed_hosts;  /* empty: the preset's */
    struct strv caa_identities; /* empty: the preset's */
    uint32_t max_names;         /* 0: the preset's; so are the next three */
    uint32_t nonce_window;
    int64_t finalize_timeout_ms;
    int64_t park_limit_ms;
    char *eab_alg; /* of the MAC: HS256, HS384, HS512 */
    char *eab_kid; /* external account binding (RFC 8555 section 7.3.4); NULL: none */
    const struct config_value *eab_hmac_key;         /* inline; borrowed from the configuration */
    const struct config_value *eab_hmac_key_file;    /* a path: config_value_path() */
    const struct config_value *eab_hmac_key_command; /* a command line */
    const struct config_section *section;            /* for messages; borrowed */
};

/* [zone NAME]: who changes it. */
struct zone_section {
    char *suffix;          /* NAME, lower case, no dot at the end */
    struct strv providers; /* instances; all of them get each value */
    char *zone;            /* the zone to tell the provider instead of the one found; or NULL */
    bool is_alias_target;  /* a CNAME may lead here */
    const struct config_section *section;
};

/* [certificate NAME], in the configuration and in request.conf. */
struct certificate_section {
    struct strv domains;       /* normalised */
    struct strv providers;     /* as --provider: P or ZONE=P */
    struct strv allow_aliases; /* as --allow-alias */
    struct strv deploy_hooks;  /* command lines, as written */
    struct strv pre_hooks, post_hooks;
    struct strv copies[COPY_PIECES]; /* copy_rule_parse() */
    char *ca;
    char *server; /* a directory URL instead of a CA's name */
    char *email;
    char *key_type;
    enum config_answer staging; /* use the CA's staging partner */
    char *profile;              /* NULL: the CA section's */
    char *group;                /* of privkey.pem: a name or a number; NULL: the process's */
    mode_t mode;                /* of privkey.pem; 0: not said */
    struct margin renew_before;
    uint32_t keep;          /* older versions; 0: not said */
    struct strv configured; /* request.conf: keys that a section of the configuration said */
    bool is_begun;          /* request.conf: it was asked for, and has not been issued yet */
    const struct config_section *section;
};

/* ERR_NOT_FOUND if there is no such section; ERR_CONFIG if it is wrong. *ret is owned by the
 * caller. */
int ca_section_get(const struct config *config, const char *name, struct ca_section *ret,
                   struct err *err);
int certificate_section_get(const struct config *config, const char *name,
                            struct certificate_section *ret, struct err *err);
/* By the section itself, for walks with config_section_next(config, "zone", ...). */
int zone_section_read(const struct config_section *section, struct zone_section *ret,
                      struct err *err);
int certificate_section_read(const struct config_section *section, struct certificate_section *ret,
                             struct err *err);

void ca_section_done(struct ca_section *ca);
void zone_section_done(struct zone_section *zone);
void certificate_section_done(struct certificate_section *certificate);

/* The name of the section that [zone NAME] is about: lower case, no dot at its end; to mem_free.
 * NULL: it is no zone's name. */
char *zone_section_suffix(const struct config_section *section);

/* Whether NAME may name a certificate and so a folder: [a-z0-9._-], 1 to 128, first neither dot nor
 * hyphen. */
bool certificate_name_is_valid(const char *name);

#endif
