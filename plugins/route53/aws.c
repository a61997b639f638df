/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "aws.h"

#include "alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TRIES 8
#define ANSWER_MAX (4u << 20)
#define SKEW_MAX_S 240 /* AWS bears 300 */

/* ---- What AWS's error codes mean ---- */

enum cause {
    CAUSE_BUSY,    /* nothing was done: later */
    CAUSE_EXPIRED, /* temporary keys are over */
    CAUSE_CLOCK,   /* perhaps nothing but the clock is wrong */
    CAUSE_KEYS,
    CAUSE_FORBIDDEN,
    CAUSE_NO_ZONE,
};

static const struct {
    const char *code;
    enum cause cause;
} CODES[] = {
    {"Throttling", CAUSE_BUSY},
    {"ThrottlingException", CAUSE_BUSY},
    {"ThrottledException", CAUSE_BUSY},
    {"RequestThrottled", CAUSE_BUSY},
    {"RequestLimitExceeded", CAUSE_BUSY},
    {"TooManyRequestsException", CAUSE_BUSY},
    {"SlowDown", CAUSE_BUSY},
    {"PriorRequestNotComplete", CAUSE_BUSY},
    {"IDPCommunicationError", CAUSE_BUSY},
    {"ExpiredToken", CAUSE_EXPIRED},
    {"ExpiredTokenException", CAUSE_EXPIRED},
    {"RequestTimeTooSkewed", CAUSE_CLOCK},
    {"RequestExpired", CAUSE_CLOCK},
    {"RequestInTheFuture", CAUSE_CLOCK},
    {"SignatureDoesNotMatch", CAUSE_CLOCK},
    {"InvalidSignatureException", CAUSE_CLOCK},
    {"InvalidClientTokenId", CAUSE_KEYS},
    {"UnrecognizedClientException", CAUSE_KEYS},
    {"InvalidAccessKeyId", CAUSE_KEYS},
    {"IncompleteSignature", CAUSE_KEYS},
    {"MissingAuthenticationToken", CAUSE_KEYS},
    {"AccessDenied", CAUSE_FORBIDDEN},
    {"AccessDeniedException", CAUSE_FORBIDDEN},
    {"UnauthorizedOperation", CAUSE_FORBIDDEN},
    {"NoSuchHostedZone", CAUSE_NO_ZONE},
};

static void refuse(struct kit_verdict *v, int32_t status, const char *hint)
{
    v->kind = KIT_REFUSE;
    v->status = status;
    (void)snprintf(v->hint, sizeof(v->hint), "%s", hint);
}

/* Learns AWS's time from the answer. True if the clock was what was wrong. */
static bool correct_clock(struct aws_client *client, const struct kit_answer *answer)
{
    const char *date = kit_answer_header(answer, "Date");
    int64_t theirs_s = date != NULL ? kit_date_parse(date) : -1;
    int64_t offset_s = theirs_s - (int64_t)time(NULL);

    if (theirs_s < 0 || client->clock->is_corrected ||
        (offset_s < SKEW_MAX_S && offset_s > -SKEW_MAX_S)) {
        return false;
    }
    client->clock->offset_s = offset_s;
    client->clock->is_corrected = true;
    acme_log(client->call, ACME_LOG_WARNING,
             "this machine's clock is %lld s %s AWS's, which takes 300 s at most; requests carry "
             "AWS's time instead: set the clock right",
             (long long)(offset_s > 0 ? offset_s : -offset_s),
             offset_s > 0 ? "behind" : "ahead of");
    return true;
}

static void judge_cause(struct aws_client *client, const struct kit_answer *answer,
                        enum cause cause, struct kit_verdict *v)
{
    switch (cause) {
    case CAUSE_BUSY:
        v->kind = KIT_AGAIN;
        v->status = ACME_RETRY;
        return;
    case CAUSE_EXPIRED:
        client->answer->has_expired_keys = true;
        refuse(v, ACME_DENIED, "the temporary credentials have expired: get new ones");
        return;
    case CAUSE_CLOCK:
        if (correct_clock(client, answer)) {
            v->kind = KIT_AGAIN;
            v->status = ACME_RETRY;
            return;
        }
        refuse(v, ACME_DENIED,
               "the secret access key does not belong to the access key id, or has a letter too "
               "many or too few");
        return;
    case CAUSE_KEYS:
        refuse(v, ACME_DENIED,
               "AWS does not know this access key id: it may be deleted, mistyped, of another "
               "partition, or lack its session token");
        return;
    case CAUSE_FORBIDDEN:
        refuse(v, ACME_DENIED,
               "the policies of this identity must allow the action: acme-dns-route53(7) has the "
               "least that is needed");
        return;
    case CAUSE_NO_ZONE:
        refuse(v, ACME_NO_ZONE, "");
        return;
    }
}

