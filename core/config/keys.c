/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The rows. [provider] has none here: its keys come from the plug-in's own table. */
#include "config/keys.h"

#include "base/cleanup.h"
#include "base/domain.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/config_tree.h"
#include "config/sections.h"
#include "config/settings.h"

#include <string.h>

#define NAME_DIVIDERS " \t,"

#define SECONDS_MS(s) ((int64_t)(s)*1000)
#define HOUR_MS SECONDS_MS(3600)
#define SET(field) offsetof(struct settings, field)
#define CA(field) offsetof(struct ca_section, field)
#define ZONE(field) offsetof(struct zone_section, field)
#define CERT(field) offsetof(struct certificate_section, field)
#define KEY_TYPES "ec256,ec384,rsa2048,rsa3072,rsa4096"

/* clang-format off: one row a key reads better than what the tool makes of it */
static const struct config_key KEYS[] = {
    {"acme-dns", "email", NULL, NULL, "Where the CA may write about expiry and incidents", 0, 0,
     SET(email), KEY_EMAIL},
    {"acme-dns", "agree-tos", "no", NULL,
     "Whether you agree to the terms of service of the CAs you use", 0, 0, SET(has_agreed_tos),
     KEY_BOOL},
    {"acme-dns", "ca", "letsencrypt", NULL, "The CA to ask, a built-in name or a [ca] section", 0,
     0, SET(ca), KEY_TEXT},
    {"acme-dns", "staging", "no", NULL,
     "Whether to use the CA's staging service, kept apart on disk", 0, 0, SET(is_staging),
     KEY_BOOL},
    {"acme-dns", "key-type", "ec256", KEY_TYPES, "The kind of key for new certificates", 0, 0,
     SET(key_type), KEY_CHOICE},
    {"acme-dns", "resolver", NULL, NULL,
     "Recursive resolvers for DNS checks, instead of the system's", 0, 0, SET(resolvers),
     KEY_RESOLVERS},
    {"acme-dns", "propagation", "known-broken", NULL,
     "Which name servers must show the values before the CA is told: all, known-broken, any, "
     "wait:DURATION",
     0, 0, SET(propagation), KEY_PROPAGATION},
    {"acme-dns", "plugin-dir", NULL, NULL, "Folders to look for plug-ins in first", 0, 0,
     SET(plugin_dirs), KEY_FOLDERS},
    {"acme-dns", "plugin-user", "_acme-dns", NULL,
     "The user whom plug-ins run as when acme-dns is run by root", 0, 0, SET(plugin_user),
     KEY_TEXT},
    {"acme-dns", "state-dir", NULL, NULL, "The folder of certificates, accounts and journals", 0, 0,
     SET(state_dir), KEY_PATH},
    {"acme-dns", "allow-network-fs", "no", NULL,
     "Whether that folder may lie on a file system of another host", 0, 0,
     SET(is_network_fs_allowed), KEY_BOOL},
    {"acme-dns", "ca-bundle", NULL, NULL, "The one file of root certificates to trust for CAs", 0,
     0, SET(ca_bundle), KEY_PATH},
    {"acme-dns", "lock-timeout", "5m", NULL, "How long to wait for another run that holds a lock",
     0, 24 * HOUR_MS, SET(lock_timeout_ms), KEY_DURATION},
    {"acme-dns", "connect-timeout", "10s", NULL, "How long a connection to the CA may take", 100,
     HOUR_MS, SET(connect_timeout_ms), KEY_DURATION},
    {"acme-dns", "request-timeout", "30s", NULL, "How long one request to the CA may take", 100,
     HOUR_MS, SET(request_timeout_ms), KEY_DURATION},
    {"acme-dns", "finalize-timeout", "90s", NULL,
     "How long the request that makes the certificate may take", 100, HOUR_MS,
     SET(finalize_timeout_ms), KEY_DURATION},
    {"acme-dns", "call-timeout", "2m", NULL, "How long one call of a plug-in may take", 100,
     HOUR_MS, SET(call_timeout_ms), KEY_DURATION},
    {"acme-dns", "pre-hook", NULL, NULL, "A program to run before the first order of a run", 0, 0,
     SET(pre_hooks), KEY_COMMANDS},
    {"acme-dns", "post-hook", NULL, NULL, "A program to run after the last order of a run", 0, 0,
     SET(post_hooks), KEY_COMMANDS},
    {"acme-dns", "failure-hook", NULL, NULL,
     "A program to run when certificates fail, come into danger, or recover", 0, 0,
     SET(failure_hooks), KEY_COMMANDS},
    {"acme-dns", "deploy-hook", NULL, NULL, "A program to run for every certificate that is new", 0,
     0, SET(deploy_hooks), KEY_COMMANDS},
    {"acme-dns", "copy-cert", NULL, NULL,
     "Where to copy the certificate alone of every certificate", 0, 0, SET(copies[COPY_CERT]),
     KEY_COPY},
    {"acme-dns", "copy-chain", NULL, NULL,
     "Where to copy the intermediate certificates of every certificate", 0, 0,
     SET(copies[COPY_CHAIN]), KEY_COPY},
    {"acme-dns", "copy-fullchain", NULL, NULL,
     "Where to copy the certificate with its chain of every certificate", 0, 0,
     SET(copies[COPY_FULLCHAIN]), KEY_COPY},
    {"acme-dns", "copy-privkey", NULL, NULL, "Where to copy the private key of every certificate",
     0, 0, SET(copies[COPY_PRIVKEY]), KEY_COPY},
    {"acme-dns", "copy-combined", NULL, NULL,
     "Where to copy key, certificate and chain in one file of every certificate", 0, 0,
     SET(copies[COPY_COMBINED]), KEY_COPY},
    {"acme-dns", "copy-pkcs12", NULL, NULL,
     "Where to copy key, certificate and chain as PKCS#12 of every certificate", 0, 0,
     SET(copies[COPY_PKCS12]), KEY_COPY},
    {"acme-dns", "hook-timeout", "5m", NULL, "How long one run of a hook program may take", 100,
     HOUR_MS, SET(hook_timeout_ms), KEY_DURATION},
    {"acme-dns", "propagation-timeout", "5m", NULL,
     "How long the name servers may take to show the values", 100, 48 * HOUR_MS,
     SET(propagation_timeout_ms), KEY_DURATION},
    {"acme-dns", "validation-timeout", "10m", NULL, "How long the CA may take to check the values",
     100, 24 * HOUR_MS, SET(validation_timeout_ms), KEY_DURATION},
    {"acme-dns", "issuance-timeout", "10m", NULL,
     "How long the CA may take to issue before the order is left for a later run", 100,
     24 * HOUR_MS, SET(issuance_timeout_ms), KEY_DURATION},
    {"acme-dns", "renew-before", NULL, NULL,
     "How long before its end a certificate is renewed at the latest", 0, 0, SET(renew_before),
     KEY_MARGIN},
    {"acme-dns", "keep", "3", NULL, "How many older versions of a certificate are kept", 1, 1000,
     SET(keep), KEY_COUNT},
    {"acme-dns", "max-orders", "100", NULL, "How many certificates one run orders at most", 1,
     100000, SET(max_orders), KEY_COUNT},
    {"acme-dns", "parallel-orders", "10", NULL, "How many orders a run has going at once", 1, 1000,
     SET(parallel_orders), KEY_COUNT},
    {"acme-dns", "metrics", NULL, NULL,
     "A file for Prometheus that each run writes the state of all certificates to", 0, 0,
     SET(metrics), KEY_PATH},
    {"acme-dns", "log-size", "5M", NULL, "How large a log may become before it is put aside", 10000,
     INT64_C(10000000000), SET(log_size_bytes), KEY_SIZE},
    {"acme-dns", "log-keep", "5", NULL, "How many logs that were put aside are kept", 0, 1000,
     SET(logs_kept), KEY_COUNT},

    {"ca", "directory", NULL, NULL, "The URL of the CA's ACME directory", 0, 0, CA(directory),
     KEY_URL},
    {"ca", "account", "default", NULL, "Which of several accounts at this CA to use", 0, 0,
     CA(account), KEY_TEXT},
    {"ca", "email", NULL, NULL, "The address for the account at this CA", 0, 0, CA(email),
     KEY_EMAIL},
    {"ca", "ca-bundle", NULL, NULL, "The one file of root certificates to trust for this CA", 0, 0,
     CA(ca_bundle), KEY_PATH},
    {"ca", "staging", NULL, NULL, "The CA that --staging means instead of this one", 0, 0,
     CA(staging), KEY_TEXT},
    {"ca", "is-staging", NULL, NULL,
     "Whether this is a CA for trials, whose certificates are kept apart on disk", 0, 0,
     CA(is_staging), KEY_ANSWER},
    {"ca", "profile", NULL, NULL, "The certificate profile to order", 0, 0, CA(profile), KEY_TEXT},
    {"ca", "allow-host", NULL, NULL,
     "Other hosts that this CA's URLs may name; else only those of the directory's domain", 0, 0,
     CA(allowed_hosts), KEY_LIST},
    {"ca", "caa-identity", NULL, NULL,
     "What CAA records call this CA, where its directory does not say", 0, 0, CA(caa_identities),
     KEY_LIST},
    {"ca", "max-names", NULL, NULL, "How many names a certificate of this CA may have", 1, 1000,
     CA(max_names), KEY_COUNT},
    {"ca", "refuses-www-beside-wildcard", NULL, NULL,
     "Whether this CA refuses www.X in one certificate with *.X", 0, 0,
     CA(refuses_www_beside_wildcard), KEY_ANSWER},
    {"ca", "nonce-window", NULL, NULL,
     "How many nonces may be asked for at once, and within a second", 1, 250, CA(nonce_window),
     KEY_COUNT},
    {"ca", "finalize-timeout", NULL, NULL,
     "How long the request that makes the certificate may take at this CA", 100, HOUR_MS,
     CA(finalize_timeout_ms), KEY_DURATION},
    {"ca", "park-limit", NULL, NULL,
     "How long an order that this CA is still processing is asked after by later runs",
     SECONDS_MS(1), 366 * 24 * HOUR_MS, CA(park_limit_ms), KEY_DURATION},
    {"ca", "eab-kid", NULL, NULL,
     "The key identifier for external account binding, as the CA gave it", 0, 0, CA(eab_kid),
     KEY_TEXT},
    {"ca", "eab-alg", "HS256", "HS256,HS384,HS512", "The algorithm of the binding's signature", 0,
     0, CA(eab_alg), KEY_CHOICE},
    {"ca", "eab-hmac-key", NULL, NULL, "The key itself; the file must then be mode 0600", 0, 0,
     CA(eab_hmac_key), KEY_RAW},
    {"ca", "eab-hmac-key-file", NULL, NULL, "A file that holds the key, mode 0600", 0, 0,
     CA(eab_hmac_key_file), KEY_RAW},
    {"ca", "eab-hmac-key-command", NULL, NULL,
     "A program that prints the key, with its arguments; no shell", 0, 0, CA(eab_hmac_key_command),
     KEY_RAW},

    {"zone", "provider", NULL, NULL,
     "The [provider] section, or several, all of which get each value", 0, 0, ZONE(providers),
     KEY_LIST},
    {"zone", "zone", NULL, NULL,
     "The zone to tell the provider instead of the one that the DNS shows", 0, 0, ZONE(zone),
     KEY_TEXT},
    {"zone", "alias", "no", NULL, "Whether a CNAME of a challenge name may lead into this zone", 0,
     0, ZONE(is_alias_target), KEY_BOOL},

    {"certificate", "domains", NULL, NULL, "The names that the certificate is for", 0, 0,
     CERT(domains), KEY_DOMAINS},
    {"certificate", "ca", NULL, NULL, "The CA to ask", 0, 0, CERT(ca), KEY_TEXT},
    {"certificate", "server", NULL, NULL, "The URL of an ACME directory, instead of a CA's name", 0,
     0, CERT(server), KEY_URL},
    {"certificate", "staging", NULL, NULL, "Whether to use the CA's staging service for this one",
     0, 0, CERT(staging), KEY_ANSWER},
    {"certificate", "email", NULL, NULL, "The address for the account", 0, 0, CERT(email),
     KEY_EMAIL},
    {"certificate", "key-type", NULL, KEY_TYPES, "The kind of key", 0, 0, CERT(key_type),
     KEY_CHOICE},
    {"certificate", "provider", NULL, NULL, "The provider for all names, or ZONE=PROVIDER", 0, 0,
     CERT(providers), KEY_LINES},
    {"certificate", "allow-alias", NULL, NULL,
     "Zones into which a CNAME of a challenge name may lead", 0, 0, CERT(allow_aliases), KEY_LIST},
    {"certificate", "pre-hook", NULL, NULL, "A program to run before it is ordered", 0, 0,
     CERT(pre_hooks), KEY_COMMANDS},
    {"certificate", "post-hook", NULL, NULL, "A program to run after it was ordered", 0, 0,
     CERT(post_hooks), KEY_COMMANDS},
    {"certificate", "deploy-hook", NULL, NULL, "A program to run when the certificate is new", 0, 0,
     CERT(deploy_hooks), KEY_COMMANDS},
    {"certificate", "copy-cert", NULL, NULL, "Where to copy the certificate alone", 0, 0,
     CERT(copies[COPY_CERT]), KEY_COPY},
    {"certificate", "copy-chain", NULL, NULL, "Where to copy the intermediate certificates", 0, 0,
     CERT(copies[COPY_CHAIN]), KEY_COPY},
    {"certificate", "copy-fullchain", NULL, NULL, "Where to copy the certificate with its chain", 0,
     0, CERT(copies[COPY_FULLCHAIN]), KEY_COPY},
    {"certificate", "copy-privkey", NULL, NULL, "Where to copy the private key", 0, 0,
     CERT(copies[COPY_PRIVKEY]), KEY_COPY},
    {"certificate", "copy-combined", NULL, NULL,
     "Where to copy key, certificate and chain in one file", 0, 0, CERT(copies[COPY_COMBINED]),
     KEY_COPY},
    {"certificate", "copy-pkcs12", NULL, NULL,
     "Where to copy key, certificate and chain as PKCS#12", 0, 0, CERT(copies[COPY_PKCS12]),
     KEY_COPY},
    {"certificate", "profile", NULL, NULL,
     "The certificate profile to order, instead of the CA section's", 0, 0, CERT(profile),
     KEY_TEXT},
    {"certificate", "group", NULL, NULL, "The group that the private key's file belongs to", 0, 0,
     CERT(group), KEY_TEXT},
    {"certificate", "mode", NULL, NULL, "The permissions of the private key's file", 0, 0,
     CERT(mode), KEY_MODE},
    {"certificate", "renew-before", NULL, NULL,
     "How long before its end it is renewed at the latest", 0, 0, CERT(renew_before), KEY_MARGIN},
    {"certificate", "keep", NULL, NULL, "How many older versions of it are kept", 1, 1000,
     CERT(keep), KEY_COUNT},
    {"certificate", "configured", NULL, NULL,
     "In request.conf only: the keys that a section of the configuration said last", 0, 0,
     CERT(configured), KEY_LIST},
    {"certificate", "begun", NULL, NULL,
     "In request.conf only: it was asked for, and has not been issued yet", 0, 0, CERT(is_begun),
     KEY_BOOL},
};
/* clang-format on */

