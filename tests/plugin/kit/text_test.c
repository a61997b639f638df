/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Texts, masking, URLs, headers and dates: what the client is made of. */
#include "cmocka_all.h"

#include "kit_impl.h"

#include <stdlib.h>

static void texts_stop_at_their_ceiling(void **state)
{
    char *large = calloc(1, KIT_TEXT_MAX + 1);
    KIT_TEXT(t);

    (void)state;
    assert_non_null(large);
    memset(large, 'x', KIT_TEXT_MAX);
    kit_text_add(&t, large, KIT_TEXT_MAX);
    assert_false(t.is_broken);
    kit_text_add_str(&t, "y");
    assert_true(t.is_broken);
    assert_int_equal(t.len, KIT_TEXT_MAX);
    kit_text_addf(&t, "%d", 1);
    assert_int_equal(t.len, KIT_TEXT_MAX);
    kit_text_clear(&t);
    assert_false(t.is_broken);
    assert_string_equal(kit_text_str(&t), "");
    kit_text_set(&t, "one");
    kit_text_set(&t, "two");
    assert_string_equal(kit_text_str(&t), "two");
    kit_text_set(&t, NULL);
    assert_string_equal(kit_text_str(&t), "");
    free(large);
}

static void escaping_leaves_only_unreserved_characters(void **state)
{
    KIT_TEXT(t);

    (void)state;
    kit_text_add_escaped(&t, "aZ0-._~/?#%& =\n\xc3\xa4");
    assert_string_equal(kit_text_str(&t), "aZ0-._~%2F%3F%23%25%26%20%3D%0A%C3%A4");
}

static void expect_base64(const char *text, const char *wanted)
{
    KIT_TEXT(t);

    kit_text_add_base64(&t, text, strlen(text));
    assert_string_equal(kit_text_str(&t), wanted);
}

static void base64_is_as_in_rfc4648(void **state)
{
    (void)state;
    expect_base64("", "");
    expect_base64("f", "Zg==");
    expect_base64("fo", "Zm8=");
    expect_base64("foo", "Zm9v");
    expect_base64("foob", "Zm9vYg==");
    expect_base64("\xff\xfe\xfd", "//79");
}

static void secrets_are_masked_in_every_form(void **state)
{
    struct kit_secrets secrets = {.forms = NULL};
    KIT_TEXT(t);

    (void)state;
    kit_secrets_add(&secrets, "p\"ss/word");
    kit_secrets_add(&secrets, "abc"); /* too short */
    kit_secrets_add(&secrets, NULL);
    kit_mask_add(&t, &secrets,
                 "raw p\"ss/word url p%22ss%2Fword json p\\\"ss/word b64 cCJzcy93b3Jk abc", 1000);
    assert_string_equal(kit_text_str(&t),
                        "raw [secret] url [secret] json [secret] b64 [secret] abc");
    kit_secrets_done(&secrets);
}

static void the_longest_secret_is_masked_whole(void **state)
{
    struct kit_secrets secrets = {.forms = NULL};
    KIT_TEXT(t);

    (void)state;
    kit_secrets_add(&secrets, "token");
    kit_secrets_add(&secrets, "token-and-more");
    kit_mask_add(&t, &secrets, "<token-and-more>", 1000);
    assert_string_equal(kit_text_str(&t), "<[secret]>");
    kit_text_clear(&t);
    kit_mask_add(&t, &secrets, "cut: token-and-m", 1000);
    assert_string_equal(kit_text_str(&t), "cut: [secret]");
    kit_text_clear(&t);
    kit_mask_add(&t, &secrets, "too little to tell: tok", 1000);
    assert_string_equal(kit_text_str(&t), "too little to tell: tok");
    kit_secrets_done(&secrets);
}

static void remote_text_cannot_deceive(void **state)
{
    struct kit_secrets none = {.forms = NULL};
    KIT_TEXT(t);

    (void)state;
    kit_mask_add(&t, &none, "  a\r\n\t b\x1b[31m\xff\xe2\x80\xae\xd8\x9c\xc2\x9b\xc3\xa4\x7f ",
                 1000);
    assert_string_equal(kit_text_str(&t),
                        "a b\\x1b[31m\\xff\\u{202e}\\u{061c}\\u{009b}\xc3\xa4\\x7f");
    kit_text_clear(&t);
    kit_mask_add(&t, &none, "0123456789", 4);
    assert_string_equal(kit_text_str(&t), "01234...");
}

