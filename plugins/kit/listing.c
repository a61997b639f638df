/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Lists of a struct kit_api on their way: what their requests leave open is filled in, and their
 * elements are handed over one by one. */
#include "kit_impl.h"

const char kit_zone_id_mark[] = "(the zone's id)";
const char kit_record_id_mark[] = "(the record's id)";
const char kit_name_mark[] = "(the name)";

void kit_listing_init(struct kit_listing *r, const struct kit_api *api, const struct kit_list *list)
{
    r->list = *list;
    r->list.id = list->id == NULL ? "id" : list->id;
    r->list.name = list->name == NULL ? "name" : list->name;
    r->list.type = list->type == NULL ? "type" : list->type;
    r->list.value = list->value == NULL ? "content" : list->value;
    r->request = list->request;
    r->paging = api->paging;
    r->paging.items = list->items;
    r->has_relative_names = api->has_relative_names;
}

bool kit_listing_has_part(const struct kit_request *rq, const char *mark)
{
    for (size_t i = 0; i < KIT_PARTS_MAX; i++) {
        if (rq->parts[i] == mark) {
            return true;
        }
    }
    return false;
}

bool kit_listing_has_query(const struct kit_request *rq, const char *mark)
{
    for (size_t i = 0; i < KIT_QUERY_MAX && rq->query[i].name != NULL; i++) {
        if (rq->query[i].value == mark) {
            return true;
        }
    }
    return false;
}

void kit_listing_put(struct kit_request *rq, const char *mark, const char *text)
{
    for (size_t i = 0; i < KIT_PARTS_MAX; i++) {
        rq->parts[i] = rq->parts[i] == mark ? text : rq->parts[i];
    }
    for (size_t i = 0; i < KIT_QUERY_MAX; i++) {
        rq->query[i].value = rq->query[i].value == mark ? text : rq->query[i].value;
    }
}

static void take_wanted(struct kit_listing *r, kit_listing_fn *take, const struct kit_json *element)
{
    if (r->list.is_wanted == NULL || r->list.is_wanted(element)) {
        take(r, element);
    }
}

/* An answer for one name may be that thing itself instead of a list of one. */
static void take_page(struct kit_listing *r, kit_listing_fn *take, const struct kit_json *page)
{
    const struct kit_json *list = kit_json_find(page, r->list.items);

    if (kit_json_type(list, NULL) == KIT_JSON_OBJECT && kit_json_str(list, r->list.name) != NULL) {
        take_wanted(r, take, list);
        return;
    }
    KIT_JSON_EACH(element, list, NULL)
    {
        take_wanted(r, take, element);
    }
}

int32_t kit_listing_take(struct kit_listing *r, kit_listing_fn *take)
{
    KIT_PAGES(pages);

    while (r->problem == NULL &&
           kit_pages_next(r->call, r->http, &r->request, &r->paging, &pages)) {
        take_page(r, take, pages.answer.json);
    }
    return r->problem == NULL
               ? pages.status
               : kit_list_fail(r->call, r->http, &r->request, ACME_REJECTED, r->problem);
}
