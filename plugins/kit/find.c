/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Where a value belongs: the zone that holds its name, then the records that hold it there. What is
 * not found is taken for absent, and removals end well on it: so a list that cannot be read to its
 * last element is a failure, not a shorter list.
 */
#include "kit_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define IN_UNICODE "shows names in Unicode, and an international name cannot be found among them"

static void set(char **to, const char *text)
{
    free(*to);
    *to = kit_strdup(text);
}

static void set_plain(char **to, const char *name)
{
    KIT_TEXT(plain);

    kit_name_add_plain(&plain, name);
    set(to, kit_text_str(&plain));
}

void kit_place_done(struct kit_place *place)
{
    for (size_t i = 0; i < place->n_records; i++) {
        free(place->record_ids[i]);
    }
    free(place->record_ids);
    free(place->zone_id);
    free(place->zone);
    free(place->name);
    free(place->value);
    *place = (struct kit_place){.zone_id = NULL};
}

/* ---- Zones ---- */

/* What the DNS says comes first: there is where the value is looked for. */
static bool is_better(const struct kit_listing *r, const char *name)
{
    const char *best = r->place->zone;

    if (best == NULL || kit_name_equals(name, r->record->zone)) {
        return true;
    }
    return !kit_name_equals(best, r->record->zone) &&
           kit_zone_is_better(r->record->fqdn, name, best);
}

static bool may_be_zone(const struct kit_listing *r, const char *name)
{
    return r->wanted == NULL
               ? kit_zone_is_better(r->record->fqdn, name, NULL)
               : kit_name_equals(name, r->wanted) || kit_name_may_equal(name, r->wanted);
}

static void take_zone(struct kit_listing *r, const struct kit_json *element)
{
    struct kit_place *place = r->place;
    const char *name = kit_json_str(element, r->list.name);
    const char *id = kit_json_id(element, r->list.id);

    if (name == NULL) {
        r->problem = "has a zone without a name";
    } else if (r->wanted == NULL && kit_name_may_equal(name, r->record->fqdn)) {
        r->problem = IN_UNICODE;
    } else if (!may_be_zone(r, name)) {
        return;
    } else if (id == NULL || *id == '\0') {
        r->problem = "has a zone without an id";
    } else if (place->zone != NULL && kit_name_equals(name, place->zone)) {
        r->is_twice = r->is_twice || strcmp(id, place->zone_id) != 0;
    } else if (is_better(r, name)) {
        r->is_twice = false;
        set(&place->zone_id, id);
        set_plain(&place->zone, name);
    }
}

static int32_t read_zones(struct kit_listing *r, const char *wanted)
{
    int32_t status = ACME_OK;

    r->wanted = wanted;
    kit_listing_put(&r->request, KIT_NAME, wanted);
    status = kit_listing_take(r, take_zone);
    if (status == ACME_OK && r->is_twice) {
        r->problem = "has two zones of the same name, and which one is meant cannot be told";
        status = kit_list_fail(r->call, r->http, &r->request, ACME_REJECTED, r->problem);
    }
    if (status != ACME_OK) {
        kit_place_done(r->place); /* what a list showed before it failed may not be the best */
    }
    return status;
}

/* The zone of one of the likely names. One that may not be asked for is not the zone, as long as
 * another is. */
static int32_t walk(struct kit_listing *r)
{
    const struct kit_request request = r->request;
    bool is_path = kit_listing_has_part(&request, KIT_NAME);
    struct kit_walk at = KIT_EMPTY;
    struct kit_fault denied = {.status = ACME_OK};
    struct kit_fault fault = {.status = ACME_OK};

    while (r->place->zone == NULL && kit_walk_next(&at, r->record)) {
        int32_t status = ACME_OK;

        r->request = request;
        r->request.zone = is_path ? at.name : request.zone;
        r->request.fault = &fault;
        status = read_zones(r, at.name);
        if (status == ACME_DENIED && fault.http_status != 401) {
            denied = denied.status == ACME_OK ? fault : denied;
        } else if (status != ACME_OK && (status != ACME_NO_ZONE || !is_path)) {
            return kit_send_report(r->call, &request, &fault);
        }
    }
    return r->place->zone == NULL && denied.status != ACME_OK
               ? kit_send_report(r->call, &request, &denied)
               : ACME_OK;
}

/* What is known of the place once its zone is. */
static void complete(const struct kit_api *api, const struct acme_record *record,
                     struct kit_place *place)
{
    KIT_TEXT(name);
    KIT_TEXT(value);

    if (api->has_relative_names) {
        kit_name_add_relative(&name, record->fqdn, place->zone, "@");
    } else {
        kit_name_add_plain(&name, record->fqdn);
    }
    kit_txt_add_quoted(&value, record->value, record->value_len);
    set(&place->name, kit_text_str(&name));
    set(&place->value, kit_text_str(&value));
}

int32_t kit_find_zone(struct acme_call *call, struct kit_http *http, const struct kit_api *api,
                      const struct acme_record *record, struct kit_place *place)
{
    struct kit_listing r = {.call = call, .http = http, .record = record, .place = place};
    int32_t status = ACME_OK;

    kit_place_done(place);
    kit_listing_init(&r, api, &api->zones);
    if (api->zones.request.path == NULL) {
        set_plain(&place->zone_id, record->zone);
        set_plain(&place->zone, record->zone);
    } else if (kit_listing_has_part(&r.request, KIT_NAME) ||
               kit_listing_has_query(&r.request, KIT_NAME)) {
        status = walk(&r);
    } else {
        status = read_zones(&r, NULL);
    }
    if (status == ACME_OK && place->zone != NULL) {
        complete(api, record, place);
    }
    return status;
}

