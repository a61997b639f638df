/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "describe_lab.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void options_that_could_be_mistaken_are_refused(void **state)
{
    static const struct {
        struct lab_option options[2];
        const char *error; /* NULL: fine */
    } CASES[] = {
        {{{"key", ACME_OPTION_STRING, ACME_OPTION_SECRET, NULL},
          {"key-file", ACME_OPTION_PATH, 0, NULL}},
         "'key' and 'key-file'"},
        {{{"key-command", ACME_OPTION_STRING, 0, NULL},
          {"key", ACME_OPTION_STRING, ACME_OPTION_SECRET, NULL}},
         "'key-command' and 'key'"},
        {{{"key", ACME_OPTION_STRING, ACME_OPTION_GROUP, NULL},
          {"key-file", ACME_OPTION_FILE, ACME_OPTION_GROUP, NULL}},
         "'key' and 'key-file'"},
        /* An option that names a file has no twins that do. */
        {{{"key", ACME_OPTION_FILE, ACME_OPTION_SECRET, NULL},
          {"key-file", ACME_OPTION_STRING, 0, NULL}},
         NULL},
        {{{"key", ACME_OPTION_STRING, 0, NULL}, {"key-file", ACME_OPTION_STRING, 0, NULL}}, NULL},
        {{{"key-file", ACME_OPTION_FILE, ACME_OPTION_SECRET, NULL},
          {"key-file-file", ACME_OPTION_STRING, 0, NULL}},
         NULL},
        {{{"a", ACME_OPTION_STRING, 0, NULL}, {"a", ACME_OPTION_INT, 0, NULL}}, "'a' twice"},
        {{{"a", ACME_OPTION_STRING, 0, NULL}, {"plugin", ACME_OPTION_INT, 0, NULL}},
         "a key of acme-dns itself"},
        {{{"a", ACME_OPTION_STRING, 0, NULL}, {"core-x", ACME_OPTION_INT, 0, NULL}},
         "a key of acme-dns itself"},
        {{{"a", ACME_OPTION_STRING, 0, NULL}, {"B", ACME_OPTION_INT, 0, NULL}},
         "without a legal name"},
        {{{"a", ACME_OPTION_STRING, 0, NULL}, {"b", ACME_OPTION_INT, 0x80, NULL}}, "flags 0x80"},
        {{{"a", ACME_OPTION_STRING, 0, "A_B,C=D"}, {"b", ACME_OPTION_INT, 0, NULL}}, "'C=D'"},
        /* The key of an account binding is not for a plug-in that names its variable. */
        {{{"a", ACME_OPTION_STRING, 0, "ACME_DNS_EAB_HMAC_KEY"}, {"b", ACME_OPTION_INT, 0, NULL}},
         "ACME_DNS_EAB_HMAC_KEY"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        AUTO_PTR(provider_description) struct provider_description *d = NULL;
        struct err err = ERR_INIT;
        int result = lab_parse(CASES[i].options, 2, &d, &err);

        if ((result == 0) != (CASES[i].error == NULL) ||
            (result < 0 && strstr(err.text, CASES[i].error) == NULL)) {
            fail_msg("case %zu: %d %s", i, result, err.text);
        }
    }
}

/* Every front of a good description, and it with bytes left over, is damaged. */
static void a_description_is_whole_or_refused(void **state)
{
    static const struct lab_option OPTION = {"x", ACME_OPTION_INT, 0, "X"};
    struct frame_out out = {.bytes = NULL};

    (void)state;
    lab_describe(&out, &OPTION, 1);
    for (size_t len = 0; len <= out.len - FRAME_HEAD + 1; len++) {
        AUTO_PTR(provider_description) struct provider_description *d = NULL;
        size_t whole = out.len - FRAME_HEAD;
        uint8_t *copy = calloc(1, whole + 1);
        struct frame_in in = {.kind = FRAME_DESCRIBE, .at = copy, .left = len};
        struct err err = ERR_INIT;

        assert_non_null(copy);
        memcpy(copy, out.bytes + FRAME_HEAD, whole);
        assert_true((describe_parse(&in, "/x/demo.so", "demo", &d, &err) == 0) == (len == whole));
        assert_true((d != NULL) == (len == whole));
        free(copy);
    }
    frame_out_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_that_could_be_mistaken_are_refused),
        cmocka_unit_test(a_description_is_whole_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
