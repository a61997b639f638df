/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What stands at the names of changes. Filters of the API are blind to case, and content is stored
 * as it was sent, with or without quotes: so names are all that is asked for, and values are
 * compared here, unquoted, byte by byte.
 *
 * Up to NAMES_MAX names are asked for one by one; more of them by what they have in common at the
 * beginning, which for challenges is much.
 */
#include "cloudflare.h"

#include <stdio.h>
#include <string.h>

#define NAMES_MAX 3
#define FEW_PER_PAGE 100
#define MANY_PER_PAGE 500

static void forget(struct change *c)
{
    c->n_ids = 0;
    c->alias[0] = '\0';
}

/* Notes a record that stands at the name of a change. */
static void note_record(struct change *c, const char *type, const struct kit_json *record)
{
    const char *id = kit_json_id(record, "id");
    const char *content = kit_json_str(record, "content");

    if (content == NULL) {
        return;
    }
    if (strcmp(type, "CNAME") == 0) {
        (void)snprintf(c->alias, sizeof(c->alias), "%s", content);
    }
    if (strcmp(type, "TXT") == 0 && id != NULL && strlen(id) < ID_SIZE && c->n_ids < IDS_MAX &&
        kit_txt_is(content, c->record)) {
        memcpy(c->ids[c->n_ids++], id, strlen(id) + 1);
    }
}

static void note_page(const struct kit_json *page, struct change *const *changes, size_t n)
{
    KIT_JSON_EACH(record, page, "result")
    {
        const char *name = kit_json_str(record, "name");
        const char *type = kit_json_str(record, "type");

        for (size_t i = 0; name != NULL && type != NULL && i < n; i++) {
            if (kit_name_equals(name, changes[i]->record->fqdn)) {
                note_record(changes[i], type, record);
            }
        }
    }
}

/* Lists the records whose names fit the filter, and notes those of the changes. */
static int32_t list(struct question *q, const char *zone_id, const char *filter, const char *text,
                    struct change *const *changes, size_t n)
{
    uint32_t per_page = strcmp(filter, "name.exact") == 0 ? FEW_PER_PAGE : MANY_PER_PAGE;
    struct kit_request request = {
        .path = "/zones/{}/dns_records",
        .parts = {zone_id},
        .query = {{filter, text}},
        .zone = q->zone,
    };
    KIT_PAGES(pages);

    while (api_pages_next(q, &request, per_page, &pages)) {
        note_page(pages.answer.json, changes, n);
    }
    return pages.status;
}

static bool is_first_of_name(struct change *const *changes, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (kit_name_equals(changes[j]->record->fqdn, changes[i]->record->fqdn)) {
            return false;
        }
    }
    return true;
}

static size_t count_names(struct change *const *changes, size_t n)
{
    size_t n_names = 0;

    for (size_t i = 0; i < n; i++) {
        n_names += is_first_of_name(changes, i) ? 1 : 0;
    }
    return n_names;
}

static size_t plain_len(const char *fqdn)
{
    size_t len = strlen(fqdn);

    return len > 0 && fqdn[len - 1] == '.' ? len - 1 : len;
}

/* How many bytes all names begin with, in the API's form: without a dot at the end. */
static size_t common_beginning(struct change *const *changes, size_t n)
{
    const char *first = changes[0]->record->fqdn;
    size_t len = plain_len(first);

    for (size_t i = 1; i < n; i++) {
        const char *other = changes[i]->record->fqdn;
        size_t other_len = plain_len(other);
        size_t same = 0;

        while (same < len && same < other_len && first[same] == other[same]) {
            same++;
        }
        len = same;
    }
    return len;
}

int32_t look_at(struct cloudflare *p, struct acme_call *call, struct change *const *changes,
                size_t n, struct kit_fault *f)
{
    struct question q = {
        .p = p, .call = call, .purpose = READ_RECORDS, .zone = changes[0]->record->zone};
    bool is_one_by_one = count_names(changes, n) <= NAMES_MAX;
    int32_t status = ACME_OK;
    KIT_TEXT(text);

    for (size_t i = 0; i < n; i++) {
        forget(changes[i]);
    }
    for (size_t i = 0; status == ACME_OK && is_one_by_one && i < n; i++) {
        if (is_first_of_name(changes, i)) {
            kit_text_clear(&text);
            kit_name_add_plain(&text, changes[i]->record->fqdn);
            status = list(&q, changes[0]->zone_id, "name.exact", kit_text_str(&text), changes, n);
        }
    }
    if (!is_one_by_one) {
        kit_text_add(&text, changes[0]->record->fqdn, common_beginning(changes, n));
        status = list(&q, changes[0]->zone_id, "name.startswith",
                      text.len > 0 ? kit_text_str(&text) : NULL, changes, n);
    }
    *f = q.fault;
    return status;
}

/* ---- What that means for the changes ---- */

/* The journal keeps where the record is, for a removal after a crash. */
void look_keep_receipt(struct run *r, const struct change *c, const char *id)
{
    char text[2 * ID_SIZE];
    int len = snprintf(text, sizeof(text), "%s/%s", c->zone_id, id);

    if (len > 0 && (size_t)len < sizeof(text)) {
        r->call->host->receipt(r->call, c->index, text, (size_t)len);
    }
}

void change_fail(struct acme_call *call, struct change *c, const struct kit_fault *f)
{
    c->failed_status = kit_fault_report(call, c->index, f);
    c->has_failed = true;
}

size_t look_settle(struct run *r, struct change *const *changes, size_t n)
{
    size_t n_settled = 0;
    struct kit_fault f;

    for (size_t i = 0; i < n; i++) {
        struct change *c = changes[i];

        if (change_is_add(c) && c->n_ids > 0) {
            look_keep_receipt(r, c, c->ids[0]);
            c->is_done = true;
        } else if (change_is_add(c) && c->alias[0] != '\0') {
            (void)kit_fault_set(
                &f, ACME_REJECTED,
                "%s is a CNAME to %s at Cloudflare (81053), and nothing can stand "
                "beside it: take it away, or let the value be published where it leads",
                c->record->fqdn, c->alias);
            change_fail(r->call, c, &f);
        } else if (!change_is_add(c) && c->n_ids == 0) {
            c->is_done = true;
        }
        n_settled += change_is_open(c) ? 0 : 1;
    }
    return n_settled;
}

int32_t look_recheck(void *context, struct acme_call *call, bool *ret_was_done)
{
    struct parcel *parcel = context;
    int32_t status = look_at(parcel->r->p, call, parcel->changes, parcel->n, &parcel->fault);
    size_t n_done = 0;

    if (status == ACME_CANCELLED) {
        return status;
    }
    if (status != ACME_OK) { /* whatever it is, it does not say that nothing was changed */
        parcel->fault.status = ACME_RETRY;
        return ACME_RETRY;
    }
    n_done = look_settle(parcel->r, parcel->changes, parcel->n);
    if (n_done > 0 && n_done < parcel->n) {
        parcel->is_partial = true;
        return kit_fault_set(&parcel->fault, ACME_RETRY, "only a part was carried out");
    }
    *ret_was_done = n_done == parcel->n;
    return ACME_OK;
}
