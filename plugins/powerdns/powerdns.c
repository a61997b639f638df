/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* powerdns: the HTTP API of a PowerDNS Authoritative Server. Options and callbacks. */
#include "powerdns.h"

#include <stdlib.h>
#include <string.h>

/* Answers hold whole zones where a server knows no filters. */
#define BODY_MAX ((uint32_t)KIT_TEXT_MAX)

enum {
    OPTION_API_URL,
    OPTION_API_KEY,
    OPTION_SERVER_ID,
    OPTION_PLAIN_HTTP,
    OPTION_CA_BUNDLE,
    OPTION_RECTIFY,
};

static const struct acme_plugin_option OPTIONS[] = {
    [OPTION_API_URL] = {.name = "api-url",
                        .help = "URL of the server's web service, as http://127.0.0.1:8081",
                        .env = "PDNS_API_URL,PDNS_Url",
                        .type = ACME_OPTION_STRING,
                        .flags = ACME_OPTION_REQUIRED},
    [OPTION_API_KEY] = {.name = "api-key",
                        .help = "api-key of the server's pdns.conf",
                        .env = "PDNS_API_KEY,PDNS_Token",
                        .type = ACME_OPTION_STRING,
                        .flags = ACME_OPTION_REQUIRED | ACME_OPTION_SECRET},
    [OPTION_SERVER_ID] = {.name = "server-id",
                          .fallback = "localhost",
                          .help = "the server's id in the API",
                          .env = "PDNS_SERVER_NAME,PDNS_ServerId",
                          .type = ACME_OPTION_STRING},
    [OPTION_PLAIN_HTTP] = {.name = "plain-http",
                           .fallback = "no",
                           .help = "let the key pass a network without TLS",
                           .type = ACME_OPTION_BOOL},
    [OPTION_CA_BUNDLE] = {.name = "ca-bundle",
                          .help = "root certificates to trust instead of the system's",
                          .type = ACME_OPTION_PATH},
    [OPTION_RECTIFY] = {.name = "rectify",
                        .fallback = "no",
                        .help = "ask for the zone to be rectified after each change",
                        .type = ACME_OPTION_BOOL},
};

static void powerdns_close(struct acme_call *call, void *instance)
{
    struct powerdns *p = instance;

    (void)call;
    kit_http_close(p->http);
    free(p);
}

static int32_t open_http(struct acme_call *call, const struct acme_open *o, struct powerdns *p)
{
    const char *server_id = acme_value_at(o, OPTION_SERVER_ID)->text;
    KIT_TEXT(url);

    name_add_base_url(&url, acme_value_at(o, OPTION_API_URL)->text);
    kit_text_add_str(&url, "/servers/");
    kit_text_add_escaped(&url, server_id);
    return kit_http_open(
        call,
        &(struct kit_http_settings){
            .service = "PowerDNS",
            .base_url = kit_text_str(&url),
            .url_option = OPTIONS[OPTION_API_URL].name,
            .credential = {.option = OPTIONS[OPTION_API_KEY].name,
                           .secret = acme_value_at(o, OPTION_API_KEY)->text,
                           .header = "X-API-Key"},
            .ca_file = acme_value_at(o, OPTION_CA_BUNDLE)->text,
            .max_body = BODY_MAX,
            .flags = acme_value_at(o, OPTION_PLAIN_HTTP)->number != 0 ? KIT_HTTP_PLAIN : 0,
            .judge = explain_judge},
        &p->http);
}

static int32_t powerdns_open(struct acme_call *call, const struct acme_open *o, void **ret_instance)
{
    struct powerdns *p = calloc(1, sizeof(*p));
    int32_t status = ACME_OK;

    if (p == NULL) {
        return acme_fail(call, ACME_BUG, 0, "there is no memory for the settings");
    }
    p->wants_rectify = acme_value_at(o, OPTION_RECTIFY)->number != 0;
    status = open_http(call, o, p);
    if (status != ACME_OK) {
        powerdns_close(call, p);
        return status;
    }
    *ret_instance = p;
    return ACME_OK;
}

static int32_t powerdns_apply(struct acme_call *call, void *instance,
                              const struct acme_change *const *changes, size_t n)
{
    struct target *targets = calloc(n, sizeof(*targets));
    int32_t status = ACME_OK;

    if (targets == NULL) {
        return acme_fail(call, ACME_BUG, 0, "there is no memory for %zu changes", n);
    }
    for (size_t i = 0; i < n; i++) {
        targets[i] = (struct target){
            .record = changes[i]->record, .index = i, .is_add = changes[i]->what == ACME_ADD};
    }
    status = change_apply(instance, call, targets, n);
    free(targets);
    return status;
}

static int32_t change_one(struct acme_call *call, void *instance, const struct acme_record *record,
                          bool is_add)
{
    struct target target = {.record = record, .index = ACME_WHOLE_CALL, .is_add = is_add};
    int32_t status = change_apply(instance, call, &target, 1);

    return status != ACME_OK ? status : target.status;
}

static int32_t powerdns_add(struct acme_call *call, void *instance,
                            const struct acme_record *record)
{
    return change_one(call, instance, record, true);
}

static int32_t powerdns_remove(struct acme_call *call, void *instance,
                               const struct acme_record *record)
{
    return change_one(call, instance, record, false);
}

static int32_t powerdns_zones(struct acme_call *call, void *instance)
{
    struct powerdns *p = instance;
    int32_t status = server_identify(p, call);

    return status == ACME_OK ? server_list_zones(p, call) : status;
}

static const struct acme_plugin PLUGIN = {
    ACME_PLUGIN_HEAD,
    .serial = ACME_SERIAL_ZONE,
    .traits = ACME_TRAIT_MULTI_VALUE,
    .n_options = sizeof(OPTIONS) / sizeof(OPTIONS[0]),
    .name = "powerdns",
    .version = ACME_VERSION,
    .summary = "the HTTP API of a PowerDNS Authoritative Server",
    .options = OPTIONS,
    .check = kit_check,
    .open = powerdns_open,
    .close = powerdns_close,
    .add = powerdns_add,
    .remove = powerdns_remove,
    .apply = powerdns_apply,
    .zones = powerdns_zones,
};

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
    return &PLUGIN;
}
