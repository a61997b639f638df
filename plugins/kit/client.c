/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* One client: what all its requests have in common. Nothing is sent from here. */
#include "kit_impl.h"

#include <stdlib.h>
#include <string.h>

enum {
    TRIES = 4,
    TIMEOUT_MS = 30000,
    BODY_MAX = 1 << 20,
    RATE_MS = 1000,
    RATE_REQUESTS_MAX = 10000
};

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
    return value == 0 ? fallback : value;
}

/* Position and nature of the first byte that cannot stand in a header; NULL when there is none. */
static const char *find_flaw(const char *text, size_t *ret_position)
{
    size_t i = 0;

    while ((unsigned char)text[i] > 0x20 && (unsigned char)text[i] < 0x7f) {
        i++;
    }
    *ret_position = i + 1;
    switch (text[i]) {
    case '\0':
        return NULL;
    case '\n':
    case '\r':
        return "a line break";
    case ' ':
        return "a space";
    default:
        return (unsigned char)text[i] >= 0x80 ? "a character that is not ASCII"
                                              : "a control character";
    }
}

int32_t kit_check_credential(struct acme_call *call, const char *option, const char *text)
{
    size_t position = 0;
    const char *flaw = text == NULL ? NULL : find_flaw(text, &position);

    if (text != NULL && *text == '\0') {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "%s is empty", option);
    }
    if (flaw != NULL) {
        return acme_fail(call, ACME_BAD_CONFIG, 0,
                         "%s has %s at position %zu; it must be one line of visible characters",
                         option, flaw, position);
    }
    return ACME_OK;
}

static int32_t refuse_url(struct acme_call *call, const struct kit_http_settings *s,
                          const char *flaw)
{
    KIT_TEXT(shown);

    kit_url_add_shown(&shown, s->base_url);
    return s->url_option != NULL ? acme_fail(call, ACME_BAD_CONFIG, 0, "%s = %s: %s", s->url_option,
                                             kit_text_str(&shown), flaw)
                                 : acme_fail(call, ACME_BAD_CONFIG, 0, "the URL of %s, %s: %s",
                                             s->service, kit_text_str(&shown), flaw);
}

int32_t kit_check_url(struct acme_call *call, const char *option, const char *url, uint32_t flags)
{
    struct kit_url parsed = {.scheme = NULL};
    const char *flaw = url == NULL ? NULL : kit_url_parse(url, flags, &parsed);

    kit_url_done(&parsed);
    return flaw == NULL
               ? ACME_OK
               : refuse_url(call,
                            &(struct kit_http_settings){.base_url = url, .url_option = option},
                            flaw);
}

/* The first of these variables that is set and not empty. */
static const char *from_environment(const char *first, const char *second)
{
    const char *text = getenv(first);

    if ((text == NULL || *text == '\0') && second != NULL) {
        text = getenv(second);
    }
    return text == NULL || *text == '\0' ? NULL : text;
}

static void set_trust(struct kit_http *http, const struct kit_http_settings *s)
{
    http->ca_file = kit_strdup(
        s->ca_file != NULL ? s->ca_file : from_environment("SSL_CERT_FILE", "CURL_CA_BUNDLE"));
    http->ca_folder =
        s->ca_file == NULL ? kit_strdup(from_environment("SSL_CERT_DIR", NULL)) : NULL;
}

static void resolve_settings(struct kit_http *http, const struct kit_http_settings *s)
{
    struct kit_http_settings *own = &http->settings;

    *own = *s;
    own->tries = or_default(s->tries, TRIES);
    own->timeout_ms = or_default(s->timeout_ms, TIMEOUT_MS);
    own->max_body = or_default(s->max_body, BODY_MAX);
    own->max_body = own->max_body > KIT_TEXT_MAX ? (uint32_t)KIT_TEXT_MAX : own->max_body;
    own->rate_ms = or_default(s->rate_ms, RATE_MS);
    if (own->rate_requests > RATE_REQUESTS_MAX) {
        own->rate_requests = 0; /* nobody sends as many in one run */
    }
    if (own->rate_requests > 0) {
        http->sent_ms = kit_alloc(own->rate_requests, sizeof(http->sent_ms[0]));
    }
}

static struct kit_http *make_client(struct acme_call *call, const struct kit_http_settings *s)
{
    static bool is_ready; /* curl_global_init() is for once in a process */
    struct kit_http *http = kit_alloc(1, sizeof(*http));
    KIT_TEXT(agent);

