/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

/* 2026-01-01T00:00:00Z */
#define FIRST_POSSIBLE_S 1767225600

static int64_t shifted_mono_ms;
static int64_t shifted_wall_s;

void clock_shift(int64_t mono_ms, int64_t wall_s)
{
    shifted_mono_ms += mono_ms;
    shifted_wall_s += wall_s;
}

int64_t clock_mono_ms(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + shifted_mono_ms;
}

int64_t clock_wall_s(void)
{
    return (int64_t)time(NULL) + shifted_wall_s;
}

int clock_check(struct err *err)
{
    char now[CLOCK_TEXT_MAX];

    if (clock_wall_s() >= FIRST_POSSIBLE_S) {
        return 0;
    }
    clock_format(clock_wall_s(), now);
    (void)err_set(
        err, ERR_FAILED,
        "the clock says %s, which is before there was this program: no certificate can be "
        "judged by it",
        now);
    return err_hint(err, "set it (timedatectl set-ntp true, or date --set), then run again");
}

int clock_hint(int64_t wall_s, struct err *err)
{
    char now[CLOCK_TEXT_MAX];

    clock_format(wall_s, now);
    return err_hint(err, "this machine's clock says %s: is it right?", now);
}

void clock_format(int64_t wall_s, char text[static CLOCK_TEXT_MAX])
{
    time_t at = (time_t)wall_s;
    struct tm utc = {0};

    /* Four digits of year are all that RFC 3339 has. */
    if (gmtime_r(&at, &utc) == NULL || utc.tm_year > 9999 - 1900 || utc.tm_year < -1900) {
        (void)snprintf(text, CLOCK_TEXT_MAX, "out-of-range");
        return;
    }
    (void)strftime(text, CLOCK_TEXT_MAX, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

/* Exactly n digits, at most max, and moves on. */
static bool take_number(const char **at, size_t n, int max, int *ret)
{
    int value = 0;

    for (size_t i = 0; i < n; i++) {
        char c = (*at)[i];

        if (c < '0' || c > '9') {
            return false;
        }
        value = value * 10 + (c - '0');
    }
    if (value > max) {
        return false;
    }
    *at += n;
    *ret = value;
    return true;
}

static bool take_char(const char **at, const char *any_of)
{
    if (**at == '\0' || strchr(any_of, **at) == NULL) {
        return false;
    }
    (*at)++;
    return true;
}

static bool take_fraction(const char **at)
{
    size_t digits = 0;

    if (!take_char(at, ".")) {
        return true;
    }
    digits = strspn(*at, "0123456789");
    *at += digits;
    return digits > 0;
}

/* "Z" or "+hh:mm"; seconds east of UTC. */
static bool take_offset(const char **at, int *ret_east_s)
{
    int sign = **at == '-' ? -1 : 1;
    int hours = 0;
    int minutes = 0;

    if (take_char(at, "Zz")) {
        *ret_east_s = 0;
        return true;
    }
    if (!take_char(at, "+-") || !take_number(at, 2, 23, &hours) || !take_char(at, ":") ||
        !take_number(at, 2, 59, &minutes)) {
        return false;
    }
    *ret_east_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool clock_parse(const char *text, int64_t *ret_wall_s)
{
    struct tm utc = {0};
    int month_day = 0;
    int second = 0;
    int east_s = 0;
    int64_t at = 0;

    if (!take_number(&text, 4, 9999, &utc.tm_year) || !take_char(&text, "-") ||
        !take_number(&text, 2, 12, &utc.tm_mon) || !take_char(&text, "-") ||
        !take_number(&text, 2, 31, &utc.tm_mday) || !take_char(&text, "Tt ") ||
        !take_number(&text, 2, 23, &utc.tm_hour) || !take_char(&text, ":") ||
        !take_number(&text, 2, 59, &utc.tm_min) || !take_char(&text, ":") ||
        !take_number(&text, 2, 60, &second) || !take_fraction(&text) ||
        !take_offset(&text, &east_s) || *text != '\0') {
        return false;
    }
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    utc.tm_sec = second;
    month_day = utc.tm_mday;
    /* timegm() folds 30 February and a leap second into what follows: the first is no date, the
     * second is the next minute's first. */
    utc.tm_sec = 0;
    at = (int64_t)timegm(&utc);
    if (utc.tm_mday != month_day || month_day == 0) {
        return false;
    }
    *ret_wall_s = at + second - east_s;
    return true;
}

void clock_format_span(int64_t seconds, char text[static CLOCK_TEXT_MAX])
{
    static const struct {
        int64_t length_s;
        const char *name;
    } UNITS[] = {{86400, "days"}, {3600, "hours"}, {60, "min"}, {1, "s"}};
    const char *sign = seconds < 0 ? "-" : "";
    int64_t rest = seconds < 0 ? (seconds == INT64_MIN ? INT64_MAX : -seconds) : seconds;
    size_t i = 0;

    /* The largest unit that fits at least twice: no singular, and an error below a half. */
    while (UNITS[i].length_s > 1 && rest < 2 * UNITS[i].length_s) {
        i++;
    }
    (void)snprintf(text, CLOCK_TEXT_MAX, "%s%lld %s", sign, (long long)(rest / UNITS[i].length_s),
                   UNITS[i].name);
}

uint64_t clock_random(uint64_t n)
{
    uint64_t value = 0;
    /* Values from here on would make the small results likelier. */
    uint64_t limit = n <= 1 ? 0 : UINT64_MAX - UINT64_MAX % n;

    if (n <= 1) {
        return 0;
    }
    do {
        if (getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value)) {
            abort(); /* eight bytes are never cut short, so there is no generator at all */
        }
    } while (value >= limit);
    return value % n;
}
