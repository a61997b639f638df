/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/option_parse.h"

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "config/keys.h"

#include "acme-plugin.h"

#include <string.h>

#define SHOWN_MAX 200

bool option_parse_bool(const char *text, bool *ret)
{
    static const char *const WORDS[] = {"no", "yes", "false", "true", "off", "on", "0", "1"};

    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (str_eq_nocase(text, WORDS[i])) {
            *ret = i % 2 == 1;
            return true;
        }
    }
    return false;
}

bool option_parse_seconds(const char *text, int64_t *ret_s)
{
    int64_t ms;

    if (!duration_parse(text, &ms)) {
        return false;
    }
    *ret_s = (ms + 999) / 1000;
    return true;
}

int option_read_secret_file(const char *path, struct buf *to, struct err *err)
{
    if (fs_read_private(path, true, to, err) < 0) {
        err->class = ERR_CONFIG;
        return err_code(err);
    }
    while (to->len > 0 && (to->bytes[to->len - 1] == '\n' || to->bytes[to->len - 1] == '\r')) {
        to->bytes[--to->len] = '\0';
    }
    return 0;
}

/* A value that may be a secret is not shown. */
static int refuse(const struct provider_option *option, const char *text, const char *why,
                  struct err *err)
{
    if ((option->flags & ACME_OPTION_SECRET) != 0) {
        return err_set(err, ERR_CONFIG, "%s", why);
    }
    return err_set(err, ERR_CONFIG, "'%.*s' %s", SHOWN_MAX, text, why);
}

static char *path_of(const char *text, const struct config_value *value)
{
    if (value != NULL) {
        return config_value_path(value);
    }
    return text[0] == '/' ? str_dup(text) : NULL;
}

static int parse_path(const struct provider_option *option, const char *text,
                      const struct config_value *value, struct buf *to, struct err *err)
{
    AUTO_FREE char *path = path_of(text, value);

    if (path == NULL || text[0] == '\0') {
        return refuse(option, text, "is not an absolute path", err);
    }
    buf_add_str(to, path);
    return 0;
}

static int parse_file(const struct provider_option *option, const char *text,
                      const struct config_value *value, struct buf *to, struct err *err)
{
    AUTO_FREE char *path = path_of(text, value);
    struct buf content = BUF_SECRET(OPTION_FILE_MAX);
    int result;

    if (path == NULL || text[0] == '\0') {
        return refuse(option, text, "is not an absolute path", err);
    }
    if ((option->flags & ACME_OPTION_SECRET) != 0) {
        result = fs_read_private(path, true, &content, err);
    } else {
        result = fs_read(path, &content, err);
    }
    if (result == 0) {
        buf_add(to, buf_str(&content), content.len);
    } else {
        err->class = ERR_CONFIG;
        result = err_wrap(err, "names a file that cannot be read");
    }
    buf_done(&content);
    return result;
}

/* HOST, HOST:PORT, [IPv6], [IPv6]:PORT, or an IPv6 address alone. */
static bool is_hostport(const char *text)
{
    const char *colon = strrchr(text, ':');
    const char *bracket = strrchr(text, ']');
    int64_t port;

    if (text[0] == '\0' || strpbrk(text, " \t/@") != NULL) {
        return false;
    }
    if (text[0] == '[') {
        return bracket != NULL && bracket > text + 1 &&
               (bracket[1] == '\0' ||
                (bracket[1] == ':' && str_parse_int(bracket + 2, 1, 65535, &port)));
    }
    if (colon == NULL || strchr(text, ':') != colon) {
        return true;
    }
    return colon > text && str_parse_int(colon + 1, 1, 65535, &port);
}

static int parse_choice(const struct provider_option *option, const char *text, struct buf *to,
                        struct err *err)
{
    if (!strv_has(&option->choices, text)) {
        AUTO_FREE char *all = strv_join(&option->choices, ", ");
        AUTO_FREE char *why = str_fmt("is none of: %s", all);

        (void)refuse(option, text, why, err);
        if ((option->flags & ACME_OPTION_SECRET) == 0) {
            config_hint_nearest(err, text, (const char *const *)option->choices.items,
                                option->choices.n);
        }
        return err_code(err);
    }
    buf_add_str(to, text);
    return 0;
}

int option_parse(const struct provider_option *option, const char *text,
                 const struct config_value *value, struct buf *to, int64_t *ret_number,
                 struct err *err)
{
    bool is_true = false;

    switch (option->type) {
    case ACME_OPTION_PATH:
        return parse_path(option, text, value, to, err);
    case ACME_OPTION_FILE:
        return parse_file(option, text, value, to, err);
    case ACME_OPTION_CHOICE:
        return parse_choice(option, text, to, err);
    case ACME_OPTION_INT:
        if (!str_parse_int(text, INT64_MIN, INT64_MAX, ret_number)) {
            return refuse(option, text, "is not a whole number", err);
        }
        break;
    case ACME_OPTION_BOOL:
        if (!option_parse_bool(text, &is_true)) {
            return refuse(option, text, "is neither yes nor no", err);
        }
        *ret_number = is_true ? 1 : 0;
        break;
    case ACME_OPTION_DURATION:
        if (!option_parse_seconds(text, ret_number)) {
            return refuse(option, text, "is not a time (90, 90s, 5m, 2h, 1d)", err);
        }
        break;
    case ACME_OPTION_HOSTPORT:
        if (!is_hostport(text)) {
            return refuse(option, text, "is not HOST, HOST:PORT or [IPv6]:PORT", err);
        }
        break;
    default:
        break;
    }
    buf_add_str(to, text);
    return 0;
}
