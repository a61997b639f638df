/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* One record: made, found where it should not be, taken away. */
#include "cloudflare.h"

#include <string.h>
#include <strings.h>

#define TTL_MAX_S 86400

void record_add_body(struct kit_text *json, const struct acme_record *record)
{
    uint32_t ttl_s = record->ttl_s < TTL_MAX_S ? record->ttl_s : TTL_MAX_S;
    KIT_TEXT(name);
    KIT_TEXT(content);

    kit_name_add_plain(&name, record->fqdn);
    kit_txt_add_quoted(&content, record->value, record->value_len);
    kit_json_addf(json, "{'type': 'TXT', 'name': %s, 'content': %s, 'ttl': %u}",
                  kit_text_str(&name), kit_text_str(&content), (unsigned)ttl_s);
}

static int32_t delete_record(struct run *r, const struct change *c, const char *id,
                             struct kit_fault *ret_fault)
{
    struct question q = {
        .p = r->p, .call = r->call, .purpose = CHANGE_RECORDS, .zone = c->record->zone};
    struct kit_request request = {.method = "DELETE",
                                  .path = "/zones/{}/dns_records/{}",
                                  .parts = {c->zone_id, id},
                                  .zone = c->record->zone};
    int32_t status = api_send(&q, &request, NULL);

    *ret_fault = q.fault;
    return q.code == CODE_GONE ? ACME_OK : status;
}

/* Cloudflare takes a name outside the zone for one that is meant relative to it: so a zone-id of
 * another zone shows in the name that the record got. */
static bool is_misplaced(const char *name, const char *fqdn)
{
    size_t len = strlen(fqdn); /* with its dot at the end */

    return strncasecmp(name, fqdn, len) == 0 && name[len] != '\0';
}

/* The record is ours, and goes again. */
static void undo_misplaced(struct run *r, struct change *c, const char *name, const char *id)
{
    struct kit_fault f;
    int32_t status = delete_record(r, c, id, &f);

    if (status == ACME_OK) {
        (void)kit_fault_set(
            &f, ACME_BAD_CONFIG,
            "zone-id %s is another zone than the one that holds %s: there the value "
            "became %.255s, and was taken away again",
            c->zone_id, c->record->fqdn, name);
    } else {
        (void)kit_fault_set(
            &f, ACME_BUG,
            "zone-id %s is another zone than the one that holds %s: the value became "
            "%.255s there, and could not be taken away again",
            c->zone_id, c->record->fqdn, name);
    }
    change_fail(r->call, c, &f);
}

void record_take(struct run *r, struct change *c, const struct kit_json *record)
{
    const char *id = kit_json_id(record, "id");
    const char *name = kit_json_str(record, "name");

    if (id == NULL || strlen(id) >= ID_SIZE) {
        return;
    }
    if (name != NULL && is_misplaced(name, c->record->fqdn)) {
        undo_misplaced(r, c, name, id);
        return;
    }
    look_keep_receipt(r, c, id);
}

/* The value is there already, as the API says; its record's id is a thing to keep. */
static void note_existing(struct run *r, struct change *c)
{
    struct kit_fault ignored;

    if (look_at(r->p, r->call, &c, 1, &ignored) != ACME_OK || look_settle(r, &c, 1) == 0) {
        acme_log(r->call, ACME_LOG_WARNING,
                 "%s: Cloudflare says that the value exists, but does not show it%s",
                 c->record->fqdn, r->p->settings.zone_id != NULL ? ": is zone-id right?" : "");
        c->is_done = true;
    }
}

int32_t record_add(struct run *r, struct change *c)
{
    struct change *list[1] = {c};
    struct parcel parcel = {.r = r, .changes = list, .n = 1};
    struct question q = {.p = r->p,
                         .call = r->call,
                         .purpose = CHANGE_RECORDS,
                         .zone = c->record->zone,
                         .recheck = look_recheck,
                         .recheck_context = &parcel};
    KIT_TEXT(json);
    KIT_ANSWER(answer);
    struct kit_request request = {.path = "/zones/{}/dns_records",
                                  .parts = {c->zone_id},
                                  .json = &json,
                                  .zone = c->record->zone};
    int32_t status = ACME_OK;

    record_add_body(&json, c->record);
    status = api_send(&q, &request, &answer);
    if (status == ACME_OK && !answer.was_done) {
        record_take(r, c, kit_json_find(answer.json, "result"));
    }
    if (q.code == CODE_EXISTS || q.code == CODE_IDENTICAL) {
        note_existing(r, c);
        return ACME_OK;
    }
    if (status == ACME_OK) {
        c->is_done = !c->has_failed;
        return ACME_OK;
    }
    *r->f = q.fault.status == ACME_OK ? parcel.fault : q.fault;
    return status;
}

int32_t record_remove(struct run *r, struct change *c)
{
    int32_t status = ACME_OK;

    for (size_t i = 0; status == ACME_OK && i < c->n_ids; i++) {
        status = delete_record(r, c, c->ids[i], r->f);
    }
    c->is_done = status == ACME_OK;
    return status;
}
