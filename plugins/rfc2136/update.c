/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Changes in, one UPDATE message out, read back.
 *
 *     guarded update --NOERROR--> read back --> in force, or failed one by one
 *            |
 *         YXRRSET --> read the TTLs --> update with them --> read back
 *
 * The guard ("only if none of these names has a TXT record yet") is there for the time to live: an
 * RRset has only one, and servers give it the last that was sent, to other people's values too. So
 * where values stand already, theirs is used. In the usual case, an empty name, this costs nothing.
 *
 * Reading back is no luxury: BIND and Knot DNS answer NOERROR and change nothing when the name is a
 * CNAME, and take values below a delegation that nobody will ever be shown.
 */
#include "rfc2136.h"

#include <ldns/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UDP_UPDATE_MAX 1232 /* no fragments where it goes by UDP */
#define FIXED_LEN (WIRE_HEADER_LEN + WIRE_NAME_MAX + 4 + TSIG_ROOM)
#define READ_BACK_MS 2000 /* how long a server may take to show what it accepted */
#define READ_BACK_FIRST_MS 10

/* One run of update_apply(). */
struct run {
    struct rfc2136 *p;
    struct acme_call *call;
    const char *zone_text;
    struct name zone;
    struct address_list *servers;
    struct address *at; /* the one that took the update */
    struct fault *f;
};

int32_t update_configured(struct rfc2136 *p, struct address_list **ret_list, struct fault *f)
{
    if (p->configured.n == 0 && find_configured(&p->settings, &p->configured, f) != ACME_OK) {
        return f->status;
    }
    *ret_list = &p->configured;
    return ACME_OK;
}

/* The addresses for the zone, from the settings, from an earlier search, or searched for. */
static int32_t find_servers(struct run *r)
{
    struct rfc2136 *p = r->p;
    struct found_zone *found = NULL;

    if (p->settings.n_hosts > 0) {
        return update_configured(p, &r->servers, r->f);
    }
    for (size_t i = 0; i < UPDATE_ZONES_MAX; i++) {
        if (p->found[i] != NULL && strcmp(p->found[i]->zone, r->zone_text) == 0) {
            r->servers = &p->found[i]->list;
            return ACME_OK;
        }
    }
    found = calloc(1, sizeof(*found));
    if (found == NULL) {
        return fault_set(r->f, ACME_BUG, "there is no memory for a list of servers");
    }
    if (find_by_zone(r->zone_text, &found->list, r->f) != ACME_OK) {
        free(found);
        return r->f->status;
    }
    (void)snprintf(found->zone, sizeof(found->zone), "%s", r->zone_text);
    free(p->found[p->next_found]);
    p->found[p->next_found] = found;
    p->next_found = (p->next_found + 1) % UPDATE_ZONES_MAX;
    r->servers = &found->list;
    acme_log(r->call, ACME_LOG_DEBUG, "updates of %s go to %s", r->zone_text,
             found->list.items[0].text);
    return ACME_OK;
}

static void fail_one(struct run *r, struct target *t, const struct fault *f)
{
    t->has_failed = true;
    t->failed_status = f->status;
    (void)acme_fail_at(r->call, t->index, f->status, 0, "%s", f->text);
}

/* Reads the names. What cannot be sent at all fails here, alone. */
static void check_targets(struct run *r, struct target *targets, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct target *t = &targets[i];
        struct fault f = {.status = ACME_OK};

        t->ttl_s = t->record->ttl_s;
        if (t->record->type != ACME_RECORD_TXT) {
            (void)fault_set(&f, ACME_UNSUPPORTED, "records of type %u are not supported",
                            (unsigned)t->record->type);
        } else if (t->record->value_len > 255 || !wire_name_parse(t->record->fqdn, &t->owner)) {
            (void)fault_set(&f, ACME_REJECTED,
                            "'%.300s' is not a name, or the value is over 255 "
                            "bytes",
                            t->record->fqdn);
        } else if (!wire_name_is_within(&t->owner, &r->zone)) {
            (void)fault_set(&f, ACME_REJECTED, "%s does not lie in zone %s", t->record->fqdn,
                            r->zone_text);
        }
        if (f.status != ACME_OK) {
            fail_one(r, t, &f);
        }
    }
}

/* Asks the servers in turn until one answers. A server that took the last call is asked first by
 * being kept at the head of the list. */
static int32_t ask_servers(struct run *r, struct question *q)
{
    int32_t status = ACME_RETRY;

    for (size_t i = 0; i < r->servers->n; i++) {
        struct fault f = {.status = ACME_OK};

        status = exchange_ask(&r->p->exchange, r->call, &r->servers->items[i], q, 1, &f);
        if (status == ACME_OK) {
            struct address first = r->servers->items[i];

            memmove(&r->servers->items[1], &r->servers->items[0], i * sizeof(first));
            r->servers->items[0] = first;
            r->at = &r->servers->items[0];
            return ACME_OK;
        }
        if (i > 0 && status != ACME_CANCELLED) {
            (void)fault_follow(&f, r->f);
        }
        *r->f = f;
        if (status == ACME_CANCELLED) {
            break;
        }
    }
    return status;
}

