/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* One request and its answer: what is sent, what is read, whom it trusts, what it refuses. */
#include "http_lab.h"

#include "base/mem.h"
#include "base/str.h"

static void an_answer_has_status_body_and_type(void **state)
{
    (void)state;
    http_lab_ask(http_lab_server.port, "/ok", 0);
    assert_int_equal(http_lab_got.status, 200);
    http_lab_expect_body("{\"a\":1}");
    assert_string_equal(http_lab_got.content_type, "application/json");
    assert_int_equal(http_lab_got.retry_after_s, -1);
    http_lab_ask(http_lab_server.port, "/teapot", 0);
    assert_int_equal(http_lab_got.status, 418);
    assert_string_equal(http_lab_got.content_type, "");
    assert_int_equal(http_count(http_lab_http), 2);
}

static void a_post_carries_what_it_was_given(void **state)
{
    AUTO_FREE char *url = str_fmt("https://localhost:%d/echo", http_lab_server.port);
    const struct http_request request = {.method = "POST",
                                         .url = url,
                                         .content_type = "application/jose+json",
                                         .accept = "application/pem-certificate-chain",
                                         .body = "{\"x\":\0}",
                                         .body_len = 7,
                                         .max_body = 100};

    (void)state;
    (void)http_start(http_lab_http, &request, http_lab_remember, NULL);
    http_lab_run();
    assert_int_equal(http_lab_got.status, 200);
    assert_string_equal(http_lab_got.header,
                        "POST content-type=application/jose+json;"
                        "accept=application/pem-certificate-chain;user-agent=acme-dns/test;"
                        "accept-encoding=-;expect=-;");
    assert_memory_equal(http_lab_got.body, "{\"x\":\0}", 7);
}

static void head_has_no_body(void **state)
{
    AUTO_FREE char *url = str_fmt("https://localhost:%d/big", http_lab_server.port);
    const struct http_request request = {.method = "HEAD", .url = url};

    (void)state;
    (void)http_start(http_lab_http, &request, http_lab_remember, NULL);
    http_lab_run();
    assert_int_equal(http_lab_got.status, 200);
    http_lab_expect_body("");
}

static void only_the_last_answers_headers_count(void **state)
{
    (void)state;
    http_lab_ask(http_lab_server.port, "/early", 0);
    assert_int_equal(http_lab_got.status, 200);
    http_lab_expect_body("late");
    assert_int_equal(http_lab_got.retry_after_s, -1);
}

static void an_untrusted_certificate_says_which_option_helps(void **state)
{
    AUTO_FREE char *other = str_fmt("%s/wrong.pem", http_lab_server.folder);

    (void)http_lab_tear_down(state);
    http_lab_open(other, false);
    http_lab_ask(http_lab_server.port, "/ok", 0);
    http_lab_expect_error(ERR_FAILED, "is not trusted");
    http_lab_expect_error(ERR_FAILED, "--ca-bundle");
    http_lab_expect_error(ERR_FAILED, other);
}

static void the_system_trusts_no_test_root(void **state)
{
    (void)http_lab_tear_down(state);
    http_lab_open(NULL, false);
    http_lab_ask(http_lab_server.port, "/ok", 0);
    http_lab_expect_error(ERR_FAILED, "is not trusted");
}

static void a_missing_file_of_roots_is_named(void **state)
{
    (void)http_lab_tear_down(state);
    http_lab_open("/nonexistent/roots.pem", false);
    http_lab_ask(http_lab_server.port, "/ok", 0);
    http_lab_expect_error(ERR_CONFIG, "/nonexistent/roots.pem");
}

static void a_certificate_for_another_name_is_refused(void **state)
{
    (void)state;
    http_lab_ask(http_lab_server.wrong_port, "/ok", 0);
    http_lab_expect_error(ERR_FAILED, "another name");
}

static void a_redirect_is_reported_with_its_target(void **state)
{
    (void)state;
    http_lab_ask(http_lab_server.port, "/redirect", 0);
    http_lab_expect_error(ERR_FAILED, "https://elsewhere.example/x");
    assert_int_equal(http_count(http_lab_http), 1);
}

