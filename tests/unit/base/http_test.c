/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* HTTP against a real TLS server (http_server.py) that misbehaves on request. */
#include "base/http.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmocka_all.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct {
    char folder[64];
    char *ca_file;
    pid_t pid;
    int stdin_fd;
    int port, wrong_port, http2_port;
} server;

static struct loop *loop;
static struct http *http;

/* What the last answer was, copied out of the callback. */
static struct {
    int n_done;
    long status;
    char *body;
    struct err err;
    int64_t retry_after_s;
    char *content_type, *header, *index, *alternate[3];
} got;

static void forget(void)
{
    mem_free(got.body);
    mem_free(got.content_type);
    mem_free(got.header);
    mem_free(got.index);
    for (size_t i = 0; i < ARRAY_LEN(got.alternate); i++) {
        mem_free(got.alternate[i]);
    }
    memset(&got, 0, sizeof(got));
}

static void remember(void *arg, const struct http_response *r, const struct err *err)
{
    (void)arg;
    forget();
    got.n_done = 1;
    assert_true((r == NULL) != (err == NULL));
    if (r == NULL) {
        got.err = *err;
        return;
    }
    got.status = r->status;
    got.body = str_dup_len(r->body, r->body_len);
    got.retry_after_s = http_retry_after_s(r);
    got.content_type = str_dup(http_content_type(r));
    got.header = str_dup(http_header(r, "X-SEEN"));
    got.index = http_link(r, "index", 0);
    for (size_t i = 0; i < ARRAY_LEN(got.alternate); i++) {
        got.alternate[i] = http_link(r, "ALTERNATE", i);
    }
}

static void run(void)
{
    struct err err = ERR_INIT;

    if (loop_run(loop, &err) != 0) {
        fail_msg("%s", err.text);
    }
}

static void ask(int port, const char *path, int64_t timeout_ms)
{
    AUTO_FREE char *url = str_fmt("https://localhost:%d%s", port, path);
    const struct http_request request = {
        .method = "GET", .url = url, .max_body = 50000, .timeout_ms = timeout_ms};

    forget();
    assert_non_null(http_start(http, &request, remember, NULL));
    assert_int_equal(got.n_done, 0); /* never from inside the start */
    run();
    assert_int_equal(got.n_done, 1);
}

static void expect_error(enum err_class class, const char *words)
{
    assert_int_equal(got.err.class, class);
    if (strstr(got.err.text, words) == NULL) {
        fail_msg("'%s' lacks '%s'", got.err.text, words);
    }
}

static void expect_body(const char *body)
{
    if (got.body == NULL) {
        fail_msg("%s", got.err.text);
    }
    assert_string_equal(got.body, body);
}

static void open_http(const char *ca_file, bool is_http11)
{
    const struct http_settings settings = {
        .ca_file = ca_file, .user_agent = "acme-dns/test", .is_http11 = is_http11};
    struct err err = ERR_INIT;

    assert_int_equal(loop_new(&loop, &err), 0);
    assert_int_equal(http_new(loop, &settings, &http, &err), 0);
}

