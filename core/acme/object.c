/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme/object.h"

#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

#define NAME_MAX_BYTES 255
#define TYPE_MAX 64
#define TOKEN_MIN 16 /* 128 bits in base64url take 22; some CAs count looser */
#define TOKEN_MAX 512
#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static const char *const STATUS_NAMES[] = {
    [ACME_STATUS_UNKNOWN] = "unknown",
    [ACME_STATUS_PENDING] = "pending",
    [ACME_STATUS_READY] = "ready",
    [ACME_STATUS_PROCESSING] = "processing",
    [ACME_STATUS_VALID] = "valid",
    [ACME_STATUS_INVALID] = "invalid",
    [ACME_STATUS_DEACTIVATED] = "deactivated",
    [ACME_STATUS_EXPIRED] = "expired",
    [ACME_STATUS_REVOKED] = "revoked",
};

const char *acme_status_name(enum acme_status status)
{
    return STATUS_NAMES[status];
}

static enum acme_status parse_status(const struct json *object)
{
    const char *word = json_get_str(object, "status");

    for (size_t i = 0; word != NULL && i < ARRAY_LEN(STATUS_NAMES); i++) {
        if (strcmp(STATUS_NAMES[i], word) == 0) {
            return (enum acme_status)i;
        }
    }
    return ACME_STATUS_UNKNOWN;
}

static int64_t parse_expires(const struct json *object)
{
    const char *text = json_get_str(object, "expires");
    int64_t wall_s = 0;

    return text != NULL && clock_parse(text, &wall_s) ? wall_s : 0;
}

bool acme_token_is_valid(const char *token)
{
    size_t len = token == NULL ? 0 : strlen(token);

    return len >= TOKEN_MIN && len <= TOKEN_MAX && strspn(token, BASE64URL) == len;
}

/* A name as it may stand in a certificate: letters, digits, hyphens, dots, "*." in front. */
static bool is_plain_name(const char *name)
{
    size_t len = name == NULL ? 0 : strlen(name);

    if (len == 0 || len > NAME_MAX_BYTES) {
        return false;
    }
    if (str_has_prefix(name, "*.")) {
        name += 2;
    }
    return name[0] != '\0' && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-._")] == '\0';
}

/* The value of {"type": "dns", "value": ...} in lower case, to mem_free; NULL if it is none. */
static char *parse_identifier(const struct json *object)
{
    char *name = NULL;

    if (!str_eq(json_get_str(object, "type"), "dns")) {
        return NULL;
    }
    name = str_dup(json_get_str(object, "value"));
    if (name != NULL) {
        str_lower(name);
    }
    if (is_plain_name(name)) {
        return name;
    }
    mem_free(name);
    return NULL;
}

/* Orders */

static int parse_identifiers(const struct json *list, struct acme_order *order, struct err *err)
{
    size_t n = json_len(list);

    if (json_type(list) != JSON_ARRAY || n == 0 || n > ACME_IDENTIFIERS_MAX) {
        return err_set(err, ERR_CA, "the CA's order has no usable list of identifiers");
    }
    for (size_t i = 0; i < n; i++) {
        char *name = parse_identifier(json_at(list, i));

        if (name == NULL) {
            return err_set(err, ERR_CA, "the CA's order has an identifier that is no DNS name");
        }
        strv_take(&order->identifiers, name);
    }
    return 0;
}

static int parse_authz_urls(const struct json *list, const struct acme_urls *urls,
                            struct acme_order *order, struct err *err)
{
    size_t n = json_type(list) == JSON_ARRAY ? json_len(list) : 0;
    bool is_needed = order->status == ACME_STATUS_PENDING;

    if (n > ACME_IDENTIFIERS_MAX || (n == 0 && is_needed)) {
        return err_set(err, ERR_CA, "the CA's order has no usable list of authorizations");
    }
    for (size_t i = 0; i < n; i++) {
        const char *url = json_str(json_at(list, i));

        if (acme_url_check(urls, "authorization", url, err) < 0) {
            return err_code(err);
        }
        strv_add_unique(&order->authz_urls, url);
    }
    return 0;
}

