/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Revocation (RFC 8555 section 7.6). Repeating it is harmless: what is revoked already is what was
 * wanted. */
#include "acme/call.h"

#include "base/b64.h"
#include "base/json.h"
#include "base/mem.h"

struct revoke_call {
    struct acme_call base;
    acme_revoke_fn *done;
    char *certificate; /* base64url of the DER */
    int reason;
    bool is_by_certificate_key;
};

static struct revoke_call *of(struct acme_call *call)
{
    return (struct revoke_call *)call;
}

static int request_revocation(struct acme_call *call, struct err *err)
{
    const struct acme_directory *directory = call->client->directory;
    AUTO_PTR(json_out) struct json_out *out = json_out_new(false);

    if (directory->revoke_cert == NULL) {
        return err_set(err, ERR_CA,
                       "%s has no way to revoke certificates (no revokeCert in its "
                       "directory)",
                       call->client->ca->title);
    }
    if (!of(call)->is_by_certificate_key && call_check_account(call, err) < 0) {
        return err_code(err);
    }
    json_out_object(out);
    json_out_kstr(out, "certificate", of(call)->certificate);
    json_out_kint(out, "reason", of(call)->reason);
    json_out_end(out);
    AUTO_FREE char *payload = json_out_take(out);
    call_request(call, ACME_KIND_REVOCATION, "revokeCert", directory->revoke_cert, payload);
    call->is_for_jwk = of(call)->is_by_certificate_key;
    call->wants_json = false; /* success has no body */
    return CALL_AGAIN;
}

static int accept_revocation(struct acme_call *call, const struct http_response *response,
                             const struct json *json, struct err *err)
{
    (void)call;
    (void)response;
    (void)json;
    (void)err;
    return CALL_DONE;
}

static int refuse_revocation(struct acme_call *call, const struct acme_problem *problem,
                             struct err *err)
{
    (void)call;
    (void)err;
    return acme_problem_is(problem, "alreadyRevoked") ? CALL_DONE : CALL_DEFAULT;
}

static void deliver_revocation(struct acme_call *call, const struct acme_reply *reply)
{
    of(call)->done(call->arg, reply);
}

static void release_revocation(struct acme_call *call)
{
    mem_free(of(call)->certificate);
}

struct acme_call *acme_revoke(struct acme_client *client, const struct acme_revocation *revocation,
                              acme_revoke_fn *done, void *arg)
{
    static const struct call_ops OPS = {.prepare = request_revocation,
                                        .accepted = accept_revocation,
                                        .refused = refuse_revocation,
                                        .deliver = deliver_revocation,
                                        .release = release_revocation};
    struct acme_call *call = call_new(client, sizeof(struct revoke_call), &OPS, arg);

    call->what = "revokeCert";
    of(call)->done = done;
    of(call)->certificate = b64url_encode(revocation->der, revocation->der_len);
    of(call)->reason = (int)revocation->reason;
    of(call)->is_by_certificate_key = revocation->is_by_certificate_key;
    return call_launch(call);
}
