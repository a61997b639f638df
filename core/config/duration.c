/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "config/duration.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <string.h>

#define MARGIN_MIN_MS ((int64_t)60000)
#define MARGIN_MAX_MS ((int64_t)3650 * 86400000)

/* From the least on; a number without a unit is of seconds. */
static const struct {
    const char *suffix;
    int64_t ms;
} UNITS[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

char *duration_format(int64_t ms)
{
    size_t unit = ARRAY_LEN(UNITS) - 1;

    while (unit > 1 && (ms % UNITS[unit].ms != 0 || ms == 0)) {
        unit--;
    }
    return str_fmt("%lld%s", (long long)(ms / UNITS[unit].ms), UNITS[unit].suffix);
}

bool duration_parse(const char *text, int64_t *ret_ms)
{
    size_t digits = strspn(text, "0123456789");
    AUTO_FREE char *number = str_dup_len(text, digits);
    int64_t count = 0;

    if (!str_parse_int(number, 0, INT64_MAX, &count)) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(UNITS); i++) {
        if (strcmp(text + digits, UNITS[i].suffix) == 0) {
            if (count > INT64_MAX / UNITS[i].ms) {
                return false;
            }
            *ret_ms = count * UNITS[i].ms;
            return true;
        }
    }
    return false;
}

bool margin_is_unsaid(const struct margin *margin)
{
    return margin->ms == 0 && margin->percent == 0;
}

bool margin_parse(const char *text, struct margin *ret_margin)
{
    size_t len = strlen(text);
    AUTO_FREE char *number = len > 0 && text[len - 1] == '%' ? str_dup_len(text, len - 1) : NULL;
    int64_t percent = 0;
    int64_t ms = 0;

    if (number != NULL && str_parse_int(number, 1, MARGIN_PERCENT_MAX, &percent)) {
        *ret_margin = (struct margin){.percent = (uint32_t)percent};
        return true;
    }
    if (number != NULL || !duration_parse(text, &ms) || ms < MARGIN_MIN_MS || ms > MARGIN_MAX_MS) {
        return false;
    }
    *ret_margin = (struct margin){.ms = ms};
    return true;
}

char *margin_format(const struct margin *margin)
{
    if (margin->percent != 0) {
        return str_fmt("%u%%", margin->percent);
    }
    return margin->ms == 0 ? NULL : duration_format(margin->ms);
}

int64_t margin_seconds(const struct margin *margin, int64_t lifetime_s)
{
    int64_t most_s = lifetime_s * 9 / 10;
    int64_t wanted_s =
        margin->percent != 0 ? lifetime_s * margin->percent / 100 : margin->ms / 1000;

    return wanted_s < most_s ? wanted_s : most_s;
}
