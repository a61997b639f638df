/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What strangers may send, in quantity: good texts with bytes changed, cut and doubled, for every
 * parser. Nothing is expected but that each ends, and that the sanitizers see nothing. The numbers
 * are the same in each run; KIT_HOSTILE_ROUNDS asks for more of them.
 */
#include "cmocka_all.h"
#include "hostile.h"

#include <stdlib.h>

enum { ROUNDS = 20000, TEXT_MAX = HOSTILE_TEXT_MAX };

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

static void mutilated_texts_end_every_parser(void **state)
{
    const char *wish = getenv("KIT_HOSTILE_ROUNDS");
    long rounds = wish == NULL ? ROUNDS : strtol(wish, NULL, 10);
    char text[TEXT_MAX];

    (void)state;
    for (long i = 0; i < rounds; i++) {
        hostile_read(text, mutate(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mutilated_texts_end_every_parser)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
