/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Signatures that AWS has published: the worked example of its reference, and its test suite. The
 * stand-in compares whatever else is signed with an implementation that is not ours. */
#include "sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_S 1440938160 /* 2015-08-30 12:36:00 */

static const struct sigv4_keys KEYS = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                       NULL};

static const struct sigv4_request VANILLA = {
    .method = "GET",
    .host = "example.amazonaws.com",
    .path = "/",
    .query = "",
    .service = "service",
    .region = "us-east-1",
};

/* Also: the caller's headers may come in any order. */
static void assert_signed(const struct sigv4_request *request, const struct sigv4_keys *keys,
                          const char *scope, const char *headers, const char *signature)
{
    struct sigv4_signature s;
    char wanted[SIGV4_AUTHORIZATION_SIZE];

    assert_true(sigv4_sign(request, keys, NOW_S, &s));
    assert_string_equal(s.date, "20150830T123600Z");
    (void)snprintf(wanted, sizeof(wanted),
                   "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/%s/aws4_request, "
                   "SignedHeaders=%s, Signature=%s",
                   scope, headers, signature);
    assert_string_equal(s.authorization, wanted);
}

static void the_reference_s_example(void **state)
{
    static const struct sigv4_pair HEADERS[] = {
        {"content-type", "application/x-www-form-urlencoded; charset=utf-8"}};
    const struct sigv4_request request = {
        .method = "GET",
        .host = "iam.amazonaws.com",
        .path = "/",
        .query = "Action=ListUsers&Version=2010-05-08",
        .headers = HEADERS,
        .n_headers = 1,
        .service = "iam",
        .region = "us-east-1",
    };

    (void)state;
    assert_signed(&request, &KEYS, "us-east-1/iam", "content-type;host;x-amz-date",
                  "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

static void requests_without_a_body(void **state)
{
    struct sigv4_request request = VANILLA;

    (void)state;
    assert_signed(&request, &KEYS, "us-east-1/service", "host;x-amz-date",
                  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    request.query = "Param1=value1&Param2=value2";
    assert_signed(&request, &KEYS, "us-east-1/service", "host;x-amz-date",
                  "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
    request.query = "";
    request.method = "POST";
    assert_signed(&request, &KEYS, "us-east-1/service", "host;x-amz-date",
                  "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

static void a_request_with_a_body(void **state)
{
    static const struct sigv4_pair HEADERS[] = {
        {"content-type", "application/x-www-form-urlencoded"}};
    struct sigv4_request request = VANILLA;

    (void)state;
    request.method = "POST";
    request.headers = HEADERS;
    request.n_headers = 1;
    request.body = "Param1=value1";
    request.body_len = 13;
    assert_signed(&request, &KEYS, "us-east-1/service", "content-type;host;x-amz-date",
                  "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a");
}

static void temporary_keys(void **state)
{
    struct sigv4_keys keys = KEYS;
    struct sigv4_request request = VANILLA;

    (void)state;
    request.method = "POST";
    keys.session_token =
        "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfp"
        "SPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQ"
        "DYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+s"
        "cqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
    assert_signed(&request, &keys, "us-east-1/service", "host;x-amz-date;x-amz-security-token",
                  "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
}

static void texts_too_long_to_be_aws_s_are_refused(void **state)
{
    static char text[2000];
    struct sigv4_signature s = {.date = "untouched"};
    struct sigv4_keys keys = KEYS;
    struct sigv4_request request = VANILLA;

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    keys.secret_access_key = text;
    assert_false(sigv4_sign(&request, &keys, NOW_S, &s));
    keys = KEYS;
    keys.access_key_id = text;
    assert_false(sigv4_sign(&request, &keys, NOW_S, &s));
    request.region = text;
    assert_false(sigv4_sign(&request, &KEYS, NOW_S, &s));
    request = VANILLA;
    request.n_headers = SIGV4_HEADERS_MAX + 1;
    assert_false(sigv4_sign(&request, &KEYS, NOW_S, &s));
    assert_string_equal(s.date, "untouched");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_s_example),
        cmocka_unit_test(requests_without_a_body),
        cmocka_unit_test(a_request_with_a_body),
        cmocka_unit_test(temporary_keys),
        cmocka_unit_test(texts_too_long_to_be_aws_s_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
