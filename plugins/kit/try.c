/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One request, sent once. libcurl runs in steps of at most a tenth of a second, so that a call that
 * was cancelled ends soon; the connection stays with the client for the next request.
 */
#include "kit_impl.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { STEP_MS = 100, CONNECT_TIMEOUT_MS = 10000, REPORT_MS = 500 };

/* One try under way. */
struct try_state {
    struct kit_sending *s;
    struct kit_answer_impl *answer;
    struct kit_outcome *outcome;
    struct curl_slist *lines;
    size_t n_read;        /* of the body that is sent */
    bool has_all_headers; /* the empty line behind them has come */
};

static struct kit_answer_impl *impl_of(const struct kit_answer *answer)
{
    return answer->impl;
}

void kit_answer_done(struct kit_answer *answer)
{
    struct kit_answer_impl *impl = impl_of(answer);

    if (impl != NULL) {
        kit_text_done(&impl->body);
        kit_headers_done(&impl->headers);
        kit_json_free(impl->json);
        free(impl->url);
        free(impl);
    }
    *answer = (struct kit_answer){.status = 0};
}

const char *kit_answer_header(const struct kit_answer *answer, const char *name)
{
    return answer->impl == NULL ? NULL : kit_headers_find(&impl_of(answer)->headers, name);
}

int32_t kit_attempt_header(struct acme_call *call, struct kit_attempt *attempt, const char *name,
                           const char *value)
{
    const char *flaw = kit_headers_flaw(name, value);

    if (flaw != NULL) {
        return acme_fail(call, ACME_BUG, 0, "header %s: %s", name, flaw);
    }
    kit_headers_set(attempt->impl, name, value);
    return ACME_OK;
}

/* ---- What is sent ---- */

static void collect_headers(const struct kit_sending *s, struct kit_headers *to)
{
    const struct kit_request *rq = s->rq;
    KIT_TEXT(bearer);

    kit_headers_set(to, "Accept", rq->accept == NULL ? s->http->accept : rq->accept);
    for (size_t i = 0; i < s->http->headers.n; i++) {
        kit_headers_set(to, s->http->headers.items[i].name, s->http->headers.items[i].value);
    }
    if (rq->bearer != NULL) {
        kit_text_addf(&bearer, "Bearer %s", rq->bearer);
        kit_headers_set(to, "Authorization", kit_text_str(&bearer));
    }
    if (s->content_type != NULL) {
        kit_headers_set(to, "Content-Type", s->content_type);
    }
    kit_headers_set(to, "User-Agent", s->http->agent);
    for (size_t i = 0; i < KIT_HEADERS_MAX && rq->headers[i].name != NULL; i++) {
        if (rq->headers[i].value != NULL) {
            kit_headers_set(to, rq->headers[i].name, rq->headers[i].value);
        }
    }
}

/* Gives prepare the request in the parts that signatures are made of. */
static int32_t prepare(struct kit_sending *s, struct kit_headers *headers)
{
    const struct kit_http_settings *settings = &s->http->settings;
    const char *url = kit_text_str(&s->url);
    const char *path = strstr(url, "://") + 3;
    struct kit_attempt attempt = {.method = s->method,
                                  .url = url,
                                  .host = s->http->base.authority,
                                  .body = s->body == NULL ? "" : s->body,
                                  .body_len = s->body_len,
                                  .content_type = s->content_type,
                                  .number = s->n_tries,
                                  .impl = headers};
    char *clean = NULL;
    int32_t status = ACME_OK;

    if (settings->prepare == NULL) {
        return ACME_OK;
    }
    path += strcspn(path, "/?");
    clean = kit_strndup(path, strcspn(path, "?"));
    attempt.path = *clean == '\0' ? "/" : clean;
    attempt.query = path + strcspn(path, "?");
    attempt.query += *attempt.query == '?' ? 1 : 0;
    status = settings->prepare(settings->context, s->call, &attempt);
    free(clean);
    return status;
}

static size_t on_send(char *to, size_t size, size_t n, void *arg)
{
    struct try_state *t = arg;
    size_t left = t->s->body_len - t->n_read;
    size_t len = left < size * n ? left : size * n;

    memcpy(to, t->s->body + t->n_read, len);
    t->n_read += len;
    return len;
}

