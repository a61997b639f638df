/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Settings and credentials: what is refused before anything is sent. */
#include "kit_lab.h"

#include <stdlib.h>

static void expect_credential(const char *text, const char *words)
{
    kit_lab_reset();
    if (words == NULL) {
        assert_int_equal(kit_check_credential(&kit_lab_call, "token", text), ACME_OK);
        return;
    }
    assert_int_equal(kit_check_credential(&kit_lab_call, "token", text), ACME_BAD_CONFIG);
    kit_lab_expect_failed(ACME_BAD_CONFIG, (const char *const[]){"token", words, NULL});
    assert_true(*text == '\0' || strstr(kit_lab_host.failed_text, text) == NULL);
}

static void credentials_are_one_line_of_visible_characters(void **state)
{
    (void)state;
    expect_credential("abcDEF-_.~+/=", NULL);
    expect_credential(NULL, NULL);
    expect_credential("", "is empty");
    expect_credential("abc\n", "a line break at position 4");
    expect_credential("abc\r\nX-Evil: 1", "a line break");
    expect_credential("a b", "a space at position 2");
    expect_credential("a\tb", "a control character");
    expect_credential("t\xc3\xb6ken", "not ASCII at position 2");
}

static void credentials_are_refused_where_they_are_set(void **state)
{
    struct kit_http *http = NULL;

    (void)state;
    kit_lab_reset();
    http = kit_lab_open((struct kit_http_settings){.base_url = "https://api.example.com"});
    assert_int_equal(
        kit_http_credential(&kit_lab_call, http,
                            &(struct kit_credential){.option = "token", .secret = "a\nb"}),
        ACME_BAD_CONFIG);
    assert_int_equal(
        kit_http_credential(&kit_lab_call, http,
                            &(struct kit_credential){.option = "token", .secret = NULL}),
        ACME_BAD_CONFIG);
    assert_int_equal(kit_http_credential(&kit_lab_call, http,
                                         &(struct kit_credential){
                                             .option = "key", .secret = "a\rb", .header = "X-Key"}),
                     ACME_BAD_CONFIG);
    assert_int_equal(kit_http_credential(&kit_lab_call, http,
                                         &(struct kit_credential){
                                             .option = "key", .secret = "ab", .header = "X Key"}),
                     ACME_BAD_CONFIG);
    assert_int_equal(kit_http_credential(
                         &kit_lab_call, http,
                         &(struct kit_credential){.option = "user", .secret = "c", .user = "a:b"}),
                     ACME_BAD_CONFIG);
    assert_int_equal(kit_http_credential(&kit_lab_call, http,
                                         &(struct kit_credential){
                                             .option = "password", .secret = NULL, .user = "a"}),
                     ACME_BAD_CONFIG);
    assert_int_equal(kit_http_credential(&kit_lab_call, http,
                                         &(struct kit_credential){.option = "user",
                                                                  .secret = "any \n thing:\xc3\xa4",
                                                                  .user = "a"}),
                     ACME_OK);
    kit_http_close(http);
    kit_http_close(NULL);
}

static void urls_are_refused_with_their_option(void **state)
{
    (void)state;
    kit_lab_reset();
    assert_int_equal(kit_check_url(&kit_lab_call, "api-url", "https://dns.example/v1", 0), ACME_OK);
    assert_int_equal(kit_check_url(&kit_lab_call, "api-url", NULL, 0), ACME_OK);
    assert_int_equal(kit_check_url(&kit_lab_call, "api-url", "http://dns.example/v1", 0),
                     ACME_BAD_CONFIG);
    kit_lab_expect_failed(ACME_BAD_CONFIG, (const char *const[]){"api-url = http://dns.example/v1",
                                                                 "https://", "credentials", NULL});
}

static void credentials_in_urls_are_in_no_text(void **state)
{
    static const struct {
        const char *url;
        const char *shown;
    } CASES[] = {
        {"https://user:s3cret@dns.example/v1", "api-url = https://[secret]@dns.example/v1: "},
        {"https://s3cret@dns.example/v1?key=s3cret", "https://[secret]@dns.example/v1?...: "},
        {"https://user:s3/cret?@dns.example/v1", "https://[secret]@dns.example/v1: "},
        {"user:s3cret@dns.example", "api-url = [secret]@dns.example: "},
        {"https://dns.example/v1?key=s3cret#s3cret", "https://dns.example/v1?...: "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const struct kit_http_settings settings = {.service = "Test DNS", .base_url = CASES[i].url};
        struct kit_http *http = NULL;

        kit_lab_reset();
        assert_int_equal(kit_check_url(&kit_lab_call, "api-url", CASES[i].url, 0), ACME_BAD_CONFIG);
        kit_lab_expect_failed(ACME_BAD_CONFIG, (const char *const[]){CASES[i].shown, NULL});
        assert_null(strstr(kit_lab_host.failed_text, "s3"));
        kit_lab_reset();
        assert_int_equal(kit_http_open(&kit_lab_call, &settings, &http), ACME_BAD_CONFIG);
        assert_null(strstr(kit_lab_host.failed_text, "s3"));
    }
}

static void clients_without_a_name_or_with_a_bad_url_do_not_open(void **state)
{
    struct kit_http *http = NULL;
    struct kit_http_settings settings = {.service = "Test DNS"};

    (void)state;
    kit_lab_reset();
    assert_int_equal(kit_http_open(&kit_lab_call, &settings, &http), ACME_BUG);
    settings.base_url = "http://dns.example";
    kit_lab_reset();
    assert_int_equal(kit_http_open(&kit_lab_call, &settings, &http), ACME_BAD_CONFIG);
    kit_lab_expect_failed(ACME_BAD_CONFIG,
                          (const char *const[]){"Test DNS", "http://dns.example", NULL});
    assert_null(http);
}

static void debug_lines_hide_secrets(void **state)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.tries = 1});

    (void)state;
    kit_lab_script("[{'status': 400, 'body': 'no hunter22'}]");
    kit_http_hide(http, "hunter22");
    assert_int_equal(
        kit_http_credential(
            &kit_lab_call, http,
            &(struct kit_credential){.option = "user", .secret = "pass-word", .user = "bob"}),
        ACME_OK);
    assert_int_equal(kit_send(&kit_lab_call, http,
                              &(struct kit_request){.path = "/a/{}",
                                                    .parts = {"hunter22"},
                                                    .query = {{"key", "hunter22"}}},
                              NULL),
                     ACME_REJECTED);
    assert_non_null(strstr(kit_lab_host.log, "/a/[secret]?key=[secret]"));
    assert_null(strstr(kit_lab_host.log, "hunter22"));
    assert_null(strstr(kit_lab_host.failed_text, "hunter22"));
    assert_null(strstr(kit_lab_host.failed_text, "key="));
    kit_http_close(http);
}

