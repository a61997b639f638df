/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Orders, authorizations and challenges as the CA shows them (RFC 8555 section 7.1). Parsing takes
 * an answer for hostile: URLs must pass the URL rules, texts have ceilings, what is not understood
 * is left out or refused. Nothing here goes by position: find by identifier and wildcard flag.
 */
#ifndef ACME_OBJECT_H
#define ACME_OBJECT_H

#include "acme/problem.h"
#include "acme/url.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACME_IDENTIFIERS_MAX 1000
#define ACME_CHALLENGES_MAX 32

/* ACME_STATUS_UNKNOWN: a word that is not the RFC's; wait and ask again until the deadline. */
enum acme_status {
    ACME_STATUS_UNKNOWN,
    ACME_STATUS_PENDING,
    ACME_STATUS_READY,
    ACME_STATUS_PROCESSING,
    ACME_STATUS_VALID,
    ACME_STATUS_INVALID,
    ACME_STATUS_DEACTIVATED,
    ACME_STATUS_EXPIRED,
    ACME_STATUS_REVOKED,
};
const char *acme_status_name(enum acme_status status);

struct acme_order {
    char *url;
    enum acme_status status;
    int64_t expires_s;       /* wall clock; 0: not told */
    struct strv identifiers; /* as ordered, "*.example.com" included; the CA's order of them */
    struct strv authz_urls;  /* no double ones */
    char *finalize;
    char *certificate;        /* NULL until valid */
    char *profile;            /* or NULL */
    bool is_replaces_refused; /* made only after leaving out `replaces`, which the CA had refused */
    struct acme_problem *error; /* or NULL */
};

struct acme_challenge {
    char *url;
    char *type;  /* "dns-01" */
    char *token; /* checked characters; NULL where the type has none */
    enum acme_status status;
    struct acme_problem *error; /* or NULL; a CA may leave one on a challenge that stays pending */
};

struct acme_authz {
    char *url;
    char *identifier; /* without "*." */
    bool is_wildcard;
    enum acme_status status;
    int64_t expires_s; /* 0: not told */
    struct acme_challenge *challenges;
    size_t n_challenges;
};

/* url: where the object was read or, for a new order, its Location; copied. ERR_CA when it cannot
 * be used, the text says which member. A `ready` or `valid` order needs no authorizations. */
int acme_order_parse(const struct json *json, const char *url, const struct acme_urls *urls,
                     struct acme_order **ret_order, struct err *err);
/* Invalid, or given up in one of the ways that some CAs have words for. */
bool acme_order_is_over(const struct acme_order *order);
void acme_order_free(struct acme_order *order);
DEFINE_AUTO_PTR(acme_order, acme_order_free);

/* Challenges of unknown shape are left out. A dns-01 challenge with a bad token is an error. */
int acme_authz_parse(const struct json *json, const char *url, const struct acme_urls *urls,
                     struct acme_authz **ret_authz, struct err *err);
void acme_authz_free(struct acme_authz *authz);
DEFINE_AUTO_PTR(acme_authz, acme_authz_free);

/* "*.example.com" or "example.com", to mem_free. */
char *acme_authz_name(const struct acme_authz *authz);

/* NULL if the authorization does not offer that type. */
const struct acme_challenge *acme_authz_find(const struct acme_authz *authz, const char *type);
/* The types on offer, for messages: "http-01, tls-alpn-01"; to mem_free. */
char *acme_authz_types(const struct acme_authz *authz);

/* RFC 8555 section 8.1: base64url characters, and long enough to carry 128 bits. */
bool acme_token_is_valid(const char *token);

#endif
