/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme/call.h"

#include "acme/jws.h"
#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

#define CALL_LIMIT_MS 120000
#define BAD_NONCES_MAX 10
#define BAD_ROUNDS_MAX 1
#define BAD_NONCES_AT_ONCE 4 /* the first three are repeated without a pause */
#define BAD_NONCE_PAUSE_MS 10
#define FAILURES_MAX 5
#define NETWORK_PAUSE_MS 250
#define BUSY_PAUSE_MS 1000
#define PAUSE_MAX_MS 30000
#define RETRY_AFTER_MAX_S ((int64_t)24 * 3600) /* longer than any call may take */
#define BODY_MAX (192 * 1024)                  /* 1000 names of 100 bytes, in base64url */

static void send_signed(struct acme_call *call);

struct acme_call *call_new(struct acme_client *client, size_t size, const struct call_ops *ops,
                           void *arg)
{
    struct acme_call *call = mem_alloc(1, size);

    call->client = client;
    call->ops = ops;
    call->arg = arg;
    call->retry_after_s = -1;
    return call;
}

void call_request(struct acme_call *call, enum acme_kind kind, const char *what, const char *url,
                  const char *payload)
{
    call->kind = kind;
    call->what = what;
    str_set(&call->url, url);
    str_set(&call->payload, payload);
    call->accept = NULL;
    call->max_body = CALL_JSON_MAX;
    call->timeout_ms =
        call->client->request_timeout_ms > 0 ? call->client->request_timeout_ms : CALL_TIMEOUT_MS;
    call->wants_json = true;
    call->n_bad_nonces = 0;
}

int call_check_account(const struct acme_call *call, struct err *err)
{
    if (call->client->account_url != NULL && call->client->key != NULL) {
        return 0;
    }
    return err_set(err, ERR_FAILED, "%s: there is no account to sign for", call->what);
}

/* Ends */

static void stop_waiting_for_answer(struct acme_call *call)
{
    if (call->is_expected) {
        call->is_expected = false;
        nonce_pool_expect_no_more(call->client->nonces);
    }
}

static void unlink_call(struct acme_call *call)
{
    if (call->at != NULL) {
        *call->at = call->next;
        if (call->next != NULL) {
            call->next->at = call->at;
        }
        call->at = NULL;
    }
    if (call->client->fetch == call) {
        call->client->fetch = NULL;
    }
}

/* Everything that could call back is off afterwards. */
static void halt(struct acme_call *call)
{
    nonce_pool_leave(call->client->nonces, &call->waiter);
    key_job_cancel(&call->job);
    http_cancel(&call->transfer);
    loop_timer_cancel(&call->pause);
    loop_timer_cancel(&call->deadline);
    unlink_call(call);
    stop_waiting_for_answer(call);
    /* A nonce that was taken and not used is still good. */
    if (call->nonce != NULL && call->body == NULL) {
        nonce_pool_put(call->client->nonces, call->nonce);
    }
}

static void release(struct acme_call *call)
{
    if (call->ops->release != NULL) {
        call->ops->release(call);
    }
    mem_free(call->url);
    /* newAccount's holds the account binding's MAC. */
    mem_free_secret(call->payload, call->payload == NULL ? 0 : strlen(call->payload));
    mem_free(call->nonce);
    mem_free(call->input);
    mem_free(call->body);
    acme_problem_free(call->problem);
    mem_free(call->failure);
    mem_free(call);
}

void acme_call_cancel(struct acme_call **call)
{
    if (*call == NULL) {
        return;
    }
    halt(*call);
    release(*call);
    *call = NULL;
}

/* The user's callback may free the client: only the call itself is touched afterwards. */
static void end(struct acme_call *call, const struct err *err)
{
    struct acme_reply reply = {.err = err,
                               .problem = err == NULL ? NULL : call->problem,
                               .retry_after_s = call->retry_after_s};

    halt(call);
    call->ops->deliver(call, &reply);
    release(call);
}

/* For the end a turn later, or so that the deadline's error can say what was in the way. */
static void remember(struct acme_call *call, const struct err *err)
{
    if (call->failure == NULL) {
        call->failure = NEW(struct err);
    }
    *call->failure = *err;
}

static void on_end_soon(void *arg)
{
    struct acme_call *call = arg;

    call->pause = NULL;
    end(call, call->failure);
}

