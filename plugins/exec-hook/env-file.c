/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Variables from a file, as systemd and docker have them: NAME=VALUE, one a line, and blank lines
 * and lines that begin with # between them. A value may stand in quotes, which are taken off;
 * nothing in it is expanded.
 */
#include "exec-hook.h"

#include <string.h>

static bool is_name(const char *text, size_t len)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

    return len > 0 && strspn(text, letters) >= len && (text[0] < '0' || text[0] > '9');
}

/* Fills one line without its end. false: it is no NAME=VALUE. */
static bool parse_line(const char *line, size_t len, struct env_line *ret_line)
{
    static const char keyword[] = "export ";
    const char *equals = NULL;
    size_t key = strlen(keyword);

    if (len > key && strncmp(line, keyword, key) == 0) {
        line += key;
        len -= key;
    }
    equals = memchr(line, '=', len);
    if (equals == NULL || !is_name(line, (size_t)(equals - line))) {
        return false;
    }
    ret_line->name = line;
    ret_line->name_len = (size_t)(equals - line);
    ret_line->value = equals + 1;
    ret_line->value_len = len - ret_line->name_len - 1;
    if (ret_line->value_len >= 2 && (equals[1] == '"' || equals[1] == '\'') &&
        line[len - 1] == equals[1]) {
        ret_line->value++;
        ret_line->value_len -= 2;
    }
    return true;
}

bool env_file_next(const char **at, unsigned *number, struct env_line *ret_line)
{
    while (*at != NULL && **at != '\0') {
        const char *line = *at + strspn(*at, " \t");
        size_t len = strcspn(line, "\n");

        *at = line + len + (line[len] == '\n' ? 1 : 0);
        (*number)++;
        while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL) {
            len--;
        }
        if (len > 0 && line[0] != '#') {
            ret_line->name = NULL;
            (void)parse_line(line, len, ret_line);
            return true;
        }
    }
    return false;
}

int32_t env_file_check(struct acme_call *call, const struct acme_value *file)
{
    const char *at = file->text;
    unsigned number = 0;
    struct env_line line;

    if (file->text != NULL && strlen(file->text) != file->len) {
        return acme_fail(call, ACME_BAD_CONFIG, 0, "env-file has a NUL byte in it");
    }
    while (env_file_next(&at, &number, &line)) {
        if (line.name == NULL) {
            /* Not the line itself: it may hold a secret. */
            return acme_fail(call, ACME_BAD_CONFIG, 0,
                             "env-file, line %u: want NAME=VALUE, or # and a comment", number);
        }
    }
    return ACME_OK;
}

bool env_file_has(const struct acme_value *file, const char *variable)
{
    const char *at = file->text;
    size_t len = strcspn(variable, "=");
    unsigned number = 0;
    struct env_line line;

    while (env_file_next(&at, &number, &line)) {
        if (line.name != NULL && line.name_len == len && strncmp(line.name, variable, len) == 0) {
            return true;
        }
    }
    return false;
}
