/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What goes wrong on the way and at the other end: what is repeated, what is not, and what the user
 * is told. */
#include "kit_lab.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct kit_request GET = {.path = "/zones"};
static const struct kit_request POST = {.path = "/records", .body = "x", .body_len = 1};

/* Sends one request to a new client with a bearer token. */
static int32_t send_one(const struct kit_request *rq)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.flags = 0});
    int32_t status = ACME_OK;

    assert_int_equal(
        kit_http_credential(&kit_lab_call, http,
                            &(struct kit_credential){.option = "token", .secret = "s3cr3t-t0ken"}),
        ACME_OK);
    status = kit_send(&kit_lab_call, http, rq, NULL);
    kit_http_close(http);
    return status;
}

/* One request, and how often it is sent for these answers. */
static void expect(const char *answers, const struct kit_request *rq, int32_t status,
                   size_t n_requests)
{
    kit_lab_script(answers);
    int32_t got = send_one(rq);

    if (got != status) {
        fail_msg("%s: %d, not %d: %s", answers, (int)got, (int)status, kit_lab_host.failed_text);
    }
    assert_int_equal(kit_lab_n_requests(), n_requests);
    assert_int_equal(kit_lab_host.n_fails, status == ACME_OK ? 0 : 1);
}

static void expect_words(const char *const *words)
{
    kit_lab_expect_failed(kit_lab_host.failed_status, words);
}
#define WORDS(...) expect_words((const char *const[]){__VA_ARGS__, NULL})

static void statuses_are_told_apart(void **state)
{
    const struct kit_request in_zone = {.path = "/zones/z", .zone = "example.com."};

    (void)state;
    expect("[{'status': 401}]", &GET, ACME_DENIED, 1);
    WORDS("Test DNS does not accept the credentials", "GET /api/zones", "HTTP 401");
    expect("[{'status': 403}]", &in_zone, ACME_DENIED, 1);
    WORDS("zone example.com.");
    expect("[{'status': 404}]", &in_zone, ACME_NO_ZONE, 1);
    WORDS("has no such zone", "example.com.");
    expect("[{'status': 404}]", &GET, ACME_REJECTED, 1);
    expect("[{'status': 400}]", &GET, ACME_REJECTED, 1);
    expect("[{'status': 409}]", &POST, ACME_REJECTED, 1);
    expect("[{'status': 422}]", &POST, ACME_REJECTED, 1);
    expect("[{'status': 302, 'headers': {'Location': 'https://other.example/'}}]", &GET,
           ACME_BAD_CONFIG, 1);
    WORDS("redirects", "https://other.example/", "not followed");
    expect("[{'status': 501}]", &GET, ACME_REJECTED, 1);
}

/* A 303 is how many a server shows the result of what it has just done. */
static void a_redirected_change_may_have_been_made(void **state)
{
    const struct kit_request put = {.method = "PUT", .path = "/x", .body = "y", .body_len = 1};

    (void)state;
    for (int status = 300; status <= 303; status++) {
        KIT_TEXT(script);

        kit_text_addf(&script, "[{'status': %d, 'headers': {'Location': '/done'}}]", status);
        expect(kit_text_str(&script), &POST, ACME_RETRY, 1);
        WORDS("redirects", "/done", "whether the change was made is not known");
        expect(kit_text_str(&script), &GET, ACME_BAD_CONFIG, 1);
    }
    expect("[{'status': 303}, {'status': 200}]", &put, ACME_OK, 2);
    /* These say that it is still to be done, elsewhere. */
    expect("[{'status': 307, 'headers': {'Location': '/v2'}}]", &POST, ACME_BAD_CONFIG, 1);
    expect("[{'status': 308, 'headers': {'Location': '/v2'}}]", &put, ACME_BAD_CONFIG, 1);
}

static void the_words_of_the_service_are_found(void **state)
{
    static const char *const BODIES[] = {
        "{'errors': [{'code': 1004, 'message': 'the words'}]}",
        "{'error': {'code': 'the', 'message': 'the words'}}",
        "{'error': 'the words'}",
        "{'message': 'the words'}",
        "{'detail': 'the words', 'title': 'x'}",
        "{'errors': ['the words']}",
        "the words",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(BODIES) / sizeof(BODIES[0]); i++) {
        KIT_TEXT(script);

        kit_text_add_str(&script, "[{'status': 422, 'body': \"");
        for (const char *c = BODIES[i]; *c != '\0'; c++) {
            kit_text_addf(&script, *c == '\'' ? "\\\"" : "%c", *c);
        }
        kit_text_add_str(&script, "\"}]");
        expect(kit_text_str(&script), &POST, ACME_REJECTED, 1);
        WORDS("the words", "HTTP 422");
    }
}

