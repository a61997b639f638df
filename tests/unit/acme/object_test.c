/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Orders and authorizations as honest and as hostile servers write them. */
#include "acme/object.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>
#include <string.h>

#define BASE "https://ca.example/"
#define TOKEN "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"

static struct acme_urls urls;

static int set_up(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    return acme_urls_init(&urls, BASE "dir", NULL, &err);
}

static int tear_down(void **state)
{
    (void)state;
    acme_urls_done(&urls);
    return 0;
}

static struct acme_order *parse_order(const char *text, struct err *err)
{
    AUTO_PTR(json) struct json *json = NULL;
    struct acme_order *order = NULL;

    if (json_parse(text, strlen(text), &json, err) == 0) {
        acme_order_parse(json, BASE "order/1", &urls, &order, err);
    }
    return order;
}

static struct acme_authz *parse_authz(const char *text, struct err *err)
{
    AUTO_PTR(json) struct json *json = NULL;
    struct acme_authz *authz = NULL;

    if (json_parse(text, strlen(text), &json, err) == 0) {
        acme_authz_parse(json, BASE "authz/1", &urls, &authz, err);
    }
    return authz;
}

static void reads_an_order(void **state)
{
    struct err err = ERR_INIT;
    AUTO_PTR(acme_order)
    struct acme_order *order = parse_order(
        "{\"status\":\"pending\",\"expires\":\"2030-01-02T03:04:05.678+01:00\",\"unknown\":[{}],"
        "\"identifiers\":[{\"type\":\"dns\",\"value\":\"*.Example.com\"},"
        "{\"type\":\"dns\",\"value\":\"example.com\"}],"
        "\"authorizations\":[\"" BASE "a/1\",\"" BASE "a/2\",\"" BASE "a/1\"],"
        "\"finalize\":\"" BASE "f/1\"}",
        &err);

    (void)state;
    assert_non_null(order);
    assert_int_equal(order->status, ACME_STATUS_PENDING);
    assert_int_equal(order->expires_s, 1893549845);
    assert_string_equal(order->url, BASE "order/1");
    assert_string_equal(order->identifiers.items[0], "*.example.com");
    assert_int_equal(order->authz_urls.n, 2);
    assert_null(order->certificate);
    assert_null(order->error);
}