static int set_up(void **state)
{
    (void)state;
    open_http(server.ca_file, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    http_free(http);
    loop_free(loop);
    http = NULL;
    loop = NULL;
    forget();
    return 0;
}

static void an_answer_has_status_body_and_type(void **state)
{
    (void)state;
    ask(server.port, "/ok", 0);
    assert_int_equal(got.status, 200);
    expect_body("{\"a\":1}");
    assert_string_equal(got.content_type, "application/json");
    assert_int_equal(got.retry_after_s, -1);
    ask(server.port, "/teapot", 0);
    assert_int_equal(got.status, 418);
    assert_string_equal(got.content_type, "");
    assert_int_equal(http_count(http), 2);
}

static void a_post_carries_what_it_was_given(void **state)
{
    AUTO_FREE char *url = str_fmt("https://localhost:%d/echo", server.port);
    const struct http_request request = {.method = "POST",
                                         .url = url,
                                         .content_type = "application/jose+json",
                                         .accept = "application/pem-certificate-chain",
                                         .body = "{\"x\":\0}",
                                         .body_len = 7,
                                         .max_body = 100};

    (void)state;
    (void)http_start(http, &request, remember, NULL);
    run();
    assert_int_equal(got.status, 200);
    assert_string_equal(got.header,
                        "POST content-type=application/jose+json;"
                        "accept=application/pem-certificate-chain;user-agent=acme-dns/test;"
                        "accept-encoding=-;expect=-;");
    assert_memory_equal(got.body, "{\"x\":\0}", 7);
}

static void head_has_no_body(void **state)
{
    AUTO_FREE char *url = str_fmt("https://localhost:%d/big", server.port);
    const struct http_request request = {.method = "HEAD", .url = url};

    (void)state;
    (void)http_start(http, &request, remember, NULL);
    run();
    assert_int_equal(got.status, 200);
    expect_body("");
}

static void only_the_last_answers_headers_count(void **state)
{
    (void)state;
    ask(server.port, "/early", 0);
    assert_int_equal(got.status, 200);
    expect_body("late");
    assert_int_equal(got.retry_after_s, -1);
}

static void an_untrusted_certificate_says_which_option_helps(void **state)
{
    AUTO_FREE char *other = str_fmt("%s/wrong.pem", server.folder);

    (void)tear_down(state);
    open_http(other, false);
    ask(server.port, "/ok", 0);
    expect_error(ERR_FAILED, "is not trusted");
    expect_error(ERR_FAILED, "--ca-bundle");
    expect_error(ERR_FAILED, other);
}

static void the_system_trusts_no_test_root(void **state)
{
    (void)tear_down(state);
    open_http(NULL, false);
    ask(server.port, "/ok", 0);
    expect_error(ERR_FAILED, "is not trusted");
}

static void a_missing_file_of_roots_is_named(void **state)
{
    (void)tear_down(state);
    open_http("/nonexistent/roots.pem", false);
    ask(server.port, "/ok", 0);
    expect_error(ERR_CONFIG, "/nonexistent/roots.pem");
}

static void a_certificate_for_another_name_is_refused(void **state)
{
    (void)state;
    ask(server.wrong_port, "/ok", 0);
    expect_error(ERR_FAILED, "another name");
}

static void a_redirect_is_reported_with_its_target(void **state)
{
    (void)state;
    ask(server.port, "/redirect", 0);
    expect_error(ERR_FAILED, "https://elsewhere.example/x");
    assert_int_equal(http_count(http), 1);
}

static void a_body_over_the_ceiling_ends_the_transfer(void **state)
{
    (void)state;
    ask(server.port, "/big", 0);
    expect_error(ERR_FAILED, "over 50000 bytes");
    ask(server.port, "/chunked", 0);
    expect_error(ERR_FAILED, "over 50000 bytes");
    ask(server.port, "/manyheaders", 0);
    expect_error(ERR_FAILED, "headers are over");
    ask(server.port, "/ok", 0);
    assert_int_equal(got.status, 200);
}

static void a_silent_server_is_a_timeout(void **state)
{
    int64_t began = clock_mono_ms();

    (void)state;
    ask(server.port, "/stall", 300);
    expect_error(ERR_TIMEOUT, "no answer from localhost:");
    assert_in_range(clock_mono_ms() - began, 290, 2500);
    ask(server.port, "/ok", 0);
    assert_int_equal(got.status, 200);
}

static void broken_connections_are_worth_another_try(void **state)
{
    (void)state;
    ask(server.port, "/cut", 0);
    expect_error(ERR_NETWORK, "localhost:");
    ask(server.port, "/drop", 0);
    expect_error(ERR_NETWORK, "localhost:");
    ask(1, "/ok", 0);
    expect_error(ERR_NETWORK, "cannot connect to localhost:1");
}

static void a_host_without_address_is_named(void **state)
{
    const struct http_request request = {
        .method = "GET", .url = "https://nothing.invalid/dir", .max_body = 10, .timeout_ms = 20000};

    (void)state;
    (void)http_start(http, &request, remember, NULL);
    run();
    expect_error(ERR_NETWORK, "nothing.invalid");
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

        forget();
        (void)http_start(http, &request, remember, NULL);
        assert_int_equal(got.n_done, 0);
        run();
        expect_error(ERR_FAILED, "https URL");
    }
    assert_int_equal(http_count(http), 0);
}