static void words_of_the_service_have_meanings(void **state)
{
    static const struct kit_meaning MEANINGS[] = {
        {"no such", ACME_NO_ZONE, "look"},
        {"expired", ACME_DENIED, "renew it"},
        {"such", ACME_BAD_CONFIG, "never"},
    };
    struct kit_verdict v = {.status = ACME_REJECTED, .words = "the token has expired"};

    (void)state;
    kit_verdict_explain(&v, MEANINGS, 1);
    assert_int_equal(v.status, ACME_REJECTED);
    assert_string_equal(v.hint, "");
    kit_verdict_explain(&v, MEANINGS, 3);
    assert_int_equal(v.status, ACME_DENIED);
    assert_string_equal(v.hint, "renew it");
    (void)snprintf(v.words, sizeof(v.words), "no such zone");
    kit_verdict_explain(&v, MEANINGS, 3);
    assert_int_equal(v.status, ACME_NO_ZONE);
}

static void remote_words_are_escaped_masked_and_cut(void **state)
{
    KIT_TEXT(script);

    (void)state;
    kit_text_add_str(&script, "[{'status': 403, 'body': 'token s3cr3t-t0ken\\u001b[31m ");
    for (int i = 0; i < 200; i++) {
        kit_text_add_str(&script, "blah ");
    }
    kit_text_add_str(&script, "'}]");
    expect(kit_text_str(&script), &GET, ACME_DENIED, 1);
    WORDS("token [secret]\\x1b[31m blah", "...");
    assert_null(strstr(kit_lab_host.failed_text, "s3cr3t"));
    assert_true(strlen(kit_lab_host.failed_text) < 700);
}

static void web_pages_are_explained(void **state)
{
    (void)state;
    expect("[{'headers': {'Content-Type': 'text/html'}, "
           "'body': '<html><head><title>Sign in</title>'}]",
           &GET, ACME_BAD_CONFIG, 1);
    WORDS("web page instead of JSON", "\"Sign in\"");
    expect("[{'headers': {'Content-Type': null}, 'body': '<!doctype html><p>hello'}]", &GET,
           ACME_BAD_CONFIG, 1);
    /* It may have been done all the same: nothing may be promised. */
    expect("[{'headers': {'Content-Type': 'text/html'}, 'body': '<html>'}]", &POST, ACME_RETRY, 1);
    expect("[{'status': 403, 'headers': {'Content-Type': 'text/html'}, "
           "'body': '<html><title>Blocked</title>'}]",
           &GET, ACME_DENIED, 1);
    WORDS("\"Blocked\"");
}

static void reading_is_repeated(void **state)
{
    (void)state;
    expect("[{'status': 503}, {'status': 502}, {'status': 429}, {'status': 200}]", &GET, ACME_OK,
           4);
    assert_int_equal(kit_lab_host.n_sleeps, 3);
    assert_in_range(kit_lab_host.slept_ms[0], 375, 500);
    assert_in_range(kit_lab_host.slept_ms[1], 750, 1000);
    assert_in_range(kit_lab_host.slept_ms[2], 1500, 2000);
    expect("[{'drop': true}, {'cut': 30}, {'body': '{\\'a\\': [1', 'cut': 90}, {'body': '{'}]",
           &GET, ACME_RETRY, 4);
    WORDS("tried 4 times", "cannot be read", "cut off");
    expect("[{'status': 200, 'body': ''}, {'raw': 'HTTP/1.1 200 OK\\r\\nContent-Le', 'cut': 99}, "
           "{'body': '{}'}]",
           &GET, ACME_OK, 3);
    expect("[{'status': 202, 'body': ''}, {'status': 206, 'body': ''}, {'status': 204}]", &GET,
           ACME_OK, 3);
    expect("[{'status': 500}, {'status': 408}, {'status': 500}, {'status': 599}]", &GET, ACME_RETRY,
           4);
    WORDS("has a fault of its own", "HTTP 599");
}

