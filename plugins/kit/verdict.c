/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What a try means: whether it worked, whether it may be repeated, and which status of
 * acme-plugin.h it comes to. The statuses that promise that nothing was changed (ACME_DENIED,
 * ACME_REJECTED...) are given only where that is certain.
 */
#include "kit_impl.h"

#include <string.h>
#include <strings.h>

static bool is_allowed(const struct kit_request *rq, int status)
{
    if (status >= 200 && status <= 299) {
        return true;
    }
    for (size_t i = 0; i < KIT_ALLOW_MAX && rq->allow[i] != 0; i++) {
        if (rq->allow[i] == status) {
            return true;
        }
    }
    return false;
}

static void refuse(struct kit_verdict *v, int32_t status)
{
    v->kind = KIT_REFUSE;
    v->status = status;
}

/* A server that did something and then answered in a way that says nothing about it. */
static void refuse_answer(const struct kit_sending *s, struct kit_verdict *v, int32_t status)
{
    refuse(v, s->is_change ? ACME_RETRY : status);
}

static const char *judge_failure(const struct kit_sending *s, const struct kit_outcome *o,
                                 struct kit_verdict *v)
{
    if (o->is_cancelled) {
        refuse(v, ACME_CANCELLED);
        return "was not waited for: the time for this is over";
    }
    if (o->is_too_large) {
        refuse_answer(s, v, ACME_REJECTED);
        return "sends an answer that is too large";
    }
    v->kind = o->was_sent ? KIT_DOUBT : KIT_AGAIN;
    switch (o->code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        refuse(v, ACME_BAD_CONFIG);
        (void)snprintf(v->hint, sizeof(v->hint), "trusted are the CAs in %s (SSL_CERT_FILE)",
                       s->http->ca_file == NULL ? "the system's bundle" : s->http->ca_file);
        return "has a certificate that is not trusted";
    case CURLE_SSL_CACERT_BADFILE:
        refuse(v, ACME_BAD_CONFIG);
        return "cannot be checked: the file of trusted CAs is not usable";
    case CURLE_OPERATION_TIMEDOUT:
        return o->was_sent ? "gave no answer in time" : "could not be connected to in time";
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
        return "cannot be reached";
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_PROXY:
        return "cannot be reached through the proxy of the environment (https_proxy, all_proxy)";
    default:
        return "broke off the connection";
    }
}

/* Whether the media type is one of web pages. */
static bool is_web_page(const struct kit_answer *answer)
{
    const char *type = kit_answer_header(answer, "Content-Type");

    return type != NULL && (strncasecmp(type, "text/html", 9) == 0 ||
                            strncasecmp(type, "application/xhtml", 17) == 0);
}

static const char *judge_content(const struct kit_sending *s, const struct kit_answer *answer,
                                 struct kit_verdict *v)
{
    const char *path = s->rq->must_have;

    if (path == NULL || kit_json_find(answer->json, path) != NULL) {
        return NULL;
    }
    refuse_answer(s, v, ACME_REJECTED);
    (void)snprintf(v->words, sizeof(v->words), "there is no '%s' in it", path);
    return "sends an answer of another shape: is that the URL of its API?";
}

/* A good status; where JSON was asked for, the body has to be that too. */
static const char *judge_body(const struct kit_sending *s, struct kit_answer *answer,
                              struct kit_verdict *v)
{
    const char *accept = s->rq->accept == NULL ? s->http->accept : s->rq->accept;
    struct kit_answer_impl *impl = answer->impl;
    const char *problem = NULL;

    v->kind = KIT_TAKE;
    if (strstr(accept, "json") == NULL) {
        return NULL;
    }
    if (answer->body_len == 0 && s->rq->must_have == NULL) {
        /* "There is nothing" and "nothing came" must not be taken for one another. */
        bool is_good = answer->status >= 200 && answer->status <= 299;

        v->kind = is_good && answer->status != 204 && strcmp(s->method, "GET") == 0 ? KIT_DOUBT
                                                                                    : KIT_TAKE;
        return "sends an answer without content";
    }
    if (!is_web_page(answer)) {
        impl->json = kit_json_parse(answer->body, answer->body_len, &problem);
        answer->json = impl->json;
    }
    if (answer->status < 200 || answer->status > 299) {
        return NULL; /* of an error that the caller takes, only the status is certain */
    }
    if (answer->json != NULL) {
        return judge_content(s, answer, v);
    }
    if (is_web_page(answer) || answer->body[strspn(answer->body, " \t\r\n")] == '<') {
        refuse_answer(s, v, ACME_BAD_CONFIG);
        return "answers with a web page instead of JSON: is that the URL of its API?";
    }
    v->kind = KIT_DOUBT;
    (void)snprintf(v->words, sizeof(v->words), "%s", problem == NULL ? "" : problem);
    return "sends an answer that cannot be read";
}

