/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Authorizations and challenges (RFC 8555 section 7.5). */
#include "acme/call.h"

#include "base/mem.h"

#define POSTS_MAX 3

struct authz_call {
    struct acme_call base;
    acme_authz_fn *done;
    struct acme_authz *authz; /* what the call ends with, or NULL */
    char *authz_url, *challenge_url;
    bool is_reading;              /* the authorization, to see what became of the change */
    struct acme_problem *refusal; /* why it is being read, when the change was refused */
    unsigned n_posts;
};

static struct authz_call *of(struct acme_call *call)
{
    return (struct authz_call *)call;
}

static void deliver_authz(struct acme_call *call, const struct acme_reply *reply)
{
    struct acme_authz *authz = reply->err == NULL ? TAKE(of(call)->authz) : NULL;

    of(call)->done(call->arg, authz, reply);
}

static void release_authz(struct acme_call *call)
{
    acme_authz_free(of(call)->authz);
    acme_problem_free(of(call)->refusal);
    mem_free(of(call)->authz_url);
    mem_free(of(call)->challenge_url);
}

static struct acme_call *new_authz_call(struct acme_client *client, const struct call_ops *ops,
                                        const char *what, const char *authz_url,
                                        acme_authz_fn *done, void *arg)
{
    struct acme_call *call = call_new(client, sizeof(struct authz_call), ops, arg);

    call->what = what;
    of(call)->done = done;
    of(call)->authz_url = str_dup(authz_url);
    return call;
}

static int parse_into(struct acme_call *call, const struct json *json, struct err *err)
{
    acme_authz_free(TAKE(of(call)->authz));
    return acme_authz_parse(json, of(call)->authz_url, &call->client->urls, &of(call)->authz, err);
}

/* Reading */

static int request_read(struct acme_call *call, struct err *err)
{
    if (call_check_account(call, err) < 0 ||
        acme_url_check(&call->client->urls, "authorization", of(call)->authz_url, err) < 0) {
        return err_code(err);
    }
    call_request(call, ACME_KIND_AUTHZ, "authorization", of(call)->authz_url, "");
    return CALL_AGAIN;
}

static int accept_read(struct acme_call *call, const struct http_response *response,
                       const struct json *json, struct err *err)
{
    (void)response;
    return parse_into(call, json, err);
}

static const struct call_ops READ_OPS = {.prepare = request_read,
                                         .accepted = accept_read,
                                         .deliver = deliver_authz,
                                         .release = release_authz};

struct acme_call *acme_authz_get(struct acme_client *client, const char *url, acme_authz_fn *done,
                                 void *arg)
{
    return call_launch(new_authz_call(client, &READ_OPS, "authorization", url, done, arg));
}

/* Changes, both sorts: after a loss, or a refusal that may only mean that it is done already, the
 * authorization is read and judged by. */

static int read_instead(struct acme_call *call, struct err *err)
{
    of(call)->is_reading = true;
    return request_read(call, err);
}

static void lose_change(struct acme_call *call)
{
    struct err ignored = ERR_INIT; /* the URL was checked when the call began */

    if (!of(call)->is_reading) {
        read_instead(call, &ignored);
    }
}

/* With the CA's words for the refusal that made us look. */
static int fail_as_refused(struct acme_call *call, struct err *err)
{
    acme_problem_to_err(of(call)->refusal, NULL, -1, err);
    call->problem = TAKE(of(call)->refusal);
    return err_code(err);
}

static int keep_refusal_and_read(struct acme_call *call, struct acme_problem *take_problem,
                                 struct err *err)
{
    of(call)->refusal = take_problem;
    return read_instead(call, err);
}

/* Deactivation */

static int request_deactivation(struct acme_call *call, struct err *err)
{
    if (request_read(call, err) < 0) {
        return err_code(err);
    }
    of(call)->is_reading = false;
    of(call)->n_posts++;
    call_request(call, ACME_KIND_AUTHZ, "deactivation", of(call)->authz_url,
                 "{\"status\":\"deactivated\"}");
    return CALL_AGAIN;
}