static void creating_is_not_repeated_in_doubt(void **state)
{
    (void)state;
    expect("[{'status': 500}]", &POST, ACME_RETRY, 1);
    WORDS("whether the change was made is not known");
    expect("[{'drop': true}]", &POST, ACME_RETRY, 1);
    WORDS("broke off the connection", "whether the change was made is not known");
    expect("[{'body': '{\\'id\\': '}]", &POST, ACME_RETRY, 1);
    expect("[{'status': 504}]",
           &(struct kit_request){.method = "PATCH", .path = "/x", .body = "y", .body_len = 1},
           ACME_RETRY, 1);
    expect("[{'status': 504}]",
           &(struct kit_request){.method = "DELETE", .path = "/x", .repeat = KIT_REPEAT_NEVER},
           ACME_RETRY, 1);
}

static void creating_is_repeated_where_nothing_happened(void **state)
{
    (void)state;
    expect("[{'status': 429}, {'status': 200}]", &POST, ACME_OK, 2);
    expect(
        "[{'status': 503}, {'status': 200}]",
        &(struct kit_request){.path = "/x", .body = "y", .body_len = 1, .repeat = KIT_REPEAT_SAFE},
        ACME_OK, 2);
    expect("[{'status': 503}, {'status': 200}]",
           &(struct kit_request){.method = "PUT", .path = "/x", .body = "y", .body_len = 1},
           ACME_OK, 2);
}

/* libcurl would send it again when the kept connection breaks under it. */
static void a_broken_kept_connection_sends_nothing_twice(void **state)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.flags = 0});
    struct kit_json *log = NULL;

    (void)state;
    kit_lab_script("[{'status': 200}, {'drop': true}, {'status': 200}, {'drop': true}]");
    assert_int_equal(kit_send(&kit_lab_call, http, &GET, NULL), ACME_OK);
    assert_int_equal(kit_send(&kit_lab_call, http, &POST, NULL), ACME_RETRY);
    log = kit_lab_log();
    assert_int_equal(kit_json_count(log, NULL), 2);
    assert_string_equal(kit_json_id(log, "0.connection"), kit_json_id(log, "1.connection"));
    kit_json_free(log);
    kit_lab_host.n_fails = 0;
    assert_int_equal(kit_send(&kit_lab_call, http, &GET, NULL), ACME_OK);
    assert_int_equal(kit_send(&kit_lab_call, http,
                              &(struct kit_request){.method = "POST", .path = "/empty"}, NULL),
                     ACME_RETRY);
    assert_int_equal(kit_lab_n_requests(), 4);
    kit_http_close(http);
}

/* After a try in doubt nobody may promise that nothing was changed. */
static void a_refusal_after_doubt_is_no_promise(void **state)
{
    (void)state;
    expect("[{'status': 503}, {'status': 403}]",
           &(struct kit_request){.method = "PUT", .path = "/x", .body = "y", .body_len = 1},
           ACME_RETRY, 2);
    WORDS("HTTP 403", "whether the change was made is not known");
    expect("[{'status': 429}, {'status': 403}]",
           &(struct kit_request){.method = "PUT", .path = "/x", .body = "y", .body_len = 1},
           ACME_DENIED, 2);
    expect("[{'status': 503}, {'status': 403}]", &GET, ACME_DENIED, 2);
}

struct look {
    unsigned n;
    unsigned done_at; /* which look finds it; 0: none */
    int32_t status;
};

static int32_t look(void *context, struct acme_call *call, bool *ret_was_done)
{
    struct look *l = context;

    (void)call;
    l->n++;
    *ret_was_done = l->n == l->done_at;
    return l->status;
}

static void a_recheck_decides_about_doubt(void **state)
{
    struct look l = {.done_at = 1};
    struct kit_request rq = POST;

    (void)state;
    rq.recheck = look;
    rq.context = &l;
    expect("[{'drop': true}]", &rq, ACME_OK, 1);
    assert_int_equal(l.n, 1);
    l = (struct look){.done_at = 0};
    expect("[{'status': 503}, {'status': 200}]", &rq, ACME_OK, 2);
    assert_int_equal(l.n, 1);
    l = (struct look){.done_at = 0};
    expect("[{'status': 429}, {'status': 200}]", &rq, ACME_OK, 2);
    assert_int_equal(l.n, 0);
    l = (struct look){.done_at = 4};
    expect("[{'status': 503}, {'status': 503}, {'status': 503}, {'drop': true}]", &rq, ACME_OK, 4);
    assert_int_equal(l.n, 4);
    l = (struct look){.done_at = 0};
    expect("[{'status': 503}, {'status': 503}, {'status': 503}, {'status': 503}]", &rq, ACME_RETRY,
           4);
    l = (struct look){.status = ACME_DENIED};
    kit_lab_script("[{'status': 503}]");
    assert_int_equal(send_one(&rq), ACME_DENIED);
}

