/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* When: every four hours, from a minute on that was drawn once. Many machines that were set up at
 * the same time must not ask the CA at the same time, and a minute that changes would now and then
 * leave almost eight hours between two runs. */
#include "task/autorenew_impl.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

void autorenew_format_calendar(unsigned minute, struct buf *to)
{
    buf_addf(to, "*-*-* %02u/%d:%02u:00", minute / 60, AUTORENEW_PERIOD_H, minute % 60);
}

void autorenew_format_cron(unsigned minute, struct buf *to)
{
    buf_addf(to, "%u %u-23/%d * * *", minute % 60, minute / 60, AUTORENEW_PERIOD_H);
}

/* Each line is written anew from what it may mean, and must come out as it was. */
static bool is_line(const char *line, void (*format)(unsigned minute, struct buf *to),
                    unsigned minute)
{
    AUTO(buf_done) struct buf same = BUF(64);

    format(minute, &same);
    return strncmp(line, buf_str(&same), same.len) == 0;
}

bool autorenew_parse_minute(const char *text, unsigned *ret_minute)
{
    static const char KEY[] = "OnCalendar=";

    for (const char *line = text; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
        line += *line == '\n';
        for (unsigned minute = 0; minute < AUTORENEW_PERIOD_MIN; minute++) {
            if ((strncmp(line, KEY, strlen(KEY)) == 0 &&
                 is_line(line + strlen(KEY), autorenew_format_calendar, minute)) ||
                is_line(line, autorenew_format_cron, minute)) {
                *ret_minute = minute;
                return true;
            }
        }
    }
    return false;
}

int64_t autorenew_next_s(unsigned minute, int64_t now_s)
{
    time_t now = (time_t)now_s;
    struct tm today = {0};
    int64_t next_s = INT64_MAX;

    (void)localtime_r(&now, &today);
    for (int day = 0; day < 3; day++) {
        for (int hour = (int)minute / 60; hour < 24; hour += AUTORENEW_PERIOD_H) {
            struct tm at = {.tm_year = today.tm_year,
                            .tm_mon = today.tm_mon,
                            .tm_mday = today.tm_mday + day,
                            .tm_hour = hour,
                            .tm_min = (int)minute % 60,
                            .tm_isdst = -1};
            int64_t at_s = (int64_t)mktime(&at);

            next_s = at_s > now_s && at_s < next_s ? at_s : next_s;
        }
    }
    return next_s;
}
