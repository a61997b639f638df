/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Requests as they leave and answers as they arrive. */
#include "kit_lab.h"

#include <stdlib.h>

/* A request whose echo is the answer. */
static struct kit_http *echo(const struct kit_request *rq, struct kit_answer *answer)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.flags = 0});

    kit_lab_script("[]");
    assert_int_equal(kit_send(&kit_lab_call, http, rq, answer), ACME_OK);
    return http;
}

static void expect_header(const struct kit_answer *answer, const char *name, const char *wanted)
{
    const char *value =
        kit_json_str(kit_json_member(kit_json_find(answer->json, "headers"), name), NULL);

    if (wanted == NULL) {
        assert_null(value);
    } else {
        assert_non_null(value);
        assert_string_equal(value, wanted);
    }
}

static void a_get_carries_what_it_should(void **state)
{
    KIT_ANSWER(answer);
    struct kit_http *http =
        echo(&(struct kit_request){.path = "/zones/{}", .parts = {"a/b"}, .query = {{"q", "x y"}}},
             &answer);

    (void)state;
    assert_int_equal(answer.status, 200);
    assert_string_equal(kit_json_str(answer.json, "method"), "GET");
    assert_string_equal(kit_json_str(answer.json, "path"), "/api/zones/a%2Fb?q=x%20y");
    expect_header(&answer, "user-agent", "acme-dns/9.8.7");
    expect_header(&answer, "accept", "application/json");
    expect_header(&answer, "content-type", NULL);
    expect_header(&answer, "expect", NULL);
    assert_string_equal(kit_answer_header(&answer, "content-TYPE"), "application/json");
    assert_non_null(strstr(kit_lab_host.log, "GET http://127.0.0.1"));
    kit_http_close(http);
}

static void bodies_have_their_types(void **state)
{
    KIT_TEXT(json);
    KIT_ANSWER(answer);
    struct kit_http *http = NULL;

    (void)state;
    kit_json_addf(&json, "{'a': %s}", "b");
    http = echo(&(struct kit_request){.path = "/x", .json = &json}, &answer);
    assert_string_equal(kit_json_str(answer.json, "method"), "POST");
    assert_string_equal(kit_json_str(answer.json, "body"), "{\"a\": \"b\"}");
    expect_header(&answer, "content-type", "application/json");
    kit_http_close(http);
    http =
        echo(&(struct kit_request){.method = "PUT", .form = {{"a b", "c&d"}, {"e", "f"}}}, &answer);
    assert_string_equal(kit_json_str(answer.json, "body"), "a%20b=c%26d&e=f");
    assert_string_equal(kit_json_str(answer.json, "path"), "/api");
    expect_header(&answer, "content-type", "application/x-www-form-urlencoded");
    kit_http_close(http);
    http = echo(&(struct kit_request){.method = "PATCH",
                                      .path = "/x",
                                      .body = "<x/>",
                                      .body_len = 4,
                                      .content_type = "application/xml"},
                &answer);
    assert_string_equal(kit_json_str(answer.json, "method"), "PATCH");
    assert_string_equal(kit_json_str(answer.json, "body"), "<x/>");
    expect_header(&answer, "content-type", "application/xml");
    kit_http_close(http);
    http = echo(&(struct kit_request){.method = "POST", .path = "/x"}, &answer);
    assert_string_equal(kit_json_str(answer.json, "body"), "");
    expect_header(&answer, "content-length", "0");
    kit_http_close(http);
    http = echo(&(struct kit_request){.method = "DELETE", .path = "/x"}, &answer);
    assert_string_equal(kit_json_str(answer.json, "method"), "DELETE");
    kit_http_close(http);
}

static void headers_of_the_request_replace_those_of_the_client(void **state)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.flags = 0});
    KIT_ANSWER(answer);

    (void)state;
    kit_lab_script("[]");
    assert_int_equal(
        kit_http_credential(&kit_lab_call, http,
                            &(struct kit_credential){.option = "token", .secret = "default-token"}),
        ACME_OK);
    assert_int_equal(
        kit_http_credential(
            &kit_lab_call, http,
            &(struct kit_credential){.option = "key", .secret = "the-key", .header = "X-Key"}),
        ACME_OK);
    assert_int_equal(kit_http_header(&kit_lab_call, http, "X-One", "1"), ACME_OK);
    assert_int_equal(kit_send(&kit_lab_call, http, &(struct kit_request){.path = "/"}, &answer),
                     ACME_OK);
    expect_header(&answer, "authorization", "Bearer default-token");
    expect_header(&answer, "x-key", "the-key");
    assert_int_equal(
        kit_send(&kit_lab_call, http,
                 &(struct kit_request){.path = "/",
                                       .bearer = "other-token",
                                       .headers = {{"x-one", "2"}, {"X-Two", ""}, {"X-No", NULL}}},
                 &answer),
        ACME_OK);
    expect_header(&answer, "authorization", "Bearer other-token");
    expect_header(&answer, "x-one", "2");
    expect_header(&answer, "x-two", "");
    expect_header(&answer, "x-no", NULL);
    kit_http_close(http);
}

