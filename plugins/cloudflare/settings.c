/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The options, and which of them make sense together. What can be seen from a credential's form is
 * said here, before Cloudflare would answer with a number: each kind has its place.
 */
#include "cloudflare.h"

#include <string.h>

/* Names of the environment: those of lego, acme.sh, Cloudflare's own clients, external-dns. */
const struct acme_plugin_option settings_options[N_OPTIONS] = {
    [OPTION_API_TOKEN] = {.name = "api-token",
                          .help = "API token with the permissions Zone:Read and DNS:Edit",
                          .env = "CF_DNS_API_TOKEN,CLOUDFLARE_DNS_API_TOKEN,CLOUDFLARE_API_TOKEN,"
                                 "CF_API_TOKEN,CF_Token",
                          .flags = ACME_OPTION_SECRET | ACME_OPTION_GROUP},
    [OPTION_ZONE_API_TOKEN] = {.name = "zone-api-token",
                               .help = "Another API token, with Zone:Read, to find zones with",
                               .env = "CF_ZONE_API_TOKEN,CLOUDFLARE_ZONE_API_TOKEN",
                               .flags = ACME_OPTION_SECRET | ACME_OPTION_GROUP},
    [OPTION_API_KEY] = {.name = "api-key",
                        .help = "Global API Key, which may do anything; better take a token",
                        .env = "CLOUDFLARE_API_KEY,CF_API_KEY,CF_Key",
                        .flags = ACME_OPTION_SECRET | ACME_OPTION_GROUP},
    [OPTION_EMAIL] = {.name = "email",
                      .help = "E-mail address of the account that api-key belongs to",
                      .env = "CLOUDFLARE_EMAIL,CF_API_EMAIL,CF_EMAIL,CF_Email",
                      .flags = ACME_OPTION_GROUP},
    [OPTION_ZONE_ID] = {.name = "zone-id",
                        .help = "Id of the zone; then zones are never asked for",
                        .env = "CF_Zone_ID,CF_ZONE_ID,CLOUDFLARE_ZONE_ID"},
    [OPTION_ACCOUNT_ID] = {.name = "account-id",
                           .help = "Id of the account, where several have a zone of one name",
                           .env = "CF_Account_ID,CF_ACCOUNT_ID,CLOUDFLARE_ACCOUNT_ID"},
    [OPTION_API_URL] = {.name = "api-url",
                        .fallback = "https://api.cloudflare.com/client/v4",
                        .help = "Where the API is, for a gateway in front of it",
                        .env = "CLOUDFLARE_BASE_URL"},
};

/* What a credential's form gives away. */
struct form {
    const char *beginning;
    enum option option; /* where it was found */
    const char *words;
};

static const struct form WRONG_FORMS[] = {
    {"cfk_", OPTION_API_TOKEN, "api-token holds a Global API Key: give it as api-key, with email"},
    {"cfk_", OPTION_ZONE_API_TOKEN, "zone-api-token holds a Global API Key, not a token"},
    {"cfut_", OPTION_API_KEY, "api-key holds an API token: give it as api-token"},
    {"cfat_", OPTION_API_KEY, "api-key holds an API token: give it as api-token"},
    {"v1.0-", OPTION_API_KEY, "api-key holds an Origin CA key, which cannot change DNS records"},
    {"v1.0-", OPTION_API_TOKEN,
     "api-token holds an Origin CA key, which cannot change DNS records"},
    {"Bearer ", OPTION_API_TOKEN, "api-token is the token alone, without the word Bearer"},
    {"Bearer ", OPTION_ZONE_API_TOKEN,
     "zone-api-token is the token alone, without the word Bearer"},
    {"\"", OPTION_API_TOKEN, "api-token is the token alone, without quotes"},
    {"\"", OPTION_ZONE_API_TOKEN, "zone-api-token is the token alone, without quotes"},
    {"\"", OPTION_API_KEY, "api-key is the key alone, without quotes"},
};

