/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* libcurl's failures in words that name the host, the cause and what can be done. */
#include "base/clock.h"
#include "base/http_impl.h"

#include <string.h>

/* libcurl's own timers may fire this much too early. */
enum { TIMER_SLACK_MS = 10 };

static void describe_timeout(const struct http_failure *f, struct err *err)
{
    curl_off_t took_us = 0;

    (void)curl_easy_getinfo(f->easy, CURLINFO_TOTAL_TIME_T, &took_us);
    /* Of the two limits only the one for connecting can pass before the whole time is over. */
    if (took_us / 1000 + TIMER_SLACK_MS < f->timeout_ms) {
        (void)err_set(err, ERR_TIMEOUT, "no connection to %s within %lld s", f->host,
                      (long long)(f->connect_timeout_ms + 999) / 1000);
        return;
    }
    (void)err_set(err, ERR_TIMEOUT, "no answer from %s within %lld s", f->host,
                  (long long)(f->timeout_ms + 999) / 1000);
}

static void describe_untrusted(const struct http_failure *f, struct err *err)
{
    (void)err_set(err, ERR_FAILED, "the certificate of %s is not trusted: %s", f->host, f->words);
    if (strstr(f->words, "does not match") != NULL) {
        (void)err_hint(err, "the server's certificate is for another name; check the URL");
        return;
    }
    (void)err_hint(
        err,
        "roots come from %s; --ca-bundle, or ca-bundle in the CA's section, names another file",
        f->ca_file);
    (void)clock_hint(clock_wall_s(), err); /* GnuTLS does not say which of the two it was */
}

/* Failures that another try cannot mend. */
static bool is_permanent(CURLcode code)
{
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_NOT_BUILT_IN:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_LOGIN_DENIED:
        return true;
    default:
        return false;
    }
}

void http_failure_describe(const struct http_failure *f, struct err *err)
{
    const char *proxy_hint = "a proxy is set in the environment (https_proxy, all_proxy)";

    if (f->is_body_over || f->are_headers_over) {
        (void)err_set(err, ERR_FAILED, "the answer of %s is too large: its %s over %zu bytes",
                      f->host, f->is_body_over ? "body is" : "headers are",
                      f->is_body_over ? f->max_body : (size_t)HTTP_HEADERS_MAX);
        return;
    }
    switch (f->code) {
    case CURLE_OPERATION_TIMEDOUT:
        describe_timeout(f, err);
        return;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        describe_untrusted(f, err);
        return;
    case CURLE_SSL_CACERT_BADFILE:
        (void)err_set(err, ERR_CONFIG, "cannot use the file of trusted roots '%s': %s", f->ca_file,
                      f->words);
        (void)err_hint(err, "it must be readable and hold certificates in PEM; see --ca-bundle");
        return;
    case CURLE_COULDNT_RESOLVE_HOST:
        (void)err_set(err, ERR_NETWORK, "cannot find the address of %s", f->host);
        return;
    case CURLE_COULDNT_RESOLVE_PROXY:
        (void)err_set(err, ERR_NETWORK, "cannot reach %s: %s", f->host, f->words);
        (void)err_hint(err, "%s", proxy_hint);
        return;
    case CURLE_COULDNT_CONNECT:
        (void)err_set(err, ERR_NETWORK, "cannot connect to %s: %s", f->host, f->words);
        return;
    case CURLE_PARTIAL_FILE:
        (void)err_set(err, ERR_NETWORK, "%s ended its answer in the middle: %s", f->host, f->words);
        return;
    default:
        (void)err_set(err, is_permanent(f->code) ? ERR_FAILED : ERR_NETWORK,
                      "no answer from %s: %s", f->host, f->words);
    }
}
