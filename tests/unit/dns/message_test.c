/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Questions on their way out, and answers of every degree of malice on their way in. */
#include "dns/message.h"
#include "dns/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ID = 0x1234 };

static const struct message_question QUESTION = {
    .name = "_acme-challenge.example.com", .type = MESSAGE_TXT, .id = ID, .has_edns = true};

/* The header and question of an answer to QUESTION; counts as given. */
static void begin(struct buf *to, uint16_t flags, uint16_t n_answers, uint16_t n_authority)
{
    static const uint8_t NAME[] = "\x0f_ACME-challenge\x07"
                                  "example\x03"
                                  "com";

    buf_add_be16(to, ID);
    buf_add_be16(to, (uint16_t)(0x8000 | flags));
    buf_add_be16(to, 1);
    buf_add_be16(to, n_answers);
    buf_add_be16(to, n_authority);
    buf_add_be16(to, 0);
    buf_add(to, NAME, sizeof(NAME));
    buf_add_be16(to, MESSAGE_TXT);
    buf_add_be16(to, 1);
}

/* A record owned by the question's name. */
static void add_record(struct buf *to, uint16_t type, uint32_t ttl, const void *rdata, size_t len)
{
    buf_add_be16(to, 0xc00c);
    buf_add_be16(to, type);
    buf_add_be16(to, 1);
    buf_add_be32(to, ttl);
    buf_add_be16(to, (uint16_t)len);
    buf_add(to, rdata, len);
}

static enum message_fit parse(const struct buf *wire, struct message **ret_message)
{
    /* A copy of exactly that size, so that the sanitizer sees each byte too far. */
    uint8_t *bytes = malloc(wire->len == 0 ? 1 : wire->len);
    enum message_fit fit = MESSAGE_FOREIGN;

    memcpy(bytes, buf_str(wire), wire->len);
    fit = message_parse(bytes, wire->len, &QUESTION, ret_message);
    free(bytes);
    return fit;
}

static enum message_fit fit_of(const struct buf *wire)
{
    AUTO_PTR(message) struct message *message = NULL;

    return parse(wire, &message);
}

static void builds_a_question(void **state)
{
    AUTO(buf_done) struct buf wire = BUF(512);

    (void)state;
    assert_true(message_build(&QUESTION, &wire));
    assert_memory_equal(wire.bytes, "\x12\x34\x00\x00\x00\x01\x00\x00\x00\x00\x00\x01", 12);
    assert_memory_equal(wire.bytes + 12,
                        "\x0f_acme-challenge\x07"
                        "example\x03"
                        "com\0\0\x10\0\1",
                        33);
    /* OPT: root, type 41, 1232 bytes, no flags. */
    assert_memory_equal(wire.bytes + 45, "\0\0\x29\x04\xd0\0\0\0\0\0\0", 11);
    assert_int_equal(wire.len, 56);
}

static void refuses_to_ask_for_no_name(void **state)
{
    AUTO(buf_done) struct buf wire = BUF(512);
    struct message_question question = {.name = "a..b", .type = MESSAGE_TXT};

    (void)state;
    assert_false(message_build(&question, &wire));
}

static void joins_the_strings_of_a_value(void **state)
{
    AUTO(buf_done) struct buf wire = BUF(1024);
    AUTO_PTR(message) struct message *message = NULL;
    const struct message_record *txt = NULL;

    (void)state;
    begin(&wire, 0x0400, 1, 0);
    add_record(&wire, MESSAGE_TXT, 60, "\x03one\x00\x03two", 9);
    assert_int_equal(parse(&wire, &message), MESSAGE_FITS);
    assert_true(message->is_authoritative);
    assert_false(message->is_truncated);
    txt = message_find(message, MESSAGE_ANSWER, MESSAGE_TXT, "_acme-challenge.example.com");
    assert_non_null(txt);
    assert_int_equal(txt->len, 6);
    assert_string_equal((const char *)txt->bytes, "onetwo");
}

