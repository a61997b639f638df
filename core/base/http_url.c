/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* URLs and the file of trusted roots: what is known about a server before it is asked. */
#include "base/http_impl.h"

#include "base/fs.h"
#include "base/mem.h"

#include <string.h>
#include <strings.h>

enum { HTTPS_PORT = 443 };

static void free_url(CURLU **at)
{
    curl_url_cleanup(*at);
}

/* A part as a string of ours, or NULL. */
static char *get_part(CURLU *url, CURLUPart part)
{
    char *theirs = NULL;
    char *ours = NULL;

    if (curl_url_get(url, part, &theirs, 0) == CURLUE_OK) {
        ours = str_dup(theirs);
        curl_free(theirs);
    }
    return ours;
}

/* What libcurl would take but nobody means: control bytes, blanks... */
static bool has_only_visible_bytes(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= ' ' || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

/* ...and a missing host, in whose place it puts the path's first piece. */
static bool has_host(const char *url)
{
    static const char SCHEME[] = "https://";

    return strncasecmp(url, SCHEME, strlen(SCHEME)) == 0 && url[strlen(SCHEME)] != '/';
}

bool http_url_split(const char *url, char **ret_host, uint16_t *ret_port, char **ret_path)
{
    AUTO(free_url) CURLU *parsed = curl_url();
    AUTO_FREE char *scheme = NULL;
    AUTO_FREE char *user = NULL;
    AUTO_FREE char *password = NULL;
    AUTO_FREE char *host = NULL;
    AUTO_FREE char *port = NULL;
    int64_t port_number = HTTPS_PORT;

    if (!has_only_visible_bytes(url) || !has_host(url) ||
        curl_url_set(parsed, CURLUPART_URL, url, 0) != CURLUE_OK) {
        return false;
    }
    scheme = get_part(parsed, CURLUPART_SCHEME);
    user = get_part(parsed, CURLUPART_USER);
    password = get_part(parsed, CURLUPART_PASSWORD);
    host = get_part(parsed, CURLUPART_HOST);
    port = get_part(parsed, CURLUPART_PORT);
    if (!str_eq(scheme, "https") || user != NULL || password != NULL || host == NULL ||
        (port != NULL && !str_parse_int(port, 1, UINT16_MAX, &port_number))) {
        return false;
    }
    if (ret_host != NULL) {
        str_lower(host);
        *ret_host = TAKE(host);
    }
    if (ret_port != NULL) {
        *ret_port = (uint16_t)port_number;
    }
    if (ret_path != NULL) {
        *ret_path = get_part(parsed, CURLUPART_PATH);
    }
    return true;
}

char *http_url_resolve(const char *base, const char *reference)
{
    AUTO(free_url) CURLU *parsed = curl_url();

    if (!has_only_visible_bytes(reference) ||
        curl_url_set(parsed, CURLUPART_URL, base, 0) != CURLUE_OK ||
        curl_url_set(parsed, CURLUPART_URL, reference, 0) != CURLUE_OK) {
        return NULL;
    }
    return get_part(parsed, CURLUPART_URL);
}

const char *http_trust_find(void)
{
    static const char *const BUNDLES[] = {
        "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Arch, Gentoo */
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, RHEL */
        "/etc/ssl/cert.pem",                                 /* Alpine, OpenBSD */
        "/etc/ssl/ca-bundle.pem",                            /* SUSE */
        "/etc/pki/tls/certs/ca-bundle.crt",                  /* older RHEL */
    };

    for (size_t i = 0; i < ARRAY_LEN(BUNDLES); i++) {
        if (fs_exists(BUNDLES[i])) {
            return BUNDLES[i];
        }
    }
    return NULL;
}