/* ---- Reading answers ---- */

static void copy_text(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text != NULL ? text : "");
}

/* Route 53's own list of complaints: <InvalidChangeBatch><Messages><Message>. */
static void read_messages(const struct xml *messages, struct aws_answer *to)
{
    size_t len = 0;

    for (const struct xml *m = xml_find(messages, "Message"); m != NULL;
         m = xml_next(m, "Message")) {
        int wrote = snprintf(to->message + len, sizeof(to->message) - len, "%s%s",
                             len == 0 ? "" : " ", m->text != NULL ? m->text : "");

        if (wrote < 0 || (size_t)wrote >= sizeof(to->message) - len) {
            return;
        }
        len += (size_t)wrote;
    }
}

/* Both shapes: the one of all services, and Route 53's for a batch that it refuses, where the root
 * itself is called like the error. */
static void read_error(const struct xml *root, struct aws_answer *to)
{
    const struct xml *error = strcmp(root->name, "Error") == 0 ? root : xml_find(root, "Error");

    if (error != NULL) {
        copy_text(to->code, sizeof(to->code), xml_text(error, "Code"));
        copy_text(to->message, sizeof(to->message), xml_text(error, "Message"));
        return;
    }
    copy_text(to->code, sizeof(to->code), root->name);
    if (xml_find(root, "Messages") != NULL) {
        read_messages(xml_find(root, "Messages"), to);
    } else {
        copy_text(to->message, sizeof(to->message), xml_text(root, "Message"));
    }
}

static bool is_web_page(const struct kit_answer *answer)
{
    const char *body = answer->body != NULL ? answer->body : "";

    body += strspn(body, " \t\r\n");
    return strncasecmp(body, "<!doctype html", 14) == 0 || strncasecmp(body, "<html", 5) == 0;
}

/* The tree of a good answer; NULL if it is none. All of AWS's are called after what was asked for,
 * ...Response: other XML, of a gateway or with an error in it, would pass for an empty list. */
static struct xml *read_response(const struct kit_answer *answer, const char **ret_why)
{
    static const char ENDING[] = "Response";
    const size_t ending_len = sizeof(ENDING) - 1;
    struct xml *root =
        xml_parse(answer->body != NULL ? answer->body : "", answer->body_len, ret_why);
    size_t len = root != NULL ? strlen(root->name) : 0;

    if (root != NULL && (len < ending_len || strcmp(root->name + len - ending_len, ENDING) != 0)) {
        *ret_why = "it is XML of something else";
        xml_free(root);
        return NULL;
    }
    return root;
}

/* A change may have been made, whatever came back: then nothing else than a doubt is true. */
static void judge_success(const struct kit_request *request, struct aws_answer *to,
                          const struct kit_answer *answer, struct kit_verdict *v)
{
    const char *why = "";

    if (is_web_page(answer)) {
        (void)snprintf(v->words, sizeof(v->words), "a web page instead of XML");
        refuse(v, ACME_BAD_CONFIG, "something else than AWS answers there");
        if (request->repeat == KIT_REPEAT_NEVER) {
            v->kind = KIT_DOUBT;
            v->status = ACME_RETRY;
        }
        return;
    }
    to->root = read_response(answer, &why);
    if (to->root == NULL) {
        v->kind = KIT_DOUBT;
        v->status = ACME_RETRY;
        (void)snprintf(v->words, sizeof(v->words), "an answer that is none of AWS's (%s)", why);
        return;
    }
    v->kind = KIT_TAKE;
}

static void judge(void *context, const struct kit_request *request, const struct kit_answer *answer,
                  struct kit_verdict *v)
{
    struct aws_client *client = context;
    struct aws_answer *to = client->answer;
    const char *why = "";
    struct xml *root = NULL;

    aws_answer_done(to);
    if (answer->status >= 200 && answer->status <= 299) {
        judge_success(request, to, answer, v);
        return;
    }
    root = is_web_page(answer) ? NULL : xml_parse(answer->body, answer->body_len, &why);
    if (root == NULL) {
        return;
    }
    read_error(root, to);
    xml_free(root);
    (void)snprintf(v->words, sizeof(v->words), "%s: %.900s", to->code, to->message);
    for (size_t i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++) {
        if (strcmp(to->code, CODES[i].code) == 0) {
            judge_cause(client, answer, CODES[i].cause, v);
        }
    }
}

