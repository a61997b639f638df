/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme/problem.h"

#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>
#include <string.h>

#define URN "urn:ietf:params:acme:error:"

static struct acme_problem *parse(const char *text)
{
    AUTO_PTR(json) struct json *json = NULL;
    struct err err = ERR_INIT;

    assert_int_equal(json_parse(text, strlen(text), &json, &err), 0);
    return acme_problem_parse(json);
}

static enum err_class tell(const char *type, long status, const char *eab_help, int64_t retry_s,
                           struct err *err)
{
    AUTO_FREE char *text = str_fmt(
        "{\"type\":\"" URN "%s\",\"detail\":\"the CA's words\",\"status\":%ld}", type, status);
    AUTO_PTR(acme_problem) struct acme_problem *problem = parse(text);

    acme_problem_to_err(problem, eab_help, retry_s, err);
    assert_true(type[0] == '\0' || strstr(err->text, type) == err->text);
    assert_non_null(strstr(err->text, "the CA's words"));
    return err->class;
}

static void shows_all_there_is(void **state)
{
    AUTO_PTR(acme_problem)
    struct acme_problem *problem =
        parse("{\"type\":\"" URN "compound\",\"detail\":\"two names failed\","
              "\"instance\":\"https://ca.example/doc\",\"subproblems\":["
              "{\"type\":\"" URN "caa\",\"detail\":\"CAA says no\","
              "\"identifier\":{\"type\":\"dns\",\"value\":\"a.test\"}},"
              "7,{\"type\":\"" URN "dns\",\"detail\":\"SERVFAIL\"}]}");
    AUTO_PTR(acme_problem) struct acme_problem *copy = acme_problem_copy(problem);
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(copy->n_subproblems, 2);
    acme_problem_to_err(copy, NULL, -1, &err);
    assert_string_equal(err.text, "compound: two names failed\n"
                                  "  a.test: caa: CAA says no\n"
                                  "  (no name): dns: SERVFAIL\n"
                                  "See https://ca.example/doc");
    assert_int_equal(err.class, ERR_CA);
}

static void classes_go_by_what_the_reader_must_do(void **state)
{
    static const struct {
        const char *type;
        long status;
        enum err_class class;
        const char *remedy;
    } CASES[] = {
        {"rateLimited", 429, ERR_LATER, "rateLimited"},
        {"userActionRequired", 403, ERR_HUMAN, "--agree-tos"},
        {"agreementRequired", 403, ERR_HUMAN, "--agree-tos"},
        {"externalAccountRequired", 403, ERR_HUMAN, "--eab-kid"},
        {"accountDoesNotExist", 400, ERR_NOT_FOUND, "does not know this account"},
        {"badCSR", 400, ERR_CA, "--key-type"},
        {"caa", 403, ERR_CA, "CAA record"},
        {"dns", 400, ERR_CA, "name servers"},
        {"unauthorized", 403, ERR_CA, "TXT value"},
        {"unauthorized", 0, ERR_CA, "TXT value"},
        {"rejectedIdentifier", 400, ERR_CA, "Leave it out"},
        {"invalidContact", 400, ERR_CONFIG, "--email"},
        {"serverInternal", 500, ERR_LATER, "at the CA"},
        {"somethingNew", 400, ERR_CA, "somethingNew"},
        {"somethingNew", 502, ERR_LATER, "somethingNew"},
        {"", 503, ERR_LATER, "words"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        struct err err = ERR_INIT;
        assert_int_equal(tell(CASES[i].type, CASES[i].status, NULL, -1, &err), CASES[i].class);
        assert_non_null(strstr(err.text, CASES[i].remedy));
    }
}

static void tells_the_time_to_come_back(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    tell("rateLimited", 429, NULL, 7200, &err);
    assert_int_equal(err.retry_after_s, 7200);
    assert_non_null(strstr(err.text, "2 hours"));
    assert_non_null(strstr(err.text, "Z."));
    tell("rateLimited", 429, NULL, INT64_MAX / 2, &err);
    assert_int_equal(err.retry_after_s, UINT32_MAX);
    tell("badCSR", 400, NULL, 7200, &err);
    assert_int_equal(err.retry_after_s, 0);
}

static void says_where_bindings_come_from(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    tell("externalAccountRequired", 403, "the dashboard", -1, &err);
    assert_non_null(strstr(err.text, "the dashboard"));
}

static void takes_odd_documents(void **state)
{
    AUTO_PTR(acme_problem) struct acme_problem *empty = parse("{}");
    AUTO_PTR(acme_problem)
    struct acme_problem *wrong =
        parse("{\"type\":7,\"detail\":[],\"subproblems\":{\"a\":1},\"instance\":\"javascript:x\"}");
    AUTO_PTR(acme_problem)
    struct acme_problem *foreign =
        parse("{\"type\":\"https://ca.test/errors/moon\",\"title\":\"wrong phase\"}");
    struct err err = ERR_INIT;

    (void)state;
    assert_null(parse("[]"));
    assert_null(parse("null"));
    assert_string_equal(empty->type, "");
    acme_problem_to_err(empty, NULL, -1, &err);
    assert_true(err.text[0] != '\0');
    assert_null(wrong->instance);
    assert_int_equal(wrong->n_subproblems, 0);
    assert_string_equal(foreign->type, "https://ca.test/errors/moon");
    assert_string_equal(foreign->detail, "wrong phase");
    assert_false(acme_problem_is(NULL, "caa"));
}

static void cuts_what_is_long_between_characters(void **state)
{
    AUTO(buf_done) struct buf text = BUF(100000);
    AUTO_PTR(acme_problem) struct acme_problem *problem = NULL;
    struct err err = ERR_INIT;
    size_t len = 0;

    (void)state;
    buf_add_str(&text, "{\"type\":\"x\",\"detail\":\"a");
    for (int i = 0; i < 5000; i++) {
        buf_add_str(&text, "\xc3\xa4");
    }
    buf_add_str(&text, "\",\"subproblems\":[");
    for (int i = 0; i < 500; i++) {
        buf_addf(&text, "%s{\"type\":\"y\",\"detail\":\"%050d\"}", i == 0 ? "" : ",", i);
    }
    buf_add_str(&text, "]}");
    problem = parse(buf_str(&text));
    len = strlen(problem->detail);
    assert_true(len < 2000);
    assert_memory_equal(problem->detail + len - 5, "\xc3\xa4...", 5);
    assert_int_equal(problem->n_subproblems, ACME_SUBPROBLEMS_MAX);
    acme_problem_to_err(problem, NULL, -1, &err);
    assert_true(strlen(err.text) < ERR_TEXT_MAX - 400); /* room for context in front */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_all_there_is),
        cmocka_unit_test(classes_go_by_what_the_reader_must_do),
        cmocka_unit_test(tells_the_time_to_come_back),
        cmocka_unit_test(says_where_bindings_come_from),
        cmocka_unit_test(takes_odd_documents),
        cmocka_unit_test(cuts_what_is_long_between_characters),
    };

    return cmocka_run_group_tests_name("acme/problem", tests, NULL, NULL);
}