const struct config_key *key_table(size_t *ret_n)
{
    *ret_n = ARRAY_LEN(KEYS);
    return KEYS;
}

/* Those of one section, which stand together. */
struct rows {
    const struct config_key *first;
    size_t n;
};

static struct rows find_rows(const char *section)
{
    size_t first = 0;
    size_t n = 0;

    while (first < ARRAY_LEN(KEYS) && strcmp(KEYS[first].section, section) != 0) {
        first++;
    }
    while (first + n < ARRAY_LEN(KEYS) && strcmp(KEYS[first + n].section, section) == 0) {
        n++;
    }
    return (struct rows){.first = KEYS + first, .n = n};
}

static const struct config_key *find_among(struct rows rows, const char *name)
{
    for (size_t i = 0; i < rows.n; i++) {
        if (strcmp(rows.first[i].name, name) == 0) {
            return &rows.first[i];
        }
    }
    return NULL;
}

const struct config_key *key_find(const char *section, const char *name)
{
    return find_among(find_rows(section), name);
}

bool key_is_repeatable(const struct config_key *key)
{
    switch (key->type) {
    case KEY_LIST:
    case KEY_FOLDERS:
    case KEY_LINES:
    case KEY_COMMANDS:
    case KEY_DOMAINS:
    case KEY_RESOLVERS:
    case KEY_COPY:
        return true;
    default:
        return false;
    }
}