/* For ends that are known inside a function of the user's, or of the nonce pool's: told a turn
 * later. */
static void end_soon(struct acme_call *call, const struct err *err)
{
    loop_timer_cancel(&call->pause);
    if (err != NULL) {
        remember(call, err);
    }
    call->pause = loop_timer_start(call->client->loop, 0, on_end_soon, call);
}

static void fail(struct acme_call *call, struct err *err)
{
    err_wrap(err, "%s, %s", call->client->ca->title, call->what);
    end(call, err);
}

static void on_deadline(void *arg)
{
    struct acme_call *call = arg;
    struct err err = ERR_INIT;

    call->deadline = NULL;
    if (call->failure != NULL) {
        err = *call->failure;
        err_wrap(&err, "the time for this request is over; last");
    } else {
        err_set(&err, ERR_TIMEOUT, "no answer within the time for this request");
    }
    fail(call, &err);
}

/* Pauses and repeats */

static void on_pause_over(void *arg)
{
    struct acme_call *call = arg;

    call->pause = NULL;
    send_signed(call);
}

static void repeat_after(struct acme_call *call, int64_t pause_ms)
{
    if (call->pause_first_ms > pause_ms) {
        pause_ms = call->pause_first_ms;
    }
    call->pause_first_ms = 0;
    if (pause_ms <= 0) {
        send_signed(call);
        return;
    }
    call->pause = loop_timer_start(call->client->loop, pause_ms, on_pause_over, call);
}

static int64_t backoff_ms(int64_t first_ms, unsigned n_failures)
{
    int64_t pause = n_failures > 8 ? PAUSE_MAX_MS : first_ms << (n_failures - 1);

    if (pause > PAUSE_MAX_MS) {
        pause = PAUSE_MAX_MS;
    }
    /* Jitter, so that many hosts that lost the same CA do not come back as one. */
    return pause + (int64_t)clock_random((uint64_t)pause / 4 + 1);
}

static bool is_past_deadline(const struct acme_call *call, int64_t pause_ms)
{
    return loop_now_ms(call->client->loop) + pause_ms >= call->deadline_ms;
}

/* No usable answer came: the CA may have acted on the request or not. */
static void handle_loss(struct acme_call *call, struct err *err)
{
    int64_t pause_ms = 0;

    call->n_failures++;
    pause_ms = backoff_ms(NETWORK_PAUSE_MS, call->n_failures);
    if (call->n_failures > FAILURES_MAX || is_past_deadline(call, pause_ms)) {
        fail(call, err);
        return;
    }
    remember(call, err);
    if (call->ops->lost != NULL) {
        call->ops->lost(call);
    }
    repeat_after(call, pause_ms);
}

/* Answers */

static bool is_retriable_status(long status)
{
    return status == 408 || status == 425 || status == 429 || status >= 500;
}

static void fail_by_problem(struct acme_call *call, struct acme_problem **take_problem)
{
    struct err err = ERR_INIT;

    acme_problem_free(call->problem);
    call->problem = TAKE(*take_problem);
    acme_problem_to_err(call->problem, call->client->ca->eab_help, call->retry_after_s, &err);
    fail(call, &err);
}

/* 429, 5xx: Retry-After wins over our own back-off, and one that leads past the deadline is the
 * end: the caller is told the time. */
static void handle_busy(struct acme_call *call, struct acme_problem **take_problem)
{
    struct err err = ERR_INIT;
    int64_t pause_ms = 0;

    call->n_failures++;
    pause_ms = backoff_ms(BUSY_PAUSE_MS, call->n_failures);
    if (call->retry_after_s > 0) {
        pause_ms =
            call->retry_after_s > CALL_LIMIT_MS * 10 ? INT64_MAX / 2 : call->retry_after_s * 1000;
    }
    if (call->n_failures > FAILURES_MAX || is_past_deadline(call, pause_ms)) {
        fail_by_problem(call, take_problem);
        return;
    }
    acme_problem_to_err(*take_problem, NULL, call->retry_after_s, &err);
    remember(call, &err);
    if (call->ops->lost != NULL && (*take_problem)->status >= 500) {
        call->ops->lost(call);
    }
    repeat_after(call, pause_ms);
}

/* Re-signed with the nonce that the refusal brings. Many in a row are a CA in trouble: it is given
 * one pause as if it were busy, and after as many again that is the answer. */