static void takes_the_lower_negative_ttl(void **state)
{
    AUTO(buf_done) struct buf wire = BUF(1024);
    AUTO_PTR(message) struct message *message = NULL;

    (void)state;
    begin(&wire, 0x0403, 0, 1);
    add_record(&wire, MESSAGE_SOA, 30, "\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\x3c", 22);
    assert_int_equal(parse(&wire, &message), MESSAGE_FITS);
    assert_int_equal(message->rcode, MESSAGE_NXDOMAIN);
    assert_int_equal(message_find(message, MESSAGE_AUTHORITY, MESSAGE_SOA, NULL)->minimum, 30);
}

static void passes_over_what_answers_another_question(void **state)
{
    (void)state;
    for (size_t at = 0; at < 3 + 33; at++) {
        AUTO(buf_done) struct buf wire = BUF(1024);
        size_t flipped = at < 3 ? at : at + 9;

        if (flipped == 2) { /* of the flags, QR */
            begin(&wire, 0, 0, 0);
            wire.bytes[2] = (char)(wire.bytes[2] & 0x7f);
        } else {
            begin(&wire, 0, 0, 0);
            wire.bytes[flipped] = (char)(wire.bytes[flipped] ^ 0x40);
        }
        assert_int_not_equal(fit_of(&wire), MESSAGE_FITS);
    }
}

static void is_foreign_when_cut_before_the_end_of_the_question(void **state)
{
    AUTO(buf_done) struct buf wire = BUF(1024);

    (void)state;
    begin(&wire, 0x0400, 0, 0);
    for (size_t len = wire.len; len > 0;) {
        wire.len = --len;
        assert_int_equal(fit_of(&wire), MESSAGE_FOREIGN);
    }
}

static void is_broken_when_cut_within_a_record(void **state)
{
    AUTO(buf_done) struct buf wire = BUF(1024);
    size_t question_len = 0;

    (void)state;
    begin(&wire, 0x0400, 1, 0);
    question_len = wire.len;
    add_record(&wire, MESSAGE_TXT, 60, "\x03one", 4);
    assert_int_equal(fit_of(&wire), MESSAGE_FITS);
    while (--wire.len >= question_len) {
        assert_int_equal(fit_of(&wire), MESSAGE_BROKEN);
    }
}

static void may_be_cut_when_it_says_so(void **state)
{
    AUTO(buf_done) struct buf wire = BUF(1024);
    AUTO_PTR(message) struct message *message = NULL;

    (void)state;
    begin(&wire, 0x0600, 1, 0);
    assert_int_equal(parse(&wire, &message), MESSAGE_FITS);
    assert_true(message->is_truncated);
}

static void refuses_bytes_behind_the_end(void **state)
{
    AUTO(buf_done) struct buf wire = BUF(1024);

    (void)state;
    begin(&wire, 0x0400, 0, 0);
    buf_add_u8(&wire, 0);
    assert_int_equal(fit_of(&wire), MESSAGE_BROKEN);
}

static void refuses_a_tsig(void **state)
{
    AUTO(buf_done) struct buf wire = BUF(1024);

    (void)state;
    begin(&wire, 0x0400, 1, 0);
    add_record(&wire, 250, 0, "", 0);
    assert_int_equal(fit_of(&wire), MESSAGE_BROKEN);
}

static void refuses_rdata_of_the_wrong_shape(void **state)
{
    static const struct {
        uint16_t type;
        const char *rdata;
        size_t len;
    } CASES[] = {
        {MESSAGE_A, "\1\2\3", 3},
        {MESSAGE_AAAA, "\1\2\3\4", 4},
        {MESSAGE_TXT,
         "\x05"
         "abc",
         4},
        {MESSAGE_TXT, "", 0},
        {MESSAGE_CNAME,
         "\x03"
         "abc",
         4},
        {MESSAGE_CNAME,
         "\x03"
         "abc\0\0",
         6},
        {MESSAGE_NS, "", 0},
        {MESSAGE_SOA, "\0\0\0\0", 4},
        {MESSAGE_DNAME, "\xc0", 1},
        {MESSAGE_CNAME,
         "\x41"
         "abc\0",
         5},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        AUTO(buf_done) struct buf wire = BUF(1024);

        begin(&wire, 0x0400, 1, 0);
        add_record(&wire, CASES[i].type, 60, CASES[i].rdata, CASES[i].len);
        assert_int_equal(fit_of(&wire), MESSAGE_BROKEN);
    }
}

