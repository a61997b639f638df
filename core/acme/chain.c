/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Downloading certificates (RFC 8555 section 7.4.2). Whether they are any good is judged by keys/.
 */
#include "acme/call.h"

#include "base/mem.h"

#include <string.h>

#define ALTERNATES_MAX 16
#define PEM_BEGIN "-----BEGIN CERTIFICATE-----"

struct chain_call {
    struct acme_call base;
    acme_chain_fn *done;
    char *chain_url;
    struct acme_chain *chain;
};

static struct chain_call *of(struct acme_call *call)
{
    return (struct chain_call *)call;
}

void acme_chain_free(struct acme_chain *chain)
{
    if (chain == NULL) {
        return;
    }
    mem_free(chain->pem);
    strv_done(&chain->alternates);
    mem_free(chain);
}

static int prepare_chain(struct acme_call *call, struct err *err)
{
    if (call_check_account(call, err) < 0 ||
        acme_url_check(&call->client->urls, "certificate", of(call)->chain_url, err) < 0) {
        return err_code(err);
    }
    call_request(call, ACME_KIND_CERTIFICATE, "certificate", of(call)->chain_url, "");
    call->accept = "application/pem-certificate-chain";
    call->max_body = CALL_CHAIN_MAX;
    call->wants_json = false;
    return CALL_AGAIN;
}

/* A link that breaks the URL rules is left out: the chain at hand is good without it. */
static void take_alternates(struct acme_call *call, const struct http_response *response)
{
    for (size_t i = 0; i < ALTERNATES_MAX; i++) {
        AUTO_FREE char *url = http_link(response, "alternate", i);
        struct err ignored = ERR_INIT;

        if (url == NULL) {
            return;
        }
        if (!str_eq(url, of(call)->chain_url) &&
            acme_url_check(&call->client->urls, "alternate", url, &ignored) == 0) {
            strv_add_unique(&of(call)->chain->alternates, url);
        }
    }
}

/* The media type is not asked (CAs and proxies vary); the body is. */
static int accept_chain(struct acme_call *call, const struct http_response *response,
                        const struct json *json, struct err *err)
{
    (void)json;
    if (strlen(response->body) != response->body_len || strstr(response->body, PEM_BEGIN) == NULL) {
        return err_set(err, ERR_CA, "the answer holds no certificate in PEM form");
    }
    of(call)->chain = NEW(struct acme_chain);
    of(call)->chain->pem = str_dup(response->body);
    take_alternates(call, response);
    return CALL_DONE;
}

static void deliver_chain(struct acme_call *call, const struct acme_reply *reply)
{
    struct acme_chain *chain = reply->err == NULL ? TAKE(of(call)->chain) : NULL;

    of(call)->done(call->arg, chain, reply);
}

static void release_chain(struct acme_call *call)
{
    mem_free(of(call)->chain_url);
    acme_chain_free(of(call)->chain);
}

static const struct call_ops CHAIN_OPS = {.prepare = prepare_chain,
                                          .accepted = accept_chain,
                                          .deliver = deliver_chain,
                                          .release = release_chain};

struct acme_call *acme_chain_get(struct acme_client *client, const char *url, acme_chain_fn *done,
                                 void *arg)
{
    struct acme_call *call = call_new(client, sizeof(struct chain_call), &CHAIN_OPS, arg);

    call->what = "certificate";
    of(call)->done = done;
    of(call)->chain_url = str_dup(url);
    return call_launch(call);
}