static void a_recheck_says_that_it_found_the_work_done(void **state)
{
    struct look l = {.done_at = 1};
    struct kit_request rq = POST;
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.flags = 0});
    KIT_ANSWER(answer);

    (void)state;
    rq.recheck = look;
    rq.context = &l;
    kit_lab_script("[{'drop': true}]");
    assert_int_equal(kit_send(&kit_lab_call, http, &rq, &answer), ACME_OK);
    assert_true(answer.was_done);
    assert_int_equal(answer.status, 0);
    kit_http_close(http);
}

static void retry_after_is_kept(void **state)
{
    (void)state;
    expect("[{'status': 429, 'headers': {'Retry-After': '7'}}, {'status': 200}]", &GET, ACME_OK, 2);
    assert_int_equal(kit_lab_host.slept_ms[0], 7000);
    expect("[{'status': 503, 'headers': {'Date': 'Sat, 21 Nov 2020 10:00:00 GMT', "
           "'Retry-After': 'Sat, 21 Nov 2020 10:00:20 GMT'}}, {'status': 200}]",
           &GET, ACME_OK, 2);
    assert_int_equal(kit_lab_host.slept_ms[0], 20000);
    /* Longer than the call may last: acme-dns is told instead. */
    expect("[{'status': 429, 'headers': {'Retry-After': '3600'}}]", &GET, ACME_RETRY, 1);
    assert_int_equal(kit_lab_host.failed_retry_after_s, 3600);
    assert_int_equal(kit_lab_host.n_sleeps, 0);
}

static void a_used_up_limit_is_waited_for(void **state)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.flags = 0});

    (void)state;
    kit_lab_script("[{'headers': {'RateLimit-Remaining': '0', 'RateLimit-Reset': '5'}}, "
                   "{'headers': {'Ratelimit': '\\'default\\';r=0;t=600'}}]");
    assert_int_equal(kit_send(&kit_lab_call, http, &GET, NULL), ACME_OK);
    assert_int_equal(kit_lab_host.n_sleeps, 0);
    assert_int_equal(kit_send(&kit_lab_call, http, &GET, NULL), ACME_OK);
    assert_int_equal(kit_lab_host.n_sleeps, 1);
    assert_in_range(kit_lab_host.slept_ms[0], 4000, 5000);
    assert_int_equal(kit_send(&kit_lab_call, http, &GET, NULL), ACME_RETRY);
    kit_lab_expect_failed(ACME_RETRY, (const char *const[]){"rate limit is used up", NULL});
    assert_in_range(kit_lab_host.failed_retry_after_s, 590, 600);
    assert_int_equal(kit_lab_n_requests(), 2);
    kit_http_close(http);
}

static void a_rate_of_ones_own_is_kept(void **state)
{
    struct kit_http *http =
        kit_lab_open((struct kit_http_settings){.rate_requests = 3, .rate_ms = 20000});

    (void)state;
    kit_lab_script("[]");
    for (int i = 0; i < 3; i++) {
        assert_int_equal(kit_send(&kit_lab_call, http, &GET, NULL), ACME_OK);
    }
    assert_int_equal(kit_lab_host.n_sleeps, 0);
    assert_int_equal(kit_send(&kit_lab_call, http, &GET, NULL), ACME_OK);
    assert_int_equal(kit_lab_host.n_sleeps, 1);
    assert_in_range(kit_lab_host.slept_ms[0], 1, 20000);
    kit_http_close(http);
}

static void large_answers_are_cut_short(void **state)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.max_body = 1000});
    struct kit_fault fault = KIT_EMPTY;
    struct kit_request rq = {.path = "/x", .fault = &fault};

    (void)state;
    kit_lab_script(
        "[{'body': 'x', 'repeat': 1001}, {'body': 'x', 'repeat': 9999, 'chunked': true}]");
    assert_int_equal(kit_send(&kit_lab_call, http, &rq, NULL), ACME_REJECTED);
    assert_non_null(strstr(fault.text, "too large"));
    assert_int_equal(kit_send(&kit_lab_call, http, &rq, NULL), ACME_REJECTED);
    kit_http_close(http);
}

