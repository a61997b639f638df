/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* How one answer is read: on the way to a name, and while waiting for values. */
#include "base/mem.h"
#include "dns/look.h"
#include "dns/walk.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OWNER "_acme-challenge.www.example.com"
#define ZONE "example.com"

/* An answer put together by hand. */
struct made {
    struct message message;
    struct message_record records[4];
};

static struct made *put(struct made *made, enum message_section section, uint16_t type,
                        const char *owner, const char *text)
{
    struct message_record *record = &made->records[made->message.n_records++];

    *record = (struct message_record){.section = section, .type = type, .minimum = 60};
    record->owner = (char *)(uintptr_t)owner;
    if (type == MESSAGE_TXT) {
        record->bytes = (uint8_t *)(uintptr_t)text;
        record->len = strlen(text);
    } else {
        record->target = (char *)(uintptr_t)text;
    }
    made->message.records = made->records;
    return made;
}

static struct made make(uint16_t rcode, bool is_authoritative)
{
    return (struct made){.message = {.rcode = rcode, .is_authoritative = is_authoritative}};
}

static struct walk_reading read_made(const struct made *made)
{
    struct walk_reading reading;

    walk_read(&made->message, ZONE, OWNER, &reading);
    return reading;
}

static void a_missing_name_ends_in_the_zone_of_the_soa(void **state)
{
    struct made made = make(MESSAGE_NXDOMAIN, true);
    struct walk_reading reading;

    (void)state;
    put(&made, MESSAGE_AUTHORITY, MESSAGE_SOA, "www.example.com", NULL);
    reading = read_made(&made);
    assert_int_equal(reading.step, WALK_END);
    assert_string_equal(reading.zone, "www.example.com");
    assert_int_equal(reading.minimum, 60);
}

static void an_soa_from_elsewhere_is_lame(void **state)
{
    static const char *const ZONES[] = {"com", "other.com", "a.www.example.com", "."};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ZONES); i++) {
        struct made made = make(MESSAGE_NXDOMAIN, true);

        put(&made, MESSAGE_AUTHORITY, MESSAGE_SOA, ZONES[i], NULL);
        assert_int_equal(read_made(&made).step, WALK_LAME);
    }
}

static void a_referral_leads_strictly_below_and_towards_the_name(void **state)
{
    static const struct {
        const char *owner;
        enum walk_step step;
    } CASES[] = {
        {"www.example.com", WALK_REFERRAL}, {OWNER, WALK_REFERRAL},
        {"example.com", WALK_LAME},         {"com", WALK_LAME},
        {"mail.example.com", WALK_LAME},    {".", WALK_LAME},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct made made = make(MESSAGE_NOERROR, false);

        put(&made, MESSAGE_AUTHORITY, MESSAGE_NS, CASES[i].owner, "ns.example.net");
        assert_int_equal(read_made(&made).step, CASES[i].step);
    }
}

static void an_answer_without_authority_is_a_resolvers(void **state)
{
    struct made made = make(MESSAGE_NOERROR, false);
    struct made absent = make(MESSAGE_NXDOMAIN, false);

    (void)state;
    put(&made, MESSAGE_ANSWER, MESSAGE_TXT, OWNER, "one");
    assert_int_equal(read_made(&made).step, WALK_RECURSIVE);
    assert_int_equal(read_made(&absent).step, WALK_RECURSIVE);
}

static void refusals_are_lame(void **state)
{
    static const uint16_t RCODES[] = {MESSAGE_REFUSED, MESSAGE_SERVFAIL, MESSAGE_NOTAUTH,
                                      MESSAGE_FORMERR};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(RCODES); i++) {
        struct made made = make(RCODES[i], true);

        assert_int_equal(read_made(&made).step, WALK_LAME);
    }
}

static void only_a_cname_of_the_name_itself_counts(void **state)
{
    struct made made = make(MESSAGE_NOERROR, true);
    struct made other = make(MESSAGE_NOERROR, true);

    (void)state;
    put(&made, MESSAGE_ANSWER, MESSAGE_CNAME, OWNER, "x.example.net");
    assert_int_equal(read_made(&made).step, WALK_CNAME);
    assert_string_equal(read_made(&made).target, "x.example.net");
    put(&other, MESSAGE_ANSWER, MESSAGE_CNAME, "x.example.com", "y.example.net");
    assert_int_equal(read_made(&other).step, WALK_END);
}

static void a_dname_rewrites_what_is_below(void **state)
{
    struct made made = make(MESSAGE_NOERROR, true);
    struct made at_name = make(MESSAGE_NOERROR, true);
    struct made long_target = make(MESSAGE_NOERROR, true);
    char label[64];
    char name[256];

    (void)state;
    put(&made, MESSAGE_ANSWER, MESSAGE_DNAME, "example.com", "example.net");
    assert_int_equal(read_made(&made).step, WALK_DNAME);
    assert_string_equal(read_made(&made).target, "_acme-challenge.www.example.net");
    /* A DNAME does not rewrite its own owner. */
    put(&at_name, MESSAGE_ANSWER, MESSAGE_DNAME, OWNER, "example.net");
    assert_int_equal(read_made(&at_name).step, WALK_END);
    memset(label, 'a', 63);
    label[63] = '\0';
    (void)snprintf(name, sizeof(name), "%s.%s.%s.%.50s", label, label, label, label);
    put(&long_target, MESSAGE_ANSWER, MESSAGE_DNAME, "example.com", name);
    assert_int_not_equal(read_made(&long_target).step, WALK_DNAME);
}

