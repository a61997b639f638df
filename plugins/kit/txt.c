/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Contents of TXT records as services show them (RFC 1035 section 5.1). Some keep what they were
 * sent, some add quotes, some split at 255 bytes: comparing what the content means, not how it is
 * written, is the only safe way to find one's own value.
 */
#include "kit_impl.h"

#include <string.h>

void kit_txt_add_quoted(struct kit_text *t, const void *value, size_t len)
{
    const unsigned char *bytes = value;

    kit_text_add_str(t, "\"");
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '"' || bytes[i] == '\\') {
            kit_text_addf(t, "\\%c", bytes[i]);
        } else if (bytes[i] < 0x20 || bytes[i] >= 0x7f) {
            kit_text_addf(t, "\\%03u", (unsigned)bytes[i]);
        } else {
            kit_text_add(t, &bytes[i], 1);
        }
    }
    kit_text_add_str(t, "\"");
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Adds what the escape behind a backslash stands for; the bytes it took, 0 when it is none. */
static size_t add_escape(struct kit_text *t, const char *at)
{
    unsigned code = 0;
    char byte = 0;

    if (!is_digit(at[0])) {
        kit_text_add(t, at, at[0] == '\0' ? 0 : 1);
        return at[0] == '\0' ? 0 : 1;
    }
    if (!is_digit(at[1]) || !is_digit(at[2])) {
        return 0;
    }
    code = (unsigned)(at[0] - '0') * 100 + (unsigned)(at[1] - '0') * 10 + (unsigned)(at[2] - '0');
    byte = (char)(unsigned char)code;
    kit_text_add(t, &byte, 1);
    return code > 255 ? 0 : 3;
}

/* Adds the string that begins behind the quote at `at`; what stands behind its end, or NULL. */
static const char *add_string(struct kit_text *t, const char *at)
{
    while (*at != '"' && *at != '\0') {
        if (*at == '\\') {
            size_t len = add_escape(t, at + 1);

            if (len == 0) {
                return NULL;
            }
            at += 1 + len;
        } else {
            kit_text_add(t, at++, 1);
        }
    }
    return *at == '"' ? at + 1 : NULL;
}

bool kit_txt_add_unquoted(struct kit_text *t, const char *content)
{
    KIT_TEXT(joined);
    const char *at = content + strspn(content, " \t");

    do {
        at = *at == '"' ? add_string(&joined, at + 1) : NULL;
        at = at == NULL ? NULL : at + strspn(at, " \t");
    } while (at != NULL && *at != '\0');
    if (at == NULL) {
        kit_text_add_str(t, content);
        return false;
    }
    kit_text_add(t, kit_text_str(&joined), joined.len);
    return true;
}

bool kit_txt_is(const char *content, const struct acme_record *record)
{
    KIT_TEXT(meant);

    if (content == NULL) {
        return false;
    }
    if (strlen(content) == record->value_len &&
        memcmp(content, record->value, record->value_len) == 0) {
        return true;
    }
    return kit_txt_add_unquoted(&meant, content) && meant.len == record->value_len &&
           memcmp(kit_text_str(&meant), record->value, meant.len) == 0;
}

bool kit_txt_add_bare(struct kit_text *t, const struct acme_record *record)
{
    if (memchr(record->value, '\0', record->value_len) != NULL) {
        return false;
    }
    kit_text_add(t, record->value, record->value_len);
    return true;
}
