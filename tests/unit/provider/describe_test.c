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
        {{{"key", ACME_OPTION_STRING, ACME_OPTION_SECRET, NULL, NULL, NULL},
          {"key-file", ACME_OPTION_PATH, 0, NULL, NULL, NULL}},
         "'key' and 'key-file'"},
        {{{"key-command", ACME_OPTION_STRING, 0, NULL, NULL, NULL},
          {"key", ACME_OPTION_STRING, ACME_OPTION_SECRET, NULL, NULL, NULL}},
         "'key-command' and 'key'"},
        {{{"key", ACME_OPTION_STRING, ACME_OPTION_GROUP, NULL, NULL, NULL},
          {"key-file", ACME_OPTION_FILE, ACME_OPTION_GROUP, NULL, NULL, NULL}},
         "'key' and 'key-file'"},
        /* An option that names a file has no twins that do. */
        {{{"key", ACME_OPTION_FILE, ACME_OPTION_SECRET, NULL, NULL, NULL},
          {"key-file", ACME_OPTION_STRING, 0, NULL, NULL, NULL}},
         NULL},
        {{{"key", ACME_OPTION_STRING, 0, NULL, NULL, NULL},
          {"key-file", ACME_OPTION_STRING, 0, NULL, NULL, NULL}},
         NULL},
        {{{"key-file", ACME_OPTION_FILE, ACME_OPTION_SECRET, NULL, NULL, NULL},
          {"key-file-file", ACME_OPTION_STRING, 0, NULL, NULL, NULL}},
         NULL},
        {{{"a", ACME_OPTION_STRING, 0, NULL, NULL, NULL},
          {"a", ACME_OPTION_INT, 0, NULL, NULL, NULL}},
         "'a' twice"},
        {{{"a", ACME_OPTION_STRING, 0, NULL, NULL, NULL},
          {"plugin", ACME_OPTION_INT, 0, NULL, NULL, NULL}},
         "a key of acme-dns itself"},
        {{{"a", ACME_OPTION_STRING, 0, NULL, NULL, NULL},
          {"core-x", ACME_OPTION_INT, 0, NULL, NULL, NULL}},
         "a key of acme-dns itself"},
        {{{"a", ACME_OPTION_STRING, 0, NULL, NULL, NULL},
          {"B", ACME_OPTION_INT, 0, NULL, NULL, NULL}},
         "without a legal name"},
        {{{"a", ACME_OPTION_STRING, 0, NULL, NULL, NULL},
          {"b", ACME_OPTION_INT, 0x80, NULL, NULL, NULL}},
         "flags 0x80"},
        {{{"a", ACME_OPTION_STRING, 0, "A_B,C=D", NULL, NULL},
          {"b", ACME_OPTION_INT, 0, NULL, NULL, NULL}},
         "'C=D'"},
        /* The key of an account binding is not for a plug-in that names its variable. */
        {{{"a", ACME_OPTION_STRING, 0, "ACME_DNS_EAB_HMAC_KEY", NULL, NULL},
          {"b", ACME_OPTION_INT, 0, NULL, NULL, NULL}},
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

static void a_default_is_of_its_type(void **state)
{
    static const struct {
        struct lab_option option;
        const char *error; /* NULL: fine */
    } CASES[] = {
        {{.type = ACME_OPTION_INT, .fallback = "-7"}, NULL},
        {{.type = ACME_OPTION_INT, .fallback = "7s"}, "is not a whole number"},
        {{.type = ACME_OPTION_BOOL, .fallback = "no"}, NULL},
        {{.type = ACME_OPTION_BOOL, .fallback = ""}, "is neither yes nor no"},
        {{.type = ACME_OPTION_DURATION, .fallback = "5m"}, NULL},
        {{.type = ACME_OPTION_DURATION, .fallback = "5 m"}, "is not a time"},
        {{.type = ACME_OPTION_CHOICE, .fallback = "b", .choices = "a,b"}, NULL},
        {{.type = ACME_OPTION_CHOICE, .fallback = "c", .choices = "a,b"}, "is none of: a, b"},
        {{.type = ACME_OPTION_HOSTPORT, .fallback = "localhost:53"}, NULL},
        {{.type = ACME_OPTION_HOSTPORT, .fallback = "a b"}, "is not HOST"},
        {{.type = ACME_OPTION_PATH, .fallback = "/var/lib"}, NULL},
        {{.type = ACME_OPTION_PATH, .fallback = "lib"}, "is not an absolute path"},
        {{.type = ACME_OPTION_FILE, .fallback = "/nonexistent"}, NULL},
        {{.type = ACME_OPTION_STRING, .fallback = "as it pleases"}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        AUTO_PTR(provider_description) struct provider_description *d = NULL;
        struct lab_option option = CASES[i].option;
        struct err err = ERR_INIT;

        option.name = "x";
        if ((lab_parse(&option, 1, &d, &err) == 0) != (CASES[i].error == NULL) ||
            (CASES[i].error != NULL && strstr(err.text, CASES[i].error) == NULL)) {
            fail_msg("case %zu: %s", i, err.text);
        }
    }
}

/* Every front of a good description, and it with bytes left over, is damaged. */
static void a_description_is_whole_or_refused(void **state)
{
    static const struct lab_option OPTION = {"x", ACME_OPTION_INT, 0, "X", NULL, NULL};
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
        cmocka_unit_test(a_default_is_of_its_type),
        cmocka_unit_test(a_description_is_whole_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