/* NULL also for a variable that is set to nothing. */
static const char *text_at(const struct acme_open *o, enum option option)
{
    const char *text = acme_value_at(o, option)->text;

    return text != NULL && text[0] != '\0' ? text : NULL;
}

static int32_t check_forms(struct acme_call *call, const struct acme_open *o)
{
    for (size_t i = 0; i < sizeof(WRONG_FORMS) / sizeof(WRONG_FORMS[0]); i++) {
        const struct form *f = &WRONG_FORMS[i];
        const char *text = text_at(o, f->option);

        if (text != NULL && strncmp(text, f->beginning, strlen(f->beginning)) == 0) {
            return acme_fail(call, ACME_BAD_CONFIG, 0, "%s", f->words);
        }
    }
    for (size_t i = OPTION_API_TOKEN; i <= OPTION_EMAIL; i++) {
        int32_t status =
            kit_check_credential(call, settings_options[i].name, text_at(o, (enum option)i));

        if (status != ACME_OK) {
            return status;
        }
    }
    return ACME_OK;
}

static int32_t check_scheme(struct acme_call *call, const struct settings *s)
{
    if (s->api_token != NULL && s->api_key != NULL) {
        return acme_fail(call, ACME_BAD_CONFIG, 0,
                         "api-token and api-key are both set, and Cloudflare takes one of them: "
                         "keep the token, take away api-key and email");
    }
    if (s->api_token == NULL && s->api_key == NULL) {
        return acme_fail(call, ACME_BAD_CONFIG, 0,
                         "there is no credential: set api-token (or its file, api-token-file), to "
                         "be made at https://dash.cloudflare.com/profile/api-tokens with the "
                         "template \"Edit zone DNS\"");
    }
    if (s->api_key != NULL && s->email == NULL) {
        return acme_fail(call, ACME_BAD_CONFIG, 0,
                         "api-key is set, but not email, the address of its account");
    }
    if (s->api_key != NULL && strchr(s->email, '@') == NULL) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "email is not an e-mail address");
    }
    if (s->api_key != NULL && s->zone_api_token != NULL) {
        return acme_fail(call, ACME_BAD_CONFIG, 0,
                         "zone-api-token goes with api-token, not with api-key");
    }
    return ACME_OK;
}

bool settings_id_is_sound(const char *id)
{
    size_t len = strlen(id);

    return len > 0 && len < ID_SIZE &&
           strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == len;
}

/* A zone's name is what people write first. */
static int32_t check_id(struct acme_call *call, const char *option, const char *id)
{
    if (id == NULL || settings_id_is_sound(id)) {
        return ACME_OK;
    }
    return acme_fail(call, ACME_BAD_CONFIG, 0,
                     "%s is not an id: it has 32 hexadecimal digits and stands on the zone's "
                     "overview page, under API",
                     option);
}

int32_t settings_read(struct acme_call *call, const struct acme_open *o,
                      struct settings *ret_settings)
{
    struct settings s = {
        .api_token = text_at(o, OPTION_API_TOKEN),
        .zone_api_token = text_at(o, OPTION_ZONE_API_TOKEN),
        .api_key = text_at(o, OPTION_API_KEY),
        .email = text_at(o, OPTION_EMAIL),
        .zone_id = text_at(o, OPTION_ZONE_ID),
        .account_id = text_at(o, OPTION_ACCOUNT_ID),
        .api_url = text_at(o, OPTION_API_URL),
    };
    int32_t status = check_forms(call, o);

    status = status == ACME_OK ? check_scheme(call, &s) : status;
    status = status == ACME_OK ? check_id(call, "zone-id", s.zone_id) : status;
    status = status == ACME_OK ? check_id(call, "account-id", s.account_id) : status;
    if (status == ACME_OK) {
        *ret_settings = s;
    }
    return status;
}
