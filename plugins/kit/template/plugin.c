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

static const struct acme_plugin_option options[N_OPTIONS] = {
    [OPTION_TOKEN] = {.name = "token",
                      .help = "The API token; it needs the right to edit DNS records",
                      .env = "@ENV@_TOKEN",
                      .type = ACME_OPTION_STRING,
                      .flags = ACME_OPTION_REQUIRED | ACME_OPTION_SECRET | ACME_OPTION_GROUP},
    [OPTION_API_URL] = {.name = "api-url",
                        .fallback = "https://api.example.com/v1",
                        .help = "Where the API is",
                        .env = "@ENV@_API_URL",
                        .type = ACME_OPTION_STRING},
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

/* Where a value belongs at the host. */
struct place {
    struct kit_text name;    /* of the record, as the host writes names: without a dot at the end */
    struct kit_text zone_id; /* empty: this token reaches no zone that holds the name */
    struct kit_text record_id; /* of the record that holds the value already; empty: none does */
};

static void place_done(struct place *p)
{
    kit_text_done(&p->name);
    kit_text_done(&p->zone_id);
    kit_text_done(&p->record_id);
}

static struct kit_paging by_number(const char *items)
{
    return (struct kit_paging){.kind = KIT_PAGING_NUMBER,
                               .items = items,
                               .parameter = "page",
                               .size_name = "per_page",
                               .size = 100};
}

/* Of all zones that the token reaches, the longest that holds the name. */
static int32_t find_zone(struct acme_call *call, struct kit_http *http, struct place *p)
{
    const struct kit_request request = {.path = "/zones", .must_have = "zones"};
    const struct kit_paging paging = by_number("zones");
    KIT_PAGES(pages);
    KIT_TEXT(best);

    while (kit_pages_next(call, http, &request, &paging, &pages)) {
        KIT_JSON_EACH(zone, pages.answer.json, "zones")
        {
            const char *name = kit_json_str(zone, "name");

            if (kit_zone_is_better(kit_text_str(&p->name), name, best.bytes)) {
                kit_text_set(&best, name);
                kit_text_set(&p->zone_id, kit_json_id(zone, "id"));
            }
        }
    }
    return pages.status;
}

/* The host may show a value with quotes or without: kit_txt_is() knows it either way. */
static int32_t find_record(struct acme_call *call, struct kit_http *http,
                           const struct acme_record *record, struct place *p)
{
    const struct kit_request request = {
        .path = "/zones/{}/records",
        .parts = {kit_text_str(&p->zone_id)},
        .query = {{"type", "TXT"}, {"name", kit_text_str(&p->name)}},
        .must_have = "records",
        .zone = record->zone};
    const struct kit_paging paging = by_number("records");
    KIT_PAGES(pages);

    while (kit_pages_next(call, http, &request, &paging, &pages)) {
        KIT_JSON_EACH(entry, pages.answer.json, "records")
        {
            if (kit_name_equals(kit_json_str(entry, "name"), record->fqdn) &&
                kit_txt_is(kit_json_str(entry, "content"), record)) {
                kit_text_set(&p->record_id, kit_json_id(entry, "id"));
            }
        }
    }
    return pages.status;
}

static int32_t find_place(struct acme_call *call, struct kit_http *http,
                          const struct acme_record *record, struct place *p)
{
    int32_t status = ACME_OK;

    kit_name_add_plain(&p->name, record->fqdn);
    status = find_zone(call, http, p);
    return status != ACME_OK || p->zone_id.len == 0 ? status : find_record(call, http, record, p);
}

/* Looks first: so a call that is made twice, because an answer got lost, adds once. */
static int32_t plugin_add(struct acme_call *call, void *instance, const struct acme_record *record)
{
    struct place p __attribute__((cleanup(place_done))) = KIT_EMPTY;
    int32_t status = find_place(call, instance, record, &p);
    KIT_TEXT(content);
    KIT_TEXT(json);

    if (status != ACME_OK || p.record_id.len > 0) {
        return status;
    }
    if (p.zone_id.len == 0) {
        return acme_fail(call, ACME_NO_ZONE, 0, "this token reaches no zone that holds %s",
                         record->fqdn);
    }
    kit_txt_add_quoted(&content, record->value, record->value_len);
    kit_json_addf(&json, "{'type': 'TXT', 'name': %s, 'content': %s, 'ttl': %u}",
                  kit_text_str(&p.name), kit_text_str(&content), record->ttl_s);
    return kit_send(call, instance,
                    &(struct kit_request){.method = "POST",
                                          .path = "/zones/{}/records",
                                          .parts = {kit_text_str(&p.zone_id)},
                                          .json = &json,
                                          .must_have = "record.id",
                                          .zone = record->zone},
                    NULL);
}

/* By value, not by an id that was kept: it works in a later run, and on what a lost answer left. */
static int32_t plugin_remove(struct acme_call *call, void *instance,
                             const struct acme_record *record)
{
    struct place p __attribute__((cleanup(place_done))) = KIT_EMPTY;
    int32_t status = find_place(call, instance, record, &p);

    if (status != ACME_OK || p.record_id.len == 0) {
        return status; /* what is not there is gone */
    }
    return kit_send(
        call, instance,
        &(struct kit_request){.method = "DELETE",
                              .path = "/zones/{}/records/{}",
                              .parts = {kit_text_str(&p.zone_id), kit_text_str(&p.record_id)},
                              .allow = {404}},
        NULL);
}

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
    static const struct acme_plugin description = {
        ACME_PLUGIN_HEAD,           .serial = ACME_SERIAL_ZONE, .traits = ACME_TRAIT_MULTI_VALUE,
        .n_options = N_OPTIONS,     .name = "@NAME@",           .version = "0.1.0",
        .summary = "DNS at @NAME@", .options = options,         .check = kit_check,
        .open = plugin_open,        .close = kit_close,         .add = plugin_add,
        .remove = plugin_remove,
    };

    return &description;
}
