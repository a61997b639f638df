/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "http_lab.h"

#include "base/mem.h"
#include "base/str.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct http_lab_server http_lab_server;
struct http_lab_got http_lab_got;
struct loop *http_lab_loop;
struct http *http_lab_http;

void http_lab_forget(void)
{
    mem_free(http_lab_got.body);
    mem_free(http_lab_got.content_type);
    mem_free(http_lab_got.header);
    mem_free(http_lab_got.index);
    for (size_t i = 0; i < ARRAY_LEN(http_lab_got.alternate); i++) {
        mem_free(http_lab_got.alternate[i]);
    }
    memset(&http_lab_got, 0, sizeof(http_lab_got));
}

void http_lab_remember(void *arg, const struct http_response *r, const struct err *err)
{
    (void)arg;
    http_lab_forget();
    http_lab_got.n_done = 1;
    assert_true((r == NULL) != (err == NULL));
    if (r == NULL) {
        http_lab_got.err = *err;
        return;
    }
    http_lab_got.status = r->status;
    http_lab_got.body = str_dup_len(r->body, r->body_len);
    http_lab_got.retry_after_s = http_retry_after_s(r);
    http_lab_got.content_type = str_dup(http_content_type(r));
    http_lab_got.header = str_dup(http_header(r, "X-SEEN"));
    http_lab_got.index = http_link(r, "index", 0);
    for (size_t i = 0; i < ARRAY_LEN(http_lab_got.alternate); i++) {
        http_lab_got.alternate[i] = http_link(r, "ALTERNATE", i);
    }
}

void http_lab_run(void)
{
    struct err err = ERR_INIT;

    if (loop_run(http_lab_loop, &err) != 0) {
        fail_msg("%s", err.text);
    }
}

void http_lab_ask(int port, const char *path, int64_t timeout_ms)
{
    AUTO_FREE char *url = str_fmt("https://localhost:%d%s", port, path);
    const struct http_request request = {
        .method = "GET", .url = url, .max_body = 50000, .timeout_ms = timeout_ms};

    http_lab_forget();
    assert_non_null(http_start(http_lab_http, &request, http_lab_remember, NULL));
    assert_int_equal(http_lab_got.n_done, 0); /* never from inside the start */
    http_lab_run();
    assert_int_equal(http_lab_got.n_done, 1);
}

void http_lab_expect_error(enum err_class class, const char *words)
{
    assert_int_equal(http_lab_got.err.class, class);
    if (strstr(http_lab_got.err.text, words) == NULL) {
        fail_msg("'%s' lacks '%s'", http_lab_got.err.text, words);
    }
}

void http_lab_expect_body(const char *body)
{
    if (http_lab_got.body == NULL) {
        fail_msg("%s", http_lab_got.err.text);
    }
    assert_string_equal(http_lab_got.body, body);
}

void http_lab_open(const char *ca_file, bool is_http11)
{
    const struct http_settings settings = {
        .ca_file = ca_file, .user_agent = "acme-dns/test", .is_http11 = is_http11};
    struct err err = ERR_INIT;

    assert_int_equal(loop_new(&http_lab_loop, &err), 0);
    assert_int_equal(http_new(http_lab_loop, &settings, &http_lab_http, &err), 0);
}

int http_lab_set_up(void **state)
{
    (void)state;
    http_lab_open(http_lab_server.ca_file, false);
    return 0;
}

int http_lab_tear_down(void **state)
{
    (void)state;
    http_free(http_lab_http);
    loop_free(http_lab_loop);
    http_lab_http = NULL;
    http_lab_loop = NULL;
    http_lab_forget();
    return 0;
}

/* Starts the server; false: it said why it cannot run here. */
bool http_lab_begin(void)
{
    int to[2], from[2];
    char line[128] = "";
    FILE *said = NULL;

    (void)snprintf(http_lab_server.folder, sizeof(http_lab_server.folder),
                   "/tmp/acme-http-test-XXXXXX");
    assert_true(mkdtemp(http_lab_server.folder) != NULL && pipe2(to, O_CLOEXEC) == 0 &&
                pipe2(from, O_CLOEXEC) == 0);
    http_lab_server.pid = fork();
    if (http_lab_server.pid == 0) {
        (void)dup2(to[0], 0);
        (void)dup2(from[1], 1);
        (void)execl("/usr/bin/python3", "python3", SOURCE_DIR "/tests/unit/base/http_server.py",
                    http_lab_server.folder, (char *)NULL);
        _exit(77);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    http_lab_server.stdin_fd = to[1];
    said = fdopen(from[0], "r");
    if (fgets(line, sizeof(line), said) == NULL ||
        sscanf(line, "READY %d %d %d", &http_lab_server.port, &http_lab_server.wrong_port,
               &http_lab_server.http2_port) != 3) {
        (void)fprintf(stderr, "the test server does not start: %s\n", line);
        (void)fclose(said);
        http_lab_end();
        return false;
    }
    (void)fclose(said);
    http_lab_server.ca_file = str_fmt("%s/ca.pem", http_lab_server.folder);
    return true;
}

void http_lab_end(void)
{
    static const char *const FILES[] = {"ca.pem",    "ca.key",    "server.pem", "server.key",
                                        "wrong.pem", "wrong.key", "file",       "swallowed"};

    (void)close(http_lab_server.stdin_fd);
    (void)waitpid(http_lab_server.pid, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(FILES); i++) {
        AUTO_FREE char *path = str_fmt("%s/%s", http_lab_server.folder, FILES[i]);

        (void)unlink(path);
    }
    (void)rmdir(http_lab_server.folder);
    mem_free(http_lab_server.ca_file);
}
