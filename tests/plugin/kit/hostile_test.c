/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What strangers may send, in quantity: good texts with bytes changed, cut and doubled, for every
 * parser. Nothing is expected but that each ends, and that the sanitizers see nothing. The numbers
 * are the same in each run; KIT_HOSTILE_ROUNDS asks for more of them.
 */
#include "cmocka_all.h"

#include "kit_impl.h"

#include <stdlib.h>

enum { ROUNDS = 20000, TEXT_MAX = 512 };

static uint32_t seed = 20261122;

static uint32_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

static const char *const SEEDS[] = {
    "{\"a\":[{\"id\":\"b\\u00e4\\n\",\"n\":-1.5e3,\"t\":true}],\"x\":null,\"y\":[[[[{}]]]]}",
    "\"quoted \\\" \\065 \\\\ text\" \"second\"",
    "<https://api.example/a?b=c,d>; rel=\"prev\", </next>; title=\"a,b\"; rel=\"x next\"",
    "https://user@api.example.com:8443/v1/zones?name=%20#x",
    "\"default\";r=0;t=30, \"other\";r=5;t=60",
    "Sat, 21 Nov 2020 10:01:30 GMT",
    "Content-Type: text/html; charset=utf-8\r\n",
    "_acme-challenge.www.example.com.",
};

static size_t mutate(char text[TEXT_MAX])
{
    size_t len = (size_t)snprintf(text, TEXT_MAX, "%s",
                                  SEEDS[next_random() % (sizeof(SEEDS) / sizeof(SEEDS[0]))]);

    for (uint32_t n = 1 + next_random() % 6; n > 0; n--) {
        size_t at = next_random() % (len + 1);

        switch (next_random() % 4) {
        case 0:
            text[at < len ? at : 0] = (char)(unsigned char)next_random();
            break;
        case 1:
            len = at;
            break;
        case 2:
            if (len * 2 < TEXT_MAX) {
                memmove(text + at + (len - at), text + at, len - at);
                len += len - at;
            }
            break;
        default:
            text[at < len ? at : 0] = "\"\\{}[]<>;=,\x1b\xff"[next_random() % 13];
        }
    }
    text[len] = '\0';
    return len;
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
    assert_non_null(again); /* what we write can be read */
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
    assert_true(kit_retry_after_s(&h) <= 86400);
    assert_true(kit_rate_pause_ms(&h) >= 0 && kit_rate_pause_ms(&h) <= 86400000);
    (void)kit_headers_flaw(text, text);
    kit_headers_done(&h);
}

static void read_url(const char *text)
{
    struct kit_url url = {.scheme = NULL};
    char *resolved = kit_url_resolve("https://api.example.com/v1", text);

    assert_true(resolved == NULL || strncmp(resolved, "https://", 8) == 0);
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
        assert_true(walk.step < TEXT_MAX + 2);
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
        assert_true((unsigned char)t.bytes[i] >= 0x20 && t.bytes[i] != 0x7f);
    }
    kit_secrets_done(&secrets);
}

static void mutilated_texts_end_every_parser(void **state)
{
    const char *wish = getenv("KIT_HOSTILE_ROUNDS");
    long rounds = wish == NULL ? ROUNDS : strtol(wish, NULL, 10);
    char text[TEXT_MAX];

    (void)state;
    for (long i = 0; i < rounds; i++) {
        size_t len = mutate(text);

        read_json(text, len);
        len = strlen(text); /* the others take C strings */
        read_headers(text, len);
        read_url(text);
        read_names(text, len);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mutilated_texts_end_every_parser)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