static int refuse_deactivation(struct acme_call *call, const struct acme_problem *problem,
                               struct err *err)
{
    if (of(call)->is_reading || problem->status >= 429) {
        return CALL_DEFAULT;
    }
    return keep_refusal_and_read(call, acme_problem_copy(problem), err);
}

static int accept_deactivation(struct acme_call *call, const struct http_response *response,
                               const struct json *json, struct err *err)
{
    (void)response;
    if (parse_into(call, json, err) < 0) {
        return err_code(err);
    }
    if (!of(call)->is_reading || of(call)->authz->status != ACME_STATUS_PENDING) {
        return CALL_DONE;
    }
    if (of(call)->refusal != NULL) {
        return fail_as_refused(call, err);
    }
    return of(call)->n_posts < POSTS_MAX ? request_deactivation(call, err) : CALL_DONE;
}

static const struct call_ops DEACTIVATE_OPS = {.prepare = request_deactivation,
                                               .accepted = accept_deactivation,
                                               .refused = refuse_deactivation,
                                               .lost = lose_change,
                                               .deliver = deliver_authz,
                                               .release = release_authz};

struct acme_call *acme_authz_deactivate(struct acme_client *client, const char *url,
                                        acme_authz_fn *done, void *arg)
{
    return call_launch(new_authz_call(client, &DEACTIVATE_OPS, "deactivation", url, done, arg));
}

/* Answering a challenge */

static int request_answer(struct acme_call *call, struct err *err)
{
    if (call_check_account(call, err) < 0 ||
        acme_url_check(&call->client->urls, "challenge", of(call)->challenge_url, err) < 0) {
        return err_code(err);
    }
    of(call)->is_reading = false;
    of(call)->n_posts++;
    call_request(call, ACME_KIND_CHALLENGE, "challenge", of(call)->challenge_url, "{}");
    return CALL_AGAIN;
}

/* `malformed` is what CAs say to an answer for a challenge that is no longer pending. */
static int refuse_answer(struct acme_call *call, const struct acme_problem *problem,
                         struct err *err)
{
    if (of(call)->is_reading || !acme_problem_is(problem, "malformed")) {
        return CALL_DEFAULT;
    }
    return keep_refusal_and_read(call, acme_problem_copy(problem), err);
}

static bool is_still_pending(const struct authz_call *answer)
{
    if (answer->authz->status != ACME_STATUS_PENDING) {
        return false;
    }
    for (size_t i = 0; i < answer->authz->n_challenges; i++) {
        const struct acme_challenge *challenge = &answer->authz->challenges[i];

        if (str_eq(challenge->url, answer->challenge_url)) {
            return challenge->status == ACME_STATUS_PENDING && challenge->error == NULL;
        }
    }
    return false;
}

static int accept_answer(struct acme_call *call, const struct http_response *response,
                         const struct json *json, struct err *err)
{
    (void)response;
    if (!of(call)->is_reading) {
        return CALL_DONE;
    }
    if (parse_into(call, json, err) < 0) {
        return err_code(err);
    }
    if (!is_still_pending(of(call))) {
        return CALL_DONE;
    }
    if (of(call)->refusal != NULL) {
        return fail_as_refused(call, err);
    }
    return of(call)->n_posts < POSTS_MAX ? request_answer(call, err) : CALL_DONE;
}

static const struct call_ops ANSWER_OPS = {.prepare = request_answer,
                                           .accepted = accept_answer,
                                           .refused = refuse_answer,
                                           .lost = lose_change,
                                           .deliver = deliver_authz,
                                           .release = release_authz};

struct acme_call *acme_challenge_answer(struct acme_client *client, const struct acme_authz *authz,
                                        const struct acme_challenge *challenge, acme_authz_fn *done,
                                        void *arg)
{
    struct acme_call *call =
        new_authz_call(client, &ANSWER_OPS, "challenge", authz->url, done, arg);

    of(call)->challenge_url = str_dup(challenge->url);
    return call_launch(call);
}
