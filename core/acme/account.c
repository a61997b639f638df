/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Making and finding the account (RFC 8555 section 7.3). Both are newAccount requests, signed with
 * the key itself, and both may be repeated: the CA answers 200 for a key that it knows. */
#include "acme/call.h"

#include "base/json.h"
#include "base/mem.h"

#include <string.h>

#define PAYLOAD_MAX 32768

struct account_call {
    struct acme_call base;
    acme_account_fn *done;
    struct strv contacts;
    bool has_agreed;
    struct acme_eab *eab; /* a copy: the call outlives its request */
    bool is_created;
};

static struct account_call *of(struct acme_call *call)
{
    return (struct account_call *)call;
}

static int check_terms(const struct acme_call *call, struct err *err)
{
    const struct acme_directory *directory = call->client->directory;

    if (directory->terms == NULL || ((const struct account_call *)call)->has_agreed) {
        return 0;
    }
    err_set(err, ERR_HUMAN, "%s wants its terms of service to be agreed to:\n  %s",
            call->client->ca->title, directory->terms);
    return err_hint(err, "Read them, then run again with --agree-tos, or set agree-tos = yes.");
}

/* `false` in the directory is not proof (some CAs forget it), so the preset has a say too. */
static int check_eab(const struct acme_call *call, struct err *err)
{
    const struct ca *ca = call->client->ca;

    if (((const struct account_call *)call)->eab != NULL ||
        !(ca->needs_eab || call->client->directory->is_eab_required)) {
        return 0;
    }
    err_set(err, ERR_HUMAN, "%s makes accounts only with an external account binding", ca->title);
    err_hint(err,
             "Give --eab-kid KID --eab-hmac-key-file FILE, or eab-kid and eab-hmac-key-file in its "
             "[ca] section.");
    return ca->eab_help == NULL ? err_code(err)
                                : err_hint(err, "The CA gives both at: %s", ca->eab_help);
}

static int check_email(const struct acme_call *call, struct err *err)
{
    if (!call->client->ca->needs_email || ((const struct account_call *)call)->contacts.n > 0) {
        return 0;
    }
    err_set(err, ERR_HUMAN, "%s issues nothing for accounts without an e-mail address",
            call->client->ca->title);
    return err_hint(err, "Give one with --email, or set email = in its [ca] section.");
}

static void add_contacts(struct json_out *out, const struct strv *contacts)
{
    if (contacts->n == 0) {
        return;
    }
    json_out_key(out, "contact");
    json_out_array(out);
    for (size_t i = 0; i < contacts->n; i++) {
        AUTO_FREE char *url = str_fmt("mailto:%s", contacts->items[i]);
        json_out_str(out, url);
    }
    json_out_end(out);
}

static char *write_payload(const struct account_call *account)
{
    AUTO_PTR(json_out) struct json_out *out = json_out_new(false);

    json_out_object(out);
    if (account->has_agreed) {
        json_out_kbool(out, "termsOfServiceAgreed", true);
    }
    add_contacts(out, &account->contacts);
    json_out_end(out);
    return json_out_take(out);
}

/* The inner JWS is JSON already, so it is put in front of the closing brace as it is. */
static int add_eab(const struct acme_call *call, char **payload, struct err *err)
{
    AUTO_FREE char *jws = NULL;
    AUTO(buf_done) struct buf text = BUF(PAYLOAD_MAX);
    const struct acme_eab *eab = ((const struct account_call *)call)->eab;
    size_t len = strlen(*payload) - 1;

    if (acme_eab_sign(eab, call->client->directory->new_account, key_jwk(call->client->key), &jws,
                      err) < 0) {
        return err_code(err);
    }
    buf_add(&text, *payload, len);
    buf_addf(&text, "%s\"externalAccountBinding\":%s}", len > 1 ? "," : "", jws);
    if (buf_check(&text, "newAccount", err) < 0) {
        return err_code(err);
    }
    mem_free(*payload);
    *payload = buf_take(&text);
    return 0;
}

static void request_account(struct acme_call *call, const char *payload)
{
    call_request(call, ACME_KIND_ACCOUNT, "newAccount", call->client->directory->new_account,
                 payload);
    call->is_for_jwk = true;
    /* Only Location counts; some CAs send no body with it. */
    call->wants_json = false;
}