static void links_are_found_in_every_form(void **state)
{
    AUTO_FREE char *index = str_fmt("https://localhost:%d/dir", server.port);
    AUTO_FREE char *second = str_fmt("https://localhost:%d/x/2", server.port);

    (void)state;
    ask(server.port, "/links", 0);
    assert_string_equal(got.index, index);
    assert_string_equal(got.alternate[0], "https://a.example/1,2;3");
    assert_string_equal(got.alternate[1], second);
    assert_null(got.alternate[2]);
}

static void a_date_to_retry_after_counts_from_the_answers_date(void **state)
{
    (void)state;
    ask(server.port, "/retry", 0);
    assert_int_equal(got.status, 429);
    assert_int_equal(got.retry_after_s, 90);
}

static void must_not_come(void *arg, const struct http_response *r, const struct err *err)
{
    (void)arg;
    (void)r;
    (void)err;
    fail_msg("a cancelled request called back");
}

static struct http_transfer *victims[150];

static void cancel_all(void *arg)
{
    (void)arg;
    for (size_t i = 0; i < ARRAY_LEN(victims); i++) {
        http_cancel(&victims[i]);
        assert_null(victims[i]);
    }
}

static void cancelled_requests_do_not_call_back(void **state)
{
    AUTO_FREE char *url = str_fmt("https://localhost:%d/stall", server.port);
    const struct http_request request = {.method = "GET", .url = url, .max_body = 10};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(victims); i++) {
        victims[i] = http_start(http, &request, must_not_come, NULL);
    }
    (void)loop_timer_start(loop, 50, cancel_all, NULL);
    run();
    assert_int_equal(http_count(http),
                     150); /* the waiting ones moved up while others were cancelled */
    ask(server.port, "/ok", 0);
    assert_int_equal(got.status, 200);
}

static struct http_transfer *own;

static void cancel_self_and_free_all(void *arg, const struct http_response *r,
                                     const struct err *err)
{
    (void)r;
    (void)err;
    ++*(int *)arg;
    http_cancel(&own);
    http_free(http);
    http = NULL;
}

static void freeing_all_inside_a_callback_is_safe(void **state)
{
    AUTO_FREE char *url = str_fmt("https://localhost:%d/ok", server.port);
    AUTO_FREE char *stall = str_fmt("https://localhost:%d/stall", server.port);
    const struct http_request first = {.method = "GET", .url = url, .max_body = 100};
    const struct http_request second = {.method = "GET", .url = stall, .max_body = 100};
    int n_called = 0;

    (void)state;
    own = http_start(http, &first, cancel_self_and_free_all, &n_called);
    (void)http_start(http, &second, must_not_come, NULL);
    run();
    assert_int_equal(n_called, 1);
    assert_null(own);
}

static int n_answers;
static int n_connections_max;

/* Sockets of this process that lead to the HTTP/2 port. */
static int count_connections(void)
{
    int n = 0;

    for (int fd = 3; fd < 512; fd++) {
        struct sockaddr_in to;
        socklen_t len = sizeof(to);

        if (getpeername(fd, (struct sockaddr *)&to, &len) == 0 && to.sin_family == AF_INET &&
            ntohs(to.sin_port) == server.http2_port) {
            n++;
        }
    }
    return n;
}

static void count_answer(void *arg, const struct http_response *r, const struct err *err)
{
    (void)arg;
    if (err != NULL) {
        fail_msg("%s", err->text);
    }
    assert_int_equal(r->status, 200);
    assert_string_equal(r->body, "over http2");
    n_answers++;
    if (count_connections() > n_connections_max) {
        n_connections_max = count_connections();
    }
}

