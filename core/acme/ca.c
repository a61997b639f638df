/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The table, and a CA made of a row and a section on top. */
#include "acme/ca.h"

#include "base/http.h"
#include "base/mem.h"

#include <string.h>

#define HOUR_S ((int64_t)3600)
#define DAY_S (24 * HOUR_S)
#define LIST_MAX 4

enum habit {
    NEEDS_EAB = 1 << 0,
    NEEDS_EMAIL = 1 << 1,
    NO_ACCOUNT_GET = 1 << 2,
    NO_KEY_ROLLOVER = 1 << 3,
    NO_WWW_BESIDE_WILDCARD = 1 << 4,
    NO_SINGLE_LABELS = 1 << 5,
    IS_STAGING = 1 << 6,
};

struct preset {
    const char *name;
    const char *title;
    const char *directory;
    const char *staging;
    const char *eab_help;
    unsigned habits;
    uint32_t max_names;
    uint32_t max_labels;
    uint32_t nonce_window;
    int64_t finalize_timeout_ms;
    int64_t park_limit_s;
    const char *caa_identities[LIST_MAX];
    const char *allowed_hosts[LIST_MAX];
};

/* Public CAs issue for nothing that is not below a public suffix. */
#define BOULDER (NO_WWW_BESIDE_WILDCARD | NO_SINGLE_LABELS)

static const struct preset PRESETS[] = {
    {.name = "letsencrypt",
     .title = "Let's Encrypt",
     .directory = "https://acme-v02.api.letsencrypt.org/directory",
     .staging = "letsencrypt-staging",
     .habits = BOULDER,
     .max_names = 100,
     .max_labels = 10,
     .nonce_window = 20,
     .finalize_timeout_ms = 90000,
     .caa_identities = {"letsencrypt.org"}},
    {.name = "letsencrypt-staging",
     .title = "Let's Encrypt (staging)",
     .directory = "https://acme-staging-v02.api.letsencrypt.org/directory",
     .habits = BOULDER | IS_STAGING,
     .max_names = 100,
     .max_labels = 10,
     .nonce_window = 20,
     .finalize_timeout_ms = 90000,
     .caa_identities = {"letsencrypt.org"}},
    {.name = "sectigo",
     .title = "Sectigo DV",
     .directory = "https://acme.sectigo.com/v2/DV",
     .eab_help = "Sectigo Certificate Manager, under Enrollment > ACME",
     .habits = NEEDS_EAB | NO_SINGLE_LABELS,
     .nonce_window = 8,
     .finalize_timeout_ms = 180000,
     .park_limit_s = 30 * DAY_S,
     .caa_identities = {"sectigo.com"}},
    {.name = "sectigo-ov",
     .title = "Sectigo OV",
     .directory = "https://acme.sectigo.com/v2/OV",
     .eab_help = "Sectigo Certificate Manager, under Enrollment > ACME",
     .habits = NEEDS_EAB | NO_SINGLE_LABELS,
     .nonce_window = 8,
     .finalize_timeout_ms = 180000,
     .park_limit_s = 30 * DAY_S,
     .caa_identities = {"sectigo.com"}},
    {.name = "zerossl",
     .title = "ZeroSSL",
     .directory = "https://acme.zerossl.com/v2/DV90",
     .eab_help = "https://app.zerossl.com/developer (EAB Credentials for ACME Clients)",
     .habits = NEEDS_EAB | NO_KEY_ROLLOVER | NO_SINGLE_LABELS,
     .nonce_window = 5,
     .finalize_timeout_ms = 180000,
     .park_limit_s = DAY_S,
     .caa_identities = {"sectigo.com"}},
    {.name = "google",
     .title = "Google Trust Services",
     .directory = "https://dv.acme-v02.api.pki.goog/directory",
     .staging = "google-staging",
     .eab_help = "gcloud publicca external-account-keys create (one use, within 7 days)",
     .habits = NEEDS_EAB | NO_ACCOUNT_GET | NO_SINGLE_LABELS,
     .max_names = 100,
     .nonce_window = 10,
     .finalize_timeout_ms = 90000,
     .caa_identities = {"pki.goog"}},
    {.name = "google-staging",
     .title = "Google Trust Services (test)",
     .directory = "https://dv.acme-v02.test-api.pki.goog/directory",
     .eab_help = "gcloud publicca external-account-keys create against its test environment",
     .habits = NEEDS_EAB | NO_ACCOUNT_GET | NO_SINGLE_LABELS | IS_STAGING,
     .max_names = 100,
     .nonce_window = 10,
     .finalize_timeout_ms = 90000,
     .caa_identities = {"pki.goog"}},
    {.name = "sslcom-ecc",
     .title = "SSL.com (ECC)",
     .directory = "https://acme.ssl.com/sslcom-dv-ecc",
     .eab_help = "https://secure.ssl.com, under Dashboard > API and ACME credentials",
     .habits = NEEDS_EAB | NEEDS_EMAIL | NO_ACCOUNT_GET | NO_KEY_ROLLOVER | NO_SINGLE_LABELS,
     .nonce_window = 8,
     .finalize_timeout_ms = 90000,
     .caa_identities = {"ssl.com"}},
    {.name = "sslcom-rsa",
     .title = "SSL.com (RSA)",
     .directory = "https://acme.ssl.com/sslcom-dv-rsa",
     .eab_help = "https://secure.ssl.com, under Dashboard > API and ACME credentials",
     .habits = NEEDS_EAB | NEEDS_EMAIL | NO_ACCOUNT_GET | NO_KEY_ROLLOVER | NO_SINGLE_LABELS,
     .nonce_window = 8,
     .finalize_timeout_ms = 90000,
     .caa_identities = {"ssl.com"}},
};

