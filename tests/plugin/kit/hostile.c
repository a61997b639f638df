/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "hostile.h"

#include "kit_impl.h"

#include <stdlib.h>
#include <string.h>

static void expect(bool is_so)
{
    if (!is_so) {
        abort();
    }
}

static void read_json(const char *text, size_t len)
{
    struct kit_json *json = kit_json_parse(text, len, NULL);
    KIT_TEXT(copy);
    struct kit_json *again = NULL;

    if (json == NULL) {
        return;
    }
    (void)kit_json_str(json, text);
    (void)kit_json_int(json, "a.0.n", 0);
    kit_json_add_copy(&copy, json);
    again = kit_json_parse(kit_text_str(&copy), copy.len, NULL);
    expect(again != NULL); /* what we write can be read */
    kit_json_free(again);
    kit_json_free(json);
}

static void read_headers(const char *text, size_t len)
{
    struct kit_headers h = {.items = NULL};

    kit_headers_set(&h, "Link", text);
    kit_headers_set(&h, "RateLimit", text);
    kit_headers_set(&h, "Retry-After", text);
    kit_headers_set(&h, "X-RateLimit-Remaining", "0");
    kit_headers_set(&h, "X-RateLimit-Reset", text);
    kit_headers_take_line(&h, text, len);
    free(kit_headers_next_link(&h));
    expect(kit_retry_after_s(&h) <= 86400);
    expect(kit_rate_pause_ms(&h) >= 0 && kit_rate_pause_ms(&h) <= 86400000);
    (void)kit_headers_flaw(text, text);
    kit_headers_done(&h);
}

static void read_url(const char *text)
{
    struct kit_url url = {.scheme = NULL};
    char *resolved = kit_url_resolve("https://api.example.com/v1", text);

    expect(resolved == NULL || strncmp(resolved, "https://", 8) == 0);
    free(resolved);
    if (kit_url_parse(text, 0, &url) == NULL) {
        struct kit_request rq = {.path = text, .parts = {text}, .query = {{text, text}}};
        KIT_TEXT(built);

        (void)kit_url_build(&url, &rq, &built);
    }
    kit_url_done(&url);
}

static void read_names(const char *text, size_t len)
{
    struct acme_record record = {.fqdn = text, .zone = text, .value = text, .value_len = len};
    struct kit_walk walk = KIT_EMPTY;
    struct kit_secrets secrets = {.forms = NULL};
    KIT_TEXT(t);

    while (kit_walk_next(&walk, &record)) {
        expect(walk.step < HOSTILE_TEXT_MAX + 2);
    }
    kit_name_add_relative(&t, text, "example.com", "@");
    (void)kit_zone_is_better(text, "example.com.", text);
    (void)kit_txt_add_unquoted(&t, text);
    kit_txt_add_quoted(&t, text, len);
    (void)kit_txt_is(text, &record);
    kit_secrets_add(&secrets, text);
    kit_text_clear(&t);
    kit_mask_add(&t, &secrets, text, 100);
    for (size_t i = 0; i < t.len; i++) {
        expect((unsigned char)t.bytes[i] >= 0x20 && t.bytes[i] != 0x7f);
    }
    kit_secrets_done(&secrets);
}

void hostile_read(const char *text, size_t len)
{
    read_json(text, len);
    len = strlen(text); /* the others take C strings */
    read_headers(text, len);
    read_url(text);
    read_names(text, len);
}