static void *field_at(const struct config_key *key, void *fields)
{
    return (char *)fields + key->offset;
}

static void free_field(const struct config_key *key, void *fields)
{
    if (key_is_repeatable(key)) {
        strv_done(field_at(key, fields));
        return;
    }
    switch (key->type) {
    case KEY_TEXT:
    case KEY_EMAIL:
    case KEY_CHOICE:
    case KEY_URL:
    case KEY_PATH:
        str_set(field_at(key, fields), NULL);
        break;
    case KEY_RAW:
        *(const struct config_value **)field_at(key, fields) = NULL;
        break;
    default:
        break; /* numbers own nothing */
    }
}

static void take_fallback(const struct config_key *key, void *into)
{
    const struct config_value value = {
        .key = key->name, .text = key->fallback, .place = {.origin = CONFIG_DEFAULT}};
    struct err err = ERR_INIT;

    (void)key_parse(key, &value, into, &err);
}

void key_reset(const struct config_key *key, void *into)
{
    free_field(key, into);
    if (key->fallback != NULL) {
        take_fallback(key, into);
    }
}

void key_free_fields(const char *section, void *fields)
{
    struct rows rows = find_rows(section);

    for (size_t i = 0; i < rows.n; i++) {
        free_field(&rows.first[i], fields);
    }
}