static void connections_are_kept(void **state)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.flags = 0});
    KIT_TEXT(json);
    struct kit_json *log = NULL;

    (void)state;
    kit_lab_script("[]");
    kit_json_addf(&json, "{}");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(kit_send(&kit_lab_call, http, &(struct kit_request){.path = "/a"}, NULL),
                         ACME_OK);
        assert_int_equal(
            kit_send(&kit_lab_call, http, &(struct kit_request){.path = "/b", .json = &json}, NULL),
            ACME_OK);
    }
    log = kit_lab_log();
    assert_int_equal(kit_json_count(log, NULL), 6);
    assert_string_equal(kit_json_id(log, "0.connection"), kit_json_id(log, "5.connection"));
    kit_json_free(log);
    kit_http_close(http);
}

static void answers_without_a_body_are_fine(void **state)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.flags = 0});
    KIT_ANSWER(answer);

    (void)state;
    kit_lab_script("[{'status': 204, 'headers': {'Content-Type': null}}]");
    assert_int_equal(kit_send(&kit_lab_call, http,
                              &(struct kit_request){.method = "DELETE", .path = "/x"}, &answer),
                     ACME_OK);
    assert_int_equal(answer.status, 204);
    assert_string_equal(answer.body, "");
    assert_null(answer.json);
    kit_http_close(http);
}

static void allowed_statuses_are_good(void **state)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.flags = 0});
    const struct kit_request rq = {.method = "DELETE", .path = "/x", .allow = {409, 404}};
    KIT_ANSWER(answer);

    (void)state;
    kit_lab_script("[{'status': 404, 'body': '{\\'why\\': 1}'}, {'status': 404, 'body': '<p>no'}]");
    assert_int_equal(kit_send(&kit_lab_call, http, &rq, &answer), ACME_OK);
    assert_int_equal(answer.status, 404);
    assert_int_equal(kit_json_int(answer.json, "why", 0), 1);
    assert_int_equal(kit_send(&kit_lab_call, http, &rq, &answer), ACME_OK);
    assert_null(answer.json);
    assert_int_equal(kit_lab_host.n_fails, 0);
    kit_http_close(http);
}

static void other_types_are_left_as_they_are(void **state)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.accept = "application/xml"});
    KIT_ANSWER(answer);

    (void)state;
    kit_lab_script("[{'body': '<a>1</a>', 'headers': {'Content-Type': 'text/xml'}}]");
    assert_int_equal(kit_send(&kit_lab_call, http, &(struct kit_request){.path = "/x"}, &answer),
                     ACME_OK);
    assert_string_equal(answer.body, "<a>1</a>");
    assert_null(answer.json);
    kit_http_close(http);
}

static void tls_is_checked(void **state)
{
    struct kit_http *http = kit_lab_open(
        (struct kit_http_settings){.base_url = kit_lab_tls_url(), .ca_file = kit_lab_ca_file()});

    (void)state;
    kit_lab_script("[]");
    assert_int_equal(kit_send(&kit_lab_call, http, &(struct kit_request){.path = "/x"}, NULL),
                     ACME_OK);
    kit_http_close(http);
    http = kit_lab_open((struct kit_http_settings){.base_url = kit_lab_tls_url()});
    assert_int_equal(kit_send(&kit_lab_call, http, &(struct kit_request){.path = "/x"}, NULL),
                     ACME_BAD_CONFIG);
    kit_lab_expect_failed(ACME_BAD_CONFIG, (const char *const[]){"Test DNS has a certificate that "
                                                                 "is not trusted",
                                                                 "SSL_CERT_FILE", NULL});
    assert_int_equal(kit_lab_host.n_sleeps, 0);
    kit_http_close(http);
}