static void secrets_at_the_cut_are_masked_whole(void **state)
{
    struct kit_secrets secrets = {.forms = NULL};
    KIT_TEXT(t);

    (void)state;
    kit_secrets_add(&secrets, "s3cr3t-token");
    kit_mask_add(&t, &secrets, "xxx s3cr3t-token tail", 6);
    assert_null(strstr(kit_text_str(&t), "s3cr"));
    kit_secrets_done(&secrets);
}

static void expect_url_flaw(const char *url, uint32_t flags, const char *words)
{
    struct kit_url parsed = {.scheme = NULL};
    const char *flaw = kit_url_parse(url, flags, &parsed);

    if (words == NULL) {
        assert_null(flaw);
    } else if (flaw == NULL || strstr(flaw, words) == NULL) {
        fail_msg("%s: '%s' lacks '%s'", url, flaw == NULL ? "" : flaw, words);
    }
    kit_url_done(&parsed);
}

static void base_urls_are_https_but_for_this_machine(void **state)
{
    static const char *const LOOPBACK[] = {"http://127.0.0.1:8081/api", "http://127.8.9.1",
                                           "http://[::1]:80/", "http://localhost:1"};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        expect_url_flaw(LOOPBACK[i], 0, NULL);
    }
    expect_url_flaw("https://api.example.com/v1/", 0, NULL);
    expect_url_flaw("http://api.example.com/", 0, "plain http");
    expect_url_flaw("http://128.0.0.1/", 0, "plain http");
    expect_url_flaw("http://localhost.evil.example/", 0, "plain http");
    expect_url_flaw("http://[::2]/", 0, "plain http");
    expect_url_flaw("http://169.254.169.254/", KIT_HTTP_PLAIN, NULL);
    expect_url_flaw("ftp://api.example.com/", KIT_HTTP_PLAIN, "https://");
    expect_url_flaw("file:///etc/passwd", KIT_HTTP_PLAIN, "");
    expect_url_flaw("api.example.com", 0, "not a URL");
    expect_url_flaw("https://user:pw@api.example.com/", 0, "user name");
    expect_url_flaw("https://api.example.com/?a=b", 0, "query");
    expect_url_flaw("https://api.example.com/\r\nX: y", 0, "characters");
    expect_url_flaw("https://", 0, "");
    expect_url_flaw("", 0, "not a URL");
}

static struct kit_url base_of(const char *url)
{
    struct kit_url parsed = {.scheme = NULL};

    assert_null(kit_url_parse(url, 0, &parsed));
    return parsed;
}

static void expect_built(const struct kit_request *rq, const char *wanted)
{
    struct kit_url base = base_of("https://api.example.com:443/v4/");
    KIT_TEXT(t);
    const char *flaw = kit_url_build(&base, rq, &t);

    if (strncmp(wanted, "https", 5) == 0) {
        assert_null(flaw);
        assert_string_equal(kit_text_str(&t), wanted);
    } else if (flaw == NULL || strstr(flaw, wanted) == NULL) {
        fail_msg("'%s' lacks '%s'", flaw == NULL ? kit_text_str(&t) : flaw, wanted);
    }
    kit_url_done(&base);
}

static void parts_and_queries_are_escaped(void **state)
{
    (void)state;
    expect_built(&(struct kit_request){.path = "/zones/{}/rr/{}", .parts = {"a/b", "?x"}},
                 "https://api.example.com/v4/zones/a%2Fb/rr/%3Fx");
    expect_built(&(struct kit_request){.path = "zones?z=1",
                                       .query = {{"na me", "a&b"}, {"no", NULL}, {"c", ""}}},
                 "https://api.example.com/v4/zones?z=1&na%20me=a%26b&c=");
    expect_built(&(struct kit_request){.path = NULL}, "https://api.example.com/v4");
    expect_built(&(struct kit_request){.path = "https://API.example.com/x?y={}"},
                 "https://API.example.com/x?y={}");
}