/* ---- Records ---- */

/* Some services write the type as its number. */
static bool is_txt(const struct kit_listing *r, const struct kit_json *element)
{
    const char *type = kit_json_id(element, r->list.type);

    return type == NULL || strcasecmp(type, "TXT") == 0 || strcmp(type, "16") == 0;
}

/* NULL: the element does not say. */
static const char *name_of(const struct kit_listing *r, const struct kit_json *element)
{
    const struct kit_json *name = kit_json_find(element, r->list.name);
    const char *text = NULL;

    if (!r->has_relative_names) {
        return kit_json_str(name, NULL);
    }
    if (name != NULL && kit_json_type(name, NULL) == KIT_JSON_NULL) {
        return "@";
    }
    text = kit_json_str(name, NULL);
    return text != NULL && *text == '\0' ? "@" : text;
}

/* A list that changes while it is read may show an element on two pages. */
static void add_id(struct kit_place *place, const char *id)
{
    for (size_t i = 0; i < place->n_records; i++) {
        if (strcmp(place->record_ids[i], id) == 0) {
            return;
        }
    }
    place->record_ids =
        kit_realloc(place->record_ids, place->n_records + 1, sizeof(place->record_ids[0]));
    place->record_ids[place->n_records++] = kit_strdup(id);
}

static void take_record(struct kit_listing *r, const struct kit_json *element)
{
    const char *name = name_of(r, element);
    const char *value = kit_json_str(element, r->list.value);
    const char *id = kit_json_id(element, r->list.id);

    if (!is_txt(r, element)) {
        return;
    }
    if (name == NULL) {
        r->problem = "has a record without a name";
    } else if (kit_name_may_equal(name, r->place->name)) {
        r->problem = IN_UNICODE;
    } else if (!kit_name_equals(name, r->place->name)) {
        return;
    } else if (value == NULL) {
        r->problem = "has a TXT record without a value at the name";
    } else if (kit_txt_is(value, r->record) && (id == NULL || *id == '\0')) {
        r->problem = "has the value in a record without an id";
    } else if (kit_txt_is(value, r->record)) {
        add_id(r->place, id);
    }
}

int32_t kit_find_records(struct acme_call *call, struct kit_http *http, const struct kit_api *api,
                         const struct acme_record *record, struct kit_place *place)
{
    struct kit_listing r = {.call = call, .http = http, .record = record, .place = place};

    kit_listing_init(&r, api, &api->records);
    kit_listing_put(&r.request, KIT_ZONE_ID, place->zone_id);
    kit_listing_put(&r.request, KIT_NAME, place->name);
    r.request.zone = r.request.zone == NULL ? record->zone : r.request.zone;
    return kit_listing_take(&r, take_record);
}

/* ---- For callbacks ---- */

int32_t kit_find(struct acme_call *call, struct kit_http *http, const struct kit_api *api,
                 const struct acme_record *record, uint32_t what, struct kit_place *place)
{
    struct kit_fault fault = {.status = ACME_OK};
    int32_t status = kit_find_zone(call, http, api, record, place);

    if (status != ACME_OK) {
        return status;
    }
    if (place->zone != NULL) {
        return kit_find_records(call, http, api, record, place);
    }
    (void)kit_fault_set(&fault, ACME_NO_ZONE,
                        "this credential reaches no zone of %s that holds %s: is zone %s there, "
                        "and may the credential change it?",
                        http->service, record->fqdn, record->zone);
    if (what == ACME_ADD) {
        return kit_send_report(call, &api->zones.request, &fault);
    }
    acme_log(call, ACME_LOG_NOTICE, "nothing to remove at %s: %s", record->fqdn, fault.text);
    return ACME_OK;
}

/* 404 is what removing it again, after a lost answer, is answered with. */
static int32_t remove_one(struct acme_call *call, struct kit_http *http, const struct kit_api *api,
                          const struct kit_place *place, const char *id)
{
    struct kit_request rq = api->remove;
    size_t n = 0;

    while (n < KIT_ALLOW_MAX && rq.allow[n] != 0 && rq.allow[n] != 404) {
        n++;
    }
    if (n < KIT_ALLOW_MAX) {
        rq.allow[n] = 404;
    }
    kit_listing_put(&rq, KIT_ZONE_ID, place->zone_id);
    kit_listing_put(&rq, KIT_NAME, place->name);
    kit_listing_put(&rq, KIT_RECORD_ID, id);
    return kit_send(call, http, &rq, NULL);
}

int32_t kit_remove(struct acme_call *call, struct kit_http *http, const struct kit_api *api,
                   const struct acme_record *record)
{
    KIT_PLACE(place);
    int32_t status = kit_find(call, http, api, record, ACME_REMOVE, &place);

    for (size_t i = 0; status == ACME_OK && i < place.n_records; i++) {
        status = remove_one(call, http, api, &place, place.record_ids[i]);
    }
    return status;
}

static void report_zone(struct kit_listing *r, const struct kit_json *element)
{
    const char *name = kit_json_str(element, r->list.name);

    if (name == NULL) {
        r->problem = "has a zone without a name";
    } else {
        r->call->host->zone(r->call, name);
    }
}

int32_t kit_report_zones(struct acme_call *call, struct kit_http *http, const struct kit_api *api)
{
    struct kit_listing r = {.call = call, .http = http};

    kit_listing_init(&r, api, &api->zones);
    if (r.request.path == NULL || kit_listing_has_part(&r.request, KIT_NAME)) {
        return acme_fail(call, ACME_UNSUPPORTED, 0, "%s has no list of its zones", http->service);
    }
    kit_listing_put(&r.request, KIT_NAME, NULL);
    return kit_listing_take(&r, report_zone);
}
