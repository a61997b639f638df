/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Names in presentation format, as acme-dns and services write them: with or without a dot at the
 * end, in any case. */
#include "kit_impl.h"

#include <string.h>
#include <strings.h>

static size_t plain_len(const char *name)
{
    size_t len = strlen(name);

    return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

/* The bytes of name before the zone's, without the dot between; -1 when it is not inside. */
static ptrdiff_t relative_len(const char *name, const char *zone)
{
    size_t name_len = plain_len(name);
    size_t zone_len = plain_len(zone);
    size_t before = name_len - zone_len;

    if (zone_len > name_len || strncasecmp(name + before, zone, zone_len) != 0) {
        return -1;
    }
    if (before == 0 || zone_len == 0) {
        return (ptrdiff_t)before;
    }
    return name[before - 1] == '.' ? (ptrdiff_t)before - 1 : -1;
}

bool kit_name_is_in(const char *name, const char *zone)
{
    return name != NULL && zone != NULL && relative_len(name, zone) >= 0;
}

bool kit_name_equals(const char *a, const char *b)
{
    return a != NULL && b != NULL && plain_len(a) == plain_len(b) &&
           strncasecmp(a, b, plain_len(a)) == 0;
}

bool kit_name_may_equal(const char *shown, const char *name)
{
    bool is_ascii = true;

    for (const char *c = shown; c != NULL && *c != '\0'; c++) {
        is_ascii = is_ascii && (unsigned char)*c < 0x80;
    }
    return !is_ascii && name != NULL && strcasestr(name, "xn--") != NULL;
}

bool kit_zone_is_better(const char *name, const char *candidate, const char *best)
{
    return candidate != NULL && plain_len(candidate) > 0 && kit_name_is_in(name, candidate) &&
           (best == NULL || plain_len(candidate) > plain_len(best));
}

/* The nth suffix of name, from 0 for the name itself; NULL when it has less than two labels. */
static const char *find_suffix(const char *name, size_t n)
{
    const char *dot = NULL;

    while (n > 0 && name != NULL) {
        name = strchr(name, '.');
        name = name == NULL ? NULL : name + 1;
        n--;
    }
    dot = name == NULL ? NULL : strchr(name, '.');
    return dot == NULL || dot[1] == '\0' ? NULL : name;
}

bool kit_walk_next(struct kit_walk *walk, const struct acme_record *record)
{
    for (;;) {
        bool is_first = walk->step == 0;
        const char *name = is_first ? record->zone : find_suffix(record->fqdn, walk->step);

        if (name == NULL && !is_first) {
            return false;
        }
        walk->step++;
        if (name == NULL || plain_len(name) >= sizeof(walk->name) ||
            (!is_first && record->zone != NULL && kit_name_equals(name, record->zone))) {
            continue; /* the zone has been the first already */
        }
        (void)snprintf(walk->name, sizeof(walk->name), "%.*s", (int)plain_len(name), name);
        return true;
    }
}

void kit_name_add_plain(struct kit_text *t, const char *name)
{
    kit_text_add(t, name, plain_len(name));
}

void kit_name_add_relative(struct kit_text *t, const char *name, const char *zone, const char *apex)
{
    ptrdiff_t len = relative_len(name, zone);

    if (len < 0) {
        kit_name_add_plain(t, name);
    } else if (len == 0) {
        kit_text_add_str(t, apex);
    } else {
        kit_text_add(t, name, (size_t)len);
    }
}
