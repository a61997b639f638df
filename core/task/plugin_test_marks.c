/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The test's values, and the names that they stand at. */
#include "task/plugin_test_impl.h"

#include "base/b64.h"
#include "base/clock.h"
#include "base/domain.h"
#include "base/mem.h"

#include <ctype.h>
#include <string.h>

#define RANDOM_BYTES 32 /* as many as a SHA-256 has: values look like those of challenges */
#define LABEL_MAX 63

char *marks_make_text(void)
{
    unsigned char bytes[RANDOM_BYTES];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)clock_random(256);
    }
    return b64url_encode(bytes, sizeof(bytes));
}

/* Differs from text in its letters' case, and from every DNS host that compares without it. */
static char *make_twin(const char *text)
{
    char *twin = str_dup(text);

    for (char *at = twin; *at != '\0'; at++) {
        *at = (char)(islower((unsigned char)*at) ? toupper((unsigned char)*at)
                                                 : tolower((unsigned char)*at));
    }
    return twin;
}

static void set_mark(struct plugin_test *test, enum mark_id id, char *take_owner, const char *zone,
                     char *take_text)
{
    struct mark *mark = &test->marks[id];

    mark->owner = take_owner;
    mark->zone = str_dup(zone);
    mark->text = take_text;
    mark->key_authorization = attended_make_authorization(test);
    if (mark->key_authorization != NULL) {
        mem_free(mark->text);
        mark->text = b64url_sha256(mark->key_authorization, strlen(mark->key_authorization));
    }
    if (test->is_alias) {
        mark->identifier = str_dup(test->domain);
    } else {
        const char *base = take_owner + strlen(DOMAIN_CHALLENGE_LABEL);

        mark->identifier = str_dup_len(base, strlen(base) - 1);
    }
}

/* Four labels that alone are over the 255 bytes of a name. */
static char *make_long_owner(const struct plugin_test *test)
{
    char label[LABEL_MAX + 1];

    memset(label, MARK_LONG_FILL[0], LABEL_MAX);
    label[LABEL_MAX] = '\0';
    return str_fmt(DOMAIN_CHALLENGE_LABEL "%s.%s.%s.%s.%s.%s.", label, label, label, label,
                   test->label, test->domain);
}

static char *make_owner(const struct plugin_test *test, const char *front)
{
    return str_fmt(DOMAIN_CHALLENGE_LABEL "%s.%s.%s.", front, test->label, test->domain);
}

void marks_init(struct plugin_test *test)
{
    AUTO_FREE char *nowhere = str_fmt("%s.invalid.", test->label);
    AUTO_FREE char *owner = str_fmt("%s.", test->place->owner);
    const struct mark *first = &test->marks[MARK_FIRST];

    set_mark(test, MARK_FIRST, str_dup(owner), test->zone, marks_make_text());
    set_mark(test, MARK_TWIN, str_dup(owner), test->zone, make_twin(first->text));
    set_mark(test, MARK_STRANGER, str_dup(owner), test->zone, marks_make_text());
    set_mark(test, MARK_NEIGHBOUR, make_owner(test, "neighbour"), test->zone, str_dup(first->text));
    set_mark(test, MARK_BATCH_1, make_owner(test, "one"), test->zone, marks_make_text());
    set_mark(test, MARK_BATCH_2, make_owner(test, "two"), test->zone, marks_make_text());
    set_mark(test, MARK_BATCH_3, make_owner(test, "three"), test->zone, marks_make_text());
    set_mark(test, MARK_LONG, make_long_owner(test), test->zone, marks_make_text());
    set_mark(test, MARK_NOWHERE, str_fmt(DOMAIN_CHALLENGE_LABEL "%s", nowhere), nowhere,
             marks_make_text());
}

void marks_done(struct plugin_test *test)
{
    for (size_t i = 0; i < MARK_COUNT; i++) {
        mem_free(test->marks[i].owner);
        mem_free(test->marks[i].zone);
        mem_free(test->marks[i].text);
        mem_free(test->marks[i].identifier);
        mem_free(test->marks[i].key_authorization);
        mem_free(test->marks[i].receipt);
    }
    for (size_t i = 0; i < test->n_changes; i++) {
        provider_job_cancel(&test->changes[i].job);
    }
}

size_t marks_count_left(const struct plugin_test *test)
{
    size_t n = 0;

    for (size_t i = 0; i < MARK_COUNT; i++) {
        n += test->marks[i].entry != NULL ? 1 : 0;
    }
    return n;
}
