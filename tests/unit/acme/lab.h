/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What the tests that talk to a server share: child processes that die with the test, and a client
 * whose calls can be waited for, one after the other. Everything is static: each test is one
 * program.
 */
#ifndef TESTS_ACME_LAB_H
#define TESTS_ACME_LAB_H

#include "acme/acme.h"
#include "base/fs.h"
#include "base/mem.h"
#include "keys/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAB_PYTHON "/usr/bin/python3"
#define LAB_SCRIPT SOURCE_DIR "/tests/unit/acme/fake_ca.py"
#define LAB_UNUSED __attribute__((unused))

struct lab {
    char folder[64];
    char *ca_file;
    pid_t server;
    struct loop *loop;
    struct http *http;
    struct key *key;

    struct ca *ca;
    struct acme_client *client;
    struct acme_call *call;

    /* how the last call ended */
    bool is_over;
    struct err err;
    char *problem; /* its type, or NULL */
    int64_t retry_after_s;
    struct acme_order *order;
    struct acme_authz *authz;
    struct acme_chain *chain;
    char *account;
    bool is_created;
    struct buf csr;
};

static LAB_UNUSED pid_t lab_spawn(char *const argv[], char *const env[], int out_fd)
{
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (out_fd >= 0) {
            dup2(out_fd, STDOUT_FILENO);
        }
        for (size_t i = 0; env != NULL && env[i] != NULL; i++) {
            putenv(env[i]);
        }
        execvp(argv[0], argv);
        _exit(127);
    }
    return pid;
}

