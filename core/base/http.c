/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One transfer is one request: trying again is the caller's business, who knows what may be
 * repeated. A host has at most IN_FLIGHT_MAX requests under way, the others wait here: beyond what
 * the server allows on one connection libcurl would open more. What libcurl is told is in
 * http_options.c, URLs and trust in http_url.c, headers in http_headers.c, words for failures in
 * http_error.c.
 */
#include "base/http_impl.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    IN_FLIGHT_MAX = 100,
    STREAMS_MAX = 250,
    HTTP11_CONNECTIONS = 8,
    CONNECT_TIMEOUT_MS = 10000,
    TIMEOUT_MS = 30000,
};

static struct http_host *get_host(struct http *http, const char *authority)
{
    struct http_host *host = http->hosts;

    while (host != NULL && strcmp(host->authority, authority) != 0) {
        host = host->next;
    }
    if (host == NULL) {
        host = NEW(struct http_host);
        host->authority = str_dup(authority);
        host->next = http->hosts;
        http->hosts = host;
    }
    return host;
}

static void queue_append(struct http_host *host, struct http_transfer *t)
{
    if (host->last == NULL) {
        host->first = t;
    } else {
        host->last->after = t;
    }
    host->last = t;
}

static void queue_remove(struct http_host *host, struct http_transfer *t)
{
    struct http_transfer *before = NULL;
    struct http_transfer **at = &host->first;

    while (*at != NULL && *at != t) {
        before = *at;
        at = &(*at)->after;
    }
    if (*at == t) {
        *at = t->after;
        host->last = host->last == t ? before : host->last;
        t->after = NULL;
    }
}

/* Hands waiting requests to libcurl while the host has room. They leave before the loop next waits.
 */
static void send_waiting(struct http *http, struct http_host *host)
{
    while (host->first != NULL && host->n_in_flight < IN_FLIGHT_MAX) {
        struct http_transfer *t = host->first;

        queue_remove(host, t);
        t->state = TRANSFER_RUNNING;
        t->sent_ms = clock_mono_ms();
        host->n_in_flight++;
        http->n_sent++;
        (void)curl_multi_add_handle(http->multi, t->easy);
    }
}

/* Takes it from where it stands; the struct stays. */
static void detach(struct http_transfer *t)
{
    switch (t->state) {
    case TRANSFER_WAITING:
        queue_remove(t->host, t);
        break;
    case TRANSFER_RUNNING:
        (void)curl_multi_remove_handle(t->http->multi, t->easy);
        t->host->n_in_flight--;
        break;
    case TRANSFER_REFUSED:
        loop_timer_cancel(&t->refusal_timer);
        break;
    case TRANSFER_DONE:
        break;
    }
    t->state = TRANSFER_DONE;
    if (t->prev != NULL) {
        t->prev->next = t->next;
    } else if (t->http->transfers == t) {
        t->http->transfers = t->next;
    }
    if (t->next != NULL) {
        t->next->prev = t->prev;
    }
    t->prev = NULL;
    t->next = NULL;
}

static void transfer_free(struct http_transfer *t)
{
    if (t->easy != NULL) {
        curl_easy_cleanup(t->easy);
    }
    curl_slist_free_all(t->lines);
    http_headers_done(&t->headers);
    buf_done(&t->body);
    mem_free(t->method);
    mem_free(t->url);
    mem_free(t);
}

/* libcurl would go on using an HTTP/2 connection whose other end is dead, for each further request.
 */
static void abandon_connection(CURL *easy)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD) {
        (void)shutdown(fd, SHUT_RDWR);
    }
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void describe_redirect(const struct http_transfer *t, const struct http_response *r,
                              struct err *err)
{
    const char *location = http_header(r, "location");

    (void)err_set(err, ERR_FAILED, "%s redirects to %s (status %ld), which is not followed",
                  t->host->authority, location == NULL ? "nowhere" : location, r->status);
    (void)err_hint(err, "if that is the right place, configure its URL");
}

static void trace(const struct http_transfer *t, long status, const struct err *err)
{
    int64_t took_ms = clock_mono_ms() - t->sent_ms;
    AUTO_FREE char *subject = NULL;

    if (!event_is_wanted(EVENT_TRACE)) {
        return;
    }
    subject = str_fmt("%s %s", t->method, t->url);
    event_emit(EVENT_TRACE, EVENT_HTTP, subject, FIELD_INT("status", status),
               FIELD_INT("ms", took_ms), FIELD("text", err == NULL ? "" : err->text));
}

static void describe_failure(const struct http_transfer *t, CURLcode code, struct err *err)
{
    const struct http_failure failure = {
        .code = code,
        .easy = t->easy,
        .host = t->host->authority,
        .ca_file = t->http->ca_file,
        .words = t->words[0] == '\0' ? curl_easy_strerror(code) : t->words,
        .timeout_ms = t->timeout_ms,
        .connect_timeout_ms = t->http->connect_timeout_ms,
        .max_body = t->body.max,
        .is_body_over = t->is_body_over,
        .are_headers_over = t->are_headers_over,
    };

    http_failure_describe(&failure, err);
}

/* Tells the owner and frees. The callback may free the struct http: nothing of it is used after. */
static void finish(struct http_transfer *t, CURLcode code)
{
    struct http_response r = {.headers = &t->headers, .url = t->url};
    struct err err = ERR_INIT;

    /* libcurl takes a connection that ends among the headers for an answer without a body. */
    if (code == CURLE_OK && !t->headers.is_complete) {
        (void)err_set(&err, ERR_NETWORK, "%s ended its answer among the headers",
                      t->host->authority);
    } else if (code == CURLE_OK) {
        (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &r.status);
        http_headers_finish(&t->headers);
        r.body = buf_str(&t->body);
        r.body_len = t->body.len;
        if (is_redirect(r.status)) {
            describe_redirect(t, &r, &err);
        }
    } else {
        describe_failure(t, code, &err);
    }
    trace(t, r.status, err.class == ERR_NONE ? NULL : &err);
    t->done(t->arg, err.class == ERR_NONE ? &r : NULL, err.class == ERR_NONE ? NULL : &err);
    transfer_free(t);
}

