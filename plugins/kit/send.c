/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * A request until it is answered: tries, the pauses between them, the limits on their number.
 *
 *     wait for the rate limit -> try -> KIT_TAKE    done
 *                                       KIT_REFUSE  failed
 *                                       KIT_AGAIN   pause, next try
 *                                       KIT_DOUBT   pause, recheck, next try; failed if it may not
 *                                                   be repeated
 */
#include "kit_impl.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { PAUSE_FIRST_MS = 500, PAUSE_LONGEST_MS = 8000, LAST_TRY_MS = 1000 };

int32_t kit_fault_set(struct kit_fault *f, int32_t status, const char *format, ...)
{
    va_list args;

    *f = (struct kit_fault){.status = status};
    va_start(args, format);
    (void)vsnprintf(f->text, sizeof(f->text), format, args);
    va_end(args);
    return status;
}

int32_t kit_fault_report(struct acme_call *call, size_t index, const struct kit_fault *fault)
{
    return (call->host->fail)(call, index, fault->status, fault->retry_after_s, fault->text);
}

int32_t kit_send_report(struct acme_call *call, const struct kit_request *rq,
                        const struct kit_fault *fault)
{
    if (rq->fault != NULL) {
        *rq->fault = *fault;
        return fault->status;
    }
    return kit_fault_report(call, ACME_WHOLE_CALL, fault);
}

/* ---- The request, checked ---- */

static const char *set_body(struct kit_sending *s)
{
    const struct kit_request *rq = s->rq;
    int n = (rq->json != NULL) + (rq->form[0].name != NULL) + (rq->body != NULL);

    if (n > 1) {
        return "it has more than one body";
    }
    if (rq->json != NULL) {
        s->body = kit_text_str(rq->json);
        s->body_len = rq->json->len;
        s->content_type = "application/json";
        return rq->json->is_broken ? "its JSON is too long or comes from a wrong template" : NULL;
    }
    if (rq->form[0].name != NULL) {
        kit_url_add_pairs(&s->form, rq->form, KIT_FORM_MAX);
        s->body = kit_text_str(&s->form);
        s->body_len = s->form.len;
        s->content_type = "application/x-www-form-urlencoded";
        return NULL;
    }
    s->body = rq->body;
    s->body_len = rq->body == NULL ? 0 : rq->body_len;
    s->content_type = rq->body == NULL           ? NULL
                      : rq->content_type == NULL ? "application/octet-stream"
                                                 : rq->content_type;
    return NULL;
}

static const char *find_header_flaw(const struct kit_request *rq)
{
    const char *flaw = rq->bearer == NULL ? NULL : kit_headers_flaw("Authorization", rq->bearer);

    for (size_t i = 0; flaw == NULL && i < KIT_HEADERS_MAX && rq->headers[i].name != NULL; i++) {
        const char *value = rq->headers[i].value;

        flaw = kit_headers_flaw(rq->headers[i].name, value == NULL ? "" : value);
    }
    return flaw;
}

static bool is_one_of(const char *method, const char *const *list)
{
    while (*list != NULL && strcmp(*list, method) != 0) {
        list++;
    }
    return *list != NULL;
}

/* Makes ready for the first try; what is wrong with the request, or NULL. */
static const char *sending_init(struct kit_sending *s)
{
    static const char *const READING[] = {"GET", "HEAD", NULL};
    static const char *const IDEMPOTENT[] = {"GET", "HEAD", "PUT", "DELETE", NULL};
    const struct kit_request *rq = s->rq;
    const char *flaw = set_body(s);

    s->method = rq->method != NULL ? rq->method : s->body != NULL ? "POST" : "GET";
    s->is_change = !is_one_of(s->method, READING);
    s->is_repeatable = rq->repeat == KIT_REPEAT_SAFE ||
                       (rq->repeat == KIT_REPEAT_BY_METHOD && is_one_of(s->method, IDEMPOTENT));
    kit_secrets_add(&s->http->secrets, rq->bearer);
    flaw = flaw == NULL ? find_header_flaw(rq) : flaw;
    return flaw == NULL ? kit_url_build(&s->http->base, rq, &s->url) : flaw;
}

static void sending_done(struct kit_sending *s)
{
    kit_text_done(&s->url);
    kit_text_done(&s->form);
}

static int32_t report_bug(const struct kit_sending *s, const char *flaw)
{
    struct kit_fault fault = {.status = ACME_OK};

    (void)kit_fault_set(&fault, ACME_BUG, "the request to %s, %s %.200s, is wrong: %s",
                        s->http->service, s->method == NULL ? "?" : s->method,
                        s->rq->path == NULL ? "" : s->rq->path, flaw);
    return kit_send_report(s->call, s->rq, &fault);
}

/* ---- Pauses ---- */

static int64_t left_ms(const struct kit_sending *s)
{
    return (s->call->host->ms_left)(s->call);
}

/* Between three quarters and all of it: clients that failed together shall not come back together.
 */
static int64_t jitter(int64_t ms)
{
    uint32_t random = 0;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random)) {
        random = 0;
    }
    return ms - (int64_t)((uint64_t)ms * (random % 1024) / 4096);
}

static int64_t pause_before_next(const struct kit_sending *s, const struct kit_verdict *v)
{
    int64_t pause_ms = PAUSE_FIRST_MS;

    for (uint32_t i = 1; i < s->n_tries && pause_ms < PAUSE_LONGEST_MS; i++) {
        pause_ms *= 2;
    }
    pause_ms = jitter(pause_ms < PAUSE_LONGEST_MS ? pause_ms : PAUSE_LONGEST_MS);
    return (int64_t)v->retry_after_s * 1000 > pause_ms ? (int64_t)v->retry_after_s * 1000
                                                       : pause_ms;
}

