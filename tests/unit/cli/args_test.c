/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The command line: what is taken, what is refused and with which words, what help shows. */
#include "cli/args.h"

#include "../base/cmocka_all.h"
#include "base/mem.h"
#include "config/keys.h"

/* Parses "issue -d x" as if a shell had split it at single blanks. */
static int parse(const char *line, struct args *args, struct err *err)
{
    AUTO(strv_done) struct strv words = STRV_INIT;

    strv_add(&words, "acme-dns");
    strv_add_split(&words, line, " ");
    return args_parse((int)words.n, words.items, args, err);
}

static void takes_options_in_every_spelling(void **state)
{
    AUTO(args_done) struct args args = {0};
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(parse("-vv issue -d a,b -dc --domain d --domain=e=f -nv --name x --name=y "
                           "--force",
                           &args, &err),
                     0);
    assert_int_equal(args.command, COMMAND_ISSUE);
    assert_int_equal(args.values[OPTION_DOMAIN].n, 4);
    assert_string_equal(args.values[OPTION_DOMAIN].items[0], "a,b");
    assert_string_equal(args.values[OPTION_DOMAIN].items[1], "c");
    assert_string_equal(args.values[OPTION_DOMAIN].items[3], "e=f");
    assert_int_equal(args.values[OPTION_VERBOSE].n, 3);
    assert_true(args_has(&args, OPTION_NON_INTERACTIVE));
    assert_true(args_has(&args, OPTION_FORCE));
    assert_false(args_has(&args, OPTION_EXPAND));
    assert_string_equal(args_text(&args, OPTION_NAME), "y");
    assert_null(args_text(&args, OPTION_CA));
}

static void takes_a_dash_as_a_value_and_ends_options_at_two(void **state)
{
    AUTO(args_done) struct args args = {0};
    AUTO(args_done) struct args more = {0};
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(parse("issue --eab-hmac-key-file - -d x", &args, &err), 0);
    assert_string_equal(args_text(&args, OPTION_EAB_HMAC_KEY_FILE), "-");
    assert_int_equal(parse("plugin show -- -odd", &more, &err), 0);
    assert_int_equal(more.command, COMMAND_PLUGIN_SHOW);
    assert_string_equal(more.operands.items[0], "-odd");
}

static void refuses_with_what_would_be_right(void **state)
{
    static const struct {
        const char *line, *error;
    } CASES[] = {
        {"", "no command: acme-dns --help lists them"},
        {"help issue", "unknown command 'help'\nacme-dns --help; acme-dns COMMAND --help"},
        {"isue -d x", "unknown command 'isue'\ndid you mean 'issue'?"},
        {"plugin", "'plugin' needs one word more: acme-dns plugin --help"},
        {"plugin lst", "unknown command 'plugin lst'\ndid you mean 'plugin list'?"},
        {"plugin show", "'acme-dns plugin show' needs NAME"},
        {"issue example.com", "'example.com' is one word too many for 'acme-dns issue'\n"
                              "names are given with -d: -d example.com"},
        {"issue --domian x", "unknown option '--domian'\ndid you mean '--domain'?"},
        {"issue -x", "unknown option '-x'"},
        {"issue -d", "-d needs a value: -d NAME[,NAME...]"},
        {"issue --name=", "--name: an empty value"},
        {"issue --force=yes", "--force takes no value"},
        {"deploy --dry-run", "--dry-run is not an option of 'acme-dns deploy'"},
        {"cleanup -d x", "--domain is not an option of 'acme-dns cleanup'"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        AUTO(args_done) struct args args = {0};
        struct err err = ERR_INIT;

        assert_int_equal(parse(CASES[i].line, &args, &err), -ERR_CONFIG);
        assert_string_equal(err.text, CASES[i].error);
    }
}

/* One in 64 challenge values begins with a hyphen. */
static void a_challenge_value_is_no_option(void **state)
{
    static const char VALUE[] = "-n_XpTqM4O9X4sRhLvUP4j0VI5gU-MH_1GxvA1SwTL5";
    AUTO_FREE char *plain = str_fmt("dns add example.com %s --wait", VALUE);
    AUTO_FREE char *ended = str_fmt("dns add --wait -- example.com %s", VALUE);
    AUTO_FREE char *elsewhere = str_fmt("plugin show %s", VALUE);
    const char *const lines[] = {plain, ended};

    (void)state;
    assert_int_equal(strlen(VALUE), 43);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        AUTO(args_done) struct args args = {0};
        struct err err = ERR_INIT;

        assert_int_equal(parse(lines[i], &args, &err), 0);
        assert_string_equal(args.operands.items[1], VALUE);
        assert_true(args_has(&args, OPTION_WAIT));
    }
    AUTO(args_done) struct args args = {0};
    struct err err = ERR_INIT;
    assert_int_equal(parse(elsewhere, &args, &err), -ERR_CONFIG);
}

