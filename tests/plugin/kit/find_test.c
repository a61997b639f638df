/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Where a value belongs: zones found by name and in lists, records over all pages, and what is
 * doubtful kept from passing for absent. */
#include "kit_lab.h"

#include <stdlib.h>

static const struct acme_record RECORD = {.size = sizeof(RECORD),
                                          .ttl_s = 60,
                                          .type = ACME_RECORD_TXT,
                                          .fqdn = "_acme-challenge.www.example.com.",
                                          .zone = "example.com.",
                                          .value = "aValue",
                                          .value_len = 6};

/* Zones in one list, records in another, both in pages of two. */
static const struct kit_api LISTED = {
    .paging = {.kind = KIT_PAGING_NUMBER, .parameter = "p", .size = 2},
    .zones = {.request = {.path = "/zones"}, .items = "zones"},
    .records = {.request = {.path = "/zones/{}/records",
                            .parts = {KIT_ZONE_ID},
                            .query = {{"name", KIT_NAME}}},
                .items = "records"},
    .remove = {.method = "DELETE",
               .path = "/records/{}",
               .parts = {KIT_RECORD_ID},
               .query = {{"zone", KIT_ZONE_ID}}},
};

/* A script of answers, each a document in single quotes; or a status. */
static void script(const char *const *answers)
{
    KIT_TEXT(t);

    kit_json_open(&t, '[');
    for (; *answers != NULL; answers++) {
        KIT_TEXT(body);

        kit_json_open(&t, '{');
        if (**answers >= '1' && **answers <= '9') {
            kit_json_add_key(&t, "status");
            kit_json_add_int(&t, strtol(*answers, NULL, 10));
        } else {
            kit_text_add_str(&body, *answers);
            for (char *c = body.bytes; *c != '\0'; c++) {
                *c = *c == '\'' ? '"' : *c;
            }
            kit_json_add_key(&t, "body");
            kit_json_add_str(&t, kit_text_str(&body));
        }
        kit_json_close(&t, '}');
    }
    kit_json_close(&t, ']');
    kit_lab_script(kit_text_str(&t));
}
#define SCRIPT(...) script((const char *const[]){__VA_ARGS__, NULL})

/* The requests since, one a line. */
static void expect_asked(const char *wanted)
{
    struct kit_json *log = kit_lab_log();
    KIT_TEXT(asked);

    KIT_JSON_EACH(request, log, NULL)
    {
        kit_text_addf(&asked, "%s %s\n", kit_json_str(request, "method"),
                      kit_json_str(request, "path"));
    }
    kit_json_free(log);
    assert_string_equal(kit_text_str(&asked), wanted);
}

static int32_t find(const struct kit_api *api, const struct acme_record *record, uint32_t what,
                    struct kit_place *place)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.tries = 1});
    int32_t status = kit_find(&kit_lab_call, http, api, record, what, place);

    kit_http_close(http);
    return status;
}

static void expect_zone(const struct kit_api *api, int32_t status, const char *id)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.tries = 1});
    KIT_PLACE(place);

    assert_int_equal(kit_find_zone(&kit_lab_call, http, api, &RECORD, &place), status);
    assert_int_equal(kit_lab_host.n_fails, status == ACME_OK ? 0 : 1);
    if (id == NULL) {
        assert_null(place.zone_id);
        assert_null(place.zone);
    } else {
        assert_string_equal(place.zone_id, id);
    }
    kit_http_close(http);
}

#define ZONE(id, name) "{'id': " id ", 'name': '" name "'}"
#define ZONES(list) "{'zones': [" list "]}"

static void what_the_dns_says_comes_before_the_longest(void **state)
{
    (void)state;
    SCRIPT(ZONES(ZONE("'c'", "com") "," ZONE("'e'", "Example.com.")),
           ZONES(ZONE("'w'", "www.example.com")));
    expect_zone(&LISTED, ACME_OK, "e");
    expect_asked("GET /api/zones?p=1\nGET /api/zones?p=2\n");
    SCRIPT(ZONES(ZONE("'c'", "com") "," ZONE("7", "www.example.com")),
           ZONES(ZONE("'o'", "ple.com")));
    expect_zone(&LISTED, ACME_OK, "7");
    SCRIPT(ZONES(ZONE("'a'", "www.example.org") "," ZONE("'b'", "ww.example.com")), ZONES(""));
    expect_zone(&LISTED, ACME_OK, NULL);
}