static void handle_bad_nonce(struct acme_call *call, const char *fresh,
                             struct acme_problem **take_problem)
{
    unsigned n = ++call->n_bad_nonces;

    call->client->n_bad_nonces++;
    nonce_pool_refused(call->client->nonces, call->nonce_age_ms, n > 1);
    if (nonce_is_valid(fresh)) {
        str_set(&call->nonce, fresh);
        call->nonce_age_ms = 0;
    }
    stop_waiting_for_answer(call);
    if (n <= BAD_NONCES_MAX) {
        repeat_after(call, n < BAD_NONCES_AT_ONCE ? 0 : BAD_NONCE_PAUSE_MS * (int64_t)n);
        return;
    }
    call->n_bad_nonces = 0;
    if (++call->n_bad_rounds > BAD_ROUNDS_MAX) {
        fail_by_problem(call, take_problem);
        return;
    }
    mem_free(TAKE(call->nonce));
    handle_busy(call, take_problem);
}

/* First kept, then no longer expected: the other way round, somebody in line would be thought to
 * need a newNonce request. */
static void keep_nonce(struct acme_call *call, const struct http_response *response)
{
    nonce_pool_put(call->client->nonces, http_header(response, "Replay-Nonce"));
    stop_waiting_for_answer(call);
}

static bool is_limit_without_end(const struct acme_call *call, const struct acme_problem *problem)
{
    return call->ops->is_counted && call->retry_after_s <= 0 &&
           acme_problem_is(problem, "rateLimited");
}

static void take_refusal(struct acme_call *call, const struct http_response *response)
{
    AUTO_PTR(acme_problem) struct acme_problem *problem = acme_problem_from_response(response);
    struct err err = ERR_INIT;
    int verdict = CALL_DEFAULT;

    if (acme_problem_is(problem, "badNonce")) {
        handle_bad_nonce(call, http_header(response, "Replay-Nonce"), &problem);
        return;
    }
    keep_nonce(call, response);
    if (call->ops->refused != NULL) {
        verdict = call->ops->refused(call, problem, &err);
    }
    if (verdict == CALL_AGAIN) {
        repeat_after(call, 0);
    } else if (verdict == CALL_DONE) {
        end(call, NULL);
    } else if (verdict < 0) {
        call->problem = TAKE(problem);
        fail(call, &err);
    } else if (is_retriable_status(problem->status) && !is_limit_without_end(call, problem)) {
        handle_busy(call, &problem);
    } else {
        fail_by_problem(call, &problem);
    }
}

static void take_success(struct acme_call *call, const struct http_response *response)
{
    AUTO_PTR(json) struct json *json = NULL;
    struct err err = ERR_INIT;
    int verdict = CALL_DONE;

    keep_nonce(call, response);
    /* Half a body is a lost answer: some proxies cut one and close cleanly. */
    if (call->wants_json && json_parse(response->body, response->body_len, &json, &err) < 0) {
        err_wrap(&err, "malformed answer");
        err.class = ERR_CA;
        handle_loss(call, &err);
        return;
    }
    verdict = call->ops->accepted(call, response, json, &err);
    if (verdict == CALL_AGAIN) {
        repeat_after(call, 0);
    } else if (verdict < 0) {
        fail(call, &err);
    } else {
        end(call, NULL);
    }
}

static void drop_message(struct acme_call *call)
{
    mem_free(TAKE(call->body));
    mem_free(TAKE(call->nonce));
}

static void on_answer(void *arg, const struct http_response *response, const struct err *err)
{
    struct acme_call *call = arg;

    call->transfer = NULL;
    drop_message(call);
    if (response == NULL) {
        struct err failure = *err;

        stop_waiting_for_answer(call);
        if (err->class == ERR_NETWORK || err->class == ERR_TIMEOUT) {
            handle_loss(call, &failure);
        } else {
            fail(call, &failure);
        }
        return;
    }
    call->retry_after_s = http_retry_after_s(response);
    if (response->status >= 200 && response->status < 300) {
        take_success(call, response);
    } else {
        take_refusal(call, response);
    }
}

/* Requests */

