/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "powerdns.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define API_ROOT "/api/v1"
/* RFC 1035 section 2.3.4 */
#define LABEL_MAX 63
#define NAME_MAX_WIRE 255

void name_add_zone_id(struct kit_text *t, const char *zone)
{
    bool is_root = strcmp(zone, ".") == 0;

    for (const char *at = zone; *at != '\0'; at++) {
        if (!is_root && (isalnum((unsigned char)*at) || *at == '.' || *at == '-')) {
            kit_text_add(t, at, 1);
        } else {
            kit_text_addf(t, "=%02X", (unsigned)(unsigned char)*at);
        }
    }
}

void name_add_base_url(struct kit_text *t, const char *url)
{
    const size_t root_len = strlen(API_ROOT);
    size_t len = strlen(url);

    while (len > 0 && url[len - 1] == '/') {
        len--;
    }
    kit_text_add(t, url, len);
    if (len < root_len || strncmp(url + len - root_len, API_ROOT, root_len) != 0) {
        kit_text_add_str(t, API_ROOT);
    }
}

/* One label's length in a message; *at moves behind it. A backslash stands before one byte, or
 * before three digits that are one. */
static size_t skip_label(const char **at)
{
    size_t len = 0;

    for (; **at != '\0' && **at != '.'; len++) {
        if (**at == '\\') {
            size_t n = isdigit((unsigned char)(*at)[1]) ? 3 : 1;

            *at += strnlen(*at + 1, n);
        }
        (*at)++;
    }
    return len;
}

bool name_fits(const char *name)
{
    size_t wire_len = 1; /* of the root */

    while (*name != '\0') {
        size_t len = skip_label(&name);

        if (len == 0 || len > LABEL_MAX) {
            return false;
        }
        wire_len += 1 + len;
        name += *name == '.' ? 1 : 0;
    }
    return wire_len <= NAME_MAX_WIRE;
}

static bool is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.' || c == '\\';
}

bool name_is_in_text(const char *name, const char *text)
{
    size_t len = strlen(name);

    for (const char *at = text; *at != '\0'; at++) {
        if (strncasecmp(at, name, len) == 0 && (at == text || !is_name_byte(at[-1])) &&
            !is_name_byte(at[len])) {
            return true;
        }
    }
    return false;
}

int name_parse_major(const char *version)
{
    char *end = NULL;
    long major = version != NULL ? strtol(version, &end, 10) : 0;

    return major > 0 && major < 1000 && *end == '.' ? (int)major : -1;
}
