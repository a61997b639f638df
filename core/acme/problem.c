/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Reading problem documents; what they are told as is in problem_text.c. */
#include "acme/problem.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

#define PREFIX "urn:ietf:params:acme:error:"
#define OLD_PREFIX "urn:acme:error:" /* drafts before the RFC; some CAs still send it */
#define TYPE_MAX 200
#define DETAIL_MAX 1500
#define QUOTE_MAX 200

static char *cut(const char *text, size_t max)
{
    size_t len = 0;

    if (text == NULL) {
        return NULL;
    }
    len = strlen(text);
    if (len <= max) {
        return str_dup(text);
    }
    /* Not in the middle of a UTF-8 sequence. */
    while (max > 0 && ((unsigned char)text[max] & 0xC0) == 0x80) {
        max--;
    }
    return str_fmt("%.*s...", (int)max, text);
}

static char *short_type(const char *type)
{
    if (type == NULL || str_eq(type, "about:blank")) {
        return str_dup("");
    }
    if (str_has_prefix(type, PREFIX)) {
        type += sizeof(PREFIX) - 1;
    } else if (str_has_prefix(type, OLD_PREFIX)) {
        type += sizeof(OLD_PREFIX) - 1;
    }
    return cut(type, TYPE_MAX);
}

static char *detail_of(const struct json *object)
{
    const char *detail = json_get_str(object, "detail");

    if (detail == NULL) {
        detail = json_get_str(object, "title");
    }
    return cut(detail == NULL ? "" : detail, DETAIL_MAX);
}

static void parse_subproblems(const struct json *list, struct acme_problem *problem)
{
    size_t n = json_type(list) == JSON_ARRAY ? json_len(list) : 0;

    if (n > ACME_SUBPROBLEMS_MAX) {
        n = ACME_SUBPROBLEMS_MAX;
    }
    if (n == 0) {
        return;
    }
    problem->subproblems = mem_alloc(n, sizeof(*problem->subproblems));
    for (size_t i = 0; i < n; i++) {
        const struct json *object = json_at(list, i);
        struct acme_subproblem *sub = NULL;

        if (json_type(object) != JSON_OBJECT) {
            continue;
        }
        sub = &problem->subproblems[problem->n_subproblems++];
        sub->type = short_type(json_get_str(object, "type"));
        sub->detail = detail_of(object);
        sub->identifier = cut(json_get_str(json_get(object, "identifier"), "value"), TYPE_MAX);
    }
}

/* Shown to people as something to open: nothing but https. */
static char *link_of(const char *url)
{
    return url != NULL && str_has_prefix(url, "https://") ? cut(url, DETAIL_MAX) : NULL;
}

struct acme_problem *acme_problem_parse(const struct json *object)
{
    struct acme_problem *problem = NULL;

    if (json_type(object) != JSON_OBJECT) {
        return NULL;
    }
    problem = NEW(struct acme_problem);
    problem->type = short_type(json_get_str(object, "type"));
    problem->detail = detail_of(object);
    problem->instance = link_of(json_get_str(object, "instance"));
    problem->status = (long)json_get_int(object, "status", 0);
    parse_subproblems(json_get(object, "subproblems"), problem);
    return problem;
}

/* A load balancer's HTML page, an empty body: the beginning says who spoke. */
static struct acme_problem *from_plain_body(const struct http_response *response)
{
    struct acme_problem *problem = NEW(struct acme_problem);
    AUTO_FREE char *quote = cut(response->body == NULL ? "" : response->body, QUOTE_MAX);

    problem->type = str_dup("");
    str_trim(quote);
    problem->detail = quote[0] == '\0'
                          ? str_fmt("HTTP status %ld without an explanation", response->status)
                          : str_fmt("HTTP status %ld: %s", response->status, quote);
    return problem;
}

struct acme_problem *acme_problem_from_response(const struct http_response *response)
{
    struct acme_problem *problem = NULL;
    struct err ignored = ERR_INIT;
    AUTO_PTR(json) struct json *json = NULL;
    AUTO_FREE char *link = NULL;

    /* The media type is not asked: some CAs send problems as application/json or as text. */
    if (json_parse(response->body, response->body_len, &json, &ignored) == 0 &&
        (json_get_str(json, "type") != NULL || json_get_str(json, "detail") != NULL)) {
        problem = acme_problem_parse(json);
    }
    if (problem == NULL) {
        problem = from_plain_body(response);
    }
    problem->status = response->status;
    problem->is_answer = true;
    link = http_link(response, "terms-of-service", 0);
    if (link == NULL) {
        link = http_link(response, "help", 0);
    }
    problem->link = link_of(link);
    return problem;
}

struct acme_problem *acme_problem_copy(const struct acme_problem *problem)
{
    struct acme_problem *copy = NEW(struct acme_problem);

    copy->type = str_dup(problem->type);
    copy->detail = str_dup(problem->detail);
    copy->instance = str_dup(problem->instance);
    copy->link = str_dup(problem->link);
    copy->status = problem->status;
    copy->is_answer = problem->is_answer;
    copy->n_subproblems = problem->n_subproblems;
    copy->subproblems = mem_alloc(problem->n_subproblems + 1, sizeof(*copy->subproblems));
    for (size_t i = 0; i < problem->n_subproblems; i++) {
        copy->subproblems[i].identifier = str_dup(problem->subproblems[i].identifier);
        copy->subproblems[i].type = str_dup(problem->subproblems[i].type);
        copy->subproblems[i].detail = str_dup(problem->subproblems[i].detail);
    }
    return copy;
}

void acme_problem_free(struct acme_problem *problem)
{
    if (problem == NULL) {
        return;
    }
    for (size_t i = 0; i < problem->n_subproblems; i++) {
        mem_free(problem->subproblems[i].identifier);
        mem_free(problem->subproblems[i].type);
        mem_free(problem->subproblems[i].detail);
    }
    mem_free(problem->subproblems);
    mem_free(problem->type);
    mem_free(problem->detail);
    mem_free(problem->instance);
    mem_free(problem->link);
    mem_free(problem);
}

bool acme_problem_is(const struct acme_problem *problem, const char *type)
{
    return problem != NULL && str_eq(problem->type, type);
}