static void refuses_pointers_that_do_not_lead_back(void **state)
{
    (void)state;
    /* To itself, forward, into the header, and two that point at each other. */
    for (int i = 0; i < 4; i++) {
        static const uint8_t HIGH[] = {0xc0, 0xc0, 0xc0, 0xc0};
        AUTO(buf_done) struct buf wire = BUF(1024);
        size_t at = 0;
        uint8_t targets[4];

        begin(&wire, 0x0400, 1, 0);
        at = wire.len;
        targets[0] = (uint8_t)at;
        targets[1] = (uint8_t)(at + 2);
        targets[2] = 4;
        targets[3] = (uint8_t)(at + 12);
        buf_add_u8(&wire, HIGH[i]);
        buf_add_u8(&wire, targets[i]);
        buf_add(&wire, "\0\x05\0\1\0\0\0\0\0\2\xc0", 11);
        buf_add_u8(&wire, (uint8_t)at);
        assert_int_equal(fit_of(&wire), MESSAGE_BROKEN);
    }
}

static void takes_a_refusal_without_question(void **state)
{
    AUTO(buf_done) struct buf wire = BUF(64);
    AUTO_PTR(message) struct message *message = NULL;

    (void)state;
    buf_add(&wire, "\x12\x34\x80\x01\0\0\0\0\0\0\0\0", 12);
    assert_int_equal(parse(&wire, &message), MESSAGE_FITS);
    assert_int_equal(message->rcode, MESSAGE_FORMERR);
    wire.bytes[3] = 0; /* but no NOERROR */
    assert_int_equal(fit_of(&wire), MESSAGE_FOREIGN);
}

static void drops_names_that_need_escaping(void **state)
{
    AUTO(buf_done) struct buf wire = BUF(1024);
    AUTO_PTR(message) struct message *message = NULL;

    (void)state;
    begin(&wire, 0x0400, 2, 0);
    add_record(&wire, MESSAGE_CNAME, 60,
               "\x03"
               "a.b\0",
               5);
    add_record(&wire, MESSAGE_CNAME, 60,
               "\x03"
               "a b\0",
               5);
    assert_int_equal(parse(&wire, &message), MESSAGE_FITS);
    assert_int_equal(message->n_records, 0);
}

static void reads_the_extended_rcode(void **state)
{
    AUTO(buf_done) struct buf wire = BUF(1024);
    AUTO_PTR(message) struct message *message = NULL;
    char text[MESSAGE_RCODE_MAX];

    (void)state;
    begin(&wire, 0, 1, 0);
    buf_add(&wire, "\0\0\x29\x04\xd0\1\0\0\0\0\0", 11);
    assert_int_equal(parse(&wire, &message), MESSAGE_FITS);
    assert_int_equal(message->rcode, MESSAGE_BADVERS);
    message_format_rcode(message->rcode, text);
    assert_string_equal(text, "BADVERS");
    message_format_rcode(4095, text);
    assert_string_equal(text, "RCODE 4095");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(builds_a_question),
        cmocka_unit_test(refuses_to_ask_for_no_name),
        cmocka_unit_test(joins_the_strings_of_a_value),
        cmocka_unit_test(takes_the_lower_negative_ttl),
        cmocka_unit_test(passes_over_what_answers_another_question),
        cmocka_unit_test(is_foreign_when_cut_before_the_end_of_the_question),
        cmocka_unit_test(is_broken_when_cut_within_a_record),
        cmocka_unit_test(may_be_cut_when_it_says_so),
        cmocka_unit_test(refuses_bytes_behind_the_end),
        cmocka_unit_test(refuses_a_tsig),
        cmocka_unit_test(refuses_rdata_of_the_wrong_shape),
        cmocka_unit_test(refuses_pointers_that_do_not_lead_back),
        cmocka_unit_test(takes_a_refusal_without_question),
        cmocka_unit_test(drops_names_that_need_escaping),
        cmocka_unit_test(reads_the_extended_rcode),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
