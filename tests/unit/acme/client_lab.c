/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "client_lab.h"

#include "base/str.h"

struct lab client_lab;
char client_lab_port[16];

static void start_server(void)
{
    int ends[2];
    char *argv[] = {(char *)LAB_PYTHON, (char *)LAB_SCRIPT, (char *)"serve", client_lab.folder,
                    NULL};
    size_t len = 0;

    assert_int_equal(pipe(ends), 0);
    client_lab.server = lab_spawn(argv, NULL, ends[1]);
    close(ends[1]);
    while (len < sizeof(client_lab_port) - 1 && read(ends[0], client_lab_port + len, 1) == 1 &&
           client_lab_port[len] != '\n') {
        len++;
    }
    client_lab_port[len] = '\0';
    close(ends[0]);
    assert_true(len > 0);
}

int client_lab_set_up(void **state)
{
    (void)state;
    lab_make_folder(&client_lab);
    start_server();
    lab_open(&client_lab);
    lab_make_csr(&client_lab, client_lab.key, "example.com");
    return 0;
}

int client_lab_tear_down(void **state)
{
    (void)state;
    lab_close(&client_lab);
    return 0;
}

void client_lab_use(const char *segment)
{
    AUTO_FREE char *url = str_fmt("https://127.0.0.1:%s/%s/directory", client_lab_port, segment);

    lab_client(&client_lab, url, NULL);
}

size_t client_lab_count(const char *name, const char *word)
{
    AUTO_FREE char *path = str_fmt("%s/%s.log", client_lab.folder, name);
    FILE *log = fopen(path, "r");
    char line[256];
    size_t n = 0;

    assert_non_null(log);
    while (fgets(line, sizeof(line), log) != NULL) {
        n += strncmp(line, word, strlen(word)) == 0 && strchr(" \n", line[strlen(word)]) != NULL;
    }
    fclose(log);
    return n;
}

void client_lab_reach_authz(const char *segment)
{
    AUTO_FREE char *url = NULL;

    client_lab_use(segment);
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_NONE);
    url = str_dup(client_lab.order->authz_urls.items[0]);
    assert_int_equal(
        LAB_CALL(&client_lab, acme_authz_get(client_lab.client, url, lab_on_authz, &client_lab)),
        ERR_NONE);
    assert_non_null(client_lab.authz);
}

enum err_class client_lab_answer(void)
{
    struct acme_authz *authz = TAKE(client_lab.authz);
    const struct acme_challenge *challenge = acme_authz_find(authz, "dns-01");
    enum err_class class = ERR_NONE;

    assert_non_null(challenge);
    class = LAB_CALL(&client_lab, acme_challenge_answer(client_lab.client, authz, challenge,
                                                        lab_on_authz, &client_lab));
    acme_authz_free(authz);
    return class;
}

struct acme_order *client_lab_reach_ready(const char *segment)
{
    AUTO_FREE char *order_url = NULL;

    client_lab_use(segment);
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_NONE);
    order_url = str_dup(client_lab.order->url);
    {
        AUTO_FREE char *url = str_dup(client_lab.order->authz_urls.items[0]);
        assert_int_equal(LAB_CALL(&client_lab, acme_authz_get(client_lab.client, url, lab_on_authz,
                                                              &client_lab)),
                         ERR_NONE);
    }
    assert_int_equal(client_lab_answer(), ERR_NONE);
    assert_int_equal(LAB_CALL(&client_lab, acme_order_get(client_lab.client, order_url,
                                                          lab_on_order, &client_lab)),
                     ERR_NONE);
    assert_int_equal(client_lab.order->status, ACME_STATUS_READY);
    return TAKE(client_lab.order);
}

enum err_class client_lab_finalize(struct acme_order *order)
{
    return LAB_CALL(&client_lab,
                    acme_order_finalize(client_lab.client, order, client_lab.csr.bytes,
                                        client_lab.csr.len, lab_on_order, &client_lab));
}