static void paths_that_lead_elsewhere_are_refused(void **state)
{
    (void)state;
    expect_built(&(struct kit_request){.path = "/{}"}, "missing, empty");
    expect_built(&(struct kit_request){.path = "/{}", .parts = {""}}, "missing, empty");
    expect_built(&(struct kit_request){.path = "/{}/x", .parts = {".."}}, "dots");
    expect_built(&(struct kit_request){.path = "/x", .parts = {"y"}}, "more parts");
    expect_built(&(struct kit_request){.path = "/a b"}, "spaces");
    expect_built(&(struct kit_request){.path = "/a\r\nHost: x"}, "control");
    expect_built(&(struct kit_request){.path = "https://evil.example/x"}, "another host");
    expect_built(&(struct kit_request){.path = "https://api.example.com:444/x"}, "another host");
    expect_built(&(struct kit_request){.path = "http://api.example.com/x"}, "another host");
    expect_built(&(struct kit_request){.path = "https://api.example.com@evil.example/x"},
                 "another host");
}

static void expect_resolved(const char *reference, const char *wanted)
{
    char *url = kit_url_resolve("https://api.example.com/v4/zones?page=1", reference);

    if (wanted == NULL) {
        assert_null(url);
    } else {
        assert_string_equal(url, wanted);
    }
    free(url);
}

static void references_stay_with_their_host(void **state)
{
    (void)state;
    expect_resolved("/v4/zones?page=2", "https://api.example.com/v4/zones?page=2");
    expect_resolved("https://api.example.com/x", "https://api.example.com/x");
    expect_resolved("https://evil.example/x", NULL);
    expect_resolved("//evil.example/x", NULL);
    expect_resolved("http://api.example.com/x", NULL);
}

static void take_line(struct kit_headers *h, const char *line)
{
    kit_headers_take_line(h, line, strlen(line));
}

static void headers_are_found_in_any_case(void **state)
{
    struct kit_headers h = {.items = NULL};

    (void)state;
    take_line(&h, "HTTP/1.1 103 Early Hints\r\n");
    take_line(&h, "Retry-After: 5\r\n");
    take_line(&h, "HTTP/1.1 200 OK\r\n");
    take_line(&h, "X-Some:   a value \r\n");
    take_line(&h, ": none\r\n");
    take_line(&h, "garbage\r\n");
    take_line(&h, "\r\n");
    assert_null(kit_headers_find(&h, "retry-after"));
    assert_string_equal(kit_headers_find(&h, "x-SOME"), "a value");
    assert_int_equal(h.n, 1);
    kit_headers_done(&h);
}

static void headers_that_would_smuggle_are_refused(void **state)
{
    (void)state;
    assert_null(kit_headers_flaw("X-Auth-Key", "abc def\t!"));
    assert_non_null(kit_headers_flaw("X-Auth-Key", "a\r\nX: y"));
    assert_non_null(kit_headers_flaw("X-Auth-Key", "a\nb"));
    assert_non_null(kit_headers_flaw("X-Auth-Key", "\x7f"));
    assert_non_null(kit_headers_flaw("X Auth", "a"));
    assert_non_null(kit_headers_flaw("", "a"));
    assert_non_null(kit_headers_flaw("X:", "a"));
}

static void expect_link(const char *line, const char *wanted)
{
    struct kit_headers h = {.items = NULL};
    char *link = NULL;

    take_line(&h, line);
    link = kit_headers_next_link(&h);
    if (wanted == NULL) {
        assert_null(link);
    } else {
        assert_non_null(link);
        assert_string_equal(link, wanted);
    }
    free(link);
    kit_headers_done(&h);
}