/* What is assumed of a CA that is in no row: it keeps to the RFC and publishes no limits. */
static const struct preset NEUTRAL = {
    .nonce_window = 100, .finalize_timeout_ms = 90000, .park_limit_s = 0};

const char *ca_preset_name(size_t index)
{
    return index < ARRAY_LEN(PRESETS) ? PRESETS[index].name : NULL;
}

static const struct preset *find_preset(const char *name_or_url)
{
    for (size_t i = 0; i < ARRAY_LEN(PRESETS); i++) {
        if (str_eq_nocase(PRESETS[i].name, name_or_url) ||
            str_eq(PRESETS[i].directory, name_or_url)) {
            return &PRESETS[i];
        }
    }
    return NULL;
}

bool ca_is_preset(const char *name)
{
    return find_preset(name) != NULL;
}

static void add_list(struct strv *list, const char *const items[static LIST_MAX])
{
    for (size_t i = 0; i < LIST_MAX && items[i] != NULL; i++) {
        strv_add(list, items[i]);
    }
}

static struct ca *from_preset(const struct preset *row, const char *name)
{
    struct ca *ca = NEW(struct ca);

    ca->name = str_dup(row->name == NULL ? name : row->name);
    ca->title = str_dup(row->title == NULL ? name : row->title);
    ca->directory = str_dup(row->directory);
    ca->staging = str_dup(row->staging);
    ca->eab_help = str_dup(row->eab_help);
    ca->is_staging = (row->habits & IS_STAGING) != 0;
    ca->needs_eab = (row->habits & NEEDS_EAB) != 0;
    ca->needs_email = (row->habits & NEEDS_EMAIL) != 0;
    ca->has_account_get = (row->habits & NO_ACCOUNT_GET) == 0;
    ca->has_key_rollover = (row->habits & NO_KEY_ROLLOVER) == 0;
    ca->refuses_www_beside_wildcard = (row->habits & NO_WWW_BESIDE_WILDCARD) != 0;
    ca->refuses_single_labels = (row->habits & NO_SINGLE_LABELS) != 0;
    ca->max_names = row->max_names;
    ca->max_labels = row->max_labels;
    ca->nonce_window = row->nonce_window;
    ca->finalize_timeout_ms = row->finalize_timeout_ms;
    ca->park_limit_s = row->park_limit_s;
    add_list(&ca->caa_identities, row->caa_identities);
    add_list(&ca->allowed_hosts, row->allowed_hosts);
    return ca;
}