/* Puts TXT questions about all targets to the server that took the update. */
static int32_t ask_txt(struct run *r, struct target *const *targets, size_t n, bool is_signed,
                       struct question **ret_questions)
{
    struct question *questions = calloc(n, sizeof(*questions));
    int32_t status = questions == NULL
                         ? fault_set(r->f, ACME_BUG, "there is no memory for %zu questions", n)
                         : ACME_OK;

    for (size_t i = 0; status == ACME_OK && i < n; i++) {
        status =
            message_ask_txt(&r->p->settings, &targets[i]->owner, is_signed, &questions[i], r->f);
    }
    if (status == ACME_OK) {
        status = exchange_ask(&r->p->exchange, r->call, r->at, questions, n, r->f);
    }
    *ret_questions = questions;
    return status;
}

static void free_questions(struct question *questions, size_t n)
{
    for (size_t i = 0; questions != NULL && i < n; i++) {
        question_done(&questions[i]);
    }
    free(questions);
}

/* Sends one message and says what came of it: ACME_OK, with the RCODE, or why there is none. */
static int32_t send_update(struct run *r, struct target *const *targets, size_t n, bool is_guarded,
                           uint8_t *ret_rcode)
{
    struct question q = {.key = NULL};
    int32_t status = message_update(&r->p->settings, &r->zone,
                                    (const struct target *const *)targets, n, is_guarded, &q, r->f);

    if (status == ACME_OK) {
        status = ask_servers(r, &q);
    }
    if (status == ACME_OK) {
        *ret_rcode = message_rcode(&q);
        if (*ret_rcode != 0 && !(is_guarded && *ret_rcode == LDNS_RCODE_YXRRSET)) {
            status = explain_refusal(&q, &r->p->settings, r->at, r->zone_text, r->f);
        }
    }
    question_done(&q);
    return status;
}

/* Gives each addition the time to live of the values that stand at its name. */
static int32_t adopt_ttls(struct run *r, struct target *const *targets, size_t n)
{
    struct question *questions = NULL;
    bool is_signed = r->p->settings.signs_queries;
    int32_t status = ask_txt(r, targets, n, is_signed, &questions);

    for (size_t i = 0; status == ACME_OK && i < n; i++) {
        struct txt_view view;

        message_read_txt(&questions[i], &targets[i]->owner, NULL, 0, &view);
        if (view.has_rrset && view.ttl_s != targets[i]->ttl_s && targets[i]->what == ACME_ADD) {
            acme_log(r->call, ACME_LOG_DEBUG,
                     "%s holds other values, with a time to live of %u s: ours gets the same",
                     targets[i]->record->fqdn, (unsigned)view.ttl_s);
            targets[i]->ttl_s = view.ttl_s;
        }
    }
    free_questions(questions, n);
    return status;
}

/* Makes the changes of one message. */
static int32_t change(struct run *r, struct target *const *targets, size_t n)
{
    bool has_additions = false;
    uint8_t rcode = 0;
    int32_t status = ACME_OK;

    for (size_t i = 0; i < n; i++) {
        has_additions = has_additions || targets[i]->what == ACME_ADD;
    }
    status = send_update(r, targets, n, has_additions, &rcode);
    if (status == ACME_OK && rcode == LDNS_RCODE_YXRRSET) {
        status = adopt_ttls(r, targets, n);
        if (status == ACME_OK) {
            status = send_update(r, targets, n, false, &rcode);
        }
    }
    for (size_t i = 0; status == ACME_OK && i < n; i++) {
        targets[i]->is_sent = true;
    }
    return status;
}

/* Judges one answer to the read-back. true: nothing more is to be learnt about this change. */
static bool judge_view(struct run *r, struct target *t, const struct txt_view *view)
{
    struct fault f = {.status = ACME_OK};
    bool is_there = view->state == TXT_PRESENT;

    if (t->what == ACME_REMOVE) {
        /* Below a CNAME or a delegation there was nothing to remove. */
        t->is_seen = !is_there;
        return t->is_seen;
    }
    t->is_seen = is_there;
    if (view->state == TXT_ALIAS || view->state == TXT_DELEGATED) {
        (void)explain_missing(t, view, r->at, &f);
        fail_one(r, t, &f);
        return true;
    }
    if (view->state == TXT_REFUSED || view->state == TXT_VAGUE) {
        /* The server changed the zone and will not talk about it: the name servers that everybody
         * asks decide. */
        acme_log(r->call, ACME_LOG_WARNING, "%s accepted the value at %s, but %s when asked for it",
                 r->at->text, t->record->fqdn,
                 view->state == TXT_REFUSED ? explain_rcode(view->rcode)
                                            : "answers without authority");
        t->is_seen = true;
    }
    return t->is_seen;
}