/* The nearest of the section's keys below an error about an unknown one. */
static void hint_key(struct err *err, struct rows rows, const char *name)
{
    const char *names[ARRAY_LEN(KEYS)];

    for (size_t i = 0; i < rows.n; i++) {
        names[i] = rows.first[i].name;
    }
    if (err != NULL && strcmp(name, "include") == 0) {
        err_hint(err, CONFIG_NO_INCLUDES);
    } else {
        config_hint_nearest(err, name, names, rows.n);
    }
}

/* What belongs to other formats and stands for itself in this one. */
static void hint_format(struct err *err, enum config_key_type type, const char *text)
{
    size_t len = strlen(text);

    if (err == NULL || type == KEY_COMMANDS) {
        return;
    }
    if (len > 1 && (*text == '"' || *text == '\'') && text[len - 1] == *text) {
        (void)err_hint(err, "leave out the quotes: they would be part of the value");
    } else if (strstr(text, " #") != NULL || strstr(text, "\t#") != NULL) {
        (void)err_hint(err, "there are no comments behind a value: give it a line of its own");
    }
}

/* Where the value has `at`: columns count characters, of which UTF-8 has one a leading byte. */
static struct config_place place_within(const struct config_value *value, const char *at)
{
    struct config_place place = value->place;

    for (const char *c = value->text; place.column > 0 && c < at; c++) {
        place.column += ((unsigned char)*c & 0xc0) != 0x80 ? 1 : 0;
    }
    return place;
}

