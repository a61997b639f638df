/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Requests to Cloudflare's API v4. Every answer is an envelope: {success, errors, messages, result,
 * result_info}. Transport, repeats, pauses and the limit on requests (1200 in five minutes; its
 * state is told in Ratelimit headers) are the kit's; here is what only Cloudflare does.
 */
#include "cloudflare.h"

#include <stdio.h>
#include <string.h>

static bool is_change(const struct kit_request *request)
{
    return request->json != NULL ||
           (request->method != NULL && strcmp(request->method, "DELETE") == 0);
}

/* An answer that is not Cloudflare's: of a gateway or filter on the way, behind which the request
 * may have been carried out. */
static void judge_stranger(const struct kit_request *request, const struct kit_answer *answer,
                           struct kit_verdict *v)
{
    static const char HINT[] = "this is no answer of Cloudflare's API v4: does api-url lead "
                               "there, and is there a proxy or filter on the way?";

    if (v->hint[0] == '\0' && answer->status < 500) {
        memcpy(v->hint, HINT, sizeof(HINT));
    }
    if (answer->status / 100 != 2 || v->kind == KIT_DOUBT) {
        return;
    }
    v->kind = is_change(request) || answer->body_len == 0 ? KIT_DOUBT : KIT_REFUSE;
    v->status = v->kind == KIT_DOUBT ? ACME_RETRY : ACME_BAD_CONFIG;
}

/* A look that succeeded and shows nothing, not even an empty list, has not shown that there is
 * nothing. */
static void judge_result(const struct kit_request *request, const struct kit_answer *answer,
                         struct kit_verdict *v)
{
    if (!is_change(request) && kit_json_count(answer->json, "result") == 0 &&
        kit_json_type(answer->json, "result") != KIT_JSON_ARRAY) {
        v->kind = KIT_DOUBT;
        v->status = ACME_RETRY;
        (void)snprintf(v->words, sizeof(v->words), "its answer has no result in it");
    }
}

static void api_judge(void *context, const struct kit_request *request,
                      const struct kit_answer *answer, struct kit_verdict *v)
{
    struct question *q = context;
    bool is_envelope = kit_json_type(answer->json, "success") == KIT_JSON_BOOL;

    q->code = -1;
    q->is_credential_bad = false;
    if (!is_envelope) {
        judge_stranger(request, answer, v);
        return;
    }
    if (answer->status / 100 == 2 && kit_json_bool(answer->json, "success", false)) {
        judge_result(request, answer, v);
        return;
    }
    if (v->kind == KIT_TAKE) { /* 200, and yet no success */
        v->kind = KIT_REFUSE;
        v->status = ACME_REJECTED;
    }
    explain_errors(q, kit_json_find(answer->json, "errors"), answer->status, v);
    if (answer->status == 409 && !explain_is_known(q)) { /* a lock was not free in time */
        v->kind = KIT_DOUBT;
        v->status = ACME_RETRY;
    }
}

static int32_t api_recheck(void *context, struct acme_call *call, bool *ret_was_done)
{
    struct question *q = context;

    return q->recheck(q->recheck_context, call, ret_was_done);
}

int32_t api_open(struct acme_call *call, struct cloudflare *p)
{
    const struct settings *s = &p->settings;
    const struct kit_http_settings http = {
        .service = "Cloudflare",
        .base_url = s->api_url,
        .url_option = "api-url",
        .credential = s->api_token != NULL
                          ? (struct kit_credential){.option = "api-token", .secret = s->api_token}
                          : (struct kit_credential){.option = "api-key",
                                                    .secret = s->api_key,
                                                    .header = "X-Auth-Key"},
        .max_body = 4U << 20,
    };
    int32_t status = kit_http_open(call, &http, &p->http);

    return status == ACME_OK && s->api_key != NULL
               ? kit_http_header(call, p->http, "X-Auth-Email", s->email)
               : status;
}

static void complete(struct question *q, struct kit_request *request)
{
    bool is_about_zones = q->purpose == LIST_ZONES || q->purpose == FIND_ZONES;

    request->judge = api_judge;
    request->recheck = q->recheck != NULL ? api_recheck : NULL;
    request->context = q;
    request->fault = &q->fault;
    request->bearer = is_about_zones ? q->p->settings.zone_api_token : NULL;
    q->code = -1;
    q->is_credential_bad = false;
    q->fault = (struct kit_fault){.status = ACME_OK};
}

int32_t api_send(struct question *q, struct kit_request *request, struct kit_answer *answer)
{
    complete(q, request);
    return kit_send(q->call, q->p->http, request, answer);
}

bool api_pages_next(struct question *q, struct kit_request *request, uint32_t per_page,
                    struct kit_pages *pages)
{
    const struct kit_paging paging = {
        .kind = KIT_PAGING_NUMBER,
        .items = "result",
        .parameter = "page",
        .size_name = "per_page",
        .size = per_page,
        .total = "result_info.total_pages",
    };

    complete(q, request);
    return kit_pages_next(q->call, q->p->http, request, &paging, pages);
}
