/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The copy- keys: what is read, what is refused and what is said then. */
#include "config/copy.h"

#include "../base/cmocka_all.h"
#include "base/mem.h"
#include "config/settings.h"

static void expect(enum copy_piece piece, const char *text, const char *formatted)
{
    AUTO(copy_rule_done) struct copy_rule rule = {.path = NULL};
    AUTO(copy_rule_done) struct copy_rule again = {.path = NULL};
    struct err err = ERR_INIT;

    if (copy_rule_parse(piece, text, &rule, &err) < 0) {
        fail_msg("'%s': %s", text, err.text);
    }
    AUTO_FREE char *found = copy_rule_format(&rule);
    assert_string_equal(found, formatted);
    assert_int_equal(copy_rule_parse(piece, found, &again, &err), 0);
    AUTO_FREE char *twice = copy_rule_format(&again);
    assert_string_equal(twice, formatted);
}

static void a_path_may_have_blanks_and_needs_no_quotes(void **state)
{
    (void)state;
    expect(COPY_FULLCHAIN, "/a/b.pem", "/a/b.pem mode=0644");
    expect(COPY_FULLCHAIN, "/My Files/the chain.pem", "/My Files/the chain.pem mode=0644");
    expect(COPY_FULLCHAIN, "/My Files/the chain.pem   mode=0444  owner=www",
           "/My Files/the chain.pem owner=www mode=0444");
    expect(COPY_FULLCHAIN, "/a/'b'.pem", "/a/'b'.pem mode=0644");
    expect(COPY_FULLCHAIN, "/a=b/c=d.pem", "/a=b/c=d.pem mode=0644");
}

static void the_mode_is_by_what_is_in_it_and_who_reads_it(void **state)
{
    (void)state;
    expect(COPY_CHAIN, "/a group=g", "/a group=g mode=0644");
    expect(COPY_PRIVKEY, "/a", "/a mode=0600");
    expect(COPY_PRIVKEY, "/a owner=o group=g", "/a owner=o group=g mode=0640");
    expect(COPY_COMBINED, "/a group=g mode=600", "/a group=g mode=0600");
    expect(COPY_PKCS12, "/a password-file=/p", "/a mode=0600 password-file=/p");
}

static void the_name_is_put_into_the_path(void **state)
{
    AUTO(copy_rule_done) struct copy_rule rule = {.path = NULL};
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(copy_rule_parse(COPY_CERT, "/{name}/x-{name}.pem", &rule, &err), 0);
    AUTO_FREE char *path = copy_rule_path(&rule, "example.com");
    assert_string_equal(path, "/example.com/x-example.com.pem");
}

static void what_cannot_be_meant_is_refused(void **state)
{
    static const struct {
        enum copy_piece piece;
        const char *text, *told;
    } CASES[] = {
        {COPY_CERT, "/a onwer=x", "did you mean 'owner'?"},
        {COPY_CERT, "/a owner=x y", "'y' is behind an option"},
        {COPY_CERT, "/a owner=", "owner= has no value"},
        {COPY_CERT, "/a owner=x owner=y", "owner= is given twice"},
        {COPY_CERT, "/a owner=x:y", "owner=USER group=GROUP"},
        {COPY_CERT, "/a mode=0644 mode=0644", "mode= is given twice"},
        {COPY_CERT, "/a mode=rw", "not a mode like"},
        {COPY_CERT, "/a mode=0755", "not a mode like"},
        {COPY_CERT, "/a mode=4644", "not a mode like"},
        {COPY_CERT, "/a mode=0044", "not a mode like"},
        {COPY_CERT, "/a mode=64", "not a mode like"},
        {COPY_CERT, "/a mode=06444", "not a mode like"},
        {COPY_PRIVKEY, "/a mode=0644", "open the private key"},
        {COPY_PRIVKEY, "/a mode=0644", "group=GROUP mode=0640"},
        {COPY_PRIVKEY, "/a password-file=/x", "is for copy-pkcs12"},
        {COPY_CERT, "/a/", "names a folder"},
        {COPY_CERT, "/a/..", "names a folder"},
        {COPY_CERT, "/a/{domain}.pem", "only {name} is known"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        AUTO(copy_rule_done) struct copy_rule rule = {.path = NULL};
        struct err err = ERR_INIT;

        assert_int_equal(copy_rule_parse(CASES[i].piece, CASES[i].text, &rule, &err), -ERR_CONFIG);
        assert_null(rule.path);
        if (strstr(err.text, CASES[i].told) == NULL) {
            fail_msg("'%s': '%s' does not say '%s'", CASES[i].text, err.text, CASES[i].told);
        }
    }
}

static void in_the_settings_paths_count_from_the_file_and_need_a_name(void **state)
{
    static const char GOOD[] = "[acme-dns]\ncopy-privkey = tls/{name}.key\n"
                               "copy-pkcs12 = /a/{name}.p12 password-file=secrets/p12\n";
    static const char BAD[] = "[acme-dns]\ncopy-privkey = /tls/server.key\n";
    struct config_errors errors = CONFIG_ERRORS_INIT;

    (void)state;
    {
        AUTO_PTR(config)
        struct config *config = config_parse("/etc/x/a.conf", GOOD, strlen(GOOD), &errors);
        AUTO_PTR(settings)
        struct settings *settings = settings_new(config, "/etc/x/a.conf", NULL, 0, &errors);

        assert_int_equal(errors.n, 0);
        assert_string_equal(settings->copies[COPY_PRIVKEY].items[0],
                            "/etc/x/tls/{name}.key mode=0600");
        assert_string_equal(settings->copies[COPY_PKCS12].items[0],
                            "/a/{name}.p12 mode=0600 password-file=/etc/x/secrets/p12");
    }
    AUTO_PTR(config)
    struct config *config = config_parse("/etc/x/a.conf", BAD, strlen(BAD), &errors);
    AUTO_PTR(settings)
    struct settings *settings = settings_new(config, "/etc/x/a.conf", NULL, 0, &errors);
    assert_non_null(settings);
    assert_int_equal(errors.n, 1);
    assert_non_null(strstr(errors.items[0].err.text, "/etc/x/a.conf:2:16: copy-privkey: all"));
    assert_non_null(strstr(errors.items[0].err.text, "put {name} into the path"));
    config_errors_done(&errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_may_have_blanks_and_needs_no_quotes),
        cmocka_unit_test(the_mode_is_by_what_is_in_it_and_who_reads_it),
        cmocka_unit_test(the_name_is_put_into_the_path),
        cmocka_unit_test(what_cannot_be_meant_is_refused),
        cmocka_unit_test(in_the_settings_paths_count_from_the_file_and_need_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