/* Members that only some states need: absent is fine, present must be good. */
static int parse_order_urls(const struct json *json, const struct acme_urls *urls,
                            struct acme_order *order, struct err *err)
{
    const char *finalize = json_get_str(json, "finalize");
    const char *certificate = json_get_str(json, "certificate");
    bool needs_finalize =
        order->status == ACME_STATUS_PENDING || order->status == ACME_STATUS_READY;

    if ((needs_finalize || finalize != NULL) &&
        acme_url_check(urls, "finalize", finalize, err) < 0) {
        return err_code(err);
    }
    if ((order->status == ACME_STATUS_VALID || certificate != NULL) &&
        acme_url_check(urls, "certificate", certificate, err) < 0) {
        return err_code(err);
    }
    order->finalize = str_dup(finalize);
    order->certificate = str_dup(certificate);
    return 0;
}

int acme_order_parse(const struct json *json, const char *url, const struct acme_urls *urls,
                     struct acme_order **ret_order, struct err *err)
{
    AUTO_PTR(acme_order) struct acme_order *order = NEW(struct acme_order);

    if (json_type(json) != JSON_OBJECT || json_get_str(json, "status") == NULL) {
        return err_set(err, ERR_CA, "the CA's answer is not an order");
    }
    if (acme_url_check(urls, "order", url, err) < 0) {
        return err_code(err);
    }
    order->url = str_dup(url);
    order->status = parse_status(json);
    order->expires_s = parse_expires(json);
    order->profile = str_dup(json_get_str(json, "profile"));
    order->error = acme_problem_parse(json_get(json, "error"));
    if (parse_identifiers(json_get(json, "identifiers"), order, err) < 0 ||
        parse_authz_urls(json_get(json, "authorizations"), urls, order, err) < 0 ||
        parse_order_urls(json, urls, order, err) < 0) {
        return err_code(err);
    }
    *ret_order = TAKE(order);
    return 0;
}

bool acme_order_is_over(const struct acme_order *order)
{
    switch (order->status) {
    case ACME_STATUS_INVALID:
    case ACME_STATUS_DEACTIVATED:
    case ACME_STATUS_EXPIRED:
    case ACME_STATUS_REVOKED:
        return true;
    case ACME_STATUS_UNKNOWN:
    case ACME_STATUS_PENDING:
    case ACME_STATUS_READY:
    case ACME_STATUS_PROCESSING:
    case ACME_STATUS_VALID:
        return false;
    }
    return false;
}

void acme_order_free(struct acme_order *order)
{
    if (order == NULL) {
        return;
    }
    mem_free(order->url);
    strv_done(&order->identifiers);
    strv_done(&order->authz_urls);
    mem_free(order->finalize);
    mem_free(order->certificate);
    mem_free(order->profile);
    acme_problem_free(order->error);
    mem_free(order);
}

/* Authorizations */

static void challenge_done(struct acme_challenge *challenge)
{
    mem_free(challenge->url);
    mem_free(challenge->type);
    mem_free(challenge->token);
    acme_problem_free(challenge->error);
}

/* Only dns-01 is ours to answer, and its token ends up in a DNS record: a bad one stops here. For
 * types we do not know, a member we do not understand is none of our business. */
static int check_token(const char *type, const char *token, struct err *err)
{
    if (strcmp(type, "dns-01") != 0 || acme_token_is_valid(token)) {
        return 0;
    }
    return err_set(err, ERR_CA, "the CA's dns-01 challenge has no usable token");
}

static int add_challenge(const struct json *json, const struct acme_urls *urls,
                         struct acme_authz *authz, struct err *err)
{
    const char *type = json_get_str(json, "type");
    const char *token = json_get_str(json, "token");
    const char *url = json_get_str(json, "url");
    struct acme_challenge *to = NULL;

