/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The client as such: made, freed, asked about itself. */
#include "acme/call.h"

#include "base/mem.h"

int acme_new(struct loop *loop, struct http *http, const struct ca *ca, struct key *key,
             struct acme_client **ret_client, struct err *err)
{
    struct acme_urls urls;
    struct acme_client *client = NULL;

    if (acme_urls_init(&urls, ca->directory, &ca->allowed_hosts, err) < 0) {
        return err_code(err);
    }
    client = NEW(struct acme_client);
    client->loop = loop;
    client->http = http;
    client->ca = ca;
    client->key = key == NULL ? NULL : key_ref(key);
    client->urls = urls;
    client->nonces = nonce_pool_new(loop, http, ca->nonce_window, &client->counts[ACME_KIND_NONCE]);
    *ret_client = client;
    return 0;
}

void acme_set_request_timeout(struct acme_client *client, int64_t timeout_ms)
{
    client->request_timeout_ms = timeout_ms;
}

void acme_free(struct acme_client *client)
{
    if (client == NULL) {
        return;
    }
    while (client->calls != NULL) {
        struct acme_call *call = client->calls;
        acme_call_cancel(&call);
    }
    nonce_pool_free(client->nonces);
    directory_free(client->directory);
    acme_urls_done(&client->urls);
    key_unref(client->key);
    mem_free(client->account_url);
    mem_free(client);
}

const struct acme_directory *acme_client_directory(const struct acme_client *client)
{
    return client->directory;
}

void acme_set_deadline(struct acme_client *client, int64_t deadline_ms)
{
    client->deadline_ms = deadline_ms;
}

int acme_set_account_url(struct acme_client *client, const char *account_url, struct err *err)
{
    if (acme_url_check(&client->urls, "account", account_url, err) < 0) {
        return err_code(err);
    }
    str_set(&client->account_url, account_url);
    return 0;
}

const char *acme_account_url(const struct acme_client *client)
{
    return client->account_url;
}

void acme_prefetch_nonces(struct acme_client *client, size_t n)
{
    nonce_pool_prefetch(client->nonces, n);
}

uint64_t acme_count(const struct acme_client *client, enum acme_kind kind)
{
    return kind < ACME_KIND_COUNT ? client->counts[kind] : 0;
}

uint64_t acme_count_bad_nonces(const struct acme_client *client)
{
    return client->n_bad_nonces;
}
