/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "kit_impl.h"

#include <stdlib.h>
#include <string.h>

/* Where the walk stands: kit_pages.impl. */
struct walk {
    char *next; /* cursor or URL of the page that comes */
    bool has_ended;
};

void kit_pages_done(struct kit_pages *pages)
{
    struct walk *w = pages->impl;

    if (w != NULL) {
        free(w->next);
        free(w);
    }
    kit_answer_done(&pages->answer);
    *pages = (struct kit_pages){.status = ACME_OK};
}

static void add_pair(struct kit_request *rq, const char *name, const char *value)
{
    for (size_t i = 0; i < KIT_QUERY_MAX; i++) {
        if (rq->query[i].name == NULL) {
            rq->query[i] = (struct kit_pair){name, value};
            return;
        }
    }
}

static bool is_full(const struct kit_request *rq, size_t n_more)
{
    size_t n = 0;

    while (n < KIT_QUERY_MAX && rq->query[n].name != NULL) {
        n++;
    }
    return n + n_more > KIT_QUERY_MAX;
}

/* The request for the page that comes; number and size are room for its parameters. */
static void make_request(struct kit_request *rq, const struct kit_paging *paging,
                         const struct kit_pages *pages, char number[static 24],
                         char size[static 12])
{
    const struct walk *w = pages->impl;
    uint64_t count = pages->n_items;

    if (w->next != NULL && paging->kind != KIT_PAGING_CURSOR) {
        rq->path = w->next; /* with the whole query in it */
        memset(rq->query, 0, sizeof(rq->query));
        memset(rq->parts, 0, sizeof(rq->parts));
        return;
    }
    if (paging->kind == KIT_PAGING_NONE) {
        return;
    }
    if (paging->kind == KIT_PAGING_NUMBER) {
        count = pages->n_pages + (paging->starts_at_zero ? 0 : 1);
    }
    if (paging->kind == KIT_PAGING_CURSOR) {
        add_pair(rq, paging->parameter, w->next);
    } else if (paging->parameter != NULL) {
        (void)snprintf(number, 24, "%llu", (unsigned long long)count);
        add_pair(rq, paging->parameter, number);
    }
    if (paging->size_name != NULL && paging->size > 0) {
        (void)snprintf(size, 12, "%u", (unsigned)paging->size);
        add_pair(rq, paging->size_name, size);
    }
}

int32_t kit_list_fail(struct acme_call *call, const struct kit_http *http,
                      const struct kit_request *rq, int32_t status, const char *problem)
{
    struct kit_fault fault = {.status = ACME_OK};

    (void)kit_fault_set(&fault, status, "%s: the list at %.200s %s", http->service,
                        rq->path == NULL ? "" : rq->path, problem);
    return kit_send_report(call, rq, &fault);
}

/* Whether there is a list on this page, be it an empty one. Some services write none as null, and
 * some write members where others have elements. */
static bool has_list(const struct kit_request *rq, const struct kit_paging *paging,
                     const struct kit_json *page)
{
    enum kit_json_type type = kit_json_type(page, paging->items);

    if (paging->items == NULL) {
        bool is_thing = paging->kind == KIT_PAGING_NONE && kit_json_count(page, NULL) > 0;

        return type == KIT_JSON_ARRAY || rq->must_have != NULL || is_thing;
    }
    return type == KIT_JSON_ARRAY || type == KIT_JSON_OBJECT || type == KIT_JSON_NULL;
}

/* Whether a counted list is over behind this page. One that ends before its own total has not been
 * seen as a whole: somebody changes it meanwhile, or that is not how it is counted. */
static bool is_last(const struct kit_paging *paging, const struct kit_pages *pages, size_t n_here,
                    bool *ret_is_short)
{
    int64_t total =
        paging->total == NULL ? -1 : kit_json_int(pages->answer.json, paging->total, -1);
    uint64_t so_far = paging->kind == KIT_PAGING_NUMBER ? pages->n_pages : pages->n_items;

    if (total >= 0) {
        *ret_is_short = n_here == 0 && so_far < (uint64_t)total;
        return so_far >= (uint64_t)total;
    }
    return n_here == 0 || n_here < paging->size;
}

