/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * AWS Signature Version 4 in the Authorization header. libcurl can sign too (CURLOPT_AWS_SIGV4),
 * but what it signs differs from version to version, and its clock cannot be corrected.
 */
#ifndef ROUTE53_SIGV4_H
#define ROUTE53_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGV4_DATE_SIZE 17 /* "20150830T123600Z" */
#define SIGV4_AUTHORIZATION_SIZE 1024
#define SIGV4_HEADERS_MAX 8 /* of those the caller gives */

struct sigv4_pair {
    const char *name; /* of a header: in lower case */
    const char *value;
};

struct sigv4_request {
    const char *method;
    const char *host; /* as the Host header has it, with the port where that is not the usual one */
    const char *path; /* as it is sent: encoded already, at least "/" */
    const char *query; /* as it is sent: escaped, its parameters sorted by name, or "" */
    const struct sigv4_pair *headers; /* to be signed beside host, x-amz-date and the token's */
    size_t n_headers;
    const void *body;
    size_t body_len;
    const char *service, *region;
};

struct sigv4_keys {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token; /* or NULL */
};

/* What to send with the request: x-amz-date and authorization (and x-amz-security-token, if there
 * is a token). */
struct sigv4_signature {
    char date[SIGV4_DATE_SIZE];
    char authorization[SIGV4_AUTHORIZATION_SIZE];
};

/* Signs as of now_s, in seconds since 1970. False if a text is too long to be one of AWS, or GnuTLS
 * refuses its work; *ret_signature is untouched then. */
bool sigv4_sign(const struct sigv4_request *request, const struct sigv4_keys *keys, int64_t now_s,
                struct sigv4_signature *ret_signature);

#endif