static void lists_of_zones_that_leave_doubt_fail(void **state)
{
    (void)state;
    SCRIPT(ZONES(ZONE("'a'", "example.com") "," ZONE("'b'", "example.com")), ZONES(""));
    expect_zone(&LISTED, ACME_REJECTED, NULL);
    kit_lab_expect_failed(ACME_REJECTED, (const char *const[]){"two zones of the same name", NULL});
    /* One that is shown on two pages is one; and what is not taken may be there twice. */
    SCRIPT(ZONES(ZONE("'a'", "example.com") "," ZONE("'c'", "com")),
           ZONES(ZONE("'a'", "example.com") "," ZONE("'d'", "com")), ZONES(""));
    expect_zone(&LISTED, ACME_OK, "a");
    SCRIPT(ZONES(ZONE("'c'", "com") "," ZONE("'d'", "com")), ZONES(ZONE("'a'", "example.com")));
    expect_zone(&LISTED, ACME_OK, "a");
    SCRIPT(ZONES(ZONE("'a'", "example.com") ", {'id': 'b'}"));
    expect_zone(&LISTED, ACME_REJECTED, NULL);
    kit_lab_expect_failed(ACME_REJECTED, (const char *const[]){"zone without a name", NULL});
    SCRIPT(ZONES("{'name': 'example.com'}"));
    expect_zone(&LISTED, ACME_REJECTED, NULL);
    kit_lab_expect_failed(ACME_REJECTED, (const char *const[]){"zone without an id", NULL});
    SCRIPT("{'zones': 7}");
    expect_zone(&LISTED, ACME_REJECTED, NULL);
    SCRIPT(ZONES(ZONE("'a'", "example.com") "," ZONE("'b'", "b.org")), "500");
    expect_zone(&LISTED, ACME_RETRY, NULL);
}

static void names_in_unicode_leave_doubt_unless_asked_for(void **state)
{
    const struct kit_api by_name = {.zones = {.request = {.path = "/z/{}", .parts = {KIT_NAME}}}};
    struct acme_record record = RECORD;
    KIT_PLACE(place);

    (void)state;
    SCRIPT(ZONES(ZONE("'b'", "b\xc3\xbc.example") "," ZONE("'e'", "example.com")), ZONES(""));
    expect_zone(&LISTED, ACME_OK, "e"); /* the record's name is none of those */
    record.fqdn = "_acme-challenge.xn--b-xga.example.";
    record.zone = "xn--b-xga.example.";
    SCRIPT(ZONES(ZONE("'b'", "b\xc3\xbc.example")));
    assert_int_equal(find(&LISTED, &record, ACME_REMOVE, &place), ACME_REJECTED);
    kit_lab_expect_failed(ACME_REJECTED, (const char *const[]){"names in Unicode", NULL});
    SCRIPT(ZONES(ZONE("'b'", "xn--b-xga.example")),
           "{'records': [{'id': 1, 'name': '_acme-challenge.b\xc3\xbc.example', 'content': 'x'}]}");
    assert_int_equal(find(&LISTED, &record, ACME_REMOVE, &place), ACME_REJECTED);
    kit_lab_expect_failed(ACME_REJECTED, (const char *const[]){"names in Unicode", NULL});
    SCRIPT(ZONE("'b'", "b\xc3\xbc.example"), "[]");
    assert_int_equal(find(&by_name, &record, ACME_ADD, &place), ACME_OK);
    assert_string_equal(place.zone_id, "b");
}

static bool is_public(const struct kit_json *zone)
{
    return !kit_json_bool(zone, "private", false);
}

static void unwanted_zones_are_passed_over(void **state)
{
    struct kit_api api = LISTED;

    (void)state;
    api.zones.is_wanted = is_public;
    api.zones.id = "key";
    api.zones.name = "domain";
    SCRIPT(ZONES("{'key': 1, 'domain': 'example.com', 'private': true},"
                 "{'key': 2, 'domain': 'example.com'}"),
           ZONES(""));
    expect_zone(&api, ACME_OK, "2");
}

static void zones_are_asked_for_by_name(void **state)
{
    const struct kit_api api = {
        .zones = {.request = {.path = "/zones", .query = {{"name", KIT_NAME}}}, .items = "zones"}};

    (void)state;
    SCRIPT(ZONES(""), ZONES(ZONE("'w'", "www.example.com")));
    expect_zone(&api, ACME_OK, "w");
    expect_asked("GET /api/zones?name=example.com\n"
                 "GET /api/zones?name=www.example.com\n");
    /* A filter that finds more than it should. */
    SCRIPT(ZONES(ZONE("'x'", "notexample.com") "," ZONE("'w'", "www.example.com")),
           ZONES(ZONE("'x'", "com")));
    expect_zone(&api, ACME_OK, NULL);
    /* Of a list, 404 does not say that it is empty. */
    SCRIPT("404");
    expect_zone(&api, ACME_REJECTED, NULL);
    SCRIPT(ZONES(""), "503");
    expect_zone(&api, ACME_RETRY, NULL);
}

