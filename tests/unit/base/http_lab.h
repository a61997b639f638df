/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What the tests of base/http share: a real TLS server (http_server.py) that misbehaves on request,
 * and one request at a time whose answer is kept to be looked at.
 */
#ifndef TESTS_BASE_HTTP_LAB_H
#define TESTS_BASE_HTTP_LAB_H

#include "base/http.h"
#include "cmocka_all.h"

#include <sys/types.h>

struct http_lab_server {
    char folder[64];
    char *ca_file;
    pid_t pid;
    int stdin_fd;
    int port, wrong_port, http2_port;
};
extern struct http_lab_server http_lab_server;

/* What the last answer was, copied out of the callback. */
struct http_lab_got {
    int n_done;
    long status;
    char *body;
    struct err err;
    int64_t retry_after_s;
    char *content_type, *header, *index, *alternate[3];
};
extern struct http_lab_got http_lab_got;

/* Of the running case. */
extern struct loop *http_lab_loop;
extern struct http *http_lab_http;

/* Starts the server; false: it said why it cannot run here. http_lab_end() stops it. */
bool http_lab_begin(void);
void http_lab_end(void);

int http_lab_set_up(void **state);
int http_lab_tear_down(void **state);
#define CASE(name) cmocka_unit_test_setup_teardown(name, http_lab_set_up, http_lab_tear_down)

/* In place of what http_lab_set_up() opened, after http_lab_tear_down(). */
void http_lab_open(const char *ca_file, bool is_http11);

/* A GET of https://localhost:PORT/PATH, from start to end; timeout_ms 0: http's own. */
void http_lab_ask(int port, const char *path, int64_t timeout_ms);
void http_lab_run(void);
void http_lab_forget(void);
/* A callback for http_start() that fills http_lab_got. */
void http_lab_remember(void *arg, const struct http_response *r, const struct err *err);

void http_lab_expect_error(enum err_class class, const char *words);
void http_lab_expect_body(const char *body);

#endif