static int refuse_rewind(void *arg, curl_off_t offset, int origin)
{
    (void)arg;
    (void)offset;
    (void)origin;
    return CURL_SEEKFUNC_FAIL;
}

/*
 * When a kept connection breaks, libcurl sends a request again by itself, whatever its method. For
 * a request that must not be carried out twice it is therefore made unable to: it cannot rewind the
 * body, or, without one, gets a connection of its own.
 */
static void set_body(struct try_state *t, CURL *easy)
{
    const struct kit_sending *s = t->s;

    if (s->body == NULL) {
        (void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, s->is_repeatable ? 0L : 1L);
    } else if (s->is_repeatable) {
        (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, s->body);
    } else {
        (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_send);
        (void)curl_easy_setopt(easy, CURLOPT_READDATA, t);
        (void)curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, refuse_rewind);
    }
    if (s->body != NULL) {
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->body_len);
    } else if (strcmp(s->method, "POST") == 0) {
        (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "");
    }
}

/* ---- What comes back ---- */

static size_t on_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct try_state *t = arg;

    if (t->answer->body.len + size * n > t->s->http->settings.max_body) {
        t->outcome->is_too_large = true;
        return 0;
    }
    kit_text_add(&t->answer->body, bytes, size * n);
    return size * n;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *arg)
{
    struct try_state *t = arg;

    kit_headers_take_line(&t->answer->headers, bytes, size * n);
    t->has_all_headers = bytes[0] == '\r' || bytes[0] == '\n';
    t->outcome->is_too_large = t->answer->headers.n_bytes > KIT_HEADERS_BYTES_MAX;
    return t->outcome->is_too_large ? 0 : size * n;
}

/* ---- libcurl ---- */

static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
    (void)arg;
    (void)purpose;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static void set_trust(CURL *easy, const struct kit_http *http)
{
    if (http->ca_file != NULL) {
        (void)curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file);
        (void)curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO, http->ca_file);
    }
    if (http->ca_file != NULL || http->ca_folder != NULL) {
        /* NULL as well: Debian's libcurl has a folder of its own beside the file. */
        (void)curl_easy_setopt(easy, CURLOPT_CAPATH, http->ca_folder);
        (void)curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, http->ca_folder);
    }
    (void)curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

static void set_connection(CURL *easy, const struct kit_http *http, int64_t limit_ms)
{
    bool is_direct = http->base.is_loopback || (http->settings.flags & KIT_HTTP_DIRECT) != 0;

    (void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, http->base.scheme);
    (void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L); /* what was signed is what is asked for */
    (void)curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)limit_ms);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a silent resolver must not hold us */
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    if (is_direct) {
        (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    }
}

static void set_up(struct try_state *t, CURL *easy)
{
    const struct kit_sending *s = t->s;

    curl_easy_reset(easy);
    set_trust(easy, s->http);
    set_connection(easy, s->http, t->outcome->limit_ms);
    set_body(t, easy);
    if (strcmp(s->method, "HEAD") == 0) {
        (void)curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else {
        (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, s->method);
    }
    (void)curl_easy_setopt(easy, CURLOPT_URL, kit_text_str(&s->url));
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->lines);
    (void)curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->outcome->words);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
}

/* Whether the transfer has ended; *ret_code then says how. */
static bool has_ended(CURLM *multi, CURLcode *ret_code)
{
    int n = 0;
    const CURLMsg *message = NULL;

    while ((message = curl_multi_info_read(multi, &n)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            *ret_code = message->data.result;
            return true;
        }
    }
    return false;
}

static CURLcode run(struct try_state *t, CURLM *multi)
{
    struct acme_call *call = t->s->call;
    CURLcode code = CURLE_OK;
    int n_running = 0;

    while (curl_multi_perform(multi, &n_running) == CURLM_OK) {
        if (has_ended(multi, &code)) {
            return code;
        }
        if ((call->host->ms_left)(call) <= 0) {
            t->outcome->is_cancelled = true;
            return CURLE_ABORTED_BY_CALLBACK;
        }
        if (curl_multi_poll(multi, NULL, 0, STEP_MS, NULL) != CURLM_OK) {
            break;
        }
    }
    return CURLE_FAILED_INIT;
}