static void the_environment_names_the_trusted_roots(void **state)
{
    struct kit_http *http = NULL;

    (void)state;
    assert_int_equal(setenv("SSL_CERT_FILE", kit_lab_ca_file(), 1), 0);
    http = kit_lab_open((struct kit_http_settings){.base_url = kit_lab_tls_url()});
    assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
    kit_lab_script("[]");
    assert_int_equal(kit_send(&kit_lab_call, http, &(struct kit_request){.path = "/x"}, NULL),
                     ACME_OK);
    kit_http_close(http);
}

/* Signs as services with signatures of their own want it. */
static int32_t sign(void *context, struct acme_call *call, struct kit_attempt *attempt)
{
    KIT_TEXT(value);
    unsigned *n = context;

    kit_text_addf(&value, "%s|%s|%s|%s|%zu|%u", attempt->method,
                  strstr(attempt->host, "127.0.0.1:") == attempt->host ? "host" : attempt->host,
                  attempt->path, attempt->query, attempt->body_len, (unsigned)attempt->number);
    (*n)++;
    return kit_attempt_header(call, attempt, "Authorization", kit_text_str(&value));
}

static void every_try_is_signed_anew(void **state)
{
    unsigned n = 0;
    struct kit_http *http =
        kit_lab_open((struct kit_http_settings){.prepare = sign, .context = &n});
    struct kit_json *log = NULL;

    (void)state;
    kit_lab_script("[{'status': 503}, {'status': 200}]");
    assert_int_equal(kit_send(&kit_lab_call, http,
                              &(struct kit_request){.method = "PUT",
                                                    .path = "/{}",
                                                    .parts = {"x y"},
                                                    .query = {{"a", "b"}},
                                                    .body = "12345",
                                                    .body_len = 5},
                              NULL),
                     ACME_OK);
    assert_int_equal(n, 2);
    log = kit_lab_log();
    assert_string_equal(kit_json_str(log, "0.headers.authorization"),
                        "PUT|host|/api/x%20y|a=b|5|1");
    assert_string_equal(kit_json_str(log, "1.headers.authorization"),
                        "PUT|host|/api/x%20y|a=b|5|2");
    kit_json_free(log);
    kit_http_close(http);
}

static int32_t refuse_to_sign(void *context, struct acme_call *call, struct kit_attempt *attempt)
{
    (void)context;
    (void)attempt;
    return acme_fail(call, ACME_DENIED, 0, "no key for this");
}

static void a_refusal_to_sign_ends_the_request(void **state)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.prepare = refuse_to_sign});

    (void)state;
    kit_lab_script("[]");
    assert_int_equal(kit_send(&kit_lab_call, http, &(struct kit_request){.path = "/x"}, NULL),
                     ACME_DENIED);
    kit_lab_expect_failed(ACME_DENIED, (const char *const[]){"no key for this", NULL});
    assert_int_equal(kit_lab_n_requests(), 0);
    kit_http_close(http);
}

static void wrong_requests_are_bugs_and_not_sent(void **state)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.flags = 0});
    KIT_TEXT(json);
    struct kit_fault fault = KIT_EMPTY;
    const struct kit_request wrong[] = {
        {.path = "/{}", .fault = &fault},
        {.path = "https://evil.example/", .fault = &fault},
        {.path = "/", .headers = {{"X", "a\r\nY: b"}}, .fault = &fault},
        {.path = "/", .bearer = "a\nb", .fault = &fault},
        {.path = "/", .json = &json, .body = "x", .body_len = 1, .fault = &fault},
        {.path = "/", .json = &json, .fault = &fault},
    };

    (void)state;
    kit_lab_script("[]");
    json.is_broken = true;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(kit_send(&kit_lab_call, http, &wrong[i], NULL), ACME_BUG);
        assert_non_null(strstr(fault.text, "the request to Test DNS"));
    }
    assert_int_equal(kit_lab_host.n_fails, 0);
    assert_int_equal(kit_lab_n_requests(), 0);
    kit_http_close(http);
}

#define CASE(name) cmocka_unit_test(name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_get_carries_what_it_should),
        CASE(bodies_have_their_types),
        CASE(headers_of_the_request_replace_those_of_the_client),
        CASE(connections_are_kept),
        CASE(answers_without_a_body_are_fine),
        CASE(allowed_statuses_are_good),
        CASE(other_types_are_left_as_they_are),
        CASE(tls_is_checked),
        CASE(the_environment_names_the_trusted_roots),
        CASE(every_try_is_signed_anew),
        CASE(a_refusal_to_sign_ends_the_request),
        CASE(wrong_requests_are_bugs_and_not_sent),
    };

    return cmocka_run_group_tests(tests, kit_lab_begin, kit_lab_end);
}
