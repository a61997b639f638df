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
    bool is_complete; /* the empty line has come */
};

void http_headers_done(struct http_headers *headers);
/* One line as libcurl hands it over, with its line end. A status line begins anew: only the last
 * answer counts, not the informational ones before it. */
void http_headers_add_line(struct http_headers *headers, const char *line, size_t len);
/* After the last line. */
void http_headers_finish(struct http_headers *headers);

struct http_host {
    char *authority; /* host:port */
    size_t n_in_flight;
    struct http_transfer *first, *last; /* waiting for their turn */
    struct http_host *next;
};

enum transfer_state {
    TRANSFER_WAITING, /* in its host's queue */
    TRANSFER_RUNNING, /* in libcurl's hands */
    TRANSFER_REFUSED, /* never sent; a timer tells so */
    TRANSFER_DONE,    /* its callback is running */
};

struct http_transfer {
    struct http *http;
    struct http_transfer *prev, *next; /* of http->transfers */
    struct http_transfer *after;       /* of the host's queue */
    struct http_host *host;
    enum transfer_state state;
    CURL *easy;
    struct curl_slist *lines; /* of the request's header */
    char *method, *url;
    int64_t timeout_ms;
    int64_t sent_ms;
    struct buf body;
    struct http_headers headers;
    size_t header_bytes;
    bool is_body_over, are_headers_over;
    char words[CURL_ERROR_SIZE];
    struct err refusal;
    struct loop_timer *refusal_timer;
    http_done_fn *done;
    void *arg;
};

struct http {
    struct loop *loop;
    CURLM *multi;
    char *ca_file, *user_agent;
    int64_t connect_timeout_ms;
    bool is_http11;       /* asked for */
    bool has_seen_http11; /* some server has nothing better */
    struct http_host *hosts;
    struct http_transfer *transfers;
    uint64_t n_sent;
};

/* Tells libcurl all about a transfer whose handle is new. */
void http_options_set(struct http_transfer *t, const struct http_request *request);

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
