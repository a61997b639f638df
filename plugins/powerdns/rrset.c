/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "powerdns.h"

#include <string.h>
#include <strings.h>

static const char *content_of(const struct kit_json *record)
{
    const char *content = kit_json_str(record, "content");

    return content != NULL ? content : "";
}

static bool is_disabled(const struct kit_json *record)
{
    return kit_json_bool(record, "disabled", false);
}

static void put(struct rrset *set, const struct kit_json *record)
{
    if (set->n < RRSET_RECORDS_MAX) {
        set->records[set->n++] = record;
    } else {
        set->has_more = true;
    }
}

static bool is_named(const struct kit_json *json, const char *name)
{
    const char *type = kit_json_str(json, "type");
    const char *at = kit_json_str(json, "name");

    return type != NULL && at != NULL && strcasecmp(type, "TXT") == 0 && kit_name_equals(at, name);
}

void rrset_read(const struct kit_json *zone, const char *name, struct rrset *ret_set,
                bool *ret_has_others)
{
    *ret_set = (struct rrset){.ttl_s = -1};
    *ret_has_others = false;
    KIT_JSON_EACH(element, zone, "rrsets")
    {
        if (!is_named(element, name)) {
            /* Comments of the whole zone come along with every set. */
            *ret_has_others = *ret_has_others || kit_json_count(element, "records") > 0;
            continue;
        }
        ret_set->is_broken =
            ret_set->is_broken || kit_json_type(element, "records") != KIT_JSON_ARRAY;
        KIT_JSON_EACH(record, element, "records")
        {
            put(ret_set, record);
            ret_set->is_broken = ret_set->is_broken || kit_json_str(record, "content") == NULL;
        }
        ret_set->ttl_s = ret_set->n > 0 ? kit_json_int(element, "ttl", -1) : -1;
        ret_set->comments =
            kit_json_count(element, "comments") > 0 ? kit_json_find(element, "comments") : NULL;
    }
}

void rrset_add_disabled(struct rrset *set, const struct kit_json *found, const char *zone,
                        const char *name)
{
    KIT_JSON_EACH(record, found, NULL)
    {
        const char *of = kit_json_str(record, "zone");

        if (is_disabled(record) && is_named(record, name) && of != NULL &&
            kit_name_equals(of, zone)) {
            put(set, record);
            set->ttl_s = set->ttl_s < 0 ? kit_json_int(record, "ttl", -1) : set->ttl_s;
        }
    }
}

/* ---- What is wanted ---- */

static bool is_at(const struct target *t, const char *name)
{
    return !t->is_over && kit_name_equals(t->record->fqdn, name);
}

static bool holds(const struct rrset *set, const struct acme_record *value)
{
    for (size_t i = 0; i < set->n; i++) {
        if (!is_disabled(set->records[i]) && kit_txt_is(content_of(set->records[i]), value)) {
            return true;
        }
    }
    return false;
}

bool rrset_is_right(const struct rrset *set, const struct target *targets, size_t n,
                    const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (is_at(&targets[i], name) && holds(set, targets[i].record) != targets[i].is_add) {
            return false;
        }
    }
    return true;
}

/* A disabled twin of a value that is added has to go: the server takes no duplicates. One of a
 * value that is removed is not what we added, and stays. */
static bool stays(const struct kit_json *record, const struct target *targets, size_t n,
                  const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (is_at(&targets[i], name) && targets[i].is_add == is_disabled(record) &&
            kit_txt_is(content_of(record), targets[i].record)) {
            return false;
        }
    }
    return true;
}

/* Whether the same value was added by a target before number i. */
static bool is_repeated(const struct target *targets, size_t i, const char *name)
{
    for (size_t k = 0; k < i; k++) {
        if (is_at(&targets[k], name) && targets[k].is_add &&
            targets[k].record->value_len == targets[i].record->value_len &&
            memcmp(targets[k].record->value, targets[i].record->value,
                   targets[i].record->value_len) == 0) {
            return true;
        }
    }
    return false;
}

static void add_record(struct kit_text *t, const char *content, bool has_disabled)
{
    kit_json_open(t, '{');
    kit_json_add_key(t, "content");
    kit_json_add_str(t, content);
    kit_json_add_key(t, "disabled");
    kit_json_add_bool(t, has_disabled);
    kit_json_close(t, '}');
}

static void add_records(struct kit_text *t, const struct rrset *set, const struct target *targets,
                        size_t n, const char *name)
{
    kit_json_open(t, '[');
    for (size_t i = 0; i < set->n; i++) {
        if (stays(set->records[i], targets, n, name)) {
            add_record(t, content_of(set->records[i]), is_disabled(set->records[i]));
        }
    }
    for (size_t i = 0; i < n; i++) {
        KIT_TEXT(quoted);

        if (is_at(&targets[i], name) && targets[i].is_add && !holds(set, targets[i].record) &&
            !is_repeated(targets, i, name)) {
            kit_txt_add_quoted(&quoted, targets[i].record->value, targets[i].record->value_len);
            add_record(t, kit_text_str(&quoted), false);
        }
    }
    kit_json_close(t, ']');
}

/* An RRset has one TTL: where values of others stand, theirs is kept. */
static int64_t choose_ttl(const struct rrset *set, const struct target *targets, size_t n,
                          const char *name)
{
    for (size_t i = 0; i < n && set->ttl_s < 0; i++) {
        if (is_at(&targets[i], name)) {
            return targets[i].record->ttl_s;
        }
    }
    return set->ttl_s;
}

static bool keeps_any(const struct rrset *set, const struct target *targets, size_t n,
                      const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (is_at(&targets[i], name) && targets[i].is_add) {
            return true;
        }
    }
    for (size_t i = 0; i < set->n; i++) {
        if (stays(set->records[i], targets, n, name)) {
            return true;
        }
    }
    return false;
}

/* DELETE takes a set's comments with it, REPLACE by no records takes them too, but puts back those
 * that it names; REPLACE by records does not touch them. */
void rrset_write(struct kit_text *t, const struct rrset *set, const struct target *targets,
                 size_t n, const char *name)
{
    bool is_empty = !keeps_any(set, targets, n, name);

    kit_json_open(t, '{');
    kit_json_add_key(t, "name");
    kit_json_add_str(t, name);
    kit_json_add_key(t, "type");
    kit_json_add_str(t, "TXT");
    kit_json_add_key(t, "changetype");
    kit_json_add_str(t, is_empty && set->comments == NULL ? "DELETE" : "REPLACE");
    if (!is_empty || set->comments != NULL) {
        kit_json_add_key(t, "ttl");
        kit_json_add_int(t, choose_ttl(set, targets, n, name));
        kit_json_add_key(t, "records");
        add_records(t, set, targets, n, name);
    }
    if (is_empty && set->comments != NULL) {
        kit_json_add_key(t, "comments");
        kit_json_add_copy(t, set->comments);
    }
    kit_json_close(t, '}');
}
