/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "records.h"

#include <string.h>

#define PAGE_SIZE "300" /* the most that Route 53 gives */

/* ---- Reading ---- */

static struct owner *find_owner(struct owner *const *owners, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(owners[i]->name, name) == 0) {
            return owners[i];
        }
    }
    return NULL;
}

static void put(struct owner *owner, struct rrset *take_set)
{
    owner->has_changed = !rrset_equals(&owner->now, take_set);
    rrset_done(&owner->now);
    owner->now = *take_set;
    *take_set = (struct rrset){.values = NULL};
    owner->is_read = true;
}

static bool take_set(const struct xml *element, struct owner *const *owners, size_t n)
{
    const char *type = xml_text(element, "Type");
    const char *name = xml_text(element, "Name");
    struct rrset set = {.values = NULL};
    struct owner *owner = NULL;
    char spelt[NAME_SIZE];
    bool is_sound = true;

    if (type == NULL || name == NULL || strcmp(type, "TXT") != 0 || !name_from_api(name, spelt)) {
        return type != NULL && name != NULL;
    }
    owner = find_owner(owners, n, spelt);
    if (owner != NULL && !owner->is_read) {
        is_sound = rrset_read(&set, element);
        if (is_sound) {
            put(owner, &set);
        }
    }
    rrset_done(&set);
    return is_sound;
}

/* Owners that the page would have shown, and did not, have no TXT set: the first, where the page
 * begins, and those that sort between it and the next page's first. */
static void settle_absent(const struct xml *root, struct owner *const *owners, size_t n)
{
    const char *truncated = xml_text(root, "IsTruncated");
    const char *next = xml_text(root, "NextRecordName");
    char limit[NAME_SIZE];
    bool has_limit = truncated != NULL && strcmp(truncated, "true") == 0;

    if (has_limit && (next == NULL || !name_from_api(next, limit))) {
        n = n < 1 ? n : 1;
    }
    for (size_t i = 0; i < n; i++) {
        struct rrset none = {.values = NULL};

        if (!owners[i]->is_read &&
            (i == 0 || (name_compare(owners[i]->name, owners[0]->name) > 0 &&
                        (!has_limit || name_compare(owners[i]->name, limit) < 0)))) {
            put(owners[i], &none);
        }
    }
}

/* One page, which begins at the first of the owners. */
static int32_t read_page(struct route53 *p, struct acme_call *call, const char *zone_id,
                         struct owner *const *owners, size_t n, struct kit_fault *f)
{
    const struct kit_request request = {
        .path = "/2013-04-01/hostedzone/{}/rrset",
        .parts = {zone_id},
        .query = {{"maxitems", n == 1 ? "1" : PAGE_SIZE},
                  {"name", owners[0]->name},
                  {"type", "TXT"}},
    };
    AWS_ANSWER(answer);

    if (route53_send(p, call, &request, &answer, f) != ACME_OK) {
        return f->status;
    }
    /* What the list does not show is taken for absent: so it has to be one, and to say its end. */
    if (xml_find(answer.root, "ResourceRecordSets") == NULL ||
        xml_text(answer.root, "IsTruncated") == NULL) {
        return kit_fault_set(f, ACME_RETRY, "Route 53: its list of record sets is not whole");
    }
    for (const struct xml *set = xml_find(answer.root, "ResourceRecordSets/ResourceRecordSet");
         set != NULL; set = xml_next(set, "ResourceRecordSet")) {
        if (!take_set(set, owners, n)) {
            return kit_fault_set(f, ACME_RETRY,
                                 "Route 53: a record set that it lists is not whole");
        }
    }
    settle_absent(answer.root, owners, n);
    return ACME_OK;
}

int32_t records_read(struct route53 *p, struct acme_call *call, const char *zone_id,
                     struct owner *const *owners, size_t n, struct kit_fault *f)
{
    for (size_t i = 0; i < n; i++) {
        owners[i]->is_read = false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!owners[i]->is_read && read_page(p, call, zone_id, owners + i, n - i, f) != ACME_OK) {
            return f->status;
        }
    }
    return ACME_OK;
}

/* ---- Replacing ---- */

size_t records_count(const struct owner *owner)
{
    return owner->now.n + owner->wanted.n;
}

size_t records_weight(const struct owner *owner)
{
    return rrset_weight(&owner->now) + rrset_weight(&owner->wanted);
}

/* The elements stand in the order that the API's schema has. False: there is nothing to change. */
static bool write_batch(struct owner *const *owners, size_t n, struct kit_text *to)
{
    bool has_any = false;

    kit_text_add_str(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                         "<ChangeResourceRecordSetsRequest "
                         "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">"
                         "<ChangeBatch><Comment>acme-dns</Comment><Changes>");
    for (size_t i = 0; i < n; i++) {
        const struct owner *owner = owners[i];

        if (rrset_equals(&owner->now, &owner->wanted)) {
            continue;
        }
        has_any = true;
        if (owner->now.n > 0) {
            rrset_write(&owner->now, owner->name, "DELETE", to);
        }
        if (owner->wanted.n > 0) {
            rrset_write(&owner->wanted, owner->name, "CREATE", to);
        }
    }
    kit_text_add_str(to, "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>");
    return has_any;
}

int32_t records_replace(struct route53 *p, struct acme_call *call, const char *zone_id,
                        struct owner *const *owners, size_t n, char ret_change_id[ROUTE53_ID_SIZE],
                        struct aws_answer *answer, struct kit_fault *f)
{
    char id[ROUTE53_ID_SIZE] = "";
    const char *said = NULL;
    KIT_TEXT(body);

    if (write_batch(owners, n, &body)) {
        const struct kit_request request = {
            .method = "POST",
            .path = "/2013-04-01/hostedzone/{}/rrset",
            .parts = {zone_id},
            .body = kit_text_str(&body),
            .body_len = body.len,
            .content_type = "application/xml",
            .repeat = KIT_REPEAT_NEVER,
        };

        if (route53_send(p, call, &request, answer, f) != ACME_OK) {
            return f->status;
        }
        said = xml_text(answer->root, "ChangeInfo/Id");
        if (said == NULL || !route53_read_id(said, id)) {
            acme_log(call, ACME_LOG_WARNING,
                     "Route 53 did not say how to ask whether the change is everywhere");
        }
    }
    memcpy(ret_change_id, id, sizeof(id));
    return ACME_OK;
}
