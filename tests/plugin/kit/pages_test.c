/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Lists over several pages. */
#include "kit_lab.h"

#include <stdlib.h>

/* Walks over all pages and gathers the elements, which are strings. */
static int32_t gather(const struct kit_request *rq, const struct kit_paging *paging, char *to,
                      size_t size)
{
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.tries = 1});
    KIT_PAGES(pages);
    int32_t status = ACME_OK;

    to[0] = '\0';
    while (kit_pages_next(&kit_lab_call, http, rq, paging, &pages)) {
        KIT_JSON_EACH(item, pages.answer.json, paging->items)
        {
            (void)strncat(to, kit_json_str(item, NULL), size - strlen(to) - 1);
        }
    }
    status = pages.status;
    kit_http_close(http);
    return status;
}

/* The walk asks for the paths, one a line. */
static void expect(const char *script, const struct kit_paging *paging, const char *wanted,
                   const char *paths)
{
    const struct kit_request rq = {.path = "/zones", .query = {{"q", "x"}}};
    char got[256];
    struct kit_json *log = NULL;
    KIT_TEXT(asked);

    kit_lab_script(script);
    assert_int_equal(gather(&rq, paging, got, sizeof(got)), ACME_OK);
    assert_string_equal(got, wanted);
    log = kit_lab_log();
    KIT_JSON_EACH(request, log, NULL)
    {
        kit_text_addf(&asked, "%s\n", kit_json_str(request, "path"));
    }
    assert_string_equal(kit_text_str(&asked), paths);
    kit_json_free(log);
}

static void pages_are_counted(void **state)
{
    struct kit_paging paging = {.kind = KIT_PAGING_NUMBER,
                                .items = "result",
                                .parameter = "page",
                                .size_name = "per_page",
                                .size = 2,
                                .total = "info.pages"};

    (void)state;
    expect(
        "[{'body': '{\\\"result\\\": [\\\"a\\\", \\\"b\\\"], \\\"info\\\": {\\\"pages\\\": 2}}'}, "
        "{'body': '{\\\"result\\\": [\\\"c\\\", \\\"d\\\"], \\\"info\\\": {\\\"pages\\\": 2}}'}]",
        &paging, "abcd",
        "/api/zones?q=x&page=1&per_page=2\n"
        "/api/zones?q=x&page=2&per_page=2\n");
    paging.total = NULL;
    paging.starts_at_zero = true;
    expect("[{'body': '{\\\"result\\\": [\\\"a\\\", \\\"b\\\"]}'}, "
           "{'body': '{\\\"result\\\": [\\\"c\\\"]}'}]",
           &paging, "abc",
           "/api/zones?q=x&page=0&per_page=2\n"
           "/api/zones?q=x&page=1&per_page=2\n");
}

static void offsets_grow_by_what_came(void **state)
{
    const struct kit_paging paging = {
        .kind = KIT_PAGING_OFFSET, .parameter = "offset", .size_name = "limit", .size = 2};
    const struct kit_paging totalled = {
        .kind = KIT_PAGING_OFFSET, .items = "z", .parameter = "skip", .total = "count"};

    (void)state;
    expect("[{'body': '[\\\"a\\\", \\\"b\\\"]'}, {'body': '[]'}]", &paging, "ab",
           "/api/zones?q=x&offset=0&limit=2\n"
           "/api/zones?q=x&offset=2&limit=2\n");
    expect("[{'body': '{\\\"z\\\": [\\\"a\\\"], \\\"count\\\": 2}'}, "
           "{'body': '{\\\"z\\\": [\\\"b\\\"], \\\"count\\\": 2}'}]",
           &totalled, "ab",
           "/api/zones?q=x&skip=0\n"
           "/api/zones?q=x&skip=1\n");
}

static void cursors_lead_on(void **state)
{
    const struct kit_paging paging = {
        .kind = KIT_PAGING_CURSOR, .items = "z", .parameter = "cursor", .next = "meta.next"};

    (void)state;
    expect("[{'body': '{\\\"z\\\": [\\\"a\\\"], \\\"meta\\\": {\\\"next\\\": \\\"x=&\\\"}}'}, "
           "{'body': '{\\\"z\\\": [\\\"b\\\"], \\\"meta\\\": {\\\"next\\\": 7}}'}, "
           "{'body': '{\\\"z\\\": [\\\"c\\\"], \\\"meta\\\": {\\\"next\\\": null}}'}]",
           &paging, "abc",
           "/api/zones?q=x\n"
           "/api/zones?q=x&cursor=x%3D%26\n"
           "/api/zones?q=x&cursor=7\n");
}

