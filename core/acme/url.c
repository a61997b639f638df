/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme/url.h"

#include "base/cleanup.h"
#include "base/domain.h"
#include "base/http.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <libpsl.h>
#include <string.h>

#define HTTPS_PORT 443

static bool is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return host[0] == '[' || strchr(host, ':') != NULL || inet_pton(AF_INET, host, bytes) == 1;
}

/* Hosts written as one number ("2130706433", "0x7f000001") are addresses to libc's resolver too. */
static bool is_literal_host(const char *host)
{
    const char *last = strrchr(host, '.');

    if (is_address(host) || last == NULL) {
        return true;
    }
    return last[1] >= '0' && last[1] <= '9';
}

/* The URL goes into JSON texts and events as it is: nothing there may need escaping. */
static bool is_plain_text(const char *url)
{
    if (strlen(url) > ACME_URL_MAX) {
        return false;
    }
    for (const char *at = url; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~' || strchr("\"\\<>`{}|^", *at) != NULL) {
            return false;
        }
    }
    return true;
}

static char *host_of(const char *url, uint16_t *ret_port)
{
    char *host = NULL;
    size_t len = 0;

    if (!http_url_split(url, &host, ret_port, NULL)) {
        return NULL;
    }
    str_lower(host);
    len = strlen(host);
    if (len > 0 && host[len - 1] == '.') {
        host[len - 1] = '\0';
    }
    return host;
}

int acme_urls_init(struct acme_urls *urls, const char *directory, const struct strv *allowed_hosts,
                   struct err *err)
{
    uint16_t port = 0;
    char *host = NULL;

    if (directory == NULL || !is_plain_text(directory) ||
        (host = host_of(directory, &port)) == NULL || host[0] == '\0') {
        mem_free(host);
        return err_set(err, ERR_CONFIG, "'%s' is not an https URL of a CA's directory",
                       directory == NULL ? "" : directory);
    }
    *urls = (struct acme_urls){.directory = str_dup(directory),
                               .host = host,
                               .port = port,
                               .is_literal = is_literal_host(host)};
    if (allowed_hosts != NULL) {
        strv_copy(&urls->allowed_hosts, allowed_hosts);
    }
    return 0;
}

void acme_urls_done(struct acme_urls *urls)
{
    mem_free(urls->directory);
    mem_free(urls->host);
    strv_done(&urls->allowed_hosts);
    *urls = (struct acme_urls){.port = 0};
}

static bool has_same_registrable_domain(const char *a, const char *b)
{
    const psl_ctx_t *psl = psl_builtin();
    const char *of_a = psl == NULL ? NULL : psl_registrable_domain(psl, a);
    const char *of_b = psl == NULL ? NULL : psl_registrable_domain(psl, b);

    return of_a != NULL && of_b != NULL && strcmp(of_a, of_b) == 0;
}

static bool is_allowed_host(const struct acme_urls *urls, const char *host)
{
    for (size_t i = 0; i < urls->allowed_hosts.n; i++) {
        if (domain_is_within(host, urls->allowed_hosts.items[i])) {
            return true;
        }
    }
    return false;
}

/* NULL: the host is fine. */
static const char *why_host_is_refused(const struct acme_urls *urls, const char *host,
                                       uint16_t port)
{
    if (strcmp(host, urls->host) == 0) {
        /* A private CA at an address often has its parts at different ports of it. */
        return urls->is_literal || port == urls->port || port == HTTPS_PORT
                   ? NULL
                   : "it is at another port than the directory";
    }
    if (is_literal_host(host)) {
        return "its host is not the directory's";
    }
    if (port != urls->port && port != HTTPS_PORT) {
        return "it is at another port than the directory";
    }
    if (is_allowed_host(urls, host)) {
        return NULL;
    }
    if (!urls->is_literal && has_same_registrable_domain(host, urls->host)) {
        return NULL;
    }
    return "its host is outside the directory's domain";
}

int acme_url_check(const struct acme_urls *urls, const char *what, const char *url, struct err *err)
{
    AUTO_FREE char *host = NULL;
    uint16_t port = 0;
    const char *why = NULL;

    if (url == NULL || url[0] == '\0') {
        return err_set(err, ERR_CA, "the CA gave no %s URL", what);
    }
    if (!is_plain_text(url)) {
        return err_set(err, ERR_CA, "the CA's %s URL is refused: too long or with odd characters",
                       what);
    }
    host = host_of(url, &port);
    why = host == NULL ? "it is not an https URL" : why_host_is_refused(urls, host, port);
    if (why == NULL) {
        return 0;
    }
    err_set(err, ERR_CA, "the CA's %s URL '%.200s' is refused: %s", what, url, why);
    if (host != NULL && !is_literal_host(host)) {
        err_hint(err,
                 "If the CA is known to use '%s', name it in its [ca] section: allow-host = %s",
                 host, host);
    }
    return err_code(err);
}
