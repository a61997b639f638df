/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "rrset.h"

#include "alloc.h"
#include "name.h"

#include <stdio.h>
#include <string.h>

void rrset_done(struct rrset *set)
{
    for (size_t i = 0; i < set->n; i++) {
        free(set->values[i]);
    }
    free(set->values);
    free(set->special);
    *set = (struct rrset){.values = NULL};
}

static void append(struct rrset *set, const char *text)
{
    set->values = alloc_resize(set->values, set->n + 1, sizeof(*set->values));
    set->values[set->n++] = alloc_copy(text);
}

void rrset_copy(struct rrset *to, const struct rrset *from)
{
    rrset_done(to);
    for (size_t i = 0; i < from->n; i++) {
        append(to, from->values[i]);
    }
    to->ttl_s = from->ttl_s;
    to->special = alloc_copy_or_null(from->special);
}

bool rrset_equals(const struct rrset *a, const struct rrset *b)
{
    bool is_equal = a->n == b->n && (a->n == 0 || a->ttl_s == b->ttl_s) &&
                    (a->special == NULL) == (b->special == NULL);

    for (size_t i = 0; is_equal && i < a->n; i++) {
        is_equal = strcmp(a->values[i], b->values[i]) == 0;
    }
    return is_equal;
}

/* ---- Reading ---- */

/* Sets that Route 53 chooses among, or that are made by something else: a batch would have to name
 * much more than values, and which of several sets a CA sees is not ours to say. */
static char *special_of(const struct xml *element)
{
    const char *identifier = xml_text(element, "SetIdentifier");
    KIT_TEXT(why);

    if (identifier != NULL) {
        kit_text_addf(&why,
                      "has a routing policy (weighted, latency, failover, geolocation or "
                      "multivalue; set identifier '%.100s')",
                      identifier);
    } else if (xml_find(element, "AliasTarget") != NULL) {
        kit_text_add_str(&why, "is an alias of another record set");
    } else if (xml_find(element, "TrafficPolicyInstanceId") != NULL) {
        kit_text_add_str(&why, "is made by a traffic policy");
    } else {
        return NULL;
    }
    return alloc_copy(kit_text_str(&why));
}

static bool read_ttl(const char *text, uint32_t *ret_ttl_s)
{
    size_t len = text != NULL ? strspn(text, "0123456789") : 0;

    if (len == 0 || len > 10 || text[len] != '\0' || strtoull(text, NULL, 10) > UINT32_MAX) {
        return false;
    }
    *ret_ttl_s = (uint32_t)strtoull(text, NULL, 10);
    return true;
}

bool rrset_read(struct rrset *set, const struct xml *element)
{
    rrset_done(set);
    set->special = special_of(element);
    if (set->special != NULL) {
        return true;
    }
    for (const struct xml *record = xml_find(element, "ResourceRecords/ResourceRecord");
         record != NULL; record = xml_next(record, "ResourceRecord")) {
        const char *value = xml_text(record, "Value");

        if (value == NULL) {
            return false;
        }
        append(set, value);
    }
    return set->n > 0 && read_ttl(xml_text(element, "TTL"), &set->ttl_s);
}

/* ---- Changing ---- */

void rrset_add(struct rrset *set, const void *value, size_t len, uint32_t ttl_s)
{
    KIT_TEXT(text);

    for (size_t i = 0; i < set->n; i++) {
        if (name_txt_is(set->values[i], value, len)) {
            return;
        }
    }
    if (set->n == 0) {
        set->ttl_s = ttl_s;
    }
    name_add_txt(&text, value, len);
    append(set, kit_text_str(&text));
}

void rrset_remove(struct rrset *set, const void *value, size_t len)
{
    size_t kept = 0;

    for (size_t i = 0; i < set->n; i++) {
        if (name_txt_is(set->values[i], value, len)) {
            free(set->values[i]);
        } else {
            set->values[kept++] = set->values[i];
        }
    }
    set->n = kept;
}

size_t rrset_weight(const struct rrset *set)
{
    size_t weight = 0;

    for (size_t i = 0; i < set->n; i++) {
        weight += strlen(set->values[i]);
    }
    return weight;
}

/* ---- Writing ---- */

/* A carriage return would come out of an XML parser as a line feed, if it were not escaped. */
static void add_escaped(struct kit_text *to, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (strchr("&<>\"'", c) != NULL || c < 0x20) {
            kit_text_addf(to, "&#%u;", c);
        } else {
            kit_text_add(to, text, 1);
        }
    }
}

void rrset_write(const struct rrset *set, const char *name, const char *action, struct kit_text *to)
{
    kit_text_addf(to, "<Change><Action>%s</Action><ResourceRecordSet><Name>", action);
    add_escaped(to, name);
    kit_text_addf(to, "</Name><Type>TXT</Type><TTL>%u</TTL><ResourceRecords>", set->ttl_s);
    for (size_t i = 0; i < set->n; i++) {
        kit_text_add_str(to, "<ResourceRecord><Value>");
        add_escaped(to, set->values[i]);
        kit_text_add_str(to, "</Value></ResourceRecord>");
    }
    kit_text_add_str(to, "</ResourceRecords></ResourceRecordSet></Change>");
}