/* Each name that is wrong, where it stands. */
static void add_wrong_names(struct config_section *section, const struct config_value *value,
                            struct config_errors *errors)
{
    const char *at = value->text + strspn(value->text, NAME_DIVIDERS);

    while (*at != '\0') {
        size_t len = strcspn(at, ",");
        AUTO_FREE char *typed = str_dup_len(at, len);
        AUTO_FREE char *name = NULL;
        struct config_place place = place_within(value, at);
        struct err err = ERR_INIT;

        str_trim(typed);
        if (domain_normalize(typed, &name, &err) < 0) {
            hint_format(config_errors_add(errors, section, &place, "%s: %s", value->key, err.text),
                        KEY_DOMAINS, typed);
        }
        at += len;
        at += strspn(at, NAME_DIVIDERS);
    }
}

static void parse_one(struct config_section *section, const struct config_value *value,
                      struct rows rows, void *into, struct config_errors *errors)
{
    const struct config_key *key = find_among(rows, value->key);
    const struct config_value *first = config_value_next(section, value->key, NULL);
    struct config_place key_place = value->place;
    struct err err = ERR_INIT;

    key_place.column = value->key_column;
    if (key == NULL) {
        hint_key(config_errors_add(errors, section, &key_place, "unknown key '%s' in [%s]",
                                   value->key, section->kind),
                 rows, value->key);
    } else if (first != value && !key_is_repeatable(key)) {
        AUTO_FREE char *where = config_place_format(&first->place);

        config_errors_add(errors, section, &key_place, "'%s' is already given at %s", value->key,
                          where);
    } else if (key_parse(key, value, into, &err) < 0) {
        if (key->type == KEY_DOMAINS && value->text[strspn(value->text, NAME_DIVIDERS)] != '\0') {
            add_wrong_names(section, value, errors);
        } else {
            hint_format(
                config_errors_add(errors, section, &value->place, "%s: %s", value->key, err.text),
                key->type, value->text);
        }
    }
}

void key_parse_section(struct config_section *section, void *into, struct config_errors *errors)
{
    struct rows rows = find_rows(section->kind);

    for (size_t i = 0; i < rows.n; i++) {
        key_reset(&rows.first[i], into);
    }
    for (size_t i = 0; i < section->n_values; i++) {
        parse_one(section, &section->values[i], rows, into, errors);
    }
}