/* ---- Sending ---- */

static int32_t sign(void *context, struct acme_call *call, struct kit_attempt *attempt)
{
    struct aws_client *client = context;
    const struct sigv4_pair content_type = {"content-type", attempt->content_type};
    const struct sigv4_request request = {
        .method = attempt->method,
        .host = attempt->host,
        .path = attempt->path,
        .query = attempt->query,
        .headers = &content_type,
        .n_headers = attempt->content_type != NULL ? 1 : 0,
        .body = attempt->body,
        .body_len = attempt->body_len,
        .service = client->service,
        .region = client->region,
    };
    struct sigv4_signature signature;
    int32_t status = ACME_OK;

    if (client->keys == NULL) {
        return ACME_OK;
    }
    if (!sigv4_sign(&request, client->keys, aws_now_s(client->clock), &signature)) {
        return acme_fail(call, ACME_BAD_CONFIG, 0,
                         "a request cannot be signed: the access key id, its secret or the region "
                         "is too long");
    }
    status = kit_attempt_header(call, attempt, "X-Amz-Date", signature.date);
    if (status == ACME_OK && client->keys->session_token != NULL) {
        status =
            kit_attempt_header(call, attempt, "X-Amz-Security-Token", client->keys->session_token);
    }
    if (status == ACME_OK) {
        status = kit_attempt_header(call, attempt, "Authorization", signature.authorization);
    }
    return status;
}

int32_t aws_client_open(struct acme_call *call, const struct aws_client_settings *s,
                        struct aws_client *client)
{
    const struct kit_http_settings http = {
        .service = s->name,
        .base_url = s->url,
        .accept = "application/xml",
        .ca_file = s->ca_file,
        .tries = TRIES,
        .max_body = ANSWER_MAX,
        .rate_requests = s->rate_requests,
        .judge = judge,
        .prepare = sign,
        .context = client,
    };

    *client = (struct aws_client){.service = s->service, .clock = s->clock};
    client->region = alloc_copy(s->region);
    return kit_http_open(call, &http, &client->http);
}

void aws_client_close(struct aws_client *client)
{
    kit_http_close(client->http);
    free(client->region);
    *client = (struct aws_client){.http = NULL};
}

int32_t aws_send(struct acme_call *call, struct aws_client *client, const struct sigv4_keys *keys,
                 const struct kit_request *request, struct aws_answer *answer, struct kit_fault *f)
{
    struct kit_request with_fault = *request;
    int32_t status = ACME_OK;

    if (keys != NULL) {
        kit_http_hide(client->http, keys->secret_access_key);
        kit_http_hide(client->http, keys->session_token != NULL ? keys->session_token : "");
    }
    client->call = call;
    client->keys = keys;
    client->answer = answer;
    with_fault.fault = f;
    status = kit_send(call, client->http, &with_fault, NULL);
    client->call = NULL;
    client->keys = NULL;
    client->answer = NULL;
    return status;
}

void aws_answer_done(struct aws_answer *answer)
{
    xml_free(answer->root);
    *answer = (struct aws_answer){.root = NULL};
}

bool aws_is_forbidden(const struct aws_answer *answer)
{
    for (size_t i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++) {
        if (CODES[i].cause == CAUSE_FORBIDDEN && strcmp(answer->code, CODES[i].code) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- Time and words ---- */

int64_t aws_now_s(const struct aws_clock *clock)
{
    return (int64_t)time(NULL) + clock->offset_s;
}

int64_t aws_date_parse(const char *text)
{
    struct tm parts = {.tm_isdst = 0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);

    if (end != NULL && *end == '.') {
        end += 1 + strspn(end + 1, "0123456789");
    }
    if (end == NULL || (strcmp(end, "Z") != 0 && strcmp(end, "+00:00") != 0)) {
        return -1;
    }
    return (int64_t)timegm(&parts);
}

int32_t aws_fault_prefix(struct kit_fault *f, const char *format, ...)
{
    char words[1024];
    char text[sizeof(f->text) - sizeof(words) - 2]; /* ": " */
    va_list args;

    va_start(args, format);
    (void)vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    (void)snprintf(text, sizeof(text), "%.*s", (int)sizeof(text) - 1, f->text);
    (void)snprintf(f->text, sizeof(f->text), "%s: %s", words, text);
    return f->status;
}
