/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "rfc2136.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int32_t fault_set(struct fault *f, int32_t status, const char *format, ...)
{
    va_list args;

    f->status = status;
    va_start(args, format);
    (void)vsnprintf(f->text, sizeof(f->text), format, args);
    va_end(args);
    return status;
}

int32_t fault_wrap(struct fault *f, const char *format, ...)
{
    char what[sizeof(f->text) / 2];
    size_t len = 0;
    size_t room = 0;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    len = strlen(what);
    room = sizeof(f->text) - len - 3; /* ": " and the NUL byte */
    f->text[strnlen(f->text, room)] = '\0';
    memmove(f->text + len + 2, f->text, strlen(f->text) + 1);
    memcpy(f->text, what, len);
    memcpy(f->text + len, ": ", 2);
    return f->status;
}
