/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Writing the grammar that config_parse.c reads. */
#include "config/config.h"

#include <string.h>

void config_format_section(struct buf *to, const char *kind, const char *name)
{
    buf_addf(to, "%s[%s%s%s]\n", to->len == 0 ? "" : "\n", kind, *name == '\0' ? "" : " ", name);
}

int config_format_value(struct buf *to, const char *key, const char *text, struct err *err)
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return err_set(err, ERR_CONFIG, "%s: a control byte (0x%02x) cannot be written", key,
                           c);
        }
    }
    if (len > 0 && (strchr(" \t", text[0]) != NULL || strchr(" \t", text[len - 1]) != NULL)) {
        return err_set(err, ERR_CONFIG, "%s: blanks at the ends would be lost", key);
    }
    buf_addf(to, "%s = %s\n", key, text);
    return 0;
}
