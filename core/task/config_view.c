/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/config_view.h"

#include "base/mem.h"
#include "base/str.h"
#include "config/keys.h"
#include "config/settings.h"
#include "store/store_cert.h"

#include <string.h>

struct config_view config_view_of(const struct config_section *section, const char *why)
{
    return (struct config_view){
        .kind = section->kind, .name = section->name, .place = section->place, .why = why};
}

void config_view_done(struct config_view *view)
{
    for (size_t i = 0; i < view->n; i++) {
        mem_free(view->facts[i].key);
        mem_free(view->facts[i].text);
    }
    mem_free(view->facts);
    *view = (struct config_view){.n = 0};
}

void config_view_add(struct config_view *view, const char *key, const char *text,
                     const struct config_place *place, const char *source)
{
    VEC_PUSH(view->facts, view->n, view->cap) = (struct config_fact){
        .key = str_dup(key), .text = str_dup(text), .place = *place, .source = source};
}

bool config_key_is_secret(const struct config_key *key)
{
    return strcmp(key->name, "eab-hmac-key") == 0;
}

/* A value's own place; of what several lines say together, the last. */
static struct config_place place_of(const struct config_section *section,
                                    const struct config_key *key, size_t line)
{
    const struct config_value *value = config_value_find(section, key->name);
    const struct config_value *at = NULL;

    if (value == NULL) {
        return (struct config_place){.origin = CONFIG_DEFAULT};
    }
    for (size_t i = 0; key_is_one_a_line(key) && i <= line; i++) {
        at = config_value_next(section, key->name, at);
        value = at != NULL ? at : value;
    }
    return value->place;
}

static void add_own(struct config_view *view, const struct config_section *section,
                    const struct config_key *key, const void *fields)
{
    AUTO(strv_done) struct strv texts = STRV_INIT;

    key_format(key, fields, &texts);
    for (size_t i = 0; i < texts.n; i++) {
        struct config_place place = place_of(section, key, i);

        config_view_add(view, key->name, config_key_is_secret(key) ? NULL : texts.items[i], &place,
                        NULL);
    }
}

void config_view_add_inherited(struct config_view *view, const struct settings *settings,
                               const char *name)
{
    const struct config_key *key = key_find("acme-dns", name);
    AUTO(strv_done) struct strv texts = STRV_INIT;
    struct config_place place = settings_place(settings, name);

    if (key != NULL) {
        key_format(key, settings, &texts);
    }
    for (size_t i = 0; i < texts.n; i++) {
        config_view_add(view, name, texts.items[i], &place, NULL);
    }
}

void config_view_add_rows(struct config_view *view, const struct config_section *section,
                          const void *fields)
{
    size_t n_keys = 0;
    const struct config_key *keys = key_table(&n_keys);

    for (size_t i = 0; i < n_keys; i++) {
        if (strcmp(keys[i].section, section->kind) == 0 &&
            strcmp(keys[i].name, STORE_REQUEST_CONFIGURED) != 0 && /* notes to ourselves */
            strcmp(keys[i].name, STORE_REQUEST_BEGUN) != 0) {
            add_own(view, section, &keys[i], fields);
        }
    }
}
