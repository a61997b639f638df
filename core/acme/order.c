/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* newOrder, reading an order, finalize (RFC 8555 section 7.4). */
#include "acme/call.h"

#include "base/b64.h"
#include "base/event.h"
#include "base/json.h"
#include "base/mem.h"

/* Pebble locks an order up for ever when it is read within about a millisecond after finalize. */
#define AFTER_FINALIZE_MS 20
#define CSR_MAX (64 * 1024)
#define FINALIZES_MAX 3
#define READ_AFTER_MS 60000

struct order_call {
    struct acme_call base;
    acme_order_fn *done;
    struct acme_order *order; /* what the call ends with */
    struct strv names;
    char *profile, *replaces;
    bool is_replaces_refused;
    char *order_url, *finalize_url, *finalize_payload;
    bool is_reading; /* the order, to see what became of finalize */
    unsigned n_finalizes;
};

static struct order_call *of(struct acme_call *call)
{
    return (struct order_call *)call;
}

static void deliver_order(struct acme_call *call, const struct acme_reply *reply)
{
    struct acme_order *order = reply->err == NULL ? TAKE(of(call)->order) : NULL;

    of(call)->done(call->arg, order, reply);
}

static void release_order(struct acme_call *call)
{
    acme_order_free(of(call)->order);
    strv_done(&of(call)->names);
    mem_free(of(call)->profile);
    mem_free(of(call)->replaces);
    mem_free(of(call)->order_url);
    mem_free(of(call)->finalize_url);
    mem_free(of(call)->finalize_payload);
}

static struct acme_call *new_order_call(struct acme_client *client, const struct call_ops *ops,
                                        const char *what, acme_order_fn *done, void *arg)
{
    struct acme_call *call = call_new(client, sizeof(struct order_call), ops, arg);

    call->what = what;
    of(call)->done = done;
    return call;
}

static int parse_into(struct acme_call *call, const struct json *json, const char *url,
                      struct err *err)
{
    acme_order_free(TAKE(of(call)->order));
    return acme_order_parse(json, url, &call->client->urls, &of(call)->order, err);
}

/* newOrder */

static char *write_new(const struct order_call *order)
{
    AUTO_PTR(json_out) struct json_out *out = json_out_new(false);

    json_out_object(out);
    json_out_key(out, "identifiers");
    json_out_array(out);
    for (size_t i = 0; i < order->names.n; i++) {
        json_out_object(out);
        json_out_kstr(out, "type", "dns");
        json_out_kstr(out, "value", order->names.items[i]);
        json_out_end(out);
    }
    json_out_end(out);
    if (order->profile != NULL) {
        json_out_kstr(out, "profile", order->profile);
    }
    if (order->replaces != NULL) {
        json_out_kstr(out, "replaces", order->replaces);
    }
    json_out_end(out);
    return json_out_take(out);
}

static void request_new(struct acme_call *call)
{
    AUTO_FREE char *payload = write_new(of(call));

    call_request(call, ACME_KIND_NEW_ORDER, "newOrder", call->client->directory->new_order,
                 payload);
}

static int check_profile(const struct acme_call *call, const char *profile, struct err *err)
{
    const struct acme_directory *directory = call->client->directory;
    AUTO(strv_done) struct strv known = STRV_INIT;
    AUTO_FREE char *list = NULL;

    for (size_t i = 0; i < directory->n_profiles; i++) {
        if (str_eq(directory->profiles[i].name, profile)) {
            return 0;
        }
        strv_add(&known, directory->profiles[i].name);
    }
    list = strv_join(&known, ", ");
    err_set(err, ERR_CONFIG, "%s has no profile '%s'", call->client->ca->title, profile);
    return known.n == 0 ? err_hint(err, "It offers none.") : err_hint(err, "It offers: %s", list);
}

static int prepare_new(struct acme_call *call, struct err *err)
{
    const char *profile = of(call)->profile;

    if (call_check_account(call, err) < 0 ||
        (profile != NULL && check_profile(call, profile, err) < 0)) {
        return err_code(err);
    }
    /* RFC 9773 section 5: only a CA that offers renewal information understands `replaces`. */
    if (call->client->directory->renewal_info == NULL) {
        mem_free(TAKE(of(call)->replaces));
    }
    request_new(call);
    return CALL_AGAIN;
}

static int accept_new(struct acme_call *call, const struct http_response *response,
                      const struct json *json, struct err *err)
{
    if (parse_into(call, json, http_header(response, "Location"), err) < 0) {
        return err_code(err);
    }
    of(call)->order->is_replaces_refused = of(call)->is_replaces_refused;
    return CALL_DONE;
}

/* `replaces` only buys exemption from limits: an order without it is better than none. CAs refuse
 * it in many ways (409, 400, even 500), so the type is not asked; being busy is another matter. */
static int refuse_new(struct acme_call *call, const struct acme_problem *problem, struct err *err)
{
    (void)err;
    if (of(call)->replaces == NULL || problem->status == 429 || problem->status == 503) {
        return CALL_DEFAULT;
    }
    event_log(EVENT_DEBUG, "acme", "newOrder with `replaces` was refused (%s: %s), trying without",
              problem->type, problem->detail);
    mem_free(TAKE(of(call)->replaces));
    of(call)->is_replaces_refused = true;
    request_new(call);
    return CALL_AGAIN;
}