/* Reads all changes back once. What is settled leaves the list. *ret_is_refused: the server wants
 * signed questions. */
static int32_t look(struct run *r, struct target **targets, size_t *n, bool is_signed,
                    bool *ret_is_refused)
{
    struct question *questions = NULL;
    size_t n_asked = *n;
    size_t n_left = 0;
    int32_t status = ask_txt(r, targets, n_asked, is_signed, &questions);

    for (size_t i = 0; status == ACME_OK && i < n_asked; i++) {
        struct target *t = targets[i];
        struct txt_view view;

        message_read_txt(&questions[i], &t->owner, t->record->value, t->record->value_len, &view);
        if (view.state == TXT_REFUSED && !is_signed && r->p->settings.has_key &&
            (view.rcode == LDNS_RCODE_REFUSED || view.rcode == LDNS_RCODE_NOTAUTH)) {
            *ret_is_refused = true;
            targets[n_left++] = t;
        } else if (!judge_view(r, t, &view)) {
            targets[n_left++] = t;
        }
    }
    free_questions(questions, n_asked);
    if (status == ACME_OK) {
        *n = n_left;
    }
    return status;
}

/* Waits a little for what the server does not show yet, then lets it fail. A failure of the
 * questions themselves is no failure of the changes: the server said NOERROR. */
static int32_t read_back(struct run *r, struct target **targets, size_t n)
{
    bool is_signed = r->p->settings.signs_queries;
    uint32_t pause_ms = READ_BACK_FIRST_MS;

    for (uint32_t waited_ms = 0; n > 0;) {
        bool is_refused = false;
        struct fault f = {.status = ACME_OK};
        int32_t status = look(r, targets, &n, is_signed, &is_refused);

        if (status == ACME_CANCELLED) {
            return status;
        }
        if (status != ACME_OK) {
            acme_log(r->call, ACME_LOG_WARNING, "the update was accepted, but not read back: %s",
                     r->f->text);
            return ACME_OK;
        }
        if (is_refused && !is_signed) {
            is_signed = true;
            continue;
        }
        if (n > 0 && waited_ms >= READ_BACK_MS) {
            struct txt_view missing = {.state = TXT_MISSING};

            for (size_t i = 0; i < n; i++) {
                (void)explain_missing(targets[i], &missing, r->at, &f);
                fail_one(r, targets[i], &f);
            }
            return ACME_OK;
        }
        if (n > 0 && r->call->host->sleep_ms(r->call, pause_ms) != ACME_OK) {
            return fault_set(r->f, ACME_CANCELLED, "the time for this call is over");
        }
        waited_ms += pause_ms;
        pause_ms = pause_ms < 320 ? pause_ms * 2 : 320;
    }
    return ACME_OK;
}

/* How many of the targets fit into one message. */
static size_t count_fitting(const struct run *r, struct target *const *targets, size_t n)
{
    bool is_udp = r->p->settings.is_udp_only || r->servers->items[0].refuses_tcp;
    size_t room = (is_udp ? UDP_UPDATE_MAX : WIRE_MESSAGE_MAX) - FIXED_LEN;
    size_t used = 0;
    size_t n_fit = 0;

    while (n_fit < n && (n_fit == 0 || used + message_size_of(targets[n_fit]) <= room)) {
        used += message_size_of(targets[n_fit++]);
    }
    return n_fit;
}

int32_t update_apply(struct rfc2136 *p, struct acme_call *call, struct target *targets, size_t n,
                     struct fault *f)
{
    struct run r = {.p = p, .call = call, .zone_text = targets[0].record->zone, .f = f};
    struct target **open = NULL;
    size_t n_open = 0;
    size_t n_sent = 0;
    int32_t status = ACME_OK;

    if (!wire_name_parse(r.zone_text, &r.zone)) {
        return fault_set(f, ACME_REJECTED, "'%.300s' is not the name of a zone", r.zone_text);
    }
    check_targets(&r, targets, n);
    if (find_servers(&r) != ACME_OK) {
        return f->status;
    }
    open = calloc(n, sizeof(struct target *));
    if (open == NULL) {
        return fault_set(f, ACME_BUG, "there is no memory for %zu changes", n);
    }
    for (size_t i = 0; i < n; i++) {
        if (!targets[i].has_failed) {
            open[n_open++] = &targets[i];
        }
    }
    while (status == ACME_OK && n_sent < n_open) {
        size_t n_fit = count_fitting(&r, open + n_sent, n_open - n_sent);

        status = change(&r, open + n_sent, n_fit);
        n_sent += status == ACME_OK ? n_fit : 0;
    }
    if (n_sent > 0) {
        struct fault refused = *f;
        int32_t read_status = read_back(&r, open, n_sent);

        if (status != ACME_OK) {
            *f = refused;
        } else {
            status = read_status;
        }
    }
    free(open);
    return status;
}