static LAB_UNUSED void lab_end(pid_t pid)
{
    if (pid > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

static LAB_UNUSED void lab_make_folder(struct lab *lab)
{
    snprintf(lab->folder, sizeof(lab->folder), "/tmp/acme-test-XXXXXX");
    assert_non_null(mkdtemp(lab->folder));
    lab->ca_file = fs_join(lab->folder, "ca.pem");
}

static LAB_UNUSED void lab_key_done(void *arg, struct key *key, const struct err *err)
{
    struct lab *lab = arg;

    assert_null(err);
    lab->key = key;
    loop_stop(lab->loop);
}

static LAB_UNUSED void lab_open(struct lab *lab)
{
    struct err err = ERR_INIT;
    struct http_settings settings = {.ca_file = lab->ca_file, .user_agent = "acme-dns-test/1"};

    loop_block_signals();
    assert_int_equal(loop_new(&lab->loop, &err), 0);
    assert_int_equal(http_new(lab->loop, &settings, &lab->http, &err), 0);
    key_generate(lab->loop, KEY_EC256, lab_key_done, lab);
    assert_int_equal(loop_run(lab->loop, &err), 0);
    buf_init(&lab->csr, 65536);
}

static LAB_UNUSED void lab_forget(struct lab *lab)
{
    lab->is_over = false;
    err_clear(&lab->err);
    mem_free(TAKE(lab->problem));
    acme_order_free(TAKE(lab->order));
    acme_authz_free(TAKE(lab->authz));
    acme_chain_free(TAKE(lab->chain));
}

static LAB_UNUSED void lab_close_client(struct lab *lab)
{
    lab_forget(lab);
    acme_free(TAKE(lab->client));
    ca_free(TAKE(lab->ca));
    mem_free(TAKE(lab->account));
}

static LAB_UNUSED void lab_close(struct lab *lab)
{
    char *const remove[] = {(char *)"rm", (char *)"-rf", lab->folder, NULL};

    lab_close_client(lab);
    buf_done(&lab->csr);
    key_unref(lab->key);
    http_free(lab->http);
    loop_free(lab->loop);
    lab_end(lab->server);
    waitpid(lab_spawn(remove, NULL, -1), NULL, 0);
    mem_free(lab->ca_file);
}

/* A client for that directory; section may be NULL. */
static LAB_UNUSED void lab_client(struct lab *lab, const char *directory,
                                  const struct ca_section *section)
{
    struct err err = ERR_INIT;

    lab_close_client(lab);
    assert_int_equal(ca_resolve(directory, section, &lab->ca, &err), 0);
    assert_int_equal(acme_new(lab->loop, lab->http, lab->ca, lab->key, &lab->client, &err), 0);
}

static LAB_UNUSED void lab_note(struct lab *lab, const struct acme_reply *reply)
{
    lab->call = NULL;
    lab->is_over = true;
    lab->retry_after_s = reply->retry_after_s;
    if (reply->err != NULL) {
        lab->err = *reply->err;
    }
    lab->problem = reply->problem == NULL ? NULL : str_dup(reply->problem->type);
    loop_stop(lab->loop);
}

static LAB_UNUSED void lab_on_start(void *arg, const struct acme_directory *directory,
                                    const struct acme_reply *reply)
{
    assert_int_equal(directory == NULL, reply->err != NULL);
    lab_note(arg, reply);
}

static LAB_UNUSED void lab_on_account(void *arg, const char *url, bool is_created,
                                      const struct acme_reply *reply)
{
    struct lab *lab = arg;

    str_set(&lab->account, url);
    lab->is_created = is_created;
    lab_note(lab, reply);
}

static LAB_UNUSED void lab_on_order(void *arg, struct acme_order *order,
                                    const struct acme_reply *reply)
{
    ((struct lab *)arg)->order = order;
    assert_int_equal(order == NULL, reply->err != NULL);
    lab_note(arg, reply);
}

static LAB_UNUSED void lab_on_authz(void *arg, struct acme_authz *authz,
                                    const struct acme_reply *reply)
{
    ((struct lab *)arg)->authz = authz;
    lab_note(arg, reply);
}

static LAB_UNUSED void lab_on_chain(void *arg, struct acme_chain *chain,
                                    const struct acme_reply *reply)
{
    ((struct lab *)arg)->chain = chain;
    lab_note(arg, reply);
}

static LAB_UNUSED void lab_on_csr(void *arg, const uint8_t *bytes, size_t len,
                                  const struct err *err)
{
    struct lab *lab = arg;

    assert_null(err);
    buf_add(&lab->csr, bytes, len);
    loop_stop(lab->loop);
}

static LAB_UNUSED void lab_stop(void *arg)
{
    loop_stop(((struct lab *)arg)->loop);
}

static LAB_UNUSED void lab_sleep(struct lab *lab, int64_t ms)
{
    struct err err = ERR_INIT;

    loop_timer_start(lab->loop, ms, lab_stop, lab);
    assert_int_equal(loop_run(lab->loop, &err), 0);
}

/* Waits for the call that was just started and returns its class of error. */
static LAB_UNUSED enum err_class lab_wait(struct lab *lab)
{
    struct err err = ERR_INIT;

    assert_false(lab->is_over); /* never from inside the starting function */
    while (!lab->is_over) {
        assert_int_equal(loop_run(lab->loop, &err), 0);
    }
    return lab->err.class;
}

#define LAB_CALL(lab, start)   \
    ({                         \
        lab_forget(lab);       \
        (lab)->call = (start); \
        lab_wait(lab);         \
    })

static LAB_UNUSED enum err_class lab_register(struct lab *lab)
{
    struct acme_account_request request = {.has_agreed = true};

    return LAB_CALL(lab, acme_account_new(lab->client, &request, lab_on_account, lab));
}

static LAB_UNUSED enum err_class lab_new_order(struct lab *lab, const char *names)
{
    AUTO(strv_done) struct strv list = STRV_INIT;
    struct acme_order_request request = {.names = &list};

    strv_add_split(&list, names, ",");
    return LAB_CALL(lab, acme_order_new(lab->client, &request, lab_on_order, lab));
}

static LAB_UNUSED void lab_make_csr(struct lab *lab, struct key *key, const char *names)
{
    AUTO(strv_done) struct strv list = STRV_INIT;
    struct err err = ERR_INIT;

    strv_add_split(&list, names, ",");
    buf_clear(&lab->csr);
    key_csr(lab->loop, key, &list, lab_on_csr, lab);
    assert_int_equal(loop_run(lab->loop, &err), 0);
}

#endif