static void the_next_link_is_told_from_others(void **state)
{
    (void)state;
    expect_link("Link: </a>; rel=\"prev\", </b?x=1,2>; rel=\"next\"; title=\"x\"\r\n", "/b?x=1,2");
    expect_link("link: </b>; title=\"a, b; rel=next\"; rel=next\r\n", "/b");
    expect_link("Link: </b>; rel=\"last next\"\r\n", "/b");
    expect_link("Link: </b>; rel=\"nextish\"\r\n", NULL);
    expect_link("Link: </b>; xrel=\"next\"\r\n", NULL);
    expect_link("Link: </b; rel=\"next\"\r\n", NULL);
    expect_link("Link: <\r\n", NULL);
    expect_link("Link: </b>\r\n", NULL);
}

static uint32_t retry_after(const char *value, const char *date)
{
    struct kit_headers h = {.items = NULL};
    uint32_t seconds = 0;

    kit_headers_set(&h, "Retry-After", value);
    if (date != NULL) {
        kit_headers_set(&h, "Date", date);
    }
    seconds = kit_retry_after_s(&h);
    kit_headers_done(&h);
    return seconds;
}

static void retry_after_is_seconds_or_a_date(void **state)
{
    (void)state;
    assert_int_equal(retry_after("7", NULL), 7);
    assert_int_equal(retry_after("0.5", NULL), 1);
    assert_int_equal(retry_after("-5", NULL), 0);
    assert_int_equal(retry_after("99999999999", NULL), 86400);
    assert_int_equal(retry_after("9999999999999999999999", NULL), 0);
    assert_int_equal(retry_after("soon", NULL), 0);
    assert_int_equal(retry_after("", NULL), 0);
    assert_int_equal(retry_after("Sat, 21 Nov 2020 10:01:30 GMT", "Sat, 21 Nov 2020 10:00:00 GMT"),
                     90);
    assert_int_equal(retry_after("Sat, 21 Nov 2020 10:01:30 GMT", NULL), 0);
}

static int64_t rate_pause(const char *lines)
{
    struct kit_headers h = {.items = NULL};
    int64_t ms = 0;

    for (const char *at = lines; *at != '\0'; at += strcspn(at, "\n") + 1) {
        kit_headers_take_line(&h, at, strcspn(at, "\n") + 1);
    }
    ms = kit_rate_pause_ms(&h);
    kit_headers_done(&h);
    return ms;
}

static void rate_limits_are_read_in_all_their_shapes(void **state)
{
    (void)state;
    assert_int_equal(rate_pause("Ratelimit: \"default\";r=0;t=30\n"), 30000);
    assert_int_equal(rate_pause("Ratelimit: \"default\";r=50;t=30\n"), 0);
    assert_int_equal(rate_pause("RateLimit-Remaining: 0\nRateLimit-Reset: 12\n"), 12000);
    assert_int_equal(rate_pause("RateLimit-Remaining: 3\nRateLimit-Reset: 12\n"), 0);
    assert_int_equal(rate_pause("X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1605952890\n"
                                "Date: Sat, 21 Nov 2020 10:00:00 GMT\n"),
                     1605952890 - 1605952800 == 90 ? 90000 : -1);
    assert_int_equal(rate_pause("X-RateLimit-Remaining: 0\n"), 0);
    assert_int_equal(rate_pause("X-RateLimit-Remaining: zero\nX-RateLimit-Reset: 5\n"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stop_at_their_ceiling),
        cmocka_unit_test(escaping_leaves_only_unreserved_characters),
        cmocka_unit_test(base64_is_as_in_rfc4648),
        cmocka_unit_test(secrets_are_masked_in_every_form),
        cmocka_unit_test(the_longest_secret_is_masked_whole),
        cmocka_unit_test(remote_text_cannot_deceive),
        cmocka_unit_test(secrets_at_the_cut_are_masked_whole),
        cmocka_unit_test(base_urls_are_https_but_for_this_machine),
        cmocka_unit_test(parts_and_queries_are_escaped),
        cmocka_unit_test(paths_that_lead_elsewhere_are_refused),
        cmocka_unit_test(references_stay_with_their_host),
        cmocka_unit_test(headers_are_found_in_any_case),
        cmocka_unit_test(headers_that_would_smuggle_are_refused),
        cmocka_unit_test(the_next_link_is_told_from_others),
        cmocka_unit_test(retry_after_is_seconds_or_a_date),
        cmocka_unit_test(rate_limits_are_read_in_all_their_shapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