static int prepare_new(struct acme_call *call, struct err *err)
{
    AUTO_FREE char *payload = NULL;

    if (check_terms(call, err) < 0 || check_eab(call, err) < 0 || check_email(call, err) < 0) {
        return err_code(err);
    }
    payload = write_payload(of(call));
    if (of(call)->eab != NULL && add_eab(call, &payload, err) < 0) {
        return err_code(err);
    }
    request_account(call, payload);
    return CALL_AGAIN;
}

static int prepare_find(struct acme_call *call, struct err *err)
{
    (void)err;
    request_account(call, "{\"onlyReturnExisting\":true}");
    return CALL_AGAIN;
}

static int check_status(const struct http_response *response, struct err *err)
{
    AUTO_PTR(json) struct json *json = NULL;
    struct err ignored = ERR_INIT;
    const char *status = NULL;

    if (json_parse(response->body, response->body_len, &json, &ignored) < 0) {
        return 0;
    }
    status = json_get_str(json, "status");
    if (status == NULL || str_eq(status, "valid")) {
        return 0;
    }
    return err_set(err, ERR_CA, "the account is %.40s, not valid", status);
}

static int accept_account(struct acme_call *call, const struct http_response *response,
                          const struct json *json, struct err *err)
{
    (void)json;
    if (check_status(response, err) < 0 ||
        acme_set_account_url(call->client, http_header(response, "Location"), err) < 0) {
        return err_code(err);
    }
    of(call)->is_created = response->status == 201;
    return CALL_DONE;
}

/* A binding that is wrong, used up or expired is `unauthorized` to most CAs (with 401 to some), and
 * a key of the wrong length or for another hash may be `malformed`. */
static int refuse_new(struct acme_call *call, const struct acme_problem *problem, struct err *err)
{
    const struct ca *ca = call->client->ca;

    if (of(call)->eab == NULL ||
        (!acme_problem_is(problem, "unauthorized") && !acme_problem_is(problem, "malformed") &&
         problem->status != 401)) {
        return CALL_DEFAULT;
    }
    err_set(err, ERR_HUMAN, "%s: %s", problem->type, problem->detail);
    err_hint(err,
             "The external account binding with the key id '%s' may be wrong, used up or expired: "
             "fetch a "
             "new key id and HMAC key from the CA.",
             of(call)->eab->kid);
    return ca->eab_help == NULL ? err_code(err)
                                : err_hint(err, "The CA gives both at: %s", ca->eab_help);
}

static void deliver_account(struct acme_call *call, const struct acme_reply *reply)
{
    of(call)->done(call->arg, reply->err == NULL ? call->client->account_url : NULL,
                   of(call)->is_created, reply);
}

static void release_account(struct acme_call *call)
{
    strv_done(&of(call)->contacts);
    acme_eab_free(of(call)->eab);
}

static const struct call_ops NEW_OPS = {.prepare = prepare_new,
                                        .accepted = accept_account,
                                        .refused = refuse_new,
                                        .deliver = deliver_account,
                                        .release = release_account,
                                        .is_counted = true};
static const struct call_ops FIND_OPS = {.prepare = prepare_find,
                                         .accepted = accept_account,
                                         .deliver = deliver_account,
                                         .release = release_account};

struct acme_call *acme_account_find(struct acme_client *client, acme_account_fn *done, void *arg)
{
    struct acme_call *call = call_new(client, sizeof(struct account_call), &FIND_OPS, arg);

    call->what = "newAccount";
    of(call)->done = done;
    return call_launch(call);
}

struct acme_call *acme_account_new(struct acme_client *client,
                                   const struct acme_account_request *request,
                                   acme_account_fn *done, void *arg)
{
    struct acme_call *call = call_new(client, sizeof(struct account_call), &NEW_OPS, arg);

    call->what = "newAccount";
    of(call)->done = done;
    of(call)->has_agreed = request->has_agreed;
    if (request->contacts != NULL) {
        strv_copy(&of(call)->contacts, request->contacts);
    }
    if (request->eab != NULL) {
        of(call)->eab = acme_eab_copy(request->eab);
    }
    return call_launch(call);
}