/* A connection that fell silent would be used again for the next request, and be silent again. */
static void abandon_connection(CURL *easy)
{
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd) == CURLE_OK && fd != CURL_SOCKET_BAD) {
        (void)shutdown(fd, SHUT_RDWR);
    }
}

static void transfer(struct try_state *t, struct kit_answer *answer)
{
    struct kit_http *http = t->s->http;
    int64_t start_ms = kit_now_ms();
    curl_off_t sent_us = 0;
    long status = 0;

    set_up(t, http->easy);
    (void)curl_multi_add_handle(http->multi, http->easy);
    t->outcome->code = run(t, http->multi);
    if (t->outcome->code == CURLE_OK && !t->has_all_headers) {
        t->outcome->code = CURLE_PARTIAL_FILE; /* libcurl lets a half header pass */
    }
    if (t->outcome->code == CURLE_OPERATION_TIMEDOUT || t->outcome->is_cancelled) {
        abandon_connection(http->easy);
    }
    (void)curl_easy_getinfo(http->easy, CURLINFO_PRETRANSFER_TIME_T, &sent_us);
    (void)curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_multi_remove_handle(http->multi, http->easy);
    t->outcome->was_sent = sent_us > 0;
    t->outcome->took_ms = kit_now_ms() - start_ms;
    answer->status = t->outcome->code == CURLE_OK ? (int)status : 0;
    answer->body = kit_text_str(&t->answer->body);
    answer->body_len = t->answer->body.len;
}

/* Leaves time to report a timeout before the call itself is over. */
static int64_t limit_of(const struct kit_sending *s)
{
    int64_t limit_ms = s->rq->timeout_ms > 0 ? s->rq->timeout_ms : s->http->settings.timeout_ms;
    int64_t left_ms = (s->call->host->ms_left)(s->call);

    left_ms -= left_ms > 3 * REPORT_MS ? REPORT_MS : 0;
    return left_ms < limit_ms ? left_ms : limit_ms;
}

static void trace(const struct kit_sending *s, const struct kit_answer *answer,
                  const struct kit_outcome *outcome)
{
    KIT_TEXT(line);

    kit_mask_add(&line, &s->http->secrets, kit_text_str(&s->url), 512);
    if (outcome->code == CURLE_OK) {
        acme_log(s->call, ACME_LOG_DEBUG, "%s %s: %d, %zu bytes, %lld ms", s->method,
                 kit_text_str(&line), answer->status, answer->body_len,
                 (long long)outcome->took_ms);
    } else {
        acme_log(s->call, ACME_LOG_DEBUG, "%s %s: %s, %lld ms", s->method, kit_text_str(&line),
                 curl_easy_strerror(outcome->code), (long long)outcome->took_ms);
    }
}

int32_t kit_try_run(struct kit_sending *s, struct kit_answer *ret_answer,
                    struct kit_outcome *ret_outcome)
{
    struct kit_answer_impl *impl = kit_alloc(1, sizeof(*impl));
    struct try_state t = {.s = s, .answer = impl, .outcome = ret_outcome};
    struct kit_headers headers = {.items = NULL};
    int32_t status = ACME_OK;

    *ret_outcome = (struct kit_outcome){.limit_ms = limit_of(s)};
    *ret_answer = (struct kit_answer){.body = "", .impl = impl};
    impl->url = kit_strdup(kit_text_str(&s->url));
    collect_headers(s, &headers);
    status = prepare(s, &headers);
    if (status == ACME_OK && ret_outcome->limit_ms <= 0) {
        ret_outcome->is_cancelled = true;
        ret_outcome->code = CURLE_ABORTED_BY_CALLBACK;
    } else if (status == ACME_OK) {
        t.lines = kit_headers_list(&headers);
        transfer(&t, ret_answer);
        kit_headers_list_free(t.lines);
        trace(s, ret_answer, ret_outcome);
    }
    kit_headers_done(&headers);
    return status;
}