static void three_hundred_requests_share_one_http2_connection(void **state)
{
    char url[64];
    const struct http_request request = {.method = "GET", .url = url, .max_body = 100};

    (void)state;
    if (server.http2_port == 0) {
        skip();
    }
    n_answers = 0;
    n_connections_max = 0;
    (void)snprintf(url, sizeof(url), "https://localhost:%d/file", server.http2_port);
    for (int i = 0; i < 300; i++) {
        (void)http_start(http, &request, count_answer, NULL);
    }
    run();
    assert_int_equal(n_answers, 300);
    assert_int_equal(n_connections_max, 1);
    assert_int_equal(http_count(http), 300);
}

static struct http_transfer *streams[60];

static size_t survivors; /* 0 the even streams, 1 the odd ones, 2 not known yet */

/* The first answer cancels every second stream, some of which have answers waiting to be told. */
static void cancel_the_others(void *arg, const struct http_response *r, const struct err *err)
{
    size_t which = (size_t)((struct http_transfer **)arg - streams);

    streams[which] = NULL;
    count_answer(NULL, r, err);
    if (survivors == 2) {
        survivors = which % 2;
        for (size_t i = 1 - survivors; i < ARRAY_LEN(streams); i += 2) {
            http_cancel(&streams[i]);
        }
    }
    assert_int_equal(which % 2, survivors);
}

static void cancelling_streams_leaves_the_others(void **state)
{
    char url[64];
    const struct http_request request = {.method = "GET", .url = url, .max_body = 100};

    (void)state;
    if (server.http2_port == 0) {
        skip();
    }
    (void)snprintf(url, sizeof(url), "https://localhost:%d/file", server.http2_port);
    ask(server.http2_port, "/file", 0);
    n_answers = 0;
    survivors = 2;
    for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
        streams[i] = http_start(http, &request, cancel_the_others, &streams[i]);
    }
    run();
    assert_int_equal(n_answers, ARRAY_LEN(streams) / 2);
}

static void a_dead_http2_connection_is_not_used_again(void **state)
{
    (void)state;
    if (server.http2_port == 0) {
        skip();
    }
    ask(server.http2_port, "/file", 0);
    expect_body("over http2");
    assert_int_equal(kill(server.pid, SIGUSR1), 0);
    (void)usleep(50000); /* the relay must have seen it; nothing tells us when */
    ask(server.http2_port, "/file", 400);
    expect_error(ERR_TIMEOUT, "no answer");
    ask(server.http2_port, "/file", 2000);
    expect_body("over http2");
}

static void count_patience(void *arg, const struct http_response *r, const struct err *err)
{
    if (err != NULL) {
        fail_msg("%s", err->text);
    }
    assert_string_equal(r->body, "patience");
    ++*(int *)arg;
}

static void a_slow_answer_over_http11_holds_up_no_other(void **state)
{
    AUTO_FREE char *url = str_fmt("https://localhost:%d/slow", server.port);
    const struct http_request request = {.method = "GET", .url = url, .max_body = 100};
    int64_t began = 0;
    int n_patient = 0;

    (void)state;
    ask(server.port, "/ok", 0);
    began = clock_mono_ms();
    for (int i = 0; i < 8; i++) {
        (void)http_start(http, &request, count_patience, &n_patient);
    }
    run();
    assert_int_equal(n_patient, 8);
    assert_in_range(clock_mono_ms() - began, 400, 2400); /* 3.2 s one behind the other */
}

