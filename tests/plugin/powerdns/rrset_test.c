/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What is sent for a TXT set, byte by byte, and how names are written. */
#include "powerdns.h"

#include "cmocka_all.h"

#define OWNER "_acme-challenge.example.test."

static struct target target(const char *name, const char *value, bool is_add)
{
    static struct acme_record records[8];
    static size_t n;
    struct acme_record *record = &records[n++ % 8];

    *record = (struct acme_record){.fqdn = name,
                                   .zone = "example.test.",
                                   .ttl_s = 60,
                                   .type = ACME_RECORD_TXT,
                                   .value = value,
                                   .value_len = strlen(value)};
    return (struct target){.record = record, .is_add = is_add};
}

/* What the plug-in sends when the server shows this; NULL in expected: nothing. */
static void expect(const char *zone, const struct target *targets, size_t n, const char *expected)
{
    struct kit_json *json = kit_json_parse(zone, strlen(zone), NULL);
    struct rrset set;
    bool has_others = false;
    KIT_TEXT(text);

    assert_non_null(json);
    rrset_read(json, OWNER, &set, &has_others);
    assert_int_equal(rrset_is_right(&set, targets, n, OWNER), expected == NULL);
    if (expected != NULL) {
        rrset_write(&text, &set, targets, n, OWNER);
        assert_string_equal(kit_text_str(&text), expected);
    }
    kit_json_free(json);
}

#define HEAD "{\"name\":\"" OWNER "\",\"type\":\"TXT\",\"changetype\":"
#define SET(rest) "{\"rrsets\":[{\"name\":\"" OWNER "\",\"type\":\"TXT\"," rest "}]}"
#define RECORD(value) "{\"content\":\"\\\"" value "\\\"\",\"disabled\":false}"
#define OFF(value) "{\"content\":\"\\\"" value "\\\"\",\"disabled\":true}"

static void an_empty_name_gets_a_set_with_the_wished_ttl(void **state)
{
    const struct target add[] = {target(OWNER, "a", true), target(OWNER, "b", true),
                                 target(OWNER, "a", true)};

    (void)state;
    expect("{\"rrsets\":[]}", add, 3,
           HEAD "\"REPLACE\",\"ttl\":60,\"records\":[" RECORD("a") "," RECORD("b") "]}");
}

static void what_stands_there_is_sent_back_as_it_was(void **state)
{
    const struct target add = target(OWNER, "b", true);

    (void)state;
    expect(
        SET("\"ttl\":7,\"records\":[" OFF("off") ",{\"content\":\"\\\"x\\\" \\\"\\\\255\\\"\"}]"),
        &add, 1,
        HEAD "\"REPLACE\",\"ttl\":7,\"records\":[" OFF("off") ",{\"content\":\"\\\"x\\\" "
                                                              "\\\"\\\\255\\\"\",\"disabled\":"
                                                              "false}," RECORD("b") "]}");
}

static void what_is_right_is_not_sent(void **state)
{
    const struct target add = target("_ACME-challenge.Example.test.", "a", true);
    const struct target remove = target(OWNER, "b", false);

    (void)state;
    expect(SET("\"ttl\":7,\"records\":[" RECORD("a") "]"), &add, 1, NULL);
    expect(SET("\"ttl\":7,\"records\":[" RECORD("a") "," OFF("b") "]"), &remove, 1, NULL);
    expect("{}", &remove, 1, NULL);
}

static void the_last_value_takes_the_set_with_it_unless_somebody_wrote_comments(void **state)
{
    const struct target remove = target(OWNER, "a", false);

    (void)state;
    expect(SET("\"ttl\":7,\"comments\":[],\"records\":[" RECORD("a") "]"), &remove, 1,
           HEAD "\"DELETE\"}");
    expect(SET("\"ttl\":7,\"comments\":[{\"content\":\"c\"}],\"records\":[" RECORD("a") "]"),
           &remove, 1,
           HEAD "\"REPLACE\",\"ttl\":7,\"records\":[],\"comments\":[{\"content\":\"c\"}]}");
    expect(SET("\"ttl\":7,\"records\":[" RECORD("a") "," OFF("a") "]"), &remove, 1,
           HEAD "\"REPLACE\",\"ttl\":7,\"records\":[" OFF("a") "]}");
}

