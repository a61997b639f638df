/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "powerdns.h"

#include <string.h>
#include <strings.h>

/* From this version on a set can be asked for with its disabled records. */
#define INCLUDES_DISABLED_SINCE 5
#define SEARCH_MAX "1000" /* records; the server's default of 100 might hide some */

int32_t server_identify(struct powerdns *p, struct acme_call *call)
{
    int32_t status = ACME_OK;
    KIT_ANSWER(answer);

    if (p->major != 0) {
        return ACME_OK;
    }
    status = kit_send(call, p->http, &(struct kit_request){.path = ""}, &answer);
    if (status == ACME_OK) {
        const char *version = kit_json_str(answer.json, "version");

        p->major = name_parse_major(version);
        acme_log(call, ACME_LOG_DEBUG, "the server is PowerDNS %s",
                 version != NULL ? version : "of unknown version");
    }
    return status;
}

int32_t server_read_zone(struct powerdns *p, struct acme_call *call, const char *zone,
                         const char *name, struct kit_fault *fault, struct kit_answer *answer)
{
    KIT_TEXT(id);

    name_add_zone_id(&id, zone);
    return kit_send(
        call, p->http,
        &(struct kit_request){.path = "/zones/{}",
                              .parts = {kit_text_str(&id)},
                              .query = {{"rrset_name", name},
                                        {"rrset_type", name != NULL ? "TXT" : NULL},
                                        {"include_disabled", name != NULL ? "true" : NULL}},
                              .must_have = "rrsets", /* none is [], and not there is no set */
                              .zone = zone,
                              .fault = fault},
        answer);
}

bool server_hides_disabled(const struct powerdns *p)
{
    return p->major < INCLUDES_DISABLED_SINCE;
}

int32_t server_search(struct powerdns *p, struct acme_call *call, const char *name,
                      struct kit_fault *fault, struct kit_answer *answer)
{
    KIT_TEXT(plain);

    kit_name_add_plain(&plain, name);
    return kit_send(
        call, p->http,
        &(struct kit_request){
            .path = "/search-data",
            .query = {{"q", kit_text_str(&plain)}, {"object_type", "record"}, {"max", SEARCH_MAX}},
            .fault = fault},
        answer);
}

int32_t server_patch(struct powerdns *p, struct acme_call *call, const char *zone,
                     const struct kit_text *body, struct kit_fault *fault)
{
    KIT_TEXT(id);

    name_add_zone_id(&id, zone);
    return kit_send(call, p->http,
                    &(struct kit_request){.method = "PATCH",
                                          .path = "/zones/{}",
                                          .parts = {kit_text_str(&id)},
                                          .json = body,
                                          .zone = zone,
                                          .repeat = KIT_REPEAT_NEVER,
                                          .fault = fault},
                    NULL);
}

/* ---- Other servers ---- */

static bool is_kind(const struct kit_json *zone, const char *const *kinds)
{
    const char *kind = kit_json_str(zone, "kind");

    for (size_t i = 0; kind != NULL && kinds[i] != NULL; i++) {
        if (strcasecmp(kind, kinds[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool server_is_copy(const struct kit_json *zone)
{
    static const char *const COPIES[] = {"Slave", "Secondary", "Consumer", NULL};

    return is_kind(zone, COPIES);
}

static void warn_of_serial(struct powerdns *p, struct acme_call *call, const char *zone,
                           const struct kit_json *json)
{
    const char *edit = kit_json_str(json, "soa_edit_api");

    if (edit != NULL && edit[0] == '\0' && !p->has_warned_serial) {
        p->has_warned_serial = true;
        acme_log(call, ACME_LOG_WARNING,
                 "zone %s does not raise its serial when the API changes it, so that its "
                 "secondaries take no notice: pdnsutil set-meta %s SOA-EDIT-API DEFAULT",
                 zone, zone);
    }
}

static void put(struct powerdns *p, struct acme_call *call, const char *zone, const char *path,
                const char *what)
{
    struct kit_fault fault = {.status = ACME_OK};
    KIT_TEXT(id);

    name_add_zone_id(&id, zone);
    if (kit_send(call, p->http,
                 &(struct kit_request){.method = "PUT",
                                       .path = path,
                                       .parts = {kit_text_str(&id)},
                                       .zone = zone,
                                       .fault = &fault},
                 NULL) != ACME_OK) {
        acme_log(call, ACME_LOG_WARNING, "zone %s was changed, but %s: %s", zone, what, fault.text);
    }
}

void server_announce(struct powerdns *p, struct acme_call *call, const char *zone,
                     const struct kit_json *json)
{
    static const char *const PRIMARIES[] = {"Master", "Primary", "Producer", NULL};

    if (p->wants_rectify) {
        put(p, call, zone, "/zones/{}/rectify", "not rectified");
    }
    if (is_kind(json, PRIMARIES)) {
        warn_of_serial(p, call, zone, json);
        put(p, call, zone, "/zones/{}/notify", "its secondaries were not notified");
    }
}

static bool is_changed_here(const struct kit_json *zone)
{
    return !server_is_copy(zone);
}

int32_t server_list_zones(struct powerdns *p, struct acme_call *call)
{
    static const struct kit_api API = {
        .zones = {.request = {.path = "/zones", .query = {{"dnssec", "false"}}},
                  .is_wanted = is_changed_here}};

    return kit_report_zones(call, p->http, &API);
}
