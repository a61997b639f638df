/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/err.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char ELLIPSIS[] = "...";

/* Marks a text that the array cut, so that nobody takes the rest for the whole. */
static void mark_if_cut(char *text, size_t size, int wanted)
{
    if (wanted >= 0 && (size_t)wanted >= size) {
        memcpy(text + size - sizeof(ELLIPSIS), ELLIPSIS, sizeof(ELLIPSIS));
    }
}

int err_code(const struct err *err)
{
    return -(int)err->class;
}

void err_clear(struct err *err)
{
    err->class = ERR_NONE;
    err->retry_after_s = 0;
    err->text[0] = '\0';
}

int err_set(struct err *err, enum err_class class, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    mark_if_cut(text, sizeof(text), vsnprintf(text, sizeof(text), format, args));
    va_end(args);
    err->class = class;
    err->retry_after_s = 0;
    memcpy(err->text, text, strlen(text) + 1);
    return err_code(err);
}

int err_set_errno(struct err *err, const char *format, ...)
{
    int saved_errno = errno;
    char text[ERR_TEXT_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return err_set(err, ERR_FAILED, "%s: %s", text, strerror(saved_errno));
}

int err_wrap(struct err *err, const char *format, ...)
{
    char front[ERR_TEXT_MAX];
    char whole[2 * ERR_TEXT_MAX + 2];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(front, sizeof(front), format, args);
    va_end(args);
    (void)snprintf(whole, sizeof(whole), "%s: %s", front, err->text);
    mark_if_cut(whole, sizeof(err->text), (int)strlen(whole));
    memcpy(err->text, whole, strnlen(whole, sizeof(err->text) - 1) + 1);
    return err_code(err);
}

int err_hint(struct err *err, const char *format, ...)
{
    size_t used = strlen(err->text);
    va_list args;

    if (used + 2 < sizeof(err->text)) {
        err->text[used++] = '\n';
        va_start(args, format);
        mark_if_cut(err->text + used, sizeof(err->text) - used,
                    vsnprintf(err->text + used, sizeof(err->text) - used, format, args));
        va_end(args);
    }
    return err_code(err);
}

const char *err_class_name(enum err_class class)
{
    static const char *const NAMES[] = {
        [ERR_NONE] = "none",           [ERR_FAILED] = "failed",           [ERR_CONFIG] = "config",
        [ERR_PROVIDER] = "provider",   [ERR_PROPAGATION] = "propagation", [ERR_CA] = "ca",
        [ERR_LATER] = "later",         [ERR_LOCKED] = "locked",           [ERR_HUMAN] = "human",
        [ERR_TIMEOUT] = "timeout",     [ERR_CANCELLED] = "cancelled",     [ERR_NETWORK] = "network",
        [ERR_NOT_FOUND] = "not-found", [ERR_MALFORMED] = "malformed",
    };

    return (size_t) class < ARRAY_LEN(NAMES) ? NAMES[class] : "unknown";
}