static void urls_and_links_lead_on(void **state)
{
    const struct kit_paging url = {.kind = KIT_PAGING_NEXT_URL, .items = "z", .next = "links.next"};
    const struct kit_paging link = {.kind = KIT_PAGING_LINK};

    (void)state;
    expect("[{'body': '{\\\"z\\\": [\\\"a\\\"], \\\"links\\\": "
           "{\\\"next\\\": \\\"/api/zones?page=2&q={}\\\"}}'}, "
           "{'body': '{\\\"z\\\": [\\\"b\\\"]}'}]",
           &url, "ab",
           "/api/zones?q=x\n"
           "/api/zones?page=2&q={}\n");
    expect("[{'body': '[\\\"a\\\"]', 'headers': {'Link': '<?page=2>; rel=\\\"next\\\"'}}, "
           "{'body': '[\\\"b\\\"]', 'headers': {'Link': '<?page=1>; rel=\\\"prev\\\"'}}]",
           &link, "ab",
           "/api/zones?q=x\n"
           "/api/zones?page=2\n");
}

static void lists_that_lead_astray_fail(void **state)
{
    const struct kit_paging url = {.kind = KIT_PAGING_NEXT_URL, .items = "z", .next = "next"};
    const struct kit_paging cursor = {
        .kind = KIT_PAGING_CURSOR, .items = "z", .parameter = "c", .next = "next"};
    const struct kit_request rq = {.path = "/zones"};
    char got[64];

    (void)state;
    kit_lab_script(
        "[{'body': '{\\\"z\\\": [], \\\"next\\\": \\\"https://evil.example/steal\\\"}'}]");
    assert_int_equal(gather(&rq, &url, got, sizeof(got)), ACME_REJECTED);
    kit_lab_expect_failed(ACME_REJECTED, (const char *const[]){"another host", NULL});
    kit_lab_script("[{'body': '{\\\"z\\\": [], \\\"next\\\": \\\"x\\\"}'}, "
                   "{'body': '{\\\"z\\\": [], \\\"next\\\": \\\"x\\\"}'}]");
    assert_int_equal(gather(&rq, &cursor, got, sizeof(got)), ACME_REJECTED);
    kit_lab_expect_failed(ACME_REJECTED, (const char *const[]){"circle", NULL});
    kit_lab_script("[{'body': '{\\\"z\\\": [], \\\"next\\\": \\\"x\\\"}'}, {'status': 403}]");
    assert_int_equal(gather(&rq, &cursor, got, sizeof(got)), ACME_DENIED);
    kit_lab_expect_failed(ACME_DENIED, (const char *const[]){"HTTP 403", NULL});
}

static void a_page_without_its_list_is_no_end(void **state)
{
    const struct kit_paging paging = {
        .kind = KIT_PAGING_NUMBER, .items = "z", .parameter = "page", .size = 1};
    struct kit_request rq = {.path = "/zones"};
    char got[64];

    (void)state;
    kit_lab_script("[{'body': '{\\\"z\\\": [\\\"a\\\"]}'}, {'body': '{}'}]");
    assert_int_equal(gather(&rq, &paging, got, sizeof(got)), ACME_REJECTED);
    kit_lab_expect_failed(ACME_REJECTED, (const char *const[]){"there is no 'z' in it", NULL});
    rq.must_have = "ok";
    kit_lab_script("[{'body': '{\\\"ok\\\": true}'}]");
    assert_int_equal(gather(&rq, &paging, got, sizeof(got)), ACME_OK);
}

static void expect_list(const char *script, const struct kit_paging *paging, int32_t status,
                        const char *words)
{
    const struct kit_request rq = {.path = "/zones"};
    char got[64];

    kit_lab_script(script);
    assert_int_equal(gather(&rq, paging, got, sizeof(got)), status);
    if (status == ACME_OK) {
        assert_int_equal(kit_lab_host.n_fails, 0);
    } else {
        kit_lab_expect_failed(status, (const char *const[]){words, NULL});
    }
}

static void a_counted_list_that_ends_early_is_no_end(void **state)
{
    const struct kit_paging pages = {
        .kind = KIT_PAGING_NUMBER, .items = "z", .parameter = "page", .total = "n"};
    const struct kit_paging all = {
        .kind = KIT_PAGING_OFFSET, .items = "z", .parameter = "skip", .total = "n"};

    (void)state;
    expect_list("[{'body': '{\\\"z\\\": [\\\"a\\\"], \\\"n\\\": 3}'}, "
                "{'body': '{\\\"z\\\": [], \\\"n\\\": 3}'}]",
                &pages, ACME_RETRY, "ends before its own total");
    expect_list("[{'body': '{\\\"z\\\": [\\\"a\\\"], \\\"n\\\": 2}'}, "
                "{'body': '{\\\"z\\\": [], \\\"n\\\": 2}'}]",
                &all, ACME_RETRY, "ends before its own total");
    /* One element went while it was read. */
    expect_list("[{'body': '{\\\"z\\\": [\\\"a\\\"], \\\"n\\\": 2}'}, "
                "{'body': '{\\\"z\\\": [], \\\"n\\\": 1}'}]",
                &all, ACME_OK, NULL);
    expect_list("[{'body': '{\\\"z\\\": [], \\\"n\\\": 0}'}]", &pages, ACME_OK, NULL);
    expect_list("[{'body': '{\\\"z\\\": [], \\\"n\\\": 1}'}]", &pages, ACME_OK, NULL);
    expect_list("[{'body': '{\\\"z\\\": []}'}]", &pages, ACME_OK, NULL);
}