static void basic_credentials_are_encoded(void **state)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.tries = 1});
    KIT_ANSWER(answer);

    (void)state;
    kit_lab_script("[]");
    assert_int_equal(
        kit_http_credential(
            &kit_lab_call, http,
            &(struct kit_credential){.option = "user", .secret = "open sesame", .user = "Aladdin"}),
        ACME_OK);
    assert_int_equal(kit_send(&kit_lab_call, http, &(struct kit_request){.path = "/"}, &answer),
                     ACME_OK);
    assert_string_equal(kit_json_str(answer.json, "headers.authorization"),
                        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    kit_http_close(http);
}

static void dates_are_those_of_http(void **state)
{
    (void)state;
    assert_int_equal(kit_date_parse("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
    assert_int_equal(kit_date_parse("yesterday or so"), -1);
    assert_int_equal(kit_date_parse(NULL), -1);
}

/* ---- Callbacks ---- */

static const struct kit_http_settings *of_the_plugin;
static unsigned n_open;

static int32_t fake_open(struct acme_call *call, const struct acme_open *o, void **ret_instance)
{
    int32_t status = kit_open(call, of_the_plugin, ret_instance);

    (void)o;
    n_open += status == ACME_OK ? 1 : 0;
    return status;
}

static void fake_close(struct acme_call *call, void *instance)
{
    n_open--;
    kit_close(call, instance);
}

/* The plug-in that kit_check() finds around it. */
ACME_PLUGIN_EXPORT const struct acme_plugin *acme_plugin_v1(void)
{
    static const struct acme_plugin description = {ACME_PLUGIN_HEAD, .open = fake_open,
                                                   .close = fake_close};

    return &description;
}

static void a_check_opens_and_closes(void **state)
{
    struct kit_http_settings settings = {.service = "Test DNS",
                                         .base_url = "https://dns.example",
                                         .url_option = "api-url",
                                         .credential = {.option = "token", .secret = "good"}};

    (void)state;
    of_the_plugin = &settings;
    kit_lab_reset();
    assert_int_equal(kit_check(&kit_lab_call, NULL), ACME_OK);
    assert_int_equal(n_open, 0);
    settings.credential.secret = "not good";
    assert_int_equal(kit_check(&kit_lab_call, NULL), ACME_BAD_CONFIG);
    kit_lab_expect_failed(ACME_BAD_CONFIG, (const char *const[]){"token has a space", NULL});
    settings.credential.secret = NULL;
    kit_lab_reset();
    assert_int_equal(kit_check(&kit_lab_call, NULL), ACME_BAD_CONFIG);
    kit_lab_expect_failed(ACME_BAD_CONFIG, (const char *const[]){"token is not set", NULL});
    settings.base_url = "http://dns.example";
    kit_lab_reset();
    assert_int_equal(kit_check(&kit_lab_call, NULL), ACME_BAD_CONFIG);
    kit_lab_expect_failed(ACME_BAD_CONFIG, (const char *const[]){"api-url = http://dns.", NULL});
    assert_int_equal(n_open, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(credentials_are_one_line_of_visible_characters),
        cmocka_unit_test(credentials_are_refused_where_they_are_set),
        cmocka_unit_test(urls_are_refused_with_their_option),
        cmocka_unit_test(credentials_in_urls_are_in_no_text),
        cmocka_unit_test(clients_without_a_name_or_with_a_bad_url_do_not_open),
        cmocka_unit_test(a_check_opens_and_closes),
        cmocka_unit_test(debug_lines_hide_secrets),
        cmocka_unit_test(basic_credentials_are_encoded),
        cmocka_unit_test(dates_are_those_of_http),
    };

    return cmocka_run_group_tests(tests, kit_lab_begin, kit_lab_end);
}
