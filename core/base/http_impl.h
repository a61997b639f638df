/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The inside of HTTP, for http*.c only. */
#ifndef BASE_HTTP_IMPL_H
#define BASE_HTTP_IMPL_H

#include "base/http.h"
#include "base/str.h"

#include <curl/curl.h>

/* All header lines of an answer together. */
#define HTTP_HEADERS_MAX 65536

struct http_headers {
    struct strv names; /* lower case */
    struct strv values;
    char *media_type; /* made from Content-Type at the end */
};

void http_headers_done(struct http_headers *headers);
/* One line as libcurl hands it over, with its line end. A status line begins anew: only the last
 * answer counts, not the informational ones before it. */
void http_headers_add_line(struct http_headers *headers, const char *line, size_t len);
/* After the last line. */
void http_headers_finish(struct http_headers *headers);

/* An absolute URL from what a header said, in the place of base; NULL if it is none. To mem_free.
 */
char *http_url_resolve(const char *base, const char *reference);

/* The file of trusted roots that this system has, or NULL. */
const char *http_trust_find(void);

/* What was going on when libcurl gave up. */
struct http_failure {
    CURLcode code;
    CURL *easy;
    const char *host; /* with port */
    const char *ca_file;
    const char *words; /* CURLOPT_ERRORBUFFER */
    int64_t timeout_ms, connect_timeout_ms;
    size_t max_body;
    bool is_body_over, are_headers_over;
};

/* In words for the user. */
void http_failure_describe(const struct http_failure *failure, struct err *err);

#endif
