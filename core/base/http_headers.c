/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Reading an answer's headers: look-up, Link (RFC 8288), Retry-After (RFC 9110 section 10.2.3). */
#include "base/http_impl.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Nobody waits longer; also keeps sums of it far from overflow. */
enum { RETRY_AFTER_MAX_S = 10 * 365 * 86400 };

void http_headers_done(struct http_headers *headers)
{
    strv_done(&headers->names);
    strv_done(&headers->values);
    mem_free(headers->media_type);
    headers->media_type = NULL;
}

void http_headers_add_line(struct http_headers *headers, const char *line, size_t len)
{
    AUTO_FREE char *text = str_dup_len(line, len);
    char *colon = strchr(text, ':');
    char *value = NULL;

    if (str_has_prefix(text, "HTTP/")) {
        http_headers_done(headers);
        headers->is_complete = false;
        return;
    }
    if (text[strspn(text, "\r\n")] == '\0') {
        headers->is_complete = true;
        return;
    }
    if (colon == NULL || colon == text) {
        return;
    }
    *colon = '\0';
    str_lower(text);
    value = str_dup(colon + 1);
    str_trim(value);
    strv_add(&headers->names, text);
    strv_take(&headers->values, value);
}

static const char *find_nth(const struct http_headers *headers, const char *name, size_t nth)
{
    for (size_t i = 0; i < headers->names.n; i++) {
        if (strcasecmp(headers->names.items[i], name) == 0 && nth-- == 0) {
            return headers->values.items[i];
        }
    }
    return NULL;
}

void http_headers_finish(struct http_headers *headers)
{
    const char *value = find_nth(headers, "content-type", 0);

    if (value == NULL) {
        return;
    }
    headers->media_type = str_dup_len(value, strcspn(value, ";"));
    str_trim(headers->media_type);
    str_lower(headers->media_type);
}

const char *http_header(const struct http_response *r, const char *name)
{
    return find_nth(r->headers, name, 0);
}

const char *http_content_type(const struct http_response *r)
{
    return r->headers->media_type == NULL ? "" : r->headers->media_type;
}

/* Behind a quoted string that begins at text, or behind one byte. */
static const char *skip_one(const char *text)
{
    if (*text != '"') {
        return text + 1;
    }
    for (text++; *text != '\0' && *text != '"'; text++) {
        if (*text == '\\' && text[1] != '\0') {
            text++;
        }
    }
    return *text == '"' ? text + 1 : text;
}

/* The end of a parameter: the next `;` or `,` outside quotes. */
static const char *find_parameter_end(const char *text)
{
    while (*text != '\0' && *text != ';' && *text != ',') {
        text = skip_one(text);
    }
    return text;
}

/* Whether the blank-separated list of relation types has rel, in any case. */
static bool list_has(const char *list, const char *rel)
{
    struct strv words = STRV_INIT;
    bool has = false;

    strv_add_split(&words, list, " \t");
    for (size_t i = 0; i < words.n; i++) {
        has = has || str_eq_nocase(words.items[i], rel);
    }
    strv_done(&words);
    return has;
}

/* Whether the parameter `name=value` between at and end is a rel that has rel. */
static bool is_rel(const char *at, const char *end, const char *rel)
{
    AUTO_FREE char *parameter = str_dup_len(at, (size_t)(end - at));
    char *value = strchr(parameter, '=');
    size_t len = 0;

    if (value == NULL) {
        return false;
    }
    *value++ = '\0';
    str_trim(parameter);
    str_trim(value);
    if (!str_eq_nocase(parameter, "rel")) {
        return false;
    }
    len = strlen(value);
    if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
        value[len - 1] = '\0';
        value++;
    }
    return list_has(value, rel);
}

/*
 * Reads one link-value `<target>; name=value; ...` and moves *at behind it. The target if it has
 * rel, to mem_free. Only the first rel parameter counts (RFC 8288 section 3.3).
 */
static char *take_link(const char **at, const char *rel)
{
    const char *open = *at + strspn(*at, " \t,");
    const char *close = *open == '<' ? strchr(open, '>') : NULL;
    const char *parameter = NULL;
    bool has_rel = false;

    if (close == NULL) {
        *at = open + strlen(open); /* not a link: nothing behind it can be trusted to be one */
        return NULL;
    }
    for (parameter = close + 1; *parameter != '\0' && *parameter != ',';) {
        const char *begin = parameter + (*parameter == ';' ? 1 : 0);

        parameter = find_parameter_end(begin);
        has_rel = has_rel || is_rel(begin, parameter, rel);
    }
    *at = parameter;
    return has_rel ? str_dup_len(open + 1, (size_t)(close - open - 1)) : NULL;
}

char *http_link(const struct http_response *r, const char *rel, size_t nth)
{
    const char *line = NULL;

    for (size_t i = 0; (line = find_nth(r->headers, "link", i)) != NULL; i++) {
        while (*line != '\0') {
            AUTO_FREE char *target = take_link(&line, rel);

            if (target != NULL && nth-- == 0) {
                return http_url_resolve(r->url, target);
            }
        }
    }
    return NULL;
}

/* Whole seconds, rounded up: a moment too early is refused again. */
static int64_t bound(double seconds)
{
    int64_t whole = 0;

    if (!(seconds > 0)) {
        return 0;
    }
    if (seconds >= RETRY_AFTER_MAX_S) {
        return RETRY_AFTER_MAX_S;
    }
    whole = (int64_t)seconds;
    return (double)whole < seconds ? whole + 1 : whole;
}

int64_t http_retry_after_s(const struct http_response *r)
{
    const char *text = http_header(r, "retry-after");
    const char *date = http_header(r, "date");
    char *end = NULL;
    double seconds = 0;
    time_t then = 0;
    time_t now = 0;

    if (text == NULL || *text == '\0') {
        return -1;
    }
    /* The standard has whole seconds; some send a fraction. */
    if (text[strspn(text, "0123456789.")] == '\0') {
        seconds = strtod(text, &end);
        return end != text && *end == '\0' ? bound(seconds) : -1;
    }
    then = curl_getdate(text, NULL);
    now = date == NULL ? -1 : curl_getdate(date, NULL);
    if (then < 0) {
        return -1;
    }
    return bound(difftime(then, now < 0 ? (time_t)clock_wall_s() : now));
}