static void headers_without_end_are_cut_short(void **state)
{
    KIT_TEXT(script);

    (void)state;
    kit_text_add_str(&script, "[{'raw': 'HTTP/1.1 200 OK\\r\\n");
    for (int i = 0; i < 700; i++) {
        kit_text_addf(&script, "X-%d: %0*d\\r\\n", i, 100, 0);
    }
    kit_text_add_str(&script, "\\r\\n'}]");
    expect(kit_text_str(&script), &GET, ACME_REJECTED, 1);
    WORDS("too large");
}

static void silence_ends_with_the_time_for_it(void **state)
{
    struct kit_request rq = GET;

    (void)state;
    rq.timeout_ms = 1500;
    expect("[{'stall': 5}, {'status': 200}]", &rq, ACME_OK, 2);
    rq = POST;
    rq.timeout_ms = 1500;
    expect("[{'stall': 5}]", &rq, ACME_RETRY, 1);
    WORDS("gave no answer in time", "whether the change was made is not known");
}

static void cancelled_calls_end_soon(void **state)
{
    (void)state;
    kit_lab_script("[{'stall': 5}]");
    kit_lab_host.n_polls_left = 15;
    assert_int_equal(send_one(&GET), ACME_CANCELLED);
    kit_lab_expect_failed(ACME_CANCELLED, (const char *const[]){"not waited for", NULL});
    kit_lab_script("[]");
    kit_lab_host.left_ms = 0;
    assert_int_equal(send_one(&GET), ACME_CANCELLED);
    assert_int_equal(kit_lab_n_requests(), 0);
}

static void pauses_end_with_the_call(void **state)
{
    (void)state;
    kit_lab_script("[{'status': 503}, {'status': 503}, {'status': 503}]");
    kit_lab_host.left_ms = 2000;
    assert_int_equal(send_one(&GET), ACME_RETRY);
    assert_int_equal(kit_lab_n_requests(), 2);
    kit_lab_expect_failed(ACME_RETRY, (const char *const[]){"HTTP 503", NULL});
}

/* A port of loopback on which nobody listens. */
static int closed_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    (void)close(fd);
    return ntohs(at.sin_port);
}

static void nobody_there_is_tried_again_for_every_method(void **state)
{
    char url[64];
    struct kit_http *http = NULL;

    (void)state;
    kit_lab_reset();
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d", closed_port());
    http = kit_lab_open((struct kit_http_settings){.base_url = url, .tries = 3});
    assert_int_equal(kit_send(&kit_lab_call, http, &POST, NULL), ACME_RETRY);
    kit_lab_expect_failed(ACME_RETRY, (const char *const[]){"Test DNS cannot be reached",
                                                            "tried 3 times", "127.0.0.1", NULL});
    assert_null(strstr(kit_lab_host.failed_text, "not known"));
    kit_http_close(http);
}

static void plain_http_does_not_answer_tls(void **state)
{
    char url[64];
    struct kit_http *http = NULL;

    (void)state;
    (void)snprintf(url, sizeof(url), "https%s", kit_lab_url() + 4);
    kit_lab_script("[]");
    http = kit_lab_open((struct kit_http_settings){.base_url = url, .tries = 1});
    assert_int_equal(kit_send(&kit_lab_call, http, &GET, NULL), ACME_RETRY);
    kit_lab_expect_failed(ACME_RETRY, (const char *const[]){"Test DNS cannot be reached", NULL});
    kit_http_close(http);
}

/* As of a service whose throttling comes with status 400. */
static void judge(void *context, const struct kit_request *rq, const struct kit_answer *answer,
                  struct kit_verdict *v)
{
    const char *code = kit_json_str(answer->json, "code");

    (void)context;
    (void)rq;
    if (code == NULL) {
        return;
    }
    if (strcmp(code, "Throttling") == 0) {
        v->kind = KIT_AGAIN;
    } else if (strcmp(code, "Exists") == 0) {
        v->kind = KIT_TAKE;
    } else if (strcmp(code, "NoRight") == 0) {
        v->kind = KIT_REFUSE;
        v->status = ACME_DENIED;
        (void)snprintf(v->hint, sizeof(v->hint), "give the token the right DNS:Edit");
    } else if (strcmp(code, "Broken") == 0) {
        v->kind = KIT_REFUSE;
        v->status = ACME_REJECTED;
    }
}

