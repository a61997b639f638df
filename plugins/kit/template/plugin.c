/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * @NAME@: TXT values through the HTTP API of a DNS host.
 *
 *     make          builds @NAME@.so
 *     make check    tries it on the pretend host of fake_api.py
 *
 * What has to change is what the API looks like: paths, names in JSON, how it is paged. All the
 * rest (repeats, rate limits, deadlines, texts for the user) the kit does: see acme-kit.h.
 */
#include <acme-kit.h>

enum { OPTION_TOKEN, OPTION_API_URL, N_OPTIONS };

/* What users can set, in their configuration or in variables of the environment. */
static const struct acme_plugin_option options[N_OPTIONS] = {
    [OPTION_TOKEN] = {.name = "token",
                      .help = "The API token; it needs the right to edit DNS records",
                      .env = "@ENV@_TOKEN",
                      .flags = ACME_OPTION_REQUIRED | ACME_OPTION_SECRET | ACME_OPTION_GROUP},
    [OPTION_API_URL] = {.name = "api-url",
                        .help = "Where the API is",
                        .fallback = "https://api.example.com/v1",
                        .env = "@ENV@_API_URL"},
};

/* Nothing is sent yet: so it serves to check settings, too. */
static int32_t plugin_open(struct acme_call *call, const struct acme_open *o, void **ret_instance)
{
    const struct kit_http_settings settings = {
        .service = "@NAME@",
        .base_url = acme_value_at(o, OPTION_API_URL)->text,
        .url_option = "api-url",
        .credential = {.option = "token", .secret = acme_value_at(o, OPTION_TOKEN)->text},
    };

    return kit_open(call, &settings, ret_instance);
}

/* How the API lists zones and records, and removes a record. Each has its "id" and "name"; a record
 * has its value in "content". The host need not filter: names and values are compared here. */
static const struct kit_api api = {
    .paging = {.kind = KIT_PAGING_NUMBER,
               .parameter = "page",
               .size_name = "per_page",
               .size = 100},
    .zones = {.request = {.path = "/zones"}, .items = "zones"},
    .records = {.request = {.path = "/zones/{}/records",
                            .parts = {KIT_ZONE_ID},
                            .query = {{"type", "TXT"}, {"name", KIT_NAME}}},
                .items = "records"},
    .remove = {.method = "DELETE",
               .path = "/zones/{}/records/{}",
               .parts = {KIT_ZONE_ID, KIT_RECORD_ID}},
};

/* Looks first: so a call that is made twice, because an answer got lost, adds once. */
static int32_t plugin_add(struct acme_call *call, void *http, const struct acme_record *record)
{
    KIT_PLACE(place);
    KIT_TEXT(json);
    int32_t status = kit_find(call, http, &api, record, ACME_ADD, &place);

    if (status != ACME_OK || place.n_records > 0) {
        return status;
    }
    kit_json_addf(&json, "{'type': 'TXT', 'name': %s, 'content': %s, 'ttl': %u}", place.name,
                  place.value, record->ttl_s);
    return kit_send(call, http,
                    &(struct kit_request){.path = "/zones/{}/records",
                                          .parts = {place.zone_id},
                                          .json = &json,
                                          .must_have = "record.id",
                                          .zone = place.zone},
                    NULL);
}

/* By value, not by an id that was kept: it works in a later run, and on what a lost answer left. */
static int32_t plugin_remove(struct acme_call *call, void *http, const struct acme_record *record)
{
    return kit_remove(call, http, &api, record);
}

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
    static const struct acme_plugin description = {
        ACME_PLUGIN_HEAD,   .serial = ACME_SERIAL_ZONE, .traits = ACME_TRAIT_MULTI_VALUE,
        .check = kit_check, .open = plugin_open,        .close = kit_close,
        .add = plugin_add,  .remove = plugin_remove,    .name = "@NAME@",
        .options = options, .n_options = N_OPTIONS,     .summary = "DNS at @NAME@",
        .version = "0.1.0",
    };

    return &description;
}
