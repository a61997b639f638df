/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "kit_impl.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void kit_url_done(struct kit_url *u)
{
    free(u->scheme);
    free(u->authority);
    free(u->path);
    *u = (struct kit_url){.scheme = NULL};
}

/* One part of a URL, to free(); "" when it has none. */
static char *get_part(CURLU *u, CURLUPart part)
{
    char *text = NULL;
    char *copy = NULL;

    if (curl_url_get(u, part, &text, 0) != CURLUE_OK || text == NULL) {
        return kit_strndup("", 0);
    }
    copy = kit_strndup(text, strlen(text));
    curl_free(text);
    return copy;
}

static bool has_part(CURLU *u, CURLUPart part)
{
    char *text = get_part(u, part);
    bool is_there = *text != '\0';

    free(text);
    return is_there;
}

/* This machine, as far as a name or address can say. */
static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    char bare[INET6_ADDRSTRLEN];

    if (strcasecmp(host, "localhost") == 0) {
        return true;
    }
    if (inet_pton(AF_INET, host, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    if (host[0] != '[' || strlen(host) - 2 >= sizeof(bare)) {
        return false;
    }
    (void)snprintf(bare, sizeof(bare), "%.*s", (int)strcspn(host + 1, "]"), host + 1);
    return inet_pton(AF_INET6, bare, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* "host:port", the port only where it is not the scheme's own. */
static char *make_authority(const char *scheme, const char *host, const char *port)
{
    bool is_usual = *port == '\0' || (strcmp(scheme, "https") == 0 && strcmp(port, "443") == 0) ||
                    (strcmp(scheme, "http") == 0 && strcmp(port, "80") == 0);
    KIT_TEXT(t);

    kit_text_addf(&t, "%s%s%s", host, is_usual ? "" : ":", is_usual ? "" : port);
    return kit_strdup(kit_text_str(&t));
}

static void take_parts(CURLU *u, struct kit_url *to)
{
    char *host = get_part(u, CURLUPART_HOST);
    char *port = get_part(u, CURLUPART_PORT);

    to->scheme = get_part(u, CURLUPART_SCHEME);
    to->authority = make_authority(to->scheme, host, port);
    to->is_loopback = is_loopback(host);
    to->path = get_part(u, CURLUPART_PATH);
    for (size_t len = strlen(to->path); len > 0 && to->path[len - 1] == '/'; len--) {
        to->path[len - 1] = '\0';
    }
    free(host);
    free(port);
}

static const char *find_flaw(CURLU *u, const struct kit_url *url, uint32_t flags)
{
    if (url->authority[0] == '\0') {
        return "it names no host";
    }
    if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD)) {
        return "it holds a user name; credentials have options of their own";
    }
    if (has_part(u, CURLUPART_QUERY) || has_part(u, CURLUPART_FRAGMENT)) {
        return "it has a query or fragment (? or #)";
    }
    if (strcmp(url->scheme, "https") == 0) {
        return NULL;
    }
    if (strcmp(url->scheme, "http") != 0) {
        return "it must begin with https://";
    }
    return url->is_loopback || (flags & KIT_HTTP_PLAIN) != 0
               ? NULL
               : "it must begin with https://: plain http would show the credentials to the "
                 "network";
}

const char *kit_url_parse(const char *url, uint32_t flags, struct kit_url *ret_url)
{
    CURLU *u = NULL;
    struct kit_url parsed = {.scheme = NULL};
    const char *flaw = "it is not a URL like https://host/path";

    for (const char *c = url; *c != '\0'; c++) {
        if ((unsigned char)*c <= 0x20 || (unsigned char)*c >= 0x7f) {
            return "it has characters that no URL has";
        }
    }
    u = curl_url();
    if (u != NULL && strstr(url, "://") != NULL &&
        curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK) {
        take_parts(u, &parsed);
        flaw = find_flaw(u, &parsed, flags);
    }
    curl_url_cleanup(u);
    if (flaw != NULL) {
        kit_url_done(&parsed);
        return flaw;
    }
    *ret_url = parsed;
    return NULL;
}

/* All before the last @ is hidden: a password may have characters that no URL should have. */
void kit_url_add_shown(struct kit_text *t, const char *url)
{
    const char *start = strstr(url, "://");
    const char *at = NULL;
    size_t len = 0;

    start = start == NULL ? url : start + 3;
    at = strrchr(start, '@');
    kit_text_add(t, url, (size_t)(start - url));
    if (at != NULL) {
        kit_text_add_str(t, "[secret]@");
        start = at + 1;
    }
    len = strcspn(start, "?#");
    kit_text_add(t, start, len);
    kit_text_add_str(t, start[len] == '\0' ? "" : "?...");
}

static bool is_same_origin(const struct kit_url *a, const struct kit_url *b)
{
    return a->scheme != NULL && b->scheme != NULL && strcmp(a->scheme, b->scheme) == 0 &&
           strcasecmp(a->authority, b->authority) == 0;
}

/* Only scheme, host and port of a URL, which may have a query. */
static bool has_origin(const struct kit_url *base, const char *url)
{
    struct kit_url other = {.scheme = NULL};
    char *bare = kit_strndup(url, strcspn(url, "?#"));
    bool is_same = kit_url_parse(bare, KIT_HTTP_PLAIN, &other) == NULL;

    is_same = is_same && is_same_origin(base, &other);
    kit_url_done(&other);
    free(bare);
    return is_same;
}

void kit_url_add_pairs(struct kit_text *t, const struct kit_pair *pairs, size_t max)
{
    const char *between = "";

    for (size_t i = 0; i < max && pairs[i].name != NULL; i++) {
        if (pairs[i].value != NULL) {
            kit_text_add_str(t, between);
            kit_text_add_escaped(t, pairs[i].name);
            kit_text_add_str(t, "=");
            kit_text_add_escaped(t, pairs[i].value);
            between = "&";
        }
    }
}

static const char *add_path(struct kit_text *t, const struct kit_request *rq)
{
    const char *path = rq->path;
    size_t n = 0;
    const char *hole = NULL;

    while ((hole = strstr(path, "{}")) != NULL) {
        const char *part = n < KIT_PARTS_MAX ? rq->parts[n++] : NULL;

        /* "." and ".." would climb, and an empty part would name the folder itself. */
        if (part == NULL || *part == '\0' || strcmp(part, ".") == 0 || strcmp(part, "..") == 0) {
            return "a part of its path is missing, empty or made of dots";
        }
        kit_text_add(t, path, (size_t)(hole - path));
        kit_text_add_escaped(t, part);
        path = hole + 2;
    }
    kit_text_add_str(t, path);
    return n < KIT_PARTS_MAX && rq->parts[n] != NULL ? "it has more parts than its path has {}"
                                                     : NULL;
}

const char *kit_url_build(const struct kit_url *base, const struct kit_request *rq,
                          struct kit_text *to)
{
    const char *path = rq->path == NULL ? "" : rq->path;
    const char *flaw = NULL;
    KIT_TEXT(query);

    if (strstr(path, "://") != NULL && strcspn(path, "/?") > strcspn(path, ":")) {
        if (!has_origin(base, path)) {
            return "its URL leads to another host than the API's";
        }
        kit_text_add_str(to, path);
    } else {
        kit_text_addf(to, "%s://%s%s%s", base->scheme, base->authority, base->path,
                      *path == '/' || *path == '?' || *path == '\0' ? "" : "/");
        flaw = *path == '\0' ? NULL : add_path(to, rq);
    }
    kit_url_add_pairs(&query, rq->query, KIT_QUERY_MAX);
    if (query.len > 0) {
        kit_text_add_str(to, strchr(kit_text_str(to), '?') == NULL ? "?" : "&");
        kit_text_add_str(to, kit_text_str(&query));
    }
    for (size_t i = 0; flaw == NULL && i < to->len; i++) {
        flaw = (unsigned char)to->bytes[i] <= 0x20 ? "its path has spaces or control characters"
                                                   : NULL;
    }
    return flaw;
}

char *kit_url_resolve(const char *from, const char *reference)
{
    struct kit_url base = {.scheme = NULL};
    char *bare = kit_strndup(from, strcspn(from, "?#"));
    CURLU *u = curl_url();
    char *whole = NULL;

    if (u != NULL && curl_url_set(u, CURLUPART_URL, from, 0) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_URL, reference, 0) == CURLUE_OK) {
        whole = get_part(u, CURLUPART_URL);
    }
    if (whole != NULL &&
        (kit_url_parse(bare, KIT_HTTP_PLAIN, &base) != NULL || !has_origin(&base, whole))) {
        free(whole);
        whole = NULL;
    }
    curl_url_cleanup(u);
    kit_url_done(&base);
    free(bare);
    return whole;
}