    if (type == NULL || url == NULL || type[0] == '\0' || strlen(type) > TYPE_MAX) {
        return 0;
    }
    if (check_token(type, token, err) < 0 || acme_url_check(urls, "challenge", url, err) < 0) {
        return err_code(err);
    }
    to = &authz->challenges[authz->n_challenges++];
    *to = (struct acme_challenge){.url = str_dup(url),
                                  .type = str_dup(type),
                                  .token = acme_token_is_valid(token) ? str_dup(token) : NULL,
                                  .status = parse_status(json),
                                  .error = acme_problem_parse(json_get(json, "error"))};
    return 0;
}

static int parse_challenges(const struct json *list, const struct acme_urls *urls,
                            struct acme_authz *authz, struct err *err)
{
    size_t n = json_type(list) == JSON_ARRAY ? json_len(list) : 0;

    if (n > ACME_CHALLENGES_MAX) {
        return err_set(err, ERR_CA, "the CA's authorization has %zu challenges", n);
    }
    authz->challenges = mem_alloc(n + 1, sizeof(*authz->challenges));
    for (size_t i = 0; i < n; i++) {
        if (add_challenge(json_at(list, i), urls, authz, err) < 0) {
            return err_wrap(err, "authorization of %s", authz->identifier);
        }
    }
    return 0;
}

int acme_authz_parse(const struct json *json, const char *url, const struct acme_urls *urls,
                     struct acme_authz **ret_authz, struct err *err)
{
    AUTO_PTR(acme_authz) struct acme_authz *authz = NEW(struct acme_authz);

    if (json_type(json) != JSON_OBJECT || json_get_str(json, "status") == NULL) {
        return err_set(err, ERR_CA, "the CA's answer is not an authorization");
    }
    if (acme_url_check(urls, "authorization", url, err) < 0) {
        return err_code(err);
    }
    authz->url = str_dup(url);
    authz->status = parse_status(json);
    authz->expires_s = parse_expires(json);
    authz->identifier = parse_identifier(json_get(json, "identifier"));
    if (authz->identifier == NULL) {
        return err_set(err, ERR_CA, "the CA's authorization has no DNS name");
    }
    authz->is_wildcard = json_get_bool(json, "wildcard", false);
    /* RFC 8555 section 7.1.4 wants the name without "*."; one that has it all the same means it. */
    if (str_has_prefix(authz->identifier, "*.")) {
        char *base = str_dup(authz->identifier + 2);

        mem_free(authz->identifier);
        authz->identifier = base;
        authz->is_wildcard = true;
    }
    if (parse_challenges(json_get(json, "challenges"), urls, authz, err) < 0) {
        return err_code(err);
    }
    *ret_authz = TAKE(authz);
    return 0;
}

void acme_authz_free(struct acme_authz *authz)
{
    if (authz == NULL) {
        return;
    }
    for (size_t i = 0; i < authz->n_challenges; i++) {
        challenge_done(&authz->challenges[i]);
    }
    mem_free(authz->challenges);
    mem_free(authz->url);
    mem_free(authz->identifier);
    mem_free(authz);
}

char *acme_authz_name(const struct acme_authz *authz)
{
    return str_fmt("%s%s", authz->is_wildcard ? "*." : "", authz->identifier);
}

const struct acme_challenge *acme_authz_find(const struct acme_authz *authz, const char *type)
{
    for (size_t i = 0; i < authz->n_challenges; i++) {
        if (strcmp(authz->challenges[i].type, type) == 0) {
            return &authz->challenges[i];
        }
    }
    return NULL;
}

char *acme_authz_types(const struct acme_authz *authz)
{
    AUTO(strv_done) struct strv types = STRV_INIT;

    for (size_t i = 0; i < authz->n_challenges; i++) {
        strv_add_unique(&types, authz->challenges[i].type);
    }
    return strv_join(&types, ", ");
}