static void refuses_secrets_with_the_reason(void **state)
{
    static const char *const LINES[] = {"issue --eab-hmac-key c2VjcmV0",
                                        "issue --eab-hmac-key=c2VjcmV0", "issue --api-token abc"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(LINES); i++) {
        AUTO(args_done) struct args args = {0};
        struct err err = ERR_INIT;

        assert_int_equal(parse(LINES[i], &args, &err), -ERR_CONFIG);
        assert_non_null(strstr(err.text, "every user of this machine can read"));
        assert_non_null(strstr(err.text, i < 2 ? "--eab-hmac-key-file" : "[provider]"));
        assert_null(strstr(err.text, "c2VjcmV0"));
        assert_null(strstr(err.text, "abc"));
    }
}

static void help_of_a_command_begins_with_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command_row *command = command_row((enum command_id)i);
        AUTO_FREE char *line = str_fmt("%s --help", command->words);
        AUTO(args_done) struct args args = {0};
        AUTO(buf_done) struct buf text = BUF(1 << 16);
        struct err err = ERR_INIT;

        assert_int_equal(parse(line, &args, &err), 0);
        args_format_help(&args, &text);
        assert_non_null(strstr(buf_str(&text), "Examples:\n"));
        assert_true(strstr(buf_str(&text), "Examples:") < strstr(buf_str(&text), "Usage:"));
        for (size_t k = 0; k < OPTION_COUNT; k++) {
            AUTO_FREE char *shown = str_fmt("--%s", option_row((enum option_id)k)->name);
            AUTO_FREE char *with_blank = str_fmt("%s ", shown);
            AUTO_FREE char *with_end = str_fmt("%s\n", shown);
            const char *options = strstr(buf_str(&text), "Usage:");

            assert_int_equal(strstr(options, with_blank) != NULL ||
                                 strstr(options, with_end) != NULL,
                             command_takes(command, (enum option_id)k));
        }
    }
}

static void help_without_a_command_lists_them(void **state)
{
    AUTO(args_done) struct args all = {0};
    AUTO(args_done) struct args group = {0};
    AUTO(buf_done) struct buf text = BUF(1 << 16);
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(parse("--help", &all, &err), 0);
    args_format_help(&all, &text);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        assert_non_null(strstr(buf_str(&text), command_row((enum command_id)i)->words));
    }
    buf_clear(&text);
    assert_int_equal(parse("plugin --help", &group, &err), 0);
    args_format_help(&group, &text);
    assert_non_null(strstr(buf_str(&text), "plugin list"));
    assert_null(strstr(buf_str(&text), "cleanup"));
}

/* Every example in a help text is a command line that is accepted. */
static void every_example_parses(void **state)
{
    size_t n_examples = 0;

    (void)state;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        AUTO(strv_done) struct strv lines = STRV_INIT;

        strv_add_split(&lines, command_row((enum command_id)i)->examples, "\n");
        for (size_t k = 0; k < lines.n; k++) {
            AUTO(args_done) struct args args = {0};
            struct err err = ERR_INIT;

            if (*lines.items[k] != '#') {
                assert_true(str_has_prefix(lines.items[k], "acme-dns "));
                assert_int_equal(parse(lines.items[k] + strlen("acme-dns "), &args, &err), 0);
                assert_int_equal(args.command, i);
                n_examples++;
            }
        }
    }
    assert_true(n_examples >= COMMAND_COUNT);
}

/* An option that stands for a setting names a key that exists, and repeats if the key does. */
static void options_for_settings_fit_their_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = option_row((enum option_id)i);
        const struct config_key *key =
            row->setting == NULL ? NULL : key_find("acme-dns", row->setting);

        if (row->setting != NULL) {
            assert_non_null(key);
            assert_int_equal(key_is_repeatable(key), row->is_repeatable);
            assert_int_equal(key->type == KEY_BOOL, row->value == NULL);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_options_in_every_spelling),
        cmocka_unit_test(takes_a_dash_as_a_value_and_ends_options_at_two),
        cmocka_unit_test(refuses_with_what_would_be_right),
        cmocka_unit_test(a_challenge_value_is_no_option),
        cmocka_unit_test(refuses_secrets_with_the_reason),
        cmocka_unit_test(help_of_a_command_begins_with_examples),
        cmocka_unit_test(help_without_a_command_lists_them),
        cmocka_unit_test(every_example_parses),
        cmocka_unit_test(options_for_settings_fit_their_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