/* How long the limits on requests make us wait. */
static int64_t rate_wait_ms(const struct kit_http *http)
{
    const struct kit_http_settings *settings = &http->settings;
    int64_t now_ms = kit_now_ms();
    int64_t wait_ms = http->blocked_until_ms - now_ms;

    if (settings->rate_requests > 0 && http->sent_ms[http->next_sent] != 0) {
        int64_t free_ms = http->sent_ms[http->next_sent] + settings->rate_ms - now_ms;

        wait_ms = free_ms > wait_ms ? free_ms : wait_ms;
    }
    return wait_ms > 0 ? wait_ms : 0;
}

static int32_t wait_for_turn(struct kit_sending *s)
{
    struct kit_http *http = s->http;
    int64_t wait_ms = rate_wait_ms(http);
    int32_t status = ACME_OK;

    if (wait_ms + LAST_TRY_MS > left_ms(s) && wait_ms > 0) {
        struct kit_fault fault = {.status = ACME_OK};
        uint32_t wait_s = (uint32_t)((wait_ms + 999) / 1000);

        (void)kit_fault_set(&fault, ACME_RETRY,
                            "%s takes no more requests for %u s: its rate limit is used up",
                            http->service, (unsigned)wait_s);
        fault.retry_after_s = wait_s;
        return kit_send_report(s->call, s->rq, &fault);
    }
    if (wait_ms > 0) {
        status = (s->call->host->sleep_ms)(s->call, (uint32_t)wait_ms);
    }
    if (status != ACME_OK) {
        struct kit_fault fault = {.status = ACME_OK};

        (void)kit_fault_set(&fault, ACME_CANCELLED,
                            "the call ended while it waited for the rate limit of %s",
                            http->service);
        return kit_send_report(s->call, s->rq, &fault);
    }
    if (http->settings.rate_requests > 0) {
        http->sent_ms[http->next_sent] = kit_now_ms();
        http->next_sent = (http->next_sent + 1) % http->settings.rate_requests;
    }
    return ACME_OK;
}

static void note_rate(struct kit_http *http, const struct kit_answer *answer)
{
    const struct kit_answer_impl *impl = answer->impl;
    int64_t pause_ms = kit_rate_pause_ms(&impl->headers);

    http->blocked_until_ms = pause_ms > 0 ? kit_now_ms() + pause_ms : 0;
}

/* ---- Tries ---- */

/* After a try that failed: whether there shall be another. Sleeps in between. */
static bool shall_repeat(struct kit_sending *s, const struct kit_verdict *v, int64_t pause_ms)
{
    bool may_repeat = v->kind == KIT_AGAIN ||
                      (v->kind == KIT_DOUBT && (s->is_repeatable || s->rq->recheck != NULL));
    bool has_tries = s->n_tries < s->http->settings.tries ||
                     (v->kind == KIT_DOUBT && s->rq->recheck != NULL); /* one look at the end */

    return may_repeat && has_tries && pause_ms + LAST_TRY_MS <= left_ms(s) &&
           (s->call->host->sleep_ms)(s->call, (uint32_t)pause_ms) == ACME_OK;
}

/* Looks whether a doubtful try did its work. True: kit_send() ends, with *ret_status. */
static bool recheck(struct kit_sending *s, struct kit_answer *answer, int32_t *ret_status)
{
    bool was_done = false;
    int32_t status = s->rq->recheck(s->rq->context, s->call, &was_done);

    if (status == ACME_OK && !was_done) {
        return false;
    }
    kit_answer_done(answer);
    answer->was_done = was_done;
    *ret_status = status;
    return true;
}

static int32_t run_tries(struct kit_sending *s, struct kit_answer *answer)
{
    struct kit_fault fault;
    struct kit_outcome outcome;
    struct kit_verdict v;
    const char *problem = NULL;
    int32_t status = ACME_OK;

    for (;;) {
        status = wait_for_turn(s);
        s->n_tries++;
        kit_answer_done(answer);
        status = status == ACME_OK ? kit_try_run(s, answer, &outcome) : status;
        if (status != ACME_OK) {
            return status;
        }
        note_rate(s->http, answer);
        kit_verdict_of(s, answer, &outcome, &v, &problem);
        if (v.kind == KIT_TAKE) {
            return ACME_OK;
        }
        kit_words_fault(s, answer, &outcome, &v, problem == NULL ? "refuses" : problem, &fault);
        s->has_doubt = s->has_doubt || v.kind == KIT_DOUBT;
        if (!shall_repeat(s, &v, pause_before_next(s, &v))) {
            return kit_send_report(s->call, s->rq, &fault);
        }
        if (v.kind == KIT_DOUBT && s->rq->recheck != NULL && recheck(s, answer, &status)) {
            return status;
        }
        if (s->n_tries >= s->http->settings.tries) {
            return kit_send_report(s->call, s->rq, &fault);
        }
    }
}

int32_t kit_send(struct acme_call *call, struct kit_http *http, const struct kit_request *request,
                 struct kit_answer *answer)
{
    struct kit_sending s = {.call = call, .http = http, .rq = request};
    KIT_ANSWER(unwanted);
    const char *flaw = sending_init(&s);
    int32_t status = ACME_OK;

    status =
        flaw == NULL ? run_tries(&s, answer == NULL ? &unwanted : answer) : report_bug(&s, flaw);
    sending_done(&s);
    return status;
}