static void a_judge_knows_better(void **state)
{
    struct kit_request rq = POST;

    (void)state;
    rq.judge = judge;
    expect("[{'status': 400, 'body': '{\\\"code\\\": \\\"Throttling\\\"}'}, {'status': 200}]", &rq,
           ACME_OK, 2);
    expect("[{'status': 409, 'body': '{\\\"code\\\": \\\"Exists\\\"}'}]", &rq, ACME_OK, 1);
    expect(
        "[{'status': 400, 'body': '{\\\"code\\\": \\\"NoRight\\\", \\\"message\\\": \\\"no\\\"}'}]",
        &rq, ACME_DENIED, 1);
    WORDS("no (NoRight)", "give the token the right DNS:Edit");
    expect("[{'status': 200, 'body': '{\\\"code\\\": \\\"Broken\\\"}'}]", &rq, ACME_REJECTED, 1);
    WORDS("Test DNS refuses");
}

static void answers_of_another_shape_are_none(void **state)
{
    struct kit_request rq = GET;

    (void)state;
    rq.must_have = "zones";
    expect("[{'body': '{\\\"zones\\\": []}'}]", &rq, ACME_OK, 1);
    expect("[{'body': '{\\\"zone\\\": []}'}]", &rq, ACME_REJECTED, 1);
    WORDS("another shape", "there is no 'zones' in it");
    expect("[{'body': '[]'}]", &rq, ACME_REJECTED, 1);
    rq = POST;
    rq.must_have = "id";
    expect("[{'body': '{}'}]", &rq, ACME_RETRY, 1);
    expect("[{'body': ''}]", &rq, ACME_RETRY, 1);
    rq.allow[0] = 409;
    expect("[{'status': 409, 'body': '{}'}]", &rq, ACME_OK, 1);
}

static void faults_can_be_kept_back(void **state)
{
    struct kit_fault fault = KIT_EMPTY;
    struct kit_request rq = GET;

    (void)state;
    rq.fault = &fault;
    kit_lab_script("[{'status': 429, 'headers': {'Retry-After': '900'}}]");
    assert_int_equal(send_one(&rq), ACME_RETRY);
    assert_int_equal(kit_lab_host.n_fails, 0);
    assert_int_equal(fault.status, ACME_RETRY);
    assert_int_equal(fault.http_status, 429);
    assert_int_equal(fault.retry_after_s, 900);
    assert_int_equal(kit_fault_report(&kit_lab_call, 3, &fault), ACME_RETRY);
    kit_lab_expect_failed(ACME_RETRY, (const char *const[]){"wants fewer requests", NULL});
}

static void proxies_of_the_environment_are_not_for_this_machine(void **state)
{
    (void)state;
    assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
    assert_int_equal(setenv("all_proxy", "http://127.0.0.1:1", 1), 0);
    expect("[{'status': 200}]", &GET, ACME_OK, 1);
    assert_int_equal(unsetenv("http_proxy") + unsetenv("all_proxy"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_are_told_apart),
        cmocka_unit_test(a_redirected_change_may_have_been_made),
        cmocka_unit_test(the_words_of_the_service_are_found),
        cmocka_unit_test(words_of_the_service_have_meanings),
        cmocka_unit_test(remote_words_are_escaped_masked_and_cut),
        cmocka_unit_test(web_pages_are_explained),
        cmocka_unit_test(reading_is_repeated),
        cmocka_unit_test(creating_is_not_repeated_in_doubt),
        cmocka_unit_test(creating_is_repeated_where_nothing_happened),
        cmocka_unit_test(a_broken_kept_connection_sends_nothing_twice),
        cmocka_unit_test(a_refusal_after_doubt_is_no_promise),
        cmocka_unit_test(a_recheck_decides_about_doubt),
        cmocka_unit_test(a_recheck_says_that_it_found_the_work_done),
        cmocka_unit_test(retry_after_is_kept),
        cmocka_unit_test(a_used_up_limit_is_waited_for),
        cmocka_unit_test(a_rate_of_ones_own_is_kept),
        cmocka_unit_test(large_answers_are_cut_short),
        cmocka_unit_test(headers_without_end_are_cut_short),
        cmocka_unit_test(silence_ends_with_the_time_for_it),
        cmocka_unit_test(cancelled_calls_end_soon),
        cmocka_unit_test(pauses_end_with_the_call),
        cmocka_unit_test(nobody_there_is_tried_again_for_every_method),
        cmocka_unit_test(plain_http_does_not_answer_tls),
        cmocka_unit_test(a_judge_knows_better),
        cmocka_unit_test(answers_of_another_shape_are_none),
        cmocka_unit_test(faults_can_be_kept_back),
        cmocka_unit_test(proxies_of_the_environment_are_not_for_this_machine),
    };

    return cmocka_run_group_tests(tests, kit_lab_begin, kit_lab_end);
}