static void a_host_that_does_not_finish_connecting_is_told_apart(void **state)
{
    const struct http_settings settings = {
        .ca_file = server.ca_file, .user_agent = "test", .connect_timeout_ms = 300};
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct err err = ERR_INIT;

    (void)tear_down(state);
    assert_int_equal(bind(silent, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(silent, 4), 0);
    assert_int_equal(getsockname(silent, (struct sockaddr *)&at, &len), 0);
    assert_int_equal(loop_new(&loop, &err), 0);
    assert_int_equal(http_new(loop, &settings, &http, &err), 0);
    ask(ntohs(at.sin_port), "/ok", 5000);
    expect_error(ERR_TIMEOUT, "no connection to localhost:");
    (void)close(silent);
}

static int compare_times(const void *a, const void *b)
{
    return (*(const int64_t *)a > *(const int64_t *)b) -
           (*(const int64_t *)a < *(const int64_t *)b);
}

static int64_t now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void the_loop_adds_no_latency(void **state)
{
    int64_t took_us[60];

    (void)state;
    ask(server.port, "/ok", 0);
    for (size_t i = 0; i < ARRAY_LEN(took_us); i++) {
        int64_t began = now_us();

        ask(server.port, "/ok", 0);
        took_us[i] = now_us() - began;
    }
    qsort(took_us, ARRAY_LEN(took_us), sizeof(took_us[0]), compare_times);
    print_message("one GET on an open connection: best %lld us, median %lld us\n",
                  (long long)took_us[0], (long long)took_us[ARRAY_LEN(took_us) / 2]);
    /* The best: a loaded machine makes the others slow, a wait in the loop makes all slow. */
    assert_in_range(took_us[0], 1, 2000);
}

static void http11_can_be_asked_for(void **state)
{
    (void)tear_down(state);
    open_http(server.ca_file, true);
    ask(server.port, "/ok", 0);
    assert_int_equal(got.status, 200);
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

/* Starts the server; false: it said why it cannot run here. */
static bool start_server(void)
{
    int to[2], from[2];
    char line[128] = "";
    FILE *said = NULL;

    (void)snprintf(server.folder, sizeof(server.folder), "/tmp/acme-http-test-XXXXXX");
    assert_true(mkdtemp(server.folder) != NULL && pipe2(to, O_CLOEXEC) == 0 &&
                pipe2(from, O_CLOEXEC) == 0);
    server.pid = fork();
    if (server.pid == 0) {
        (void)dup2(to[0], 0);
        (void)dup2(from[1], 1);
        (void)execl("/usr/bin/python3", "python3", SOURCE_DIR "/tests/unit/base/http_server.py",
                    server.folder, (char *)NULL);
        _exit(77);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    server.stdin_fd = to[1];
    said = fdopen(from[0], "r");
    if (fgets(line, sizeof(line), said) == NULL ||
        sscanf(line, "READY %d %d %d", &server.port, &server.wrong_port, &server.http2_port) != 3) {
        (void)fprintf(stderr, "the test server does not start: %s\n", line);
        (void)fclose(said);
        return false;
    }
    (void)fclose(said);
    server.ca_file = str_fmt("%s/ca.pem", server.folder);
    return true;
}

static void stop_server(void)
{
    static const char *const FILES[] = {"ca.pem",    "ca.key",    "server.pem", "server.key",
                                        "wrong.pem", "wrong.key", "file"};

    (void)close(server.stdin_fd);
    (void)waitpid(server.pid, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        AUTO_FREE char *path = str_fmt("%s/%s", server.folder, FILES[i]);

        (void)unlink(path);
    }
    (void)rmdir(server.folder);
    mem_free(server.ca_file);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
        CASE(a_silent_server_is_a_timeout),
        CASE(broken_connections_are_worth_another_try),
        CASE(a_host_without_address_is_named),
        CASE(urls_that_are_not_https_are_refused_from_the_loop),
        CASE(links_are_found_in_every_form),
        CASE(a_date_to_retry_after_counts_from_the_answers_date),
        CASE(cancelled_requests_do_not_call_back),
        CASE(freeing_all_inside_a_callback_is_safe),
        CASE(three_hundred_requests_share_one_http2_connection),
        CASE(cancelling_streams_leaves_the_others),
        CASE(a_dead_http2_connection_is_not_used_again),
        CASE(a_slow_answer_over_http11_holds_up_no_other),
        CASE(a_host_that_does_not_finish_connecting_is_told_apart),
        CASE(the_loop_adds_no_latency),
        CASE(http11_can_be_asked_for),
        cmocka_unit_test(urls_split_into_their_parts),
    };
    static const char *const PROXIES[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
    int failed = 0;

    for (size_t i = 0; i < ARRAY_LEN(PROXIES); i++) {
        (void)unsetenv(PROXIES[i]);
    }
    loop_block_signals();
    if (!start_server()) {
        return 77;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    stop_server();
    return failed;
}