static void targets_that_are_over_or_elsewhere_do_not_count(void **state)
{
    struct target targets[] = {target(OWNER, "a", true), target("x." OWNER, "b", true),
                               target(OWNER, "c", true)};

    (void)state;
    targets[2].is_over = true;
    expect("{\"rrsets\":[]}", targets, 3,
           HEAD "\"REPLACE\",\"ttl\":60,\"records\":[" RECORD("a") "]}");
    targets[0].is_over = true;
    expect("{\"rrsets\":[]}", targets, 3, NULL);
}

static void a_set_that_is_not_shown_whole_is_not_taken_for_less(void **state)
{
    static const struct {
        const char *text;
        bool is_broken;
    } CASES[] = {
        {SET("\"ttl\":7,\"records\":[" RECORD("a") "]"), false},
        {SET("\"ttl\":7,\"records\":[]"), false},
        {SET("\"ttl\":7"), true},
        {SET("\"ttl\":7,\"records\":null"), true},
        {SET("\"ttl\":7,\"records\":[{\"disabled\":false}," RECORD("a") "]"), true},
        {SET("\"ttl\":7,\"records\":[" RECORD("a") ",{\"content\":7}]"), true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct kit_json *json = kit_json_parse(CASES[i].text, strlen(CASES[i].text), NULL);
        struct rrset set;
        bool has_others = false;

        rrset_read(json, OWNER, &set, &has_others);
        assert_int_equal(set.is_broken, CASES[i].is_broken);
        kit_json_free(json);
    }
}

static void a_zone_that_was_sent_whole_is_recognized(void **state)
{
    static const char WHOLE[] =
        "{\"rrsets\":[{\"name\":\"example.test.\",\"type\":\"SOA\",\"records\":[{}]}]}";
    static const char COMMENTS[] =
        "{\"rrsets\":[{\"name\":\"www.example.test.\",\"type\":\"A\",\"records\":[]}]}";
    struct rrset set;
    bool has_others = false;

    (void)state;
    for (int is_whole = 0; is_whole < 2; is_whole++) {
        const char *text = is_whole ? WHOLE : COMMENTS;
        struct kit_json *json = kit_json_parse(text, strlen(text), NULL);

        rrset_read(json, OWNER, &set, &has_others);
        assert_int_equal(has_others, is_whole);
        assert_int_equal(set.n, 0);
        kit_json_free(json);
    }
}

static void hostile_answers_are_read_as_nothing(void **state)
{
    static const char *const TEXTS[] = {
        "null",
        "[]",
        "{\"rrsets\":{}}",
        "{\"rrsets\":[1,null,[],{}]}",
        SET("\"records\":[1,null,{},{\"content\":5}]"),
        SET("\"records\":{\"content\":\"x\"}"),
    };
    const struct target remove = target(OWNER, "a", false);

    (void)state;
    for (size_t i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        expect(TEXTS[i], &remove, 1, NULL);
    }
}

static void only_disabled_records_of_the_very_name_are_taken_from_a_search(void **state)
{
    static const char FOUND[] =
        "[{\"name\":\"" OWNER "\",\"type\":\"TXT\",\"zone\":\"example.test.\",\"ttl\":9,"
        "\"disabled\":true,\"content\":\"\\\"off\\\"\"},"
        "{\"name\":\"" OWNER "\",\"type\":\"TXT\",\"zone\":\"example.test.\",\"disabled\":false},"
        "{\"name\":\"" OWNER "\",\"type\":\"A\",\"zone\":\"example.test.\",\"disabled\":true},"
        "{\"name\":\"" OWNER "\",\"type\":\"TXT\",\"zone\":\"test.\",\"disabled\":true},"
        "{\"name\":\"example.test.\",\"type\":\"TXT\",\"zone\":\"example.test.\",\"disabled\":true}"
        "]";
    struct kit_json *json = kit_json_parse(FOUND, strlen(FOUND), NULL);
    struct rrset set = {.ttl_s = -1};

    (void)state;
    rrset_add_disabled(&set, json, "example.test.", OWNER);
    assert_int_equal(set.n, 1);
    assert_int_equal(set.ttl_s, 9);
    kit_json_free(json);
}

static void zones_and_urls_are_written_as_the_api_wants_them(void **state)
{
    static const char *const ZONES[][2] = {
        {"example.test.", "example.test."},
        {".", "=2E"},
        {"0/25.2.0.192.in-addr.arpa.", "0=2F25.2.0.192.in-addr.arpa."},
        {"_x.a\\032b.", "=5Fx.a=5C032b."},
    };
    static const char *const URLS[][2] = {
        {"http://127.0.0.1:8081", "http://127.0.0.1:8081/api/v1"},
        {"http://127.0.0.1:8081//", "http://127.0.0.1:8081/api/v1"},
        {"https://a/dns/api/v1/", "https://a/dns/api/v1"},
        {"https://a/dns", "https://a/dns/api/v1"},
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        KIT_TEXT(zone);
        KIT_TEXT(url);

        name_add_zone_id(&zone, ZONES[i][0]);
        assert_string_equal(kit_text_str(&zone), ZONES[i][1]);
        name_add_base_url(&url, URLS[i][0]);
        assert_string_equal(kit_text_str(&url), URLS[i][1]);
    }
}

static void a_name_is_found_in_a_text_as_a_whole(void **state)
{
    (void)state;
    assert_true(name_is_in_text("a.b.", "RRset A.B. IN TXT: no"));
    assert_true(name_is_in_text("a.b.", "Record a.b./TXT"));
    assert_true(name_is_in_text("a.b.", "a.b."));
    assert_false(name_is_in_text("a.b.", "RRset x.a.b. IN TXT"));
    assert_false(name_is_in_text("a.b.", "RRset a.b.c. IN TXT"));
    assert_false(name_is_in_text("a.b.", ""));
}

static void a_name_that_no_message_carries_is_known(void **state)
{
    char label[130];
    KIT_TEXT(name);

    (void)state;
    memset(label, 'a', sizeof(label));
    assert_true(name_fits("_acme-challenge.example.test."));
    assert_false(name_fits("a..b."));
    assert_false(name_fits("."));
    for (int n = 63; n <= 64; n++) {
        kit_text_clear(&name);
        kit_text_addf(&name, "%.*s.test.", n, label);
        assert_int_equal(name_fits(kit_text_str(&name)), n == 63);
        kit_text_clear(&name);
        for (int i = 0; i < n; i++) {
            kit_text_add_str(&name, i % 2 == 0 ? "\\255" : "\\.");
        }
        assert_int_equal(name_fits(kit_text_str(&name)), n == 63);
    }
    /* 3 * 64 + 62 + 1 = 255 */
    for (int n = 61; n <= 62; n++) {
        kit_text_clear(&name);
        kit_text_addf(&name, "%.63s.%.63s.%.63s.%.*s.", label, label, label, n, label);
        assert_int_equal(name_fits(kit_text_str(&name)), n == 61);
    }
    (void)name_fits("a.\\"); /* cut short: nothing is read behind the end */
    (void)name_fits("a.\\25");
}

static void a_version_is_read_where_it_means_something(void **state)
{
    (void)state;
    assert_int_equal(name_parse_major("4.7.3"), 4);
    assert_int_equal(name_parse_major("5.1.0-alpha1"), 5);
    assert_int_equal(name_parse_major("0.0.1234.0.master.gabc"), -1);
    assert_int_equal(name_parse_major("master"), -1);
    assert_int_equal(name_parse_major("99999999999999999999.1"), -1);
    assert_int_equal(name_parse_major(""), -1);
    assert_int_equal(name_parse_major(NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_name_gets_a_set_with_the_wished_ttl),
        cmocka_unit_test(what_stands_there_is_sent_back_as_it_was),
        cmocka_unit_test(what_is_right_is_not_sent),
        cmocka_unit_test(the_last_value_takes_the_set_with_it_unless_somebody_wrote_comments),
        cmocka_unit_test(targets_that_are_over_or_elsewhere_do_not_count),
        cmocka_unit_test(a_set_that_is_not_shown_whole_is_not_taken_for_less),
        cmocka_unit_test(a_zone_that_was_sent_whole_is_recognized),
        cmocka_unit_test(hostile_answers_are_read_as_nothing),
        cmocka_unit_test(only_disabled_records_of_the_very_name_are_taken_from_a_search),
        cmocka_unit_test(zones_and_urls_are_written_as_the_api_wants_them),
        cmocka_unit_test(a_name_is_found_in_a_text_as_a_whole),
        cmocka_unit_test(a_name_that_no_message_carries_is_known),
        cmocka_unit_test(a_version_is_read_where_it_means_something),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
