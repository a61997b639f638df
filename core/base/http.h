/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * HTTP requests over libcurl, in the loop. One struct http holds the connections of a run: one
 * HTTP/2 connection to each host, many requests on it. https only, no redirects, bodies with a
 * ceiling.
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"

#include <stdbool.h>
#include <stdint.h>

struct http;
struct http_transfer;

struct http_settings {
    const char *ca_file; /* the one file of trusted roots; NULL: the system's bundle */
    const char *user_agent;
    int64_t connect_timeout_ms; /* 0: 10 s */
    bool is_http11;             /* where HTTP/2 does harm */
};

struct http_request {
    const char *method; /* "GET", "HEAD", "POST" */
    const char *url;
    const char *content_type; /* of body; NULL without one */
    const char *accept;       /* or NULL */
    const char *body;         /* borrowed until done */
    size_t body_len;
    size_t max_body;    /* ceiling of the answer's body */
    int64_t timeout_ms; /* 0: 30 s */
};

/* Valid only inside the callback. */
struct http_response {
    long status;
    const char *body; /* NUL-terminated */
    size_t body_len;
    const struct http_headers *headers;
    const char *url;
};

/* The first header of that name (any case), or NULL. */
const char *http_header(const struct http_response *r, const char *name);

/* The target of the nth (from 0) Link header with that rel (RFC 8288), resolved against the
 * request's URL, to mem_free; NULL when there is none. Takes several headers and comma-joined ones.
 */
char *http_link(const struct http_response *r, const char *rel, size_t nth);

/* Seconds that Retry-After asks for, at least 0; -1 without one. A date counts from the answer's
 * Date header, not from our clock. */
int64_t http_retry_after_s(const struct http_response *r);

/* The media type without parameters, lower case; "" without one. Borrowed. */
const char *http_content_type(const struct http_response *r);

/* Exactly one of r and err is not NULL. err: ERR_NETWORK, ERR_TIMEOUT, or ERR_FAILED when trying
 * again cannot help (certificate not trusted, body too large, redirect...); the text names host and
 * cause. */
typedef void http_done_fn(void *arg, const struct http_response *r, const struct err *err);

int http_new(struct loop *loop, const struct http_settings *settings, struct http **ret_http,
             struct err *err);
void http_free(struct http *http);

/* Starts a request; everything but body is copied. The callback comes from the loop, also for a URL
 * that is refused. More than a hundred to one host wait for their turn. */
struct http_transfer *http_start(struct http *http, const struct http_request *request,
                                 http_done_fn *done, void *arg);
void http_cancel(struct http_transfer **at);

/* Requests sent so far, for the benchmark and -v. */
uint64_t http_count(const struct http *http);

/* scheme://host[:port] parts of a URL, for checks; false if it is not an absolute https URL or has
 * a user part. Each ret may be NULL; strings are to mem_free. */
bool http_url_split(const char *url, char **ret_host, uint16_t *ret_port, char **ret_path);

#endif
