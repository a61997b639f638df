/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * acme-dns-server: the name server of that name (https://github.com/joohoi/acme-dns), which does
 * nothing but serve values for certificates. Options and callbacks.
 */
#include "acme-dns-server.h"

#include <stdlib.h>
#include <string.h>

/* A person creates the CNAME while we wait. */
#define PROPAGATION_TIMEOUT_S 600
#define BODY_MAX (64u << 10)

enum {
    OPTION_API_URL,
    OPTION_STORAGE,
    OPTION_AWAIT_CNAME,
    OPTION_ALLOW_FROM,
    OPTION_PLAIN_HTTP,
    OPTION_CA_BUNDLE,
};

static const struct acme_plugin_option OPTIONS[] = {
    [OPTION_API_URL] = {.name = "api-url",
                        .help = "URL of the server's API, as https://auth.example.org",
                        .env = "ACMEDNS_BASE_URL",
                        .type = ACME_OPTION_STRING,
                        .flags = ACME_OPTION_REQUIRED},
    [OPTION_STORAGE] = {.name = "storage",
                        .help = "folder that keeps the accounts",
                        .env = "ACMEDNS_STORAGE",
                        .type = ACME_OPTION_PATH,
                        .flags = ACME_OPTION_REQUIRED},
    [OPTION_AWAIT_CNAME] = {.name = "await-cname",
                            .fallback = "yes",
                            .help = "wait for a CNAME that is missing, instead of failing",
                            .type = ACME_OPTION_BOOL},
    [OPTION_ALLOW_FROM] = {.name = "allow-from",
                           .help = "network from which a new account takes updates",
                           .env = "ACMEDNS_ALLOWFROM",
                           .type = ACME_OPTION_STRING,
                           .flags = ACME_OPTION_REPEAT},
    [OPTION_PLAIN_HTTP] = {.name = "plain-http",
                           .fallback = "no",
                           .help = "let passwords pass a network without TLS",
                           .type = ACME_OPTION_BOOL},
    [OPTION_CA_BUNDLE] = {.name = "ca-bundle",
                          .help = "root certificates to trust instead of the system's",
                          .type = ACME_OPTION_PATH},
};

static void plugin_close(struct acme_call *call, void *instance)
{
    struct plugin *p = instance;

    (void)call;
    kit_http_close(p->api.http);
    kit_text_done(&p->api.allow_from);
    storage_close(&p->storage);
    free(p->api.url);
    free(p->accounts);
    free(p->instance);
    free(p);
}

/* Networks, one a line or with commas between, as the array that the server wants. */
static void read_allow_from(const struct acme_value *value, struct kit_text *to)
{
    const char *at = value->text;

    for (size_t i = 0; at != NULL && i < value->len; i++) {
        bool is_end = at[i] == '\0' || at[i] == ',' || at[i] == ' ';
        size_t begin = i;
        KIT_TEXT(network);

        if (is_end) {
            continue;
        }
        while (i < value->len && at[i] != '\0' && at[i] != ',' && at[i] != ' ') {
            i++;
        }
        kit_text_add(&network, at + begin, i - begin);
        if (to->len == 0) {
            kit_json_open(to, '[');
        }
        kit_json_add_str(to, kit_text_str(&network));
    }
    if (to->len > 0) {
        kit_json_close(to, ']');
    }
}

static int32_t read_settings(struct acme_call *call, const struct acme_open *o, struct plugin *p)
{
    const char *url = acme_value_at(o, OPTION_API_URL)->text;
    const char *storage = acme_value_at(o, OPTION_STORAGE)->text;
    size_t len = strlen(url);

    while (len > 0 && url[len - 1] == '/') {
        len--;
    }
    p->api.url = strndup(url, len);
    p->instance = strdup(o->instance);
    p->awaits_cname = acme_value_at(o, OPTION_AWAIT_CNAME)->number != 0;
    read_allow_from(acme_value_at(o, OPTION_ALLOW_FROM), &p->api.allow_from);
    if (p->api.url == NULL || p->instance == NULL ||
        asprintf(&p->accounts, "%s/accounts.json", storage) < 0) {
        p->accounts = NULL;
        return acme_fail(call, ACME_BUG, 0, "there is no memory for the settings");
    }
    p->api.accounts = p->accounts;
    return storage_open(call, storage, &p->storage);
}

static int32_t plugin_open(struct acme_call *call, const struct acme_open *o, void **ret_instance)
{
    struct plugin *p = calloc(1, sizeof(*p));
    int32_t status = ACME_OK;

    if (p == NULL) {
        return acme_fail(call, ACME_BUG, 0, "there is no memory for the settings");
    }
    p->storage.folder = -1;
    status = read_settings(call, o, p);
    if (status == ACME_OK) {
        status = kit_http_open(
            call,
            &(struct kit_http_settings){
                .service = "the acme-dns server",
                .base_url = p->api.url,
                .url_option = OPTIONS[OPTION_API_URL].name,
                .ca_file = acme_value_at(o, OPTION_CA_BUNDLE)->text,
                .max_body = BODY_MAX,
                .flags = acme_value_at(o, OPTION_PLAIN_HTTP)->number != 0 ? KIT_HTTP_PLAIN : 0,
                .judge = api_judge,
                .context = &p->api},
            &p->api.http);
    }
    if (status != ACME_OK) {
        plugin_close(call, p);
        return status;
    }
    *ret_instance = p;
    return ACME_OK;
}

static int32_t plugin_add(struct acme_call *call, void *instance, const struct acme_record *record)
{
    return publish_add(call, instance, record);
}

static int32_t plugin_remove(struct acme_call *call, void *instance,
                             const struct acme_record *record)
{
    return publish_remove(call, instance, record);
}

static int32_t plugin_zones(struct acme_call *call, void *instance)
{
    return publish_zones(call, instance);
}

/* Calls run side by side: processes lock what they share. */
static const struct acme_plugin PLUGIN = {
    ACME_PLUGIN_HEAD,
    .serial = ACME_SERIAL_FREE,
    .traits = ACME_TRAIT_MULTI_VALUE,
    .n_options = sizeof(OPTIONS) / sizeof(OPTIONS[0]),
    .min_ttl_s = 1,
    .propagation_timeout_s = PROPAGATION_TIMEOUT_S,
    .name = "acme-dns-server",
    .version = ACME_VERSION,
    .summary = "joohoi's acme-dns, the server that holds values behind CNAMEs",
    .options = OPTIONS,
    .check = kit_check,
    .open = plugin_open,
    .close = plugin_close,
    .add = plugin_add,
    .remove = plugin_remove,
    .zones = plugin_zones,
};

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
    return &PLUGIN;
}