/* 307 and 308 say that the request is still to be carried out, and elsewhere (RFC 9110 section
 * 15.4). The others also come from services that did it and show where the result is to be seen. */
static const char *judge_redirect(const struct kit_sending *s, const struct kit_answer *answer,
                                  struct kit_verdict *v)
{
    const char *location = kit_answer_header(answer, "Location");
    bool is_undone = answer->status == 307 || answer->status == 308;

    refuse(v, ACME_BAD_CONFIG);
    v->kind = s->is_change && !is_undone ? KIT_DOUBT : KIT_REFUSE;
    (void)snprintf(v->words, sizeof(v->words), "%s", location == NULL ? "nowhere" : location);
    (void)snprintf(v->hint, sizeof(v->hint),
                   "redirects are not followed; if that is the right place, set its URL");
    return "redirects to another place";
}

static const char *judge_status(const struct kit_sending *s, const struct kit_answer *answer,
                                struct kit_verdict *v)
{
    int status = answer->status;

    if (status >= 300 && status <= 399 && status != 304) {
        return judge_redirect(s, answer, v);
    }
    switch (status) {
    case 401:
        refuse(v, ACME_DENIED);
        return "does not accept the credentials";
    case 403:
        refuse(v, ACME_DENIED);
        return "does not allow this with these credentials";
    case 407:
        refuse(v, ACME_DENIED);
        return "was not reached: the proxy wants credentials (https_proxy=http://user:pass@host)";
    case 404:
    case 410:
        refuse(v, s->rq->zone == NULL ? ACME_REJECTED : ACME_NO_ZONE);
        return s->rq->zone == NULL ? "does not know what was asked for"
                                   : "has no such zone, or does not show it to these credentials";
    case 408:
        v->kind = KIT_DOUBT;
        return "did not get the request in time";
    case 425:
    case 429:
        v->kind = KIT_AGAIN;
        return "wants fewer requests";
    case 501:
    case 505:
        refuse(v, ACME_REJECTED);
        return "cannot do this";
    default:
        if (status >= 400 && status <= 499) {
            refuse(v, ACME_REJECTED);
            return "refuses the request";
        }
        v->kind = KIT_DOUBT;
        return status >= 500 ? "has a fault of its own" : "gives an answer of no meaning";
    }
}

/* An error's body is read for its words, whatever type it claims to have. */
static void parse_error(struct kit_answer *answer)
{
    struct kit_answer_impl *impl = answer->impl;

    if (answer->body_len > 0 && !is_web_page(answer)) {
        impl->json = kit_json_parse(answer->body, answer->body_len, NULL);
        answer->json = impl->json;
    }
}

void kit_verdict_of(const struct kit_sending *s, struct kit_answer *answer,
                    const struct kit_outcome *outcome, struct kit_verdict *ret_v,
                    const char **ret_problem)
{
    const struct kit_http_settings *settings = &s->http->settings;
    const struct kit_answer_impl *impl = answer->impl;

    *ret_v = (struct kit_verdict){.kind = KIT_TAKE, .status = ACME_RETRY};
    if (outcome->code != CURLE_OK) {
        *ret_problem = judge_failure(s, outcome, ret_v);
        (void)snprintf(ret_v->words, sizeof(ret_v->words), "%s",
                       outcome->is_cancelled ? "" : outcome->words);
        return;
    }
    if (is_allowed(s->rq, answer->status)) {
        *ret_problem = judge_body(s, answer, ret_v);
    } else {
        *ret_problem = judge_status(s, answer, ret_v);
        parse_error(answer);
    }
    if (ret_v->kind != KIT_TAKE) {
        ret_v->retry_after_s = kit_retry_after_s(&impl->headers);
        if (ret_v->words[0] == '\0') {
            kit_words_find(answer, ret_v->words, sizeof(ret_v->words));
        }
    }
    if (s->rq->judge != NULL) {
        s->rq->judge(s->rq->context, s->rq, answer, ret_v);
    } else if (settings->judge != NULL) {
        settings->judge(settings->context, s->rq, answer, ret_v);
    }
    ret_v->words[sizeof(ret_v->words) - 1] = '\0';
    ret_v->hint[sizeof(ret_v->hint) - 1] = '\0';
}
