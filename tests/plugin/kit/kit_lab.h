/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What the tests of the kit share: a host that writes down what a plug-in tells it and whose sleep
 * takes no time, and a server that answers as it is told (kit_server.py).
 */
#ifndef TESTS_KIT_LAB_H
#define TESTS_KIT_LAB_H

#include "cmocka_all.h"

#include <acme-kit.h>

/* The host's side of the call. */
struct kit_lab_host {
    int32_t left_ms;       /* what ms_left() says; sleeping takes from it */
    unsigned n_polls_left; /* after so many questions for ms_left() the call is cancelled */
    unsigned n_sleeps;
    uint32_t slept_ms[16];
    unsigned n_fails;
    int32_t failed_status;
    uint32_t failed_retry_after_s;
    char failed_text[8192];
    char log[16384];
    char zones[256]; /* that were reported, each with a blank behind */
};
extern struct kit_lab_host kit_lab_host;
extern struct acme_call kit_lab_call;

/* Forgets what was written down; the call then has a minute. */
void kit_lab_reset(void);

/* Fails the test unless the call was failed once, so, with text that has all these words (ended by
 * NULL). */
void kit_lab_expect_failed(int32_t status, const char *const *words);

/* Starts the server, ends it; for groups. The setup skips the group where python3-cryptography is
 * missing. */
int kit_lab_begin(void **state);
int kit_lab_end(void **state);

/* The answers to come: JSON in which single quotes stand for double ones. */
void kit_lab_script(const char *answers);

/* The requests since then; to kit_json_free(). */
struct kit_json *kit_lab_log(void);

/* How many there were. */
size_t kit_lab_n_requests(void);

const char *kit_lab_url(void);     /* http://127.0.0.1:PORT/api */
const char *kit_lab_tls_url(void); /* https://localhost:PORT/api */
const char *kit_lab_ca_file(void);

/* A client of the server with these settings, whose base_url and service may be NULL. */
struct kit_http *kit_lab_open(struct kit_http_settings settings);

#endif