/* What names the page behind this one, to free(); NULL at the end. */
static char *find_next(const struct kit_paging *paging, const struct kit_answer *answer,
                       bool *ret_is_strange)
{
    const struct kit_answer_impl *impl = answer->impl;
    const char *text = kit_json_id(answer->json, paging->next);
    char *reference =
        paging->kind == KIT_PAGING_LINK ? kit_headers_next_link(&impl->headers) : kit_strdup(text);
    char *url = NULL;

    if (reference == NULL || *reference == '\0') {
        free(reference);
        return NULL;
    }
    if (paging->kind == KIT_PAGING_CURSOR) {
        return reference;
    }
    url = kit_url_resolve(impl->url, reference);
    *ret_is_strange = url == NULL;
    free(reference);
    return url;
}

/* Where the walk goes on by a name or link in the page that came. A problem in words, or NULL. */
static const char *follow(const struct kit_paging *paging, struct kit_pages *pages)
{
    struct walk *w = pages->impl;
    bool is_strange = false;
    bool is_stuck = false;
    char *next = find_next(paging, &pages->answer, &is_strange);

    is_stuck = next != NULL && w->next != NULL && strcmp(next, w->next) == 0;
    free(w->next);
    w->next = next;
    w->has_ended = next == NULL;
    return is_strange ? "goes on at another host" : is_stuck ? "goes round in a circle" : NULL;
}

/* After a page has come: where the walk goes on. A problem in words with its status, or NULL. */
static const char *advance(const struct kit_request *rq, const struct kit_paging *paging,
                           struct kit_pages *pages, int32_t *ret_status)
{
    struct walk *w = pages->impl;
    size_t n_here = kit_json_count(pages->answer.json, paging->items);
    bool is_short = false;

    *ret_status = ACME_REJECTED;
    if (!has_list(rq, paging, pages->answer.json)) {
        return "is no list: is that the URL of its API?";
    }
    pages->n_pages++;
    pages->n_items += n_here;
    switch (paging->kind) {
    case KIT_PAGING_NONE:
        w->has_ended = true;
        return NULL;
    case KIT_PAGING_NUMBER:
    case KIT_PAGING_OFFSET:
        w->has_ended = is_last(paging, pages, n_here, &is_short);
        *ret_status = ACME_RETRY;
        return is_short ? "ends before its own total is reached" : NULL;
    default:
        return follow(paging, pages);
    }
}

bool kit_pages_next(struct acme_call *call, struct kit_http *http,
                    const struct kit_request *request, const struct kit_paging *paging,
                    struct kit_pages *pages)
{
    struct kit_request rq = *request;
    char number[24] = "";
    char size[12] = "";
    const char *problem = NULL;
    int32_t status = ACME_OK;

    if (pages->impl == NULL) {
        pages->impl = kit_alloc(1, sizeof(struct walk));
    }
    if (pages->status != ACME_OK || ((struct walk *)pages->impl)->has_ended) {
        return false;
    }
    if (pages->n_pages >= KIT_PAGES_MAX || is_full(request, 2)) {
        pages->status = kit_list_fail(
            call, http, request, is_full(request, 2) ? ACME_BUG : ACME_REJECTED,
            is_full(request, 2) ? "has too many query parameters already" : "has too many pages");
        return false;
    }
    make_request(&rq, paging, pages, number, size);
    rq.must_have = rq.must_have == NULL ? paging->items : rq.must_have;
    pages->status = kit_send(call, http, &rq, &pages->answer);
    if (pages->status == ACME_OK) {
        problem = advance(request, paging, pages, &status);
    }
    if (problem != NULL) {
        pages->status = kit_list_fail(call, http, request, status, problem);
    }
    return pages->status == ACME_OK;
}
