/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Paths as words of a unit (systemd.syntax(7), systemd.service(5)) and of a crontab (crontab(5),
 * then sh): blanks, quotes, % and $ mean something there. */
#include "task/autorenew_impl.h"

#include <string.h>

static int check_word(const char *word, const char *refused, struct err *err)
{
    for (const char *at = word; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f || strchr(refused, *at) != NULL) {
            return err_set(err, ERR_CONFIG,
                           "'%s' has a character that cannot be written there: use another path",
                           word);
        }
    }
    return 0;
}

/* A word of letters and the like needs no quotes, and reads better without. */
static bool is_plain(const char *word)
{
    return *word != '\0' && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                         "0123456789/._+:,=-") == strlen(word);
}

int autorenew_quote_unit(const char *word, struct buf *to, struct err *err)
{
    if (check_word(word, "", err) < 0) {
        return err_code(err);
    }
    if (is_plain(word)) {
        buf_add_str(to, word);
        return 0;
    }
    buf_add_char(to, '"');
    for (const char *at = word; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            buf_add_char(to, '\\');
        } else if (*at == '%') {
            buf_add_char(to, '%'); /* else a specifier: %n is the unit's name */
        }
        buf_add_char(to, *at);
    }
    buf_add_char(to, '"');
    return 0;
}

int autorenew_quote_cron(const char *word, struct buf *to, struct err *err)
{
    /* Whether \\ becomes \ depends on the cron. */
    if (check_word(word, "\\", err) < 0) {
        return err_code(err);
    }
    if (is_plain(word)) {
        buf_add_str(to, word);
        return 0;
    }
    buf_add_char(to, '\'');
    for (const char *at = word; *at != '\0'; at++) {
        if (*at == '\'') {
            buf_add_str(to, "'\"'\"'");
        } else if (*at == '%') {
            buf_add_str(to, "\\%"); /* cron takes the backslash away, quotes or not */
        } else {
            buf_add_char(to, *at);
        }
    }
    buf_add_char(to, '\'');
    return 0;
}
