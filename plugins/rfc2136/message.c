/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* UPDATE messages (RFC 2136 section 2) and questions for TXT records. */
#include "rfc2136.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define TYPE_SOA 6
#define TYPE_TXT 16
#define TYPE_OPT 41
#define CLASS_IN 1
#define CLASS_NONE 254
#define UDP_SIZE 1232 /* what passes unfragmented nearly everywhere */

static void put_header(struct wire *w, uint16_t id, uint8_t opcode, const uint16_t counts[4])
{
    wire_put16(w, id);
    wire_put16(w, (uint16_t)(opcode << 11));
    for (size_t i = 0; i < 4; i++) {
        wire_put16(w, counts[i]);
    }
}

static void put_record_head(struct wire *w, const struct name *owner, uint16_t class,
                            uint32_t ttl_s, size_t rdlen)
{
    wire_put_name(w, owner);
    wire_put16(w, TYPE_TXT);
    wire_put16(w, class);
    wire_put32(w, ttl_s);
    wire_put16(w, (uint16_t)rdlen);
}

/* Signs where wanted. Frees what is there on failure. */
static int32_t finish(const struct settings *s, bool is_signed, struct question *q, struct fault *f)
{
    if (is_signed && s->has_key) {
        q->key = &s->key;
        if (!tsig_sign(&s->key, (uint64_t)time(NULL), &q->query, &q->mac)) {
            q->query.is_full = true;
        }
    }
    if (q->query.is_full) {
        question_done(q);
        return fault_set(f, ACME_BUG, "a message did not fit or could not be signed");
    }
    return ACME_OK;
}

static bool begin(struct question *q, size_t cap, uint16_t *ret_id)
{
    *q = (struct question){.key = NULL};
    return getrandom(ret_id, sizeof(*ret_id), 0) == (ssize_t)sizeof(*ret_id) &&
           wire_init(&q->query, cap);
}

size_t message_size_of(const struct target *t)
{
    /* The change itself, and an entry of the prerequisite section. */
    return t->owner.len + 10 + 1 + t->record->value_len + t->owner.len + 10;
}

/* Class IN adds the value, class NONE deletes exactly this one (section 2.5.1 and 2.5.4). */
static void put_change(struct wire *w, const struct target *t)
{
    uint8_t len = (uint8_t)t->record->value_len;
    bool is_add = t->what == ACME_ADD;

    put_record_head(w, &t->owner, is_add ? CLASS_IN : CLASS_NONE, is_add ? t->ttl_s : 0, 1u + len);
    wire_put(w, &len, 1);
    wire_put(w, t->record->value, len);
}

int32_t message_update(const struct settings *s, const struct name *zone,
                       const struct target *const *targets, size_t n, bool is_guarded,
                       struct question *ret_q, struct fault *f)
{
    struct question q = {.key = NULL};
    uint16_t counts[4] = {1, 0, (uint16_t)n, 0};
    uint16_t id = 0;

    for (size_t i = 0; is_guarded && i < n; i++) {
        counts[1] = (uint16_t)(counts[1] + (targets[i]->what == ACME_ADD ? 1 : 0));
    }
    if (!begin(&q, WIRE_MESSAGE_MAX, &id)) {
        question_done(&q);
        return fault_set(f, ACME_BUG, "there is no memory for a message");
    }
    put_header(&q.query, id, WIRE_OPCODE_UPDATE, counts);
    wire_put_name(&q.query, zone);
    wire_put16(&q.query, TYPE_SOA);
    wire_put16(&q.query, CLASS_IN);
    for (size_t i = 0; is_guarded && i < n; i++) {
        if (targets[i]->what == ACME_ADD) { /* "RRset does not exist", section 2.4.3 */
            put_record_head(&q.query, &targets[i]->owner, CLASS_NONE, 0, 0);
        }
    }
    for (size_t i = 0; i < n; i++) {
        put_change(&q.query, targets[i]);
    }
    if (finish(s, true, &q, f) != ACME_OK) {
        return f->status;
    }
    *ret_q = q;
    return ACME_OK;
}

int32_t message_ask_txt(const struct settings *s, const struct name *owner, bool is_signed,
                        struct question *ret_q, struct fault *f)
{
    struct question q = {.key = NULL};
    uint16_t counts[4] = {1, 0, 0, 1};
    uint16_t id = 0;