static void a_name_that_may_not_be_asked_for_is_told_if_no_other_is_the_zone(void **state)
{
    const struct kit_api api = {.zones = {.request = {.path = "/zones/{}", .parts = {KIT_NAME}}}};

    (void)state;
    SCRIPT("403", ZONE("'w'", "www.example.com"));
    expect_zone(&api, ACME_OK, "w");
    expect_asked("GET /api/zones/example.com\n"
                 "GET /api/zones/www.example.com\n");
    SCRIPT("403", "404");
    expect_zone(&api, ACME_DENIED, NULL);
    kit_lab_expect_failed(ACME_DENIED, (const char *const[]){"/zones/example.com", NULL});
    SCRIPT("404", "403");
    expect_zone(&api, ACME_DENIED, NULL);
    kit_lab_expect_failed(ACME_DENIED, (const char *const[]){"/zones/www.example.com", NULL});
    SCRIPT("404", "404");
    expect_zone(&api, ACME_OK, NULL);
    SCRIPT("401");
    expect_zone(&api, ACME_DENIED, NULL);
    assert_int_equal(kit_lab_n_requests(), 1);
    SCRIPT("{}");
    expect_zone(&api, ACME_REJECTED, NULL);
}

static void services_without_ids_are_not_asked_for_zones(void **state)
{
    struct kit_api api = LISTED;

    (void)state;
    api.zones.request.path = NULL;
    SCRIPT("{}");
    expect_zone(&api, ACME_OK, "example.com");
    assert_int_equal(kit_lab_n_requests(), 0);
}

#define RECORD_OF(id, name, content) \
    "{'id': " id ", 'type': 'TXT', 'name': '" name "', 'content': '" content "'}"
#define RECORDS(list) "{'records': [" list "]}"
#define OWN "_acme-challenge.www.example.com"
#define FOUND ZONES(ZONE("'z/1'", "example.com"))

static void records_are_found_on_all_pages_by_name_and_value(void **state)
{
    KIT_PLACE(place);

    (void)state;
    SCRIPT(FOUND, RECORDS(RECORD_OF("1", OWN, "avalue") "," RECORD_OF("2", OWN, "aValue")),
           RECORDS(RECORD_OF("3", "x." OWN, "aValue") "," RECORD_OF("4", OWN ".", "\\'aValue\\'")),
           RECORDS(RECORD_OF("2", OWN, "aValue") ",{'type': 'CNAME'}"), RECORDS(""));
    assert_int_equal(find(&LISTED, &RECORD, ACME_ADD, &place), ACME_OK);
    assert_int_equal(place.n_records, 2);
    assert_string_equal(place.record_ids[0], "2");
    assert_string_equal(place.record_ids[1], "4");
    assert_string_equal(place.zone, "example.com");
    assert_string_equal(place.name, OWN);
    assert_string_equal(place.value, "\"aValue\"");
    expect_asked("GET /api/zones?p=1\n"
                 "GET /api/zones/z%2F1/records?name=" OWN "&p=1\n"
                 "GET /api/zones/z%2F1/records?name=" OWN "&p=2\n"
                 "GET /api/zones/z%2F1/records?name=" OWN "&p=3\n"
                 "GET /api/zones/z%2F1/records?name=" OWN "&p=4\n");
}

