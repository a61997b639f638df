/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What libcurl is told for each transfer, and what it hands over while one runs. */
#include "base/http_impl.h"

#include <sys/socket.h>

/* A hundred handles with libcurl's defaults would take 8 MiB. */
enum { BUFFER_BYTES = 16384 };

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct http_transfer *t = arg;

    loop_curl_note(t->http->loop);
    buf_add(&t->body, bytes, size * n);
    t->is_body_over = t->body.has_overflown;
    return t->is_body_over ? 0 : size * n;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *arg)
{
    struct http_transfer *t = arg;

    loop_curl_note(t->http->loop);
    t->header_bytes += size * n;
    t->are_headers_over = t->header_bytes > HTTP_HEADERS_MAX;
    if (t->are_headers_over) {
        return 0;
    }
    http_headers_add_line(&t->headers, bytes, size * n);
    return size * n;
}

/* libcurl's sockets would otherwise be inherited by hooks and workers. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    (void)arg;
    (void)purpose;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static void add_line(struct http_transfer *t, const char *name, const char *value)
{
    AUTO_FREE char *line = str_fmt("%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(t->lines, line);

    t->lines = longer == NULL ? t->lines : longer;
}

static void set_trust(CURL *easy, const struct http *http)
{
    (void)curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
    (void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* Debian's has a folder beside the file */
    (void)curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, http->ca_file);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
    (void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
}

static void set_connection(CURL *easy, const struct http *http)
{
    long version = http->is_http11 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS;

    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, version);
    (void)curl_easy_setopt(easy, CURLOPT_PIPEWAIT, http->is_http11 ? 0L : 1L);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* the signed URL is the one asked for */
    (void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)http->connect_timeout_ms);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* else a silent resolver blocks us */
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)BUFFER_BYTES);
    (void)curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER_BYTES);
    (void)curl_easy_setopt(easy, CURLOPT_USERAGENT, http->user_agent);
}

static void set_request(struct http_transfer *t, const struct http_request *request)
{
    CURL *easy = t->easy;

    if (request->body != NULL || str_eq(request->method, "POST")) {
        (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                               request->body == NULL ? "" : request->body);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        add_line(t, "Expect", ""); /* no waiting for 100 */
        add_line(t, "Content-Type",
                 request->content_type == NULL ? "application/octet-stream"
                                               : request->content_type);
    } else if (str_eq(request->method, "HEAD")) {
        (void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    if (!str_eq(request->method, "HEAD")) {
        (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, t->method);
    }
    if (request->accept != NULL) {
        add_line(t, "Accept", request->accept);
    }
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->lines);
    (void)curl_easy_setopt(easy, CURLOPT_URL, t->url);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)t->timeout_ms);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->words);
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
}

void http_options_set(struct http_transfer *t, const struct http_request *request)
{
    set_trust(t->easy, t->http);
    set_connection(t->easy, t->http);
    set_request(t, request);
}
