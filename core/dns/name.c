/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/name.h"

#include "base/str.h"

#include <string.h>

static bool is_label_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-_*/+=", c) != NULL);
}

bool name_is_plain(const char *name)
{
    size_t label_len = 0;

    if (strcmp(name, ".") == 0) {
        return true;
    }
    if (strlen(name) > NAME_MAX_BYTES) {
        return false;
    }
    for (; *name != '\0'; name++) {
        if (*name == '.') {
            if (label_len == 0) {
                return false;
            }
            label_len = 0;
        } else if (!is_label_byte(*name) || ++label_len > 63) {
            return false;
        }
    }
    return label_len > 0;
}

void name_fold(char *name)
{
    size_t len = strlen(name);

    str_lower(name);
    if (len > 1 && name[len - 1] == '.') {
        name[len - 1] = '\0';
    }
}

bool name_is_within(const char *name, const char *zone)
{
    size_t name_len = strlen(name);
    size_t zone_len = strlen(zone);

    if (strcmp(zone, ".") == 0 || strcmp(name, zone) == 0) {
        return true;
    }
    return name_len > zone_len && name[name_len - zone_len - 1] == '.' &&
           strcmp(name + name_len - zone_len, zone) == 0;
}

const char *name_parent(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot == NULL || dot[1] == '\0' ? "." : dot + 1;
}

size_t name_count_labels(const char *name)
{
    size_t n = 1;

    if (strcmp(name, ".") == 0) {
        return 0;
    }
    for (; *name != '\0'; name++) {
        n += *name == '.' ? 1 : 0;
    }
    return n;
}

const char *name_last_labels(const char *name, size_t n)
{
    for (size_t have = name_count_labels(name); have > n; have--) {
        name = name_parent(name);
    }
    return name;
}