static void a_body_over_the_ceiling_ends_the_transfer(void **state)
{
    (void)state;
    http_lab_ask(http_lab_server.port, "/big", 0);
    http_lab_expect_error(ERR_FAILED, "over 50000 bytes");
    http_lab_ask(http_lab_server.port, "/chunked", 0);
    http_lab_expect_error(ERR_FAILED, "over 50000 bytes");
    http_lab_ask(http_lab_server.port, "/manyheaders", 0);
    http_lab_expect_error(ERR_FAILED, "headers are over");
    http_lab_ask(http_lab_server.port, "/ok", 0);
    assert_int_equal(http_lab_got.status, 200);
}

static void a_host_without_address_is_named(void **state)
{
    const struct http_request request = {
        .method = "GET", .url = "https://nothing.invalid/dir", .max_body = 10, .timeout_ms = 20000};

    (void)state;
    (void)http_start(http_lab_http, &request, http_lab_remember, NULL);
    http_lab_run();
    http_lab_expect_error(ERR_NETWORK, "nothing.invalid");
}

static void urls_that_are_not_https_are_refused_from_the_loop(void **state)
{
    static const char *const BAD[] = {
        "http://localhost/",  "ftp://localhost/", "https://u@localhost/",
        "https://u:p@host/x", "localhost",        "",
        "https://a b/",       "https://host\n/",  "file:///etc/passwd"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        const struct http_request request = {.method = "GET", .url = BAD[i], .max_body = 10};

        http_lab_forget();
        (void)http_start(http_lab_http, &request, http_lab_remember, NULL);
        assert_int_equal(http_lab_got.n_done, 0);
        http_lab_run();
        http_lab_expect_error(ERR_FAILED, "https URL");
    }
    assert_int_equal(http_count(http_lab_http), 0);
}

static void links_are_found_in_every_form(void **state)
{
    AUTO_FREE char *index = str_fmt("https://localhost:%d/dir", http_lab_server.port);
    AUTO_FREE char *second = str_fmt("https://localhost:%d/x/2", http_lab_server.port);

    (void)state;
    http_lab_ask(http_lab_server.port, "/links", 0);
    assert_string_equal(http_lab_got.index, index);
    assert_string_equal(http_lab_got.alternate[0], "https://a.example/1,2;3");
    assert_string_equal(http_lab_got.alternate[1], second);
    assert_null(http_lab_got.alternate[2]);
}

static void a_date_to_retry_after_counts_from_the_answers_date(void **state)
{
    (void)state;
    http_lab_ask(http_lab_server.port, "/retry", 0);
    assert_int_equal(http_lab_got.status, 429);
    assert_int_equal(http_lab_got.retry_after_s, 90);
}

static void http11_can_be_asked_for(void **state)
{
    (void)http_lab_tear_down(state);
    http_lab_open(http_lab_server.ca_file, true);
    http_lab_ask(http_lab_server.port, "/ok", 0);
    assert_int_equal(http_lab_got.status, 200);
}

static void urls_split_into_their_parts(void **state)
{
    AUTO_FREE char *host = NULL;
    AUTO_FREE char *path = NULL;
    uint16_t port = 0;

    (void)state;
    assert_true(http_url_split("https://CA.example:8443/dir?x=1", &host, &port, &path));
    assert_string_equal(host, "ca.example");
    assert_int_equal(port, 8443);
    assert_string_equal(path, "/dir");
    assert_true(http_url_split("https://ca.example", NULL, &port, NULL));
    assert_int_equal(port, 443);
    assert_false(http_url_split("/dir", NULL, NULL, NULL));
    assert_false(http_url_split("https:///dir", NULL, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_answer_has_status_body_and_type),
        CASE(a_post_carries_what_it_was_given),
        CASE(head_has_no_body),
        CASE(only_the_last_answers_headers_count),
        CASE(an_untrusted_certificate_says_which_option_helps),
        CASE(the_system_trusts_no_test_root),
        CASE(a_missing_file_of_roots_is_named),
        CASE(a_certificate_for_another_name_is_refused),
        CASE(a_redirect_is_reported_with_its_target),
        CASE(a_body_over_the_ceiling_ends_the_transfer),
        CASE(a_host_without_address_is_named),
        CASE(urls_that_are_not_https_are_refused_from_the_loop),
        CASE(links_are_found_in_every_form),
        CASE(a_date_to_retry_after_counts_from_the_answers_date),
        CASE(http11_can_be_asked_for),
        cmocka_unit_test(urls_split_into_their_parts),
    };
    int n_failed = 0;

    if (!http_lab_begin()) {
        return 77;
    }
    n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    http_lab_end();
    return n_failed;
}
