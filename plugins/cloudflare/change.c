/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Changes of one zone.
 *
 *     look (removals only: which records) -> batch -> all done
 *                                             | refused
 *                                             v
 *                         look: what is done already, what can never be
 *                                             | nothing is
 *                                             v
 *                                     halves ... one alone: single requests
 *
 * A batch is one transaction: the whole of it, or nothing and the first error, which does not say
 * whose it is. One that may have been carried out is not sent again before a look has shown that it
 * was not. Additions are sent without a look beforehand: Cloudflare refuses a second record of the
 * same name and content.
 */
#include "cloudflare.h"

#include <stdlib.h>

/* More than a batch can be halved, so that one guilty change is always found. */
#define FRUITLESS_MAX 12

static int32_t run_changes(struct run *r, struct change *const *changes, size_t n);

/* ---- Bodies ---- */

static void add_deletes(struct kit_text *json, const struct change *c)
{
    for (size_t i = 0; i < c->n_ids; i++) {
        kit_json_addf(json, "{'id': %s}", c->ids[i]);
    }
}

static void add_list(struct kit_text *json, const char *key, struct change *const *changes,
                     size_t n, uint32_t what)
{
    bool is_open = false;

    for (size_t i = 0; i < n; i++) {
        if (changes[i]->what != what) {
            continue;
        }
        if (!is_open) {
            kit_json_add_key(json, key);
            kit_json_open(json, '[');
            is_open = true;
        }
        if (what == ACME_ADD) {
            record_add_body(json, changes[i]->record);
        } else {
            add_deletes(json, changes[i]);
        }
    }
    if (is_open) {
        kit_json_close(json, ']');
    }
}

/* ---- Answers ---- */

/* The records of an answer stand in the order of the request. */
static void take_posts(struct run *r, struct change *const *changes, size_t n,
                       const struct kit_json *answer)
{
    const struct kit_json *record = kit_json_first(answer, "result.posts");

    for (size_t i = 0; i < n && record != NULL; i++) {
        const char *content = kit_json_str(record, "content");

        if (change_is_add(changes[i])) {
            if (content != NULL && kit_txt_is(content, changes[i]->record)) {
                record_take(r, changes[i], record);
            }
            record = kit_json_next(record);
        }
    }
}

/* ---- One by one ---- */

/* A look tells which refusals have a reason that can be seen: a value that is there, a record that
 * is gone, a CNAME. One look at all of a batch serves for its parts too. Returns how many changes
 * it settled. */
static size_t look_once(struct run *r, struct change *const *changes, size_t n)
{
    struct kit_fault ignored;

    if (r->has_looked || look_at(r->p, r->call, changes, n, &ignored) != ACME_OK) {
        return 0;
    }
    return look_settle(r, changes, n);
}

/* When refusal follows refusal, the reason is not in single changes: a zone that is full, say. */
static bool is_hopeless(struct run *r)
{
    return ++r->n_fruitless > FRUITLESS_MAX;
}

/* A refusal is the change's own, unless there is nothing to do; any other failure would meet the
 * next change too. */
static int32_t run_singly(struct run *r, struct change *const *changes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct change *c = changes[i];
        int32_t status = change_is_add(c) ? record_add(r, c) : record_remove(r, c);
        bool is_own = status == ACME_REJECTED || (status == ACME_NO_ZONE && !change_is_add(c));

        if (status == ACME_OK) {
            r->n_fruitless = 0;
            continue;
        }
        if (!is_own) {
            return status;
        }
        if (look_once(r, &c, 1) == 0) {
            change_fail(r->call, c, r->f);
        }
        if (is_hopeless(r)) {
            return status;
        }
    }
    return ACME_OK;
}

/* ---- Batches ---- */

static int32_t send_batch(struct parcel *parcel, struct question *q)
{
    const struct change *first = parcel->changes[0];
    KIT_TEXT(json);
    KIT_ANSWER(answer);
    struct kit_request request = {.path = "/zones/{}/dns_records/batch",
                                  .parts = {first->zone_id},
                                  .json = &json,
                                  .zone = first->record->zone};
    int32_t status = ACME_OK;

    kit_json_open(&json, '{');
    add_list(&json, "deletes", parcel->changes, parcel->n, ACME_REMOVE);
    add_list(&json, "posts", parcel->changes, parcel->n, ACME_ADD);
    kit_json_close(&json, '}');
    status = api_send(q, &request, &answer);
    if (status == ACME_OK) {
        take_posts(parcel->r, parcel->changes, parcel->n, answer.json);
    }
    for (size_t i = 0; i < parcel->n && status == ACME_OK; i++) {
        parcel->changes[i]->is_done = !parcel->changes[i]->has_failed;
    }
    return status;
}