static struct look look_at(const struct made *made, const char *wildcard_target)
{
    AUTO(strv_done) struct strv values = STRV_INIT;
    struct look_want want = {
        .owner = OWNER, .zone = ZONE, .wildcard_target = wildcard_target, .values = &values};
    struct exchange_result result = {.outcome = EXCHANGE_ANSWERED, .message = &made->message};
    struct look look;

    strv_add(&values, "one");
    strv_add(&values, "two");
    look_read(&result, &want, &look);
    return look;
}

static void all_values_must_be_there(void **state)
{
    struct made made = make(MESSAGE_NOERROR, true);

    (void)state;
    put(&made, MESSAGE_ANSWER, MESSAGE_TXT, OWNER, "two");
    assert_int_equal(look_at(&made, NULL).class, LOOK_WAIT);
    assert_string_equal(look_at(&made, NULL).text, "1 of 2 values, TXT \"two\"");
    put(&made, MESSAGE_ANSWER, MESSAGE_TXT, "other.example.com", "one");
    assert_int_equal(look_at(&made, NULL).class, LOOK_WAIT);
    put(&made, MESSAGE_ANSWER, MESSAGE_TXT, OWNER, "one");
    assert_int_equal(look_at(&made, NULL).class, LOOK_GOOD);
}

static void a_value_matches_whole(void **state)
{
    struct made made = make(MESSAGE_NOERROR, true);

    (void)state;
    put(&made, MESSAGE_ANSWER, MESSAGE_TXT, OWNER, "one two");
    put(&made, MESSAGE_ANSWER, MESSAGE_TXT, OWNER, "oneonetwo and forty more bytes of it");
    assert_string_equal(look_at(&made, NULL).text, "TXT \"one two\" \"oneonetwo an...\"");
}

static void a_cname_is_a_move_unless_a_wildcard_made_it(void **state)
{
    struct made made = make(MESSAGE_NOERROR, true);

    (void)state;
    put(&made, MESSAGE_ANSWER, MESSAGE_CNAME, OWNER, "x.example.net");
    assert_int_equal(look_at(&made, NULL).class, LOOK_MOVED);
    assert_int_equal(look_at(&made, "y.example.net").class, LOOK_MOVED);
    assert_int_equal(look_at(&made, "x.example.net").class, LOOK_WAIT);
}

static void failures_have_their_class(void **state)
{
    AUTO(strv_done) struct strv values = STRV_INIT;
    struct look_want want = {.owner = OWNER, .zone = ZONE, .values = &values};
    static const struct {
        enum exchange_outcome outcome;
        enum look_class class;
    } CASES[] = {{EXCHANGE_SILENT, LOOK_DEAD},
                 {EXCHANGE_REFUSED, LOOK_DEAD},
                 {EXCHANGE_UNROUTABLE, LOOK_DEAD},
                 {EXCHANGE_NO_TCP, LOOK_WAIT},
                 {EXCHANGE_GARBLED, LOOK_LAME}};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct exchange_result result = {.outcome = CASES[i].outcome, .why = "reason"};
        struct look look;

        look_read(&result, &want, &look);
        assert_int_equal(look.class, CASES[i].class);
        assert_string_equal(look.text, "reason");
        assert_int_equal(look.is_unroutable, CASES[i].outcome == EXCHANGE_UNROUTABLE);
    }
}

static void the_table_shows_the_culprits_first(void **state)
{
    AUTO(buf_done) struct buf table = BUF(4096);
    static const struct look_row ROWS[] = {
        {.server = "ns1 (192.0.2.1)", .answer = "has it", .age_ms = 12340, .is_good = true},
        {.server = "ns2 (2001:db8::1)", .answer = "REFUSED", .age_ms = 90},
        {.server = "ns3 (192.0.2.3)", .answer = "no route", .age_ms = -1},
    };

    (void)state;
    look_format_table(ROWS, ARRAY_LEN(ROWS), &table);
    assert_string_equal(buf_str(&table), "\n  ns2 (2001:db8::1)  REFUSED   0.0 s ago"
                                         "\n  ns3 (192.0.2.3)    no route  not asked"
                                         "\n  ns1 (192.0.2.1)    has it    12.3 s ago");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_name_ends_in_the_zone_of_the_soa),
        cmocka_unit_test(an_soa_from_elsewhere_is_lame),
        cmocka_unit_test(a_referral_leads_strictly_below_and_towards_the_name),
        cmocka_unit_test(an_answer_without_authority_is_a_resolvers),
        cmocka_unit_test(refusals_are_lame),
        cmocka_unit_test(only_a_cname_of_the_name_itself_counts),
        cmocka_unit_test(a_dname_rewrites_what_is_below),
        cmocka_unit_test(all_values_must_be_there),
        cmocka_unit_test(a_value_matches_whole),
        cmocka_unit_test(a_cname_is_a_move_unless_a_wildcard_made_it),
        cmocka_unit_test(failures_have_their_class),
        cmocka_unit_test(the_table_shows_the_culprits_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
