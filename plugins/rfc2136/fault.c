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

/* At most half the room is for what goes to the front; divider has two bytes. */
static void put_before(struct fault *f, const char *what, const char *divider)
{
    size_t len = strnlen(what, sizeof(f->text) / 2);
    size_t room = sizeof(f->text) - len - 3; /* the divider and the NUL byte */

    f->text[strnlen(f->text, room)] = '\0';
    memmove(f->text + len + 2, f->text, strlen(f->text) + 1);
    memcpy(f->text, what, len);
    memcpy(f->text + len, divider, 2);
}

int32_t fault_wrap(struct fault *f, const char *format, ...)
{
    char what[sizeof(f->text) / 2];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    put_before(f, what, ": ");
    return f->status;
}

int32_t fault_follow(struct fault *f, const struct fault *before)
{
    put_before(f, before->text, "; ");
    return f->status;
}
