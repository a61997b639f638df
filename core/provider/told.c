/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What an instance was told, for a report that may be shown to strangers. */
#include "provider/set.h"

#include "base/cleanup.h"
#include "base/mem.h"

#include "acme-plugin.h"

#include <string.h>

#define SHOWN_MAX 200u
#define HIDDEN "[secret]"

/* "value", "one, two" for a repeated option; cut where it is long. To mem_free. */
static char *show(const struct provider_option *option, const struct option_slot *slot)
{
    AUTO(buf_done) struct buf text = BUF(SHOWN_MAX);
    size_t at = 0;

    if ((option->flags & ACME_OPTION_SECRET) != 0) {
        return str_dup(HIDDEN);
    }
    if (option->type == ACME_OPTION_FILE) {
        return str_fmt("(%zu bytes)", slot->len);
    }
    while (at < slot->len) {
        buf_addf(&text, "%s%s", at == 0 ? "" : ", ", slot->text + at);
        at += strlen(slot->text + at) + 1;
    }
    if (text.has_overflown) {
        return str_fmt("%s...", buf_str(&text));
    }
    return buf_take(&text);
}

/* The entry of from_environment for this option, without its name: " (NAME)", or "". */
static const char *find_variable(const struct option_values *values, const char *option)
{
    for (size_t i = 0; i < values->from_environment.n; i++) {
        const char *entry = values->from_environment.items[i];

        if (str_has_prefix(entry, option) && entry[strlen(option)] == ' ') {
            return entry + strlen(option);
        }
    }
    return "";
}

static void list_options(const struct provider *p, struct strv *to)
{
    for (size_t i = 0; i < p->values.n; i++) {
        const struct provider_option *option = &p->plugin->options[i];
        const struct option_slot *slot = &p->values.items[i];

        if (slot->text != NULL && !str_eq(slot->text, option->fallback)) {
            AUTO_FREE char *value = show(option, slot);

            strv_take(to, str_fmt("%s=%s%s", option->name, value,
                                  find_variable(&p->values, option->name)));
        }
    }
}

/* The core's own keys. A variable that a hook is given may be a token: only its name is told. */
static void list_keys(const struct provider *p, struct strv *to)
{
    for (size_t i = 0; p->section != NULL && i < p->section->n_values; i++) {
        const struct config_value *value = &p->section->values[i];
        const char *equals = strchr(value->text, '=');

        if (str_eq(value->key, "env") && equals != NULL) {
            strv_take(to, str_fmt("env=%.*s=" HIDDEN, (int)(equals - value->text), value->text));
        } else if (provider_is_core_key(value->key)) {
            strv_take(to, str_fmt("%s=%s", value->key, value->text));
        }
    }
}

void provider_list_settings(const struct provider *provider, struct strv *to)
{
    list_keys(provider, to);
    if (provider->plugin != NULL) {
        list_options(provider, to);
    }
}

char *provider_place(const struct provider *provider)
{
    return provider->section != NULL ? config_place_format(&provider->section->place)
                                     : str_dup("no section");
}
