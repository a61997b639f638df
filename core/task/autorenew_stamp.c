/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Files that say who wrote them, and by a checksum whether somebody has changed them since. It
 * stands in the file itself: STATE may be another by the time that they are to be removed. */
#include "task/autorenew_impl.h"

#include "base/b64.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

#define SUM_DIGITS 16
#define BACK "); 'acme-dns deregister-autorenew' removes it\n"

char *autorenew_stamp_add(const char *rest)
{
    AUTO_FREE char *sum = hex_sha256(rest, SUM_DIGITS);

    return str_fmt(AUTORENEW_FRONT "%s" BACK "%s", sum, rest);
}

enum autorenew_stamp autorenew_stamp_judge(const char *text)
{
    AUTO_FREE char *again = NULL;
    const char *end = strchr(text, '\n');

    if (!str_has_prefix(text, AUTORENEW_FRONT) || end == NULL) {
        return STAMP_FOREIGN;
    }
    again = autorenew_stamp_add(end + 1);
    return strcmp(again, text) == 0 ? STAMP_OURS : STAMP_CHANGED;
}

int autorenew_stamp_read(const char *path, enum autorenew_stamp *ret_stamp, char **ret_text,
                         struct err *err)
{
    AUTO(buf_done) struct buf text = BUF(AUTORENEW_TEXT_MAX);
    int code = fs_read(path, &text, err);

    if (code == -ERR_NOT_FOUND) {
        err_clear(err);
        *ret_stamp = STAMP_ABSENT;
        *ret_text = NULL;
        return 0;
    }
    if (code < 0) {
        return code;
    }
    *ret_text = buf_take(&text);
    *ret_stamp = autorenew_stamp_judge(*ret_text);
    return 0;
}