    if (!is_ready) {
        is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    }
    kit_text_addf(&agent, "acme-dns/%s", call->host->core_version);
    http->agent = kit_strdup(kit_text_str(&agent));
    http->service = kit_strdup(s->service);
    http->accept = kit_strdup(s->accept == NULL ? "application/json" : s->accept);
    set_trust(http, s);
    resolve_settings(http, s);
    if (is_ready) {
        http->multi = curl_multi_init();
        http->easy = curl_easy_init();
    }
    return http;
}

int32_t kit_http_open(struct acme_call *call, const struct kit_http_settings *s,
                      struct kit_http **ret_http)
{
    struct kit_url base = {.scheme = NULL};
    struct kit_http *http = NULL;
    const char *flaw = NULL;
    int32_t status = ACME_OK;

    if (s->service == NULL || s->base_url == NULL) {
        return acme_fail(call, ACME_BUG, 0, "kit_http_open: service or base_url is not set");
    }
    flaw = kit_url_parse(s->base_url, s->flags, &base);
    if (flaw != NULL) {
        return refuse_url(call, s, flaw);
    }
    http = make_client(call, s);
    http->base = base;
    if (http->multi == NULL || http->easy == NULL) {
        kit_http_close(http);
        return acme_fail(call, ACME_BUG, 0, "libcurl cannot be started");
    }
    status =
        s->credential.option == NULL ? ACME_OK : kit_http_credential(call, http, &s->credential);
    if (status != ACME_OK) {
        kit_http_close(http);
        return status;
    }
    *ret_http = http;
    return ACME_OK;
}

void kit_http_close(struct kit_http *http)
{
    if (http == NULL) {
        return;
    }
    curl_easy_cleanup(http->easy);
    (void)curl_multi_cleanup(http->multi);
    kit_url_done(&http->base);
    kit_headers_done(&http->headers);
    kit_secrets_done(&http->secrets);
    free(http->service);
    free(http->agent);
    free(http->accept);
    free(http->ca_file);
    free(http->ca_folder);
    free(http->sent_ms);
    free(http);
}

void kit_http_hide(struct kit_http *http, const char *text)
{
    kit_secrets_add(&http->secrets, text);
}

int32_t kit_http_header(struct acme_call *call, struct kit_http *http, const char *header,
                        const char *value)
{
    const char *flaw = kit_headers_flaw(header, value);

    if (flaw != NULL) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "%s", flaw);
    }
    kit_headers_set(&http->headers, header, value);
    return ACME_OK;
}

/* RFC 7617: the user name ends at the first colon; anything else may stand in either. */
static int32_t set_basic(struct acme_call *call, struct kit_http *http,
                         const struct kit_credential *c)
{
    KIT_TEXT(pair);
    KIT_TEXT(value);

    if (strchr(c->user, ':') != NULL) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "%s: a user name must not have a colon",
                         c->option);
    }
    kit_text_addf(&pair, "%s:%s", c->user, c->secret);
    kit_http_hide(http, kit_text_str(&pair));
    kit_text_add_str(&value, "Basic ");
    kit_text_add_base64(&value, kit_text_str(&pair), pair.len);
    return kit_http_header(call, http, "Authorization", kit_text_str(&value));
}

int32_t kit_http_credential(struct acme_call *call, struct kit_http *http,
                            const struct kit_credential *c)
{
    int32_t status = ACME_OK;
    KIT_TEXT(bearer);

    if (c->secret == NULL) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "%s is not set", c->option);
    }
    kit_http_hide(http, c->secret);
    if (c->user != NULL) {
        return set_basic(call, http, c);
    }
    status = kit_check_credential(call, c->option, c->secret);
    if (status != ACME_OK) {
        return status;
    }
    if (c->header != NULL) {
        return kit_http_header(call, http, c->header, c->secret);
    }
    kit_text_addf(&bearer, "Bearer %s", c->secret);
    return kit_http_header(call, http, "Authorization", kit_text_str(&bearer));
}

/* ---- Callbacks ---- */

int32_t kit_open(struct acme_call *call, const struct kit_http_settings *s, void **ret_instance)
{
    struct kit_http *http = NULL;
    int32_t status = kit_http_open(call, s, &http);

    if (status == ACME_OK) {
        *ret_instance = http;
    }
    return status;
}

void kit_close(struct acme_call *call, void *instance)
{
    (void)call;
    kit_http_close(instance);
}