static void send_message(struct acme_call *call)
{
    struct acme_client *client = call->client;
    struct http_request request = {.method = call->payload == NULL ? "GET" : "POST",
                                   .url = call->url,
                                   .accept = call->accept,
                                   .max_body = call->max_body,
                                   .timeout_ms = call->timeout_ms};

    if (call->body != NULL) {
        request.content_type = "application/jose+json";
        request.body = call->body;
        request.body_len = strlen(call->body);
        call->is_expected = true;
        nonce_pool_expect(client->nonces);
    }
    client->counts[call->kind]++;
    call->transfer = http_start(client->http, &request, on_answer, call);
}

static void on_signed(void *arg, const uint8_t *signature, size_t len, const struct err *err)
{
    struct acme_call *call = arg;
    AUTO(buf_done) struct buf body = BUF(BODY_MAX);
    struct err failure = ERR_INIT;

    call->job = NULL;
    if (err != NULL) {
        failure = *err;
        fail(call, &failure);
        return;
    }
    jws_add_message(&body, call->input, signature, len);
    if (buf_check(&body, "the request", &failure) < 0) {
        fail(call, &failure);
        return;
    }
    mem_free(call->body);
    call->body = buf_take(&body);
    mem_free(TAKE(call->input));
    send_message(call);
}

static void sign(struct acme_call *call)
{
    struct acme_client *client = call->client;
    AUTO(buf_done) struct buf input = BUF(BODY_MAX);
    struct jws_header header = {.alg = key_jws_alg(client->key),
                                .nonce = call->nonce,
                                .url = call->url,
                                .jwk = call->is_for_jwk ? key_jwk(client->key) : NULL,
                                .kid = call->is_for_jwk ? NULL : client->account_url};
    struct err err = ERR_INIT;

    jws_add_input(&input, &header, call->payload);
    if (buf_check(&input, "the request", &err) < 0) {
        end_soon(call, &err);
        return;
    }
    mem_free(call->input);
    call->input = buf_take(&input);
    call->job =
        key_sign(client->loop, client->key, call->input, strlen(call->input), on_signed, call);
}

static void on_nonce(void *arg, char *nonce, const struct err *err)
{
    struct acme_call *call = arg;

    call->waiter = NULL;
    if (nonce == NULL) {
        struct err failure = *err;
        err_wrap(&failure, "%s, %s", call->client->ca->title, call->what);
        end_soon(call, &failure);
        return;
    }
    call->nonce = nonce;
    call->nonce_age_ms = 0;
    sign(call);
}

/* The nonce is taken as late as can be, right before signing. */
static void send_signed(struct acme_call *call)
{
    struct nonce_pool *pool = call->client->nonces;

    if (call->payload == NULL) {
        send_message(call);
        return;
    }
    if (call->nonce == NULL) {
        call->nonce = nonce_pool_take(pool, &call->nonce_age_ms);
    }
    if (call->nonce == NULL) {
        call->waiter = nonce_pool_wait(pool, on_nonce, call);
        return;
    }
    sign(call);
}

/* Beginnings */

void call_go_on(struct acme_call *call, const struct err *err)
{
    struct err failure = ERR_INIT;
    int verdict = CALL_AGAIN;

    if (call->has_begun) {
        return;
    }
    call->has_begun = true;
    if (err != NULL) {
        end_soon(call, err);
        return;
    }
    verdict = call->ops->prepare(call, &failure);
    if (verdict == CALL_AGAIN) {
        repeat_after(call, 0);
    } else {
        end_soon(call, verdict < 0 ? &failure : NULL);
    }
}

struct acme_call *call_launch(struct acme_call *call)
{
    struct acme_client *client = call->client;
    int64_t now_ms = loop_now_ms(client->loop);

    call->deadline_ms = now_ms + (call->limit_ms > 0 ? call->limit_ms : CALL_LIMIT_MS);
    if (client->deadline_ms > 0 && client->deadline_ms < call->deadline_ms) {
        call->deadline_ms = client->deadline_ms > now_ms ? client->deadline_ms : now_ms;
    }
    call->deadline = loop_timer_start(client->loop, call->deadline_ms - now_ms, on_deadline, call);
    call->next = client->calls;
    call->at = &client->calls;
    if (call->next != NULL) {
        call->next->at = &call->next;
    }
    client->calls = call;
    if (client->directory != NULL) {
        call_go_on(call, NULL);
    } else if (client->fetch == NULL) {
        directory_fetch(client);
    }
    return call;
}