/* Not these changes are refused, but batches: by a gateway that does not know them, or to a
 * credential that may do less than it seems. */
static bool is_no_batch(const struct question *q, int32_t status)
{
    int http = q->fault.http_status;

    return status == ACME_DENIED ||
           (status != ACME_RETRY &&
            (http == 405 || http == 501 || (http == 404 && q->code != CODE_GONE)));
}

/* A batch was refused with status, without a word on which change it is for. */
static int32_t divide(struct run *r, struct change **changes, size_t n, int32_t status)
{
    size_t n_settled = look_once(r, changes, n);

    r->has_looked = true;
    if (n_settled > 0) {
        return run_changes(r, changes, n);
    }
    if (is_hopeless(r)) {
        return status;
    }
    status = run_changes(r, changes, n / 2);
    return status == ACME_OK ? run_changes(r, changes + n / 2, n - n / 2) : status;
}

static int32_t run_batch(struct run *r, struct change **changes, size_t n)
{
    struct parcel parcel = {.r = r, .changes = changes, .n = n};
    struct question q = {.p = r->p,
                         .call = r->call,
                         .purpose = CHANGE_RECORDS,
                         .zone = changes[0]->record->zone,
                         .recheck = look_recheck,
                         .recheck_context = &parcel};
    int32_t status = send_batch(&parcel, &q);

    if (status == ACME_OK) {
        r->n_fruitless = 0;
        return ACME_OK;
    }
    if (parcel.is_partial) {
        return run_changes(r, changes, n);
    }
    if (is_no_batch(&q, status)) {
        acme_log(r->call, ACME_LOG_DEBUG, "no batches here, one by one from now on: %s",
                 q.fault.text);
        r->p->is_batchless = true;
        return run_changes(r, changes, n);
    }
    *r->f = q.fault.status == ACME_OK ? parcel.fault : q.fault;
    if (status == ACME_REJECTED || q.code == CODE_EXISTS || q.code == CODE_IDENTICAL ||
        q.code == CODE_GONE) {
        return divide(r, changes, n, status);
    }
    return status;
}

/* How many of the first changes fit into one batch; at least one does. */
static size_t count_fitting(struct change *const *changes, size_t n)
{
    size_t n_requests = 0;
    size_t i = 0;

    while (i < n && (i == 0 || n_requests < CHANGES_PER_BATCH)) {
        n_requests += change_is_add(changes[i]) ? 1 : changes[i]->n_ids;
        i += i == 0 || n_requests <= CHANGES_PER_BATCH ? 1 : 0;
    }
    return i;
}

/* Makes those of the changes that are still open. */
static int32_t run_changes(struct run *r, struct change *const *changes, size_t n)
{
    struct change **open = calloc(n, sizeof(struct change *));
    size_t n_open = 0;
    int32_t status = ACME_OK;

    if (open == NULL) {
        return kit_fault_set(r->f, ACME_BUG, "there is no memory for %zu changes", n);
    }
    for (size_t i = 0; i < n; i++) {
        if (change_is_open(changes[i])) {
            open[n_open++] = changes[i];
        }
    }
    if (r->p->is_batchless || n_open == 1) {
        status = run_singly(r, open, n_open);
        n_open = 0;
    }
    for (size_t at = 0, len = 0; status == ACME_OK && at < n_open; at += len) {
        len = count_fitting(open + at, n_open - at);
        status = len == 1 ? run_singly(r, open + at, 1) : run_batch(r, open + at, len);
    }
    free(open);
    return status;
}

/* Which records are to go. What is not there is gone. */
static int32_t find_removals(struct run *r, struct change *const *changes, size_t n)
{
    struct change **removals = calloc(n, sizeof(struct change *));
    size_t n_removals = 0;
    int32_t status = ACME_OK;

    if (removals == NULL) {
        return kit_fault_set(r->f, ACME_BUG, "there is no memory for %zu changes", n);
    }
    for (size_t i = 0; i < n; i++) {
        if (!change_is_add(changes[i])) {
            removals[n_removals++] = changes[i];
        }
    }
    if (n_removals > 0) {
        status = look_at(r->p, r->call, removals, n_removals, r->f);
    }
    if (n_removals > 0 && status == ACME_OK) {
        (void)look_settle(r, removals, n_removals);
    }
    free(removals);
    return status;
}

int32_t change_make(struct cloudflare *p, struct acme_call *call, struct change *const *changes,
                    size_t n, struct kit_fault *f)
{
    struct run r = {.p = p, .call = call, .f = f};
    int32_t status = find_removals(&r, changes, n);

    return status == ACME_OK ? run_changes(&r, changes, n) : status;
}
