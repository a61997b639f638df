/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* When the CA would like a certificate to be renewed (RFC 9773 section 4.2): the one object besides
 * the directory that anybody may fetch. */
#include "acme/call.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"

#include <string.h>

#define EXPLANATION_MAX 2048

struct renewal_call {
    struct acme_call base;
    acme_renewal_fn *done;
    char *certificate_id;
    struct acme_renewal renewal;
};

static struct renewal_call *of(struct acme_call *call)
{
    return (struct renewal_call *)call;
}

static int request_renewal(struct acme_call *call, struct err *err)
{
    const char *base = call->client->directory->renewal_info;
    AUTO_FREE char *url = NULL;

    if (base == NULL) {
        return err_set(err, ERR_NOT_FOUND, "%s does not say when to renew",
                       call->client->ca->title);
    }
    /* Some directories end it with a slash, others do not. */
    url = str_fmt("%s%s%s", base, str_has_suffix(base, "/") ? "" : "/", of(call)->certificate_id);
    if (acme_url_check(&call->client->urls, "renewalInfo", url, err) < 0) {
        return err_code(err);
    }
    call_request(call, ACME_KIND_RENEWAL, "renewalInfo", url, NULL);
    return CALL_AGAIN;
}

/* A page for people: anything but https could be something that a click runs. */
static char *explanation_of(const struct json *json)
{
    const char *url = json_get_str(json, "explanationURL");

    return url == NULL || !str_has_prefix(url, "https://") || strlen(url) > EXPLANATION_MAX
               ? NULL
               : str_dup(url);
}

static int accept_renewal(struct acme_call *call, const struct http_response *response,
                          const struct json *json, struct err *err)
{
    const struct json *window = json_get(json, "suggestedWindow");
    const char *start = json_get_str(window, "start");
    const char *end = json_get_str(window, "end");
    struct acme_renewal *renewal = &of(call)->renewal;

    (void)response;
    if (start == NULL || end == NULL || !clock_parse(start, &renewal->start_s) ||
        !clock_parse(end, &renewal->end_s)) {
        return err_set(err, ERR_MALFORMED, "renewalInfo: no usable suggestedWindow");
    }
    if (renewal->end_s <= renewal->start_s) {
        return err_set(err, ERR_MALFORMED,
                       "renewalInfo: a window that ends at %s, before it starts", end);
    }
    renewal->explanation_url = explanation_of(json);
    return CALL_DONE;
}

static void deliver_renewal(struct acme_call *call, const struct acme_reply *reply)
{
    of(call)->done(call->arg, reply->err == NULL ? &of(call)->renewal : NULL, reply);
}

static void release_renewal(struct acme_call *call)
{
    mem_free(of(call)->certificate_id);
    mem_free(of(call)->renewal.explanation_url);
}

struct acme_call *acme_renewal_get(struct acme_client *client, const char *certificate_id,
                                   acme_renewal_fn *done, void *arg)
{
    static const struct call_ops OPS = {.prepare = request_renewal,
                                        .accepted = accept_renewal,
                                        .deliver = deliver_renewal,
                                        .release = release_renewal};
    struct acme_call *call = call_new(client, sizeof(struct renewal_call), &OPS, arg);

    call->what = "renewalInfo";
    of(call)->done = done;
    of(call)->certificate_id = str_dup(certificate_id);
    return call_launch(call);
}