void ca_free(struct ca *ca)
{
    if (ca == NULL) {
        return;
    }
    mem_free(ca->name);
    mem_free(ca->title);
    mem_free(ca->directory);
    mem_free(ca->staging);
    mem_free(ca->eab_help);
    strv_done(&ca->caa_identities);
    strv_done(&ca->allowed_hosts);
    mem_free(ca->ca_file);
    mem_free(ca->account);
    mem_free(ca->email);
    mem_free(ca->profile);
    mem_free(ca->eab_kid);
    mem_free(ca);
}

static void apply_text(char **member, const char *said)
{
    if (said != NULL) {
        str_set(member, said);
    }
}

static void apply_list(struct strv *member, const struct strv *said)
{
    if (said->n > 0) {
        strv_copy(member, said);
    }
}

static void apply_answer(bool *member, enum config_answer said)
{
    if (said != ANSWER_NONE) {
        *member = said == ANSWER_YES;
    }
}

/* What a section does not say stays as the row has it. */
static void apply_section(struct ca *ca, const struct ca_section *section)
{
    apply_text(&ca->directory, section->directory);
    apply_text(&ca->staging, section->staging);
    apply_text(&ca->ca_file, section->ca_bundle);
    apply_text(&ca->account, section->account);
    apply_text(&ca->email, section->email);
    apply_text(&ca->profile, section->profile);
    apply_text(&ca->eab_kid, section->eab_kid);
    apply_list(&ca->caa_identities, &section->caa_identities);
    apply_list(&ca->allowed_hosts, &section->allowed_hosts);
    apply_answer(&ca->is_staging, section->is_staging);
    apply_answer(&ca->refuses_www_beside_wildcard, section->refuses_www_beside_wildcard);
    if (section->max_names > 0) {
        ca->max_names = section->max_names;
    }
    if (section->nonce_window > 0) {
        ca->nonce_window = section->nonce_window;
    }
    if (section->finalize_timeout_ms > 0) {
        ca->finalize_timeout_ms = section->finalize_timeout_ms;
    }
    if (section->park_limit_ms > 0) {
        ca->park_limit_s = section->park_limit_ms / 1000;
    }
}

static bool is_url(const char *text)
{
    return strstr(text, "://") != NULL;
}

static int refuse_name(const char *name, struct err *err)
{
    AUTO(strv_done) struct strv known = STRV_INIT;
    AUTO_FREE char *list = NULL;

    for (size_t i = 0; i < ARRAY_LEN(PRESETS); i++) {
        strv_add(&known, PRESETS[i].name);
    }
    list = strv_join(&known, ", ");
    err_set(err, ERR_CONFIG, "no CA is called '%s'", name);
    return err_hint(err,
                    "Known: %s. Others: the URL of their directory, or a section [ca %s] with "
                    "directory = https://...",
                    list, name);
}

static int check_directory(const struct ca *ca, char **ret_host, struct err *err)
{
    if (http_url_split(ca->directory, ret_host, NULL, NULL)) {
        return 0;
    }
    return err_set(err, ERR_CONFIG, "the directory of CA '%s' must be an https URL, not '%s'",
                   ca->name, ca->directory);
}

int ca_resolve(const char *name_or_url, const struct ca_section *section, struct ca **ret_ca,
               struct err *err)
{
    const struct preset *row = find_preset(name_or_url);
    AUTO_PTR(ca) struct ca *ca = from_preset(row == NULL ? &NEUTRAL : row, name_or_url);
    AUTO_FREE char *host = NULL;

    if (row == NULL && is_url(name_or_url)) {
        str_set(&ca->directory, name_or_url);
    }
    if (section != NULL) {
        apply_section(ca, section);
    }
    if (ca->directory == NULL) {
        return refuse_name(name_or_url, err);
    }
    if (check_directory(ca, &host, err) < 0) {
        return err_code(err);
    }
    if (row == NULL && is_url(name_or_url)) {
        str_set(&ca->name, host);
        str_set(&ca->title, host);
    }
    *ret_ca = TAKE(ca);
    return 0;
}