    if (!begin(&q, WIRE_HEADER_LEN + WIRE_NAME_MAX + 4 + 11 + TSIG_ROOM, &id)) {
        question_done(&q);
        return fault_set(f, ACME_BUG, "there is no memory for a message");
    }
    put_header(&q.query, id, WIRE_OPCODE_QUERY, counts);
    wire_put_name(&q.query, owner);
    wire_put16(&q.query, TYPE_TXT);
    wire_put16(&q.query, CLASS_IN);
    wire_put(&q.query, "", 1); /* EDNS (RFC 6891): the root, OPT, our UDP size, nothing else */
    wire_put16(&q.query, TYPE_OPT);
    wire_put16(&q.query, UDP_SIZE);
    wire_put32(&q.query, 0);
    wire_put16(&q.query, 0);
    if (finish(s, is_signed, &q, f) != ACME_OK) {
        return f->status;
    }
    *ret_q = q;
    return ACME_OK;
}

uint8_t message_rcode(const struct question *q)
{
    return q->reply.bytes[3] & 0x0f;
}

static bool is_owned_by(const ldns_rr *rr, const struct name *owner)
{
    const ldns_rdf *rdf = ldns_rr_owner(rr);
    struct name name = {.len = ldns_rdf_size(rdf)};

    if (name.len > sizeof(name.bytes)) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = ldns_rdf_data(rdf)[i];

        name.bytes[i] = c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
    }
    return wire_name_equal(&name, owner);
}

/* One character-string that is the value; a value in several strings is somebody else's. */
static bool holds(const ldns_rr *rr, const void *value, size_t value_len)
{
    const ldns_rdf *rdf = ldns_rr_rd_count(rr) == 1 ? ldns_rr_rdf(rr, 0) : NULL;

    return value != NULL && rdf != NULL && ldns_rdf_size(rdf) == value_len + 1 &&
           memcmp(ldns_rdf_data(rdf) + 1, value, value_len) == 0;
}

static void put_name_text(char *to, size_t size, const ldns_rdf *rdf)
{
    char *text = rdf == NULL ? NULL : ldns_rdf2str(rdf);

    (void)snprintf(to, size, "%s", text == NULL ? "?" : text);
    free(text);
}

/* Looks through the answer section. Whether something there settles the matter. */
static bool read_answers(const ldns_pkt *pkt, const struct name *owner, const void *value,
                         size_t value_len, struct txt_view *view)
{
    const ldns_rr_list *answer = ldns_pkt_answer(pkt);

    for (size_t i = 0; i < ldns_rr_list_rr_count(answer); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(answer, i);

        if (!is_owned_by(rr, owner)) {
            continue;
        }
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_CNAME) {
            view->state = TXT_ALIAS;
            put_name_text(view->other, sizeof(view->other), ldns_rr_rdf(rr, 0));
            return true;
        }
        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_TXT) {
            view->has_rrset = true;
            view->ttl_s = ldns_rr_ttl(rr);
            view->state = holds(rr, value, value_len) ? TXT_PRESENT : view->state;
        }
    }
    return view->state == TXT_PRESENT;
}

/* A referral: no authority, no answer, NS records of a name below the zone. */
static bool is_referral(const ldns_pkt *pkt, struct txt_view *view)
{
    const ldns_rr_list *authority = ldns_pkt_authority(pkt);

    if (ldns_pkt_aa(pkt) || ldns_rr_list_rr_count(ldns_pkt_answer(pkt)) > 0) {
        return false;
    }
    for (size_t i = 0; i < ldns_rr_list_rr_count(authority); i++) {
        const ldns_rr *rr = ldns_rr_list_rr(authority, i);

        if (ldns_rr_get_type(rr) == LDNS_RR_TYPE_NS) {
            put_name_text(view->other, sizeof(view->other), ldns_rr_owner(rr));
            return true;
        }
    }
    return false;
}

void message_read_txt(const struct question *q, const struct name *owner, const void *value,
                      size_t value_len, struct txt_view *ret_view)
{
    ldns_pkt *pkt = NULL;
    struct txt_view view = {.state = TXT_VAGUE, .rcode = message_rcode(q)};

    if (view.rcode != LDNS_RCODE_NOERROR && view.rcode != LDNS_RCODE_NXDOMAIN) {
        view.state = TXT_REFUSED;
    } else if (!wire_has_tsig(q->reply.bytes, q->reply.len) &&
               ldns_wire2pkt(&pkt, q->reply.bytes, q->reply.len) == LDNS_STATUS_OK) {
        view.state = ldns_pkt_aa(pkt) && !ldns_pkt_tc(pkt) ? TXT_MISSING : TXT_VAGUE;
        if (!read_answers(pkt, owner, value, value_len, &view) && is_referral(pkt, &view)) {
            view.state = TXT_DELEGATED;
        }
    }
    ldns_pkt_free(pkt);
    *ret_view = view;
}