static void reads_every_state(void **state)
{
    static const char IDS[] = "\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.b\"}]";
    static const struct {
        const char *word, *more;
        enum acme_status status;
    } STATES[] = {
        {"ready", ",\"finalize\":\"" BASE "f\"", ACME_STATUS_READY},
        {"processing", "", ACME_STATUS_PROCESSING},
        {"valid", ",\"certificate\":\"" BASE "c\"", ACME_STATUS_VALID},
        {"invalid", ",\"error\":{\"type\":\"urn:ietf:params:acme:error:dns\",\"detail\":\"no\"}",
         ACME_STATUS_INVALID},
        {"deactivated", "", ACME_STATUS_DEACTIVATED},
        {"on-holiday", "", ACME_STATUS_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(STATES); i++) {
        AUTO_FREE char *text =
            str_fmt("{\"status\":\"%s\",%s%s}", STATES[i].word, IDS, STATES[i].more);
        struct err err = ERR_INIT;
        AUTO_PTR(acme_order) struct acme_order *order = parse_order(text, &err);

        assert_non_null(order);
        assert_int_equal(order->status, STATES[i].status);
        assert_int_equal(order->error != NULL, STATES[i].status == ACME_STATUS_INVALID);
    }
}

static void refuses_orders_it_cannot_use(void **state)
{
#define IDS "\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.b\"}]"
#define AUTHZS "\"authorizations\":[\"" BASE "a\"]"
#define FIN "\"finalize\":\"" BASE "f\""
    static const char *const BAD[] = {
        "[]",
        "\"pending\"",
        "{}",
        "{\"status\":7," IDS "," AUTHZS "," FIN "}",
        "{\"status\":\"pending\"," AUTHZS "," FIN "}",
        "{\"status\":\"pending\"," IDS "," FIN "}",
        "{\"status\":\"pending\"," IDS "," AUTHZS "}",
        "{\"status\":\"ready\"," IDS "," AUTHZS "}",
        "{\"status\":\"valid\"," IDS "," FIN "}",
        "{\"status\":\"pending\"," IDS ",\"authorizations\":[7]," FIN "}",
        "{\"status\":\"pending\"," IDS ",\"authorizations\":{}," FIN "}",
        "{\"status\":\"pending\"," IDS ",\"authorizations\":[\"http://ca.example/a\"]," FIN "}",
        "{\"status\":\"pending\"," IDS "," AUTHZS ",\"finalize\":\"https://evil.test/f\"}",
        "{\"status\":\"valid\"," IDS ",\"certificate\":\"https://169.254.169.254/\"}",
        "{\"status\":\"processing\",\"identifiers\":[]}",
        "{\"status\":\"processing\",\"identifiers\":[{\"type\":\"ip\",\"value\":\"1.2.3.4\"}]}",
        "{\"status\":\"processing\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"a\\u001bb\"}]}",
        "{\"status\":\"processing\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"../../etc\"}]}",
        "{\"status\":\"processing\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.*.b\"}]}",
        "{\"status\":\"processing\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"*.\"}]}",
        "{\"status\":\"processing\",\"identifiers\":[null]}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct err err = ERR_INIT;
        assert_null(parse_order(BAD[i], &err));
        assert_int_equal(err.class, ERR_CA);
        assert_true(err.text[0] != '\0');
    }
}

static void refuses_endless_lists(void **state)
{
    AUTO(buf_done) struct buf text = BUF(1024 * 1024);
    struct err err = ERR_INIT;

    (void)state;
    buf_add_str(&text, "{\"status\":\"processing\",\"identifiers\":[");
    for (int i = 0; i <= ACME_IDENTIFIERS_MAX; i++) {
        buf_addf(&text, "%s{\"type\":\"dns\",\"value\":\"n%d.test\"}", i == 0 ? "" : ",", i);
    }
    buf_add_str(&text, "]}");
    assert_null(parse_order(buf_str(&text), &err));
}

static void reads_an_authorization(void **state)
{
    struct err err = ERR_INIT;
    AUTO_PTR(acme_authz)
    struct acme_authz *authz = parse_authz(
        "{\"status\":\"pending\",\"wildcard\":true,"
        "\"identifier\":{\"type\":\"dns\",\"value\":\"example.com\"},\"challenges\":["
        "{\"type\":\"dns-persist-01\",\"url\":\"" BASE "c/1\",\"status\":\"pending\"},"
        "{\"type\":\"future-09\",\"url\":\"" BASE "c/2\",\"token\":[1,2]},"
        "null,7,{},{\"type\":\"dns-99\"},"
        "{\"type\":\"dns-01\",\"url\":\"" BASE "c/3\",\"status\":\"processing\",\"token\":\"" TOKEN
        "\",\"error\":{\"type\":\"urn:ietf:params:acme:error:unauthorized\",\"detail\":"
        "\"no TXT\"}}]}",
        &err);
    const struct acme_challenge *challenge = NULL;
    AUTO_FREE char *name = NULL;
    AUTO_FREE char *types = NULL;

    (void)state;
    assert_non_null(authz);
    name = acme_authz_name(authz);
    types = acme_authz_types(authz);
    assert_string_equal(name, "*.example.com");
    assert_string_equal(authz->identifier, "example.com");
    assert_string_equal(types, "dns-persist-01, future-09, dns-01");
    challenge = acme_authz_find(authz, "dns-01");
    assert_string_equal(challenge->token, TOKEN);
    assert_int_equal(challenge->status, ACME_STATUS_PROCESSING);
    assert_true(acme_problem_is(challenge->error, "unauthorized"));
    assert_null(acme_authz_find(authz, "dns-persist-01")->token);
    assert_null(acme_authz_find(authz, "http-01"));
}

static void takes_an_identifier_that_shows_its_wildcard(void **state)
{
    struct err err = ERR_INIT;
    AUTO_PTR(acme_authz)
    struct acme_authz *authz = parse_authz(
        "{\"status\":\"valid\",\"identifier\":{\"type\":\"dns\",\"value\":\"*.a.test\"}}", &err);

    (void)state;
    assert_non_null(authz);
    assert_string_equal(authz->identifier, "a.test");
    assert_true(authz->is_wildcard);
    assert_int_equal(authz->n_challenges, 0);
}

#define AUTHZ_FORMAT                                                                  \
    "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.test\"}," \
    "\"challenges\":[{\"type\":\"%s\",\"url\":\"" BASE "c\",\"token\":\"%s\"}]}"

static void refuses_bad_tokens_of_ours_only(void **state)
{
    static const char *const BAD[] = {"",
                                      "short",
                                      "../../../../../../etc/passwd",
                                      "0123456789abcdef;rm -rf",
                                      "0123456789abcdef ",
                                      "0123456789abcdef\\n",
                                      "0123456789abcdef=",
                                      "0123456789abcdef+/"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        AUTO_FREE char *ours = NULL;
        AUTO_FREE char *other = NULL;
        AUTO_PTR(acme_authz) struct acme_authz *authz = NULL;
        struct err err = ERR_INIT;

        ours = str_fmt(AUTHZ_FORMAT, "dns-01", BAD[i]);
        other = str_fmt(AUTHZ_FORMAT, "http-01", BAD[i]);
        assert_null(parse_authz(ours, &err));
        assert_non_null(strstr(err.text, "a.test"));
        authz = parse_authz(other, &err);
        assert_non_null(authz);
        assert_null(authz->challenges[0].token);
    }
}

static void refuses_authorizations_it_cannot_use(void **state)
{
#define ID "\"identifier\":{\"type\":\"dns\",\"value\":\"a.test\"}"
    static const char *const BAD[] = {
        "null",
        "{" ID "}",
        "{\"status\":\"pending\"}",
        "{\"status\":\"pending\",\"identifier\":\"a.test\"}",
        "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":[\"a\"]}}",
        "{\"status\":\"pending\"," ID ",\"challenges\":[{\"type\":\"dns-01\",\"token\":\"" TOKEN
        "\",\"url\":\"https://evil.test/c\"}]}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(BAD); i++) {
        struct err err = ERR_INIT;
        assert_null(parse_authz(BAD[i], &err));
        assert_int_equal(err.class, ERR_CA);
    }
}

/* Whatever prefix of a good text arrives, nothing is leaked or read past its end (run with ASan).
 */
static void survives_every_cut(void **state)
{
    static const char TEXT[] =
        "{\"status\":\"pending\"," ID ",\"challenges\":[{\"type\":\"dns-01\","
        "\"token\":\"" TOKEN "\",\"url\":\"" BASE "c\"}]}";

    (void)state;
    for (size_t len = 0; len < sizeof(TEXT) - 1; len++) {
        AUTO_FREE char *cut = str_dup_len(TEXT, len);
        struct err err = ERR_INIT;
        assert_null(parse_authz(cut, &err));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_order),
        cmocka_unit_test(reads_every_state),
        cmocka_unit_test(refuses_orders_it_cannot_use),
        cmocka_unit_test(refuses_endless_lists),
        cmocka_unit_test(reads_an_authorization),
        cmocka_unit_test(takes_an_identifier_that_shows_its_wildcard),
        cmocka_unit_test(refuses_bad_tokens_of_ours_only),
        cmocka_unit_test(refuses_authorizations_it_cannot_use),
        cmocka_unit_test(survives_every_cut),
    };

    return cmocka_run_group_tests_name("acme/object", tests, set_up, tear_down);
}
