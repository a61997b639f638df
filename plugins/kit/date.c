/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* When a service wants to be asked again: Retry-After, and the headers that tell of rate limits, of
 * which there are the ones of an Internet-Draft in two shapes and those that everybody had before.
 */
#include "kit_impl.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What a service may ask for at the most; more is nonsense or a date in another unit. */
enum { PAUSE_MAX_S = 86400 };

int64_t kit_now_ms(void)
{
    struct timespec now = {.tv_sec = 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t kit_date_parse(const char *text)
{
    time_t seconds = text == NULL ? -1 : curl_getdate(text, NULL);

    return seconds < 0 ? -1 : (int64_t)seconds;
}

/* A number of seconds, parts of one counted whole; -1 when text is none. */
static int64_t parse_seconds(const char *text)
{
    int64_t seconds = 0;
    size_t n = 0;

    while (text != NULL && text[n] >= '0' && text[n] <= '9' && n < 12) {
        seconds = seconds * 10 + (text[n++] - '0');
    }
    if (n == 0) {
        return -1;
    }
    if (text[n] == '.') {
        size_t fraction = strspn(text + n + 1, "0123456789");

        seconds += strspn(text + n + 1, "0") < fraction ? 1 : 0;
        n += 1 + fraction;
    }
    return strchr("; ,", text[n]) != NULL ? seconds : -1; /* "" is found as well */
}

/* The service's clock where it shows one: ours may be wrong. */
static int64_t service_now_s(const struct kit_headers *h)
{
    int64_t now_s = kit_date_parse(kit_headers_find(h, "Date"));

    return now_s >= 0 ? now_s : (int64_t)time(NULL);
}

static uint32_t clamp_s(int64_t seconds)
{
    return seconds <= 0 ? 0 : seconds > PAUSE_MAX_S ? PAUSE_MAX_S : (uint32_t)seconds;
}

uint32_t kit_retry_after_s(const struct kit_headers *h)
{
    const char *text = kit_headers_find(h, "Retry-After");
    int64_t seconds = parse_seconds(text);
    int64_t date_s = 0;

    if (text == NULL || seconds >= 0) {
        return clamp_s(seconds);
    }
    date_s = kit_date_parse(text);
    return date_s < 0 ? 0 : clamp_s(date_s - service_now_s(h));
}

/* The number behind ";name=" in a structured field (RFC 9651), or -1. */
static int64_t find_parameter(const char *field, char name)
{
    for (const char *at = strchr(field, ';'); at != NULL; at = strchr(at + 1, ';')) {
        const char *p = at + 1 + strspn(at + 1, " ");

        if (p[0] == name && p[1] == '=') {
            return parse_seconds(p + 2);
        }
    }
    return -1;
}

/* Seconds until the limit is lifted, or -1 while there is room. */
static int64_t find_reset_s(const struct kit_headers *h)
{
    static const char *const PAIRS[][2] = {
        {"RateLimit-Remaining", "RateLimit-Reset"},
        {"X-RateLimit-Remaining", "X-RateLimit-Reset-After"},
        {"X-RateLimit-Remaining", "X-RateLimit-Reset"},
        {"X-Rate-Limit-Remaining", "X-Rate-Limit-Reset"},
    };
    const char *field = kit_headers_find(h, "RateLimit");

    if (field != NULL && find_parameter(field, 'r') == 0) {
        return find_parameter(field, 't');
    }
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
        int64_t reset_s = parse_seconds(kit_headers_find(h, PAIRS[i][1]));

        if (parse_seconds(kit_headers_find(h, PAIRS[i][0])) == 0 && reset_s >= 0) {
            /* Some mean a point in time. */
            return reset_s > 1000000000 ? reset_s - service_now_s(h) : reset_s;
        }
    }
    return -1;
}

int64_t kit_rate_pause_ms(const struct kit_headers *h)
{
    return (int64_t)clamp_s(find_reset_s(h)) * 1000;
}
