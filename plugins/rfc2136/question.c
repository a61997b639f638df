/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Is this message the answer to that question? Its id, opcode and question must be ours, and where
 * we signed, so must it have been.
 */
#include "rfc2136.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

uint16_t question_id(const struct question *q)
{
    return wire_get16(q->query.bytes);
}

bool question_is_answered(const struct question *q)
{
    return q->reply.bytes != NULL;
}

void question_done(struct question *q)
{
    wire_done(&q->query);
    wire_done(&q->reply);
}

/* Compares the one entry of the question (or zone) section. */
static bool has_our_question(const struct question *q, const uint8_t *m, size_t len)
{
    struct name ours;
    struct name theirs;
    size_t our_pos = WIRE_HEADER_LEN;
    size_t pos = WIRE_HEADER_LEN;

    return wire_get16(m + 4) == 1 && wire_read_name(m, len, &pos, &theirs) && len - pos >= 4 &&
           wire_read_name(q->query.bytes, q->query.len, &our_pos, &ours) &&
           wire_name_equal(&ours, &theirs) && memcmp(m + pos, q->query.bytes + our_pos, 4) == 0;
}

static bool belongs(const struct question *q, const uint8_t *m, size_t len)
{
    bool is_error = false;

    if (len < WIRE_HEADER_LEN || wire_get16(m) != question_id(q) || (m[2] & 0x80) == 0 ||
        (m[2] & 0x78) != (q->query.bytes[2] & 0x78)) {
        return false;
    }
    is_error = (m[3] & 0x0f) != 0;
    /* RFC 2136 section 3.8 lets the sections of a reply be empty, and servers that understood
     * nothing (FORMERR, NOTIMP) have no question to repeat. */
    if (wire_get16(m + 4) == 0) {
        return is_error || (m[2] & 0x78) == WIRE_OPCODE_UPDATE << 3;
    }
    return has_our_question(q, m, len);
}

/* The verdict on an answer that is ours by its looks. copy loses its TSIG record. */
static struct tsig_verdict judge_signature(const struct question *q, struct wire *copy)
{
    struct tsig_verdict v = {.state = TSIG_ABSENT};

    if (q->key != NULL) {
        v = tsig_judge(q->key, &q->mac, (uint64_t)time(NULL), copy->bytes, &copy->len);
    }
    return v;
}

enum question_judgement question_judge(struct question *q, const uint8_t *m, size_t len)
{
    struct wire copy = {0};
    struct tsig_verdict v;
    bool is_sure = false;
    bool is_error = false;

    if (!belongs(q, m, len) || (question_is_answered(q) && !q->is_doubtful)) {
        return QUESTION_OTHER;
    }
    if (!wire_init(&copy, len)) {
        q->flaw = "there is no memory for it";
        return QUESTION_DOUBTED;
    }
    wire_put(&copy, m, len);
    v = judge_signature(q, &copy);
    is_sure = q->key == NULL || v.state == TSIG_GOOD;
    is_error = (m[3] & 0x0f) != 0;
    if (!is_sure && (!is_error || v.state == TSIG_BAD)) {
        q->flaw = v.state == TSIG_BAD ? v.flaw : "it is not signed";
        wire_done(&copy);
        return QUESTION_DOUBTED;
    }
    wire_done(&q->reply);
    q->reply = copy;
    q->verdict = v;
    q->is_doubtful = !is_sure;
    return is_sure ? QUESTION_ANSWERED : QUESTION_DOUBTFUL;
}
