/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the user is told: who failed at what, with which words of the service, and what may help. */
#include "kit_impl.h"

#include <string.h>
#include <strings.h>

enum { WORDS_MAX = 400, PATH_MAX_SHOWN = 200 };

/* Where services put their messages, and the code that belongs to each. */
static const struct {
    const char *message;
    const char *code;
} PLACES[] = {
    {"errors.0.message", "errors.0.code"},
    {"errors.0.detail", "errors.0.code"},
    {"errors.0.title", "errors.0.code"},
    {"errors.0", NULL},
    {"error.message", "error.code"},
    {"error_description", "error"},
    {"error", "code"},
    {"message", "code"},
    {"detail", "title"},
    {"title", NULL},
    {"msg", "code"},
    {"reason", "code"},
    {"description", "code"},
    {"error_message", "error_code"},
    {"errors", NULL},
};

static bool find_in_json(const struct kit_json *json, char *to, size_t size)
{
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
        const char *message = kit_json_str(json, PLACES[i].message);
        const char *code = PLACES[i].code == NULL ? NULL : kit_json_id(json, PLACES[i].code);

        if (message != NULL && *message != '\0') {
            (void)snprintf(to, size, code == NULL ? "%s" : "%s (%s)", message,
                           code == NULL ? "" : code);
            return true;
        }
    }
    return false;
}

/* A web page's title is what people would read first. */
static bool find_title(const char *body, char *to, size_t size)
{
    const char *start = strcasestr(body, "<title");
    const char *end = NULL;

    start = start == NULL ? NULL : strchr(start, '>');
    end = start == NULL ? NULL : strcasestr(start, "</title");
    if (end == NULL) {
        return false;
    }
    (void)snprintf(to, size, "\"%.*s\"", (int)(end - start - 1), start + 1);
    return true;
}

void kit_words_find(const struct kit_answer *answer, char *ret_words, size_t size)
{
    const char *body = answer->body + strspn(answer->body, " \t\r\n");

    ret_words[0] = '\0';
    if (find_in_json(answer->json, ret_words, size)) {
        return;
    }
    if (*body == '<') {
        (void)find_title(body, ret_words, size);
        return;
    }
    (void)snprintf(ret_words, size, "%s", body);
}

void kit_verdict_explain(struct kit_verdict *v, const struct kit_meaning *meanings, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strstr(v->words, meanings[i].words) != NULL) {
            v->status = meanings[i].status;
            (void)snprintf(v->hint, sizeof(v->hint), "%s", meanings[i].hint);
            return;
        }
    }
}

/* The path of the request, which may hold a secret but is no place for a query. */
static void add_where(const struct kit_sending *s, const struct kit_answer *answer,
                      struct kit_text *t)
{
    const char *url = kit_text_str(&s->url);
    const char *path = strstr(url, "://") + 3;
    char *shown = NULL;

    path += answer->status == 0 ? 0 : strcspn(path, "/?");
    shown = kit_strndup(path, strcspn(path, "?"));
    kit_text_addf(t, " (%s ", s->method);
    kit_mask_add(t, &s->http->secrets, shown, PATH_MAX_SHOWN);
    kit_free_secret(shown);
    if (answer->status != 0) {
        kit_text_addf(t, ", HTTP %d", answer->status);
    }
    if (s->n_tries > 1) {
        kit_text_addf(t, ", tried %u times", (unsigned)s->n_tries);
    }
    kit_text_add_str(t, ")");
}

static int32_t final_status(const struct kit_sending *s, const struct kit_verdict *v)
{
    /* An earlier try may have been carried out: then nobody may be told that nothing was. */
    bool is_unsure = s->has_doubt && s->is_change;

    if (v->kind != KIT_REFUSE || (is_unsure && v->status != ACME_CANCELLED)) {
        return ACME_RETRY;
    }
    return v->status;
}

void kit_words_fault(const struct kit_sending *s, const struct kit_answer *answer,
                     const struct kit_outcome *outcome, const struct kit_verdict *v,
                     const char *problem, struct kit_fault *ret_fault)
{
    KIT_TEXT(t);

    kit_text_addf(&t, "%s %s", s->http->service, problem);
    if (s->rq->zone != NULL) {
        kit_text_add_str(&t, ", zone ");
        kit_mask_add(&t, &s->http->secrets, s->rq->zone, PATH_MAX_SHOWN);
    }
    add_where(s, answer, &t);
    if (v->words[0] != '\0') {
        kit_text_add_str(&t, ": ");
        kit_mask_add(&t, &s->http->secrets, v->words, WORDS_MAX);
    }
    if (outcome->code == CURLE_OPERATION_TIMEDOUT) {
        kit_text_addf(&t, "; waited %lld s", (long long)(outcome->took_ms + 500) / 1000);
    }
    if (s->is_change && (v->kind == KIT_DOUBT || s->has_doubt)) {
        kit_text_add_str(&t, "; whether the change was made is not known");
    }
    if (v->hint[0] != '\0') {
        kit_text_add_str(&t, "; ");
        kit_mask_add(&t, &s->http->secrets, v->hint, sizeof(v->hint));
    }
    ret_fault->status = final_status(s, v);
    ret_fault->retry_after_s = v->retry_after_s;
    ret_fault->http_status = answer->status;
    (void)snprintf(ret_fault->text, sizeof(ret_fault->text), "%s", kit_text_str(&t));
}