static void records_that_leave_doubt_fail(void **state)
{
    static const struct {
        const char *records;
        const char *words;
    } CASES[] = {
        {RECORDS("{'id': 1, 'type': 'TXT', 'content': 'aValue'}"), "record without a name"},
        {RECORDS("7"), "record without a name"},
        {RECORDS("{'id': 1, 'name': '" OWN "', 'content': ['aValue']}"), "without a value"},
        {RECORDS("{'name': '" OWN "', 'content': 'aValue'}"), "without an id"},
        {"{'records': 'none'}", "is no list"},
        {"{'zones': []}", "there is no 'records' in it"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        KIT_PLACE(place);

        SCRIPT(FOUND, CASES[i].records);
        assert_int_equal(find(&LISTED, &RECORD, ACME_REMOVE, &place), ACME_REJECTED);
        kit_lab_expect_failed(ACME_REJECTED, (const char *const[]){CASES[i].words, NULL});
    }
}

static void relative_names_are_compared_whole(void **state)
{
    struct kit_api api = LISTED;
    struct acme_record apex = RECORD;
    KIT_PLACE(place);

    (void)state;
    api.has_relative_names = true;
    SCRIPT(FOUND,
           RECORDS(RECORD_OF("1", "_acme-challenge",
                             "aValue") "," RECORD_OF("2", "_acme-challenge.www", "aValue")),
           RECORDS(""));
    assert_int_equal(find(&api, &RECORD, ACME_ADD, &place), ACME_OK);
    assert_int_equal(place.n_records, 1);
    assert_string_equal(place.record_ids[0], "2");
    assert_string_equal(place.name, "_acme-challenge.www");
    apex.fqdn = "example.com.";
    SCRIPT(FOUND, RECORDS(RECORD_OF("1", "", "aValue") "," RECORD_OF("2", "@", "aValue")),
           RECORDS("{'id': 3, 'name': null, 'content': 'aValue'}"));
    assert_int_equal(find(&api, &apex, ACME_ADD, &place), ACME_OK);
    assert_int_equal(place.n_records, 3);
    assert_string_equal(place.name, "@");
}

static void a_zone_that_is_not_there_ends_additions_only(void **state)
{
    KIT_PLACE(place);

    (void)state;
    SCRIPT(ZONES(""));
    assert_int_equal(find(&LISTED, &RECORD, ACME_ADD, &place), ACME_NO_ZONE);
    kit_lab_expect_failed(ACME_NO_ZONE,
                          (const char *const[]){"Test DNS", RECORD.fqdn, RECORD.zone, NULL});
    SCRIPT(ZONES(""));
    assert_int_equal(find(&LISTED, &RECORD, ACME_REMOVE, &place), ACME_OK);
    assert_int_equal(kit_lab_host.n_fails, 0);
    assert_int_equal(place.n_records, 0);
    assert_non_null(strstr(kit_lab_host.log, "nothing to remove at " OWN));
}

static int32_t remove_value(const struct kit_api *api)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.tries = 1});
    int32_t status = kit_remove(&kit_lab_call, http, api, &RECORD);

    kit_http_close(http);
    return status;
}

static void all_records_of_the_value_are_removed(void **state)
{
    (void)state;
    SCRIPT(FOUND, RECORDS(RECORD_OF("'a/b'", OWN, "aValue") "," RECORD_OF("2", OWN, "aValue")),
           RECORDS(""), "404", "204");
    assert_int_equal(remove_value(&LISTED), ACME_OK);
    expect_asked("GET /api/zones?p=1\n"
                 "GET /api/zones/z%2F1/records?name=" OWN "&p=1\n"
                 "GET /api/zones/z%2F1/records?name=" OWN "&p=2\n"
                 "DELETE /api/records/a%2Fb?zone=z%2F1\n"
                 "DELETE /api/records/2?zone=z%2F1\n");
    SCRIPT(FOUND, RECORDS(RECORD_OF("1", OWN, "aValue")), "403");
    assert_int_equal(remove_value(&LISTED), ACME_DENIED);
    SCRIPT(FOUND, RECORDS(RECORD_OF("1", OWN, "another")));
    assert_int_equal(remove_value(&LISTED), ACME_OK);
    assert_int_equal(kit_lab_n_requests(), 2);
}

static void zones_are_reported(void **state)
{
    struct kit_api api = LISTED;
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.tries = 1});

    (void)state;
    api.zones.request.query[0] = (struct kit_pair){"name", KIT_NAME};
    SCRIPT(ZONES(ZONE("1", "b.org") "," ZONE("2", "example.com.")), ZONES(ZONE("3", "c.org")));
    assert_int_equal(kit_report_zones(&kit_lab_call, http, &api), ACME_OK);
    assert_string_equal(kit_lab_host.zones, "b.org example.com. c.org ");
    expect_asked("GET /api/zones?p=1\nGET /api/zones?p=2\n");
    SCRIPT(ZONES("{'id': 1}"));
    assert_int_equal(kit_report_zones(&kit_lab_call, http, &api), ACME_REJECTED);
    SCRIPT("{}");
    api.zones.request.path = NULL;
    assert_int_equal(kit_report_zones(&kit_lab_call, http, &api), ACME_UNSUPPORTED);
    kit_http_close(http);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_dns_says_comes_before_the_longest),
        cmocka_unit_test(lists_of_zones_that_leave_doubt_fail),
        cmocka_unit_test(names_in_unicode_leave_doubt_unless_asked_for),
        cmocka_unit_test(unwanted_zones_are_passed_over),
        cmocka_unit_test(zones_are_asked_for_by_name),
        cmocka_unit_test(a_name_that_may_not_be_asked_for_is_told_if_no_other_is_the_zone),
        cmocka_unit_test(services_without_ids_are_not_asked_for_zones),
        cmocka_unit_test(records_are_found_on_all_pages_by_name_and_value),
        cmocka_unit_test(records_that_leave_doubt_fail),
        cmocka_unit_test(relative_names_are_compared_whole),
        cmocka_unit_test(a_zone_that_is_not_there_ends_additions_only),
        cmocka_unit_test(all_records_of_the_value_are_removed),
        cmocka_unit_test(zones_are_reported),
    };

    return cmocka_run_group_tests(tests, kit_lab_begin, kit_lab_end);
}