static const struct call_ops NEW_OPS = {.prepare = prepare_new,
                                        .accepted = accept_new,
                                        .refused = refuse_new,
                                        .deliver = deliver_order,
                                        .release = release_order,
                                        .is_counted = true};

struct acme_call *acme_order_new(struct acme_client *client,
                                 const struct acme_order_request *request, acme_order_fn *done,
                                 void *arg)
{
    struct acme_call *call = new_order_call(client, &NEW_OPS, "newOrder", done, arg);

    strv_copy(&of(call)->names, request->names);
    of(call)->profile = str_dup(request->profile);
    of(call)->replaces = str_dup(request->replaces);
    return call_launch(call);
}

/* Reading */

static int request_read(struct acme_call *call, struct err *err)
{
    if (call_check_account(call, err) < 0 ||
        acme_url_check(&call->client->urls, "order", of(call)->order_url, err) < 0) {
        return err_code(err);
    }
    call_request(call, ACME_KIND_ORDER, "order", of(call)->order_url, "");
    if (call->timeout_ms > CALL_POLL_TIMEOUT_MS) {
        call->timeout_ms = CALL_POLL_TIMEOUT_MS;
    }
    return CALL_AGAIN;
}

static int accept_read(struct acme_call *call, const struct http_response *response,
                       const struct json *json, struct err *err)
{
    (void)response;
    return parse_into(call, json, of(call)->order_url, err);
}

static const struct call_ops READ_OPS = {.prepare = request_read,
                                         .accepted = accept_read,
                                         .deliver = deliver_order,
                                         .release = release_order};

struct acme_call *acme_order_get(struct acme_client *client, const char *url, acme_order_fn *done,
                                 void *arg)
{
    struct acme_call *call = new_order_call(client, &READ_OPS, "order", done, arg);

    of(call)->order_url = str_dup(url);
    return call_launch(call);
}

/* finalize: sent once. When it is not known what became of it, the order knows. */

static int request_finalize(struct acme_call *call, struct err *err)
{
    if (call_check_account(call, err) < 0 ||
        acme_url_check(&call->client->urls, "finalize", of(call)->finalize_url, err) < 0) {
        return err_code(err);
    }
    of(call)->is_reading = false;
    of(call)->n_finalizes++;
    call_request(call, ACME_KIND_FINALIZE, "finalize", of(call)->finalize_url,
                 of(call)->finalize_payload);
    /* Some CAs sign before they answer. */
    call->timeout_ms = call->client->ca->finalize_timeout_ms;
    return CALL_AGAIN;
}

static int read_instead(struct acme_call *call, struct err *err)
{
    of(call)->is_reading = true;
    call->pause_first_ms = AFTER_FINALIZE_MS;
    return request_read(call, err);
}

static void lose_finalize(struct acme_call *call)
{
    struct err ignored = ERR_INIT; /* the URL was checked when the call began */

    if (!of(call)->is_reading) {
        read_instead(call, &ignored);
    }
}

static int refuse_finalize(struct acme_call *call, const struct acme_problem *problem,
                           struct err *err)
{
    if (of(call)->is_reading || !acme_problem_is(problem, "orderNotReady")) {
        return CALL_DEFAULT;
    }
    return read_instead(call, err);
}

static int accept_finalize(struct acme_call *call, const struct http_response *response,
                           const struct json *json, struct err *err)
{
    (void)response;
    if (parse_into(call, json, of(call)->order_url, err) < 0) {
        return err_code(err);
    }
    if (of(call)->is_reading && of(call)->order->status == ACME_STATUS_READY &&
        of(call)->n_finalizes < FINALIZES_MAX) {
        return request_finalize(call, err);
    }
    return CALL_DONE;
}

static const struct call_ops FINALIZE_OPS = {.prepare = request_finalize,
                                             .accepted = accept_finalize,
                                             .refused = refuse_finalize,
                                             .lost = lose_finalize,
                                             .deliver = deliver_order,
                                             .release = release_order};

static char *write_finalize(const void *csr_der, size_t csr_len)
{
    AUTO(buf_done) struct buf text = BUF(CSR_MAX);

    buf_add_str(&text, "{\"csr\":\"");
    b64url_add(&text, csr_der, csr_len);
    buf_add_str(&text, "\"}");
    return buf_take(&text);
}

struct acme_call *acme_order_finalize(struct acme_client *client, const struct acme_order *order,
                                      const void *csr_der, size_t csr_len, acme_order_fn *done,
                                      void *arg)
{
    struct acme_call *call = new_order_call(client, &FINALIZE_OPS, "finalize", done, arg);

    of(call)->order_url = str_dup(order->url);
    of(call)->finalize_url = str_dup(order->finalize);
    of(call)->finalize_payload = write_finalize(csr_der, csr_len);
    /* After an answer that took too long there must be time left to read the order. */
    call->limit_ms = client->ca->finalize_timeout_ms + READ_AFTER_MS;
    return call_launch(call);
}