static void what_is_no_list_is_not_an_empty_one(void **state)
{
    struct kit_paging paging = {
        .kind = KIT_PAGING_NUMBER, .items = "z", .parameter = "page", .size = 9};

    (void)state;
    expect_list("[{'body': '{\\\"z\\\": 7}'}]", &paging, ACME_REJECTED, "is no list");
    expect_list("[{'body': '{\\\"z\\\": \\\"a\\\"}'}]", &paging, ACME_REJECTED, "is no list");
    expect_list("[{'body': '{\\\"z\\\": null}'}]", &paging, ACME_OK, NULL);
    expect_list("[{'body': '{\\\"z\\\": {}}'}]", &paging, ACME_OK, NULL);
    paging.items = NULL;
    expect_list("[{'body': '{}'}]", &paging, ACME_REJECTED, "is no list");
    expect_list("[{'body': 'null'}]", &paging, ACME_REJECTED, "is no list");
    expect_list("[{'body': '[]'}]", &paging, ACME_OK, NULL);
}

static void a_list_in_one_answer_is_asked_for_once(void **state)
{
    const struct kit_paging one = {.items = "z"};
    const struct kit_paging bare = {.kind = KIT_PAGING_NONE};

    (void)state;
    expect("[{'body': '{\\\"z\\\": [\\\"a\\\", \\\"b\\\"]}'}]", &one, "ab", "/api/zones?q=x\n");
    expect("[{'body': '[\\\"a\\\"]'}]", &bare, "a", "/api/zones?q=x\n");
    expect_list("[{'body': '{}'}]", &bare, ACME_REJECTED, "is no list");
    expect_list("[{'body': 'null'}]", &bare, ACME_REJECTED, "is no list");
}

static void a_list_without_end_ends(void **state)
{
    const struct kit_paging paging = {.kind = KIT_PAGING_NUMBER, .parameter = "page"};
    struct kit_request rq = {.path = "/zones", .must_have = "method"};
    struct kit_http *http = kit_lab_open((struct kit_http_settings){.tries = 1});
    KIT_PAGES(pages);
    size_t n = 0;

    (void)state;
    kit_lab_script("[]"); /* each request is echoed: an object that is never empty */
    while (kit_pages_next(&kit_lab_call, http, &rq, &paging, &pages)) {
        n++;
    }
    assert_int_equal(n, KIT_PAGES_MAX);
    kit_lab_expect_failed(ACME_REJECTED, (const char *const[]){"too many pages", NULL});
    assert_false(kit_pages_next(&kit_lab_call, http, &rq, &paging, &pages));
    kit_http_close(http);
}

static void full_queries_are_refused(void **state)
{
    const struct kit_paging paging = {.kind = KIT_PAGING_NUMBER, .parameter = "page"};
    struct kit_request rq = {.path = "/zones"};
    char got[8];

    (void)state;
    for (size_t i = 0; i < KIT_QUERY_MAX - 1; i++) {
        rq.query[i] = (struct kit_pair){"a", "b"};
    }
    kit_lab_script("[]");
    assert_int_equal(gather(&rq, &paging, got, sizeof(got)), ACME_BUG);
    assert_int_equal(kit_lab_n_requests(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_are_counted),
        cmocka_unit_test(offsets_grow_by_what_came),
        cmocka_unit_test(cursors_lead_on),
        cmocka_unit_test(urls_and_links_lead_on),
        cmocka_unit_test(lists_that_lead_astray_fail),
        cmocka_unit_test(a_page_without_its_list_is_no_end),
        cmocka_unit_test(a_counted_list_that_ends_early_is_no_end),
        cmocka_unit_test(what_is_no_list_is_not_an_empty_one),
        cmocka_unit_test(a_list_in_one_answer_is_asked_for_once),
        cmocka_unit_test(a_list_without_end_ends),
        cmocka_unit_test(full_queries_are_refused),
    };

    return cmocka_run_group_tests(tests, kit_lab_begin, kit_lab_end);
}