/*
 * On a server without HTTP/2 requests would stand in line behind each other on the one connection,
 * and time out behind a slow one. Connections that can be shared still are.
 */
static void allow_for_http11(struct http *http, CURL *easy)
{
    long version = 0;

    (void)curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    if (!http->has_seen_http11 &&
        (version == CURL_HTTP_VERSION_1_0 || version == CURL_HTTP_VERSION_1_1)) {
        http->has_seen_http11 = true;
        (void)curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                                (long)HTTP11_CONNECTIONS);
    }
}

static void on_curl_done(void *arg, void *easy, int curl_code)
{
    struct http_transfer *t = NULL;

    (void)arg;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
    if (curl_code == CURLE_OPERATION_TIMEDOUT) {
        abandon_connection(easy);
    }
    allow_for_http11(t->http, easy);
    detach(t);
    send_waiting(t->http, t->host);
    finish(t, (CURLcode)curl_code);
}

static void on_refused(void *arg)
{
    struct http_transfer *t = arg;

    t->refusal_timer = NULL;
    detach(t);
    t->done(t->arg, NULL, &t->refusal);
    transfer_free(t);
}

static struct http_transfer *transfer_new(struct http *http, const struct http_request *request,
                                          http_done_fn *done, void *arg)
{
    struct http_transfer *t = NEW(struct http_transfer);

    t->http = http;
    t->method = str_dup(request->method);
    t->url = str_dup(request->url);
    t->timeout_ms = request->timeout_ms == 0 ? TIMEOUT_MS : request->timeout_ms;
    t->done = done;
    t->arg = arg;
    t->next = http->transfers;
    if (t->next != NULL) {
        t->next->prev = t;
    }
    http->transfers = t;
    buf_init(&t->body, request->max_body);
    return t;
}

static struct http_transfer *refuse(struct http_transfer *t)
{
    t->state = TRANSFER_REFUSED;
    t->refusal_timer = loop_timer_start(t->http->loop, 0, on_refused, t);
    return t;
}

struct http_transfer *http_start(struct http *http, const struct http_request *request,
                                 http_done_fn *done, void *arg)
{
    struct http_transfer *t = transfer_new(http, request, done, arg);
    AUTO_FREE char *host = NULL;
    AUTO_FREE char *authority = NULL;
    uint16_t port = 0;

    if (!http_url_split(request->url, &host, &port, NULL)) {
        (void)err_set(&t->refusal, ERR_FAILED, "'%s' is not an https URL that can be asked",
                      request->url);
        return refuse(t);
    }
    authority = str_fmt("%s:%u", host, (unsigned)port);
    t->host = get_host(http, authority);
    t->easy = curl_easy_init();
    if (t->easy == NULL) {
        (void)err_set(&t->refusal, ERR_FAILED, "libcurl gives no handle");
        return refuse(t);
    }
    http_options_set(t, request);
    queue_append(t->host, t);
    send_waiting(http, t->host);
    return t;
}

void http_cancel(struct http_transfer **at)
{
    struct http_transfer *t = TAKE(*at);
    struct http_host *host = NULL;

    if (t == NULL || t->state == TRANSFER_DONE) {
        return; /* one in its own callback is freed behind it */
    }
    host = t->host;
    detach(t);
    if (host != NULL) {
        send_waiting(t->http, host);
    }
    transfer_free(t);
}

int http_new(struct loop *loop, const struct http_settings *settings, struct http **ret_http,
             struct err *err)
{
    const char *ca_file = settings->ca_file != NULL ? settings->ca_file : http_trust_find();
    struct http *http = NULL;
    long n_connections = settings->is_http11 ? HTTP11_CONNECTIONS : 1;

    if (ca_file == NULL) {
        (void)err_set(err, ERR_CONFIG, "this system has no file of trusted roots");
        return err_hint(err, "install ca-certificates, or name a file with --ca-bundle");
    }
    http = NEW(struct http);
    http->loop = loop;
    http->multi = loop_curl_multi(loop);
    http->ca_file = str_dup(ca_file);
    http->user_agent = str_dup(settings->user_agent);
    http->connect_timeout_ms =
        settings->connect_timeout_ms == 0 ? CONNECT_TIMEOUT_MS : settings->connect_timeout_ms;
    http->is_http11 = settings->is_http11;
    (void)curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    (void)curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, n_connections);
    (void)curl_multi_setopt(http->multi, CURLMOPT_MAX_CONCURRENT_STREAMS, (long)STREAMS_MAX);
    loop_curl_on_done(loop, on_curl_done, NULL);
    *ret_http = http;
    return 0;
}

void http_free(struct http *http)
{
    if (http == NULL) {
        return;
    }
    while (http->transfers != NULL) {
        struct http_transfer *t = http->transfers;

        detach(t);
        transfer_free(t);
    }
    while (http->hosts != NULL) {
        struct http_host *host = http->hosts;

        http->hosts = host->next;
        mem_free(host->authority);
        mem_free(host);
    }
    mem_free(http->ca_file);
    mem_free(http->user_agent);
    mem_free(http);
}

uint64_t http_count(const struct http *http)
{
    return http->n_sent;
}
