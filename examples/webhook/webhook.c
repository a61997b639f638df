/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* webhook: a plug-in that hands each change to a URL of yours, as JSON. Any answer of 2xx means
 * that the change is in force; changing twice must do no harm. */
#include <acme-kit.h>

static const struct acme_plugin_option options[] = {
    {.name = "url", .help = "Where changes are POSTed to", .flags = ACME_OPTION_REQUIRED},
};

static int32_t webhook_open(struct acme_call *call, const struct acme_open *o, void **ret_instance)
{
    const struct kit_http_settings settings = {.service = "the webhook",
                                               .base_url = acme_value_at(o, 0)->text,
                                               .url_option = "url",
                                               .accept = "*/*"};

    return kit_open(call, &settings, ret_instance);
}

static int32_t post(struct acme_call *call, struct kit_http *http, const char *action,
                    const struct acme_record *record)
{
    KIT_TEXT(value);
    KIT_TEXT(json);

    if (!kit_txt_add_bare(&value, record)) {
        return acme_fail(call, ACME_UNSUPPORTED, 0, "a value with a NUL does not fit into JSON");
    }
    kit_json_addf(&json, "{'action': %s, 'name': %s, 'zone': %s, 'value': %s, 'ttl': %u}", action,
                  record->fqdn, record->zone, kit_text_str(&value), record->ttl_s);
    return kit_send(call, http, &(struct kit_request){.json = &json, .repeat = KIT_REPEAT_SAFE},
                    NULL);
}

static int32_t webhook_add(struct acme_call *call, void *http, const struct acme_record *record)
{
    return post(call, http, "add", record);
}

static int32_t webhook_remove(struct acme_call *call, void *http, const struct acme_record *record)
{
    return post(call, http, "remove", record);
}

ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
    static const struct acme_plugin description = {
        ACME_PLUGIN_HEAD,         .traits = ACME_TRAIT_MULTI_VALUE,
        .name = "webhook",        .version = "1.0.0",
        .options = options,       .n_options = 1,
        .check = kit_check,       .open = webhook_open,
        .close = kit_close,       .add = webhook_add,
        .remove = webhook_remove, .summary = "A URL of yours",
    };

    return &description;
}
