/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Accounts: made, found, bound to one at the CA. */
#include "client_lab.h"

#include "base/str.h"

static void creates_an_account_once_and_finds_it(void **state)
{
    AUTO_FREE char *first = NULL;

    (void)state;
    client_lab_use("account");
    assert_int_equal(
        LAB_CALL(&client_lab, acme_account_find(client_lab.client, lab_on_account, &client_lab)),
        ERR_NOT_FOUND);
    assert_string_equal(client_lab.problem, "accountDoesNotExist");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_true(client_lab.is_created);
    first = str_dup(client_lab.account);
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_false(client_lab.is_created);
    assert_string_equal(client_lab.account, first);
    assert_int_equal(
        LAB_CALL(&client_lab, acme_account_find(client_lab.client, lab_on_account, &client_lab)),
        ERR_NONE);
    assert_string_equal(acme_account_url(client_lab.client), first);
}

static void asks_for_agreement_before_the_ca_does(void **state)
{
    struct acme_account_request request = {.has_agreed = false};

    (void)state;
    client_lab_use("terms");
    assert_int_equal(LAB_CALL(&client_lab, acme_account_new(client_lab.client, &request,
                                                            lab_on_account, &client_lab)),
                     ERR_HUMAN);
    assert_non_null(strstr(client_lab.err.text, "https://terms.example/v1"));
    assert_non_null(strstr(client_lab.err.text, "--agree-tos"));
    assert_int_equal(client_lab_count("terms", "newAccount"), 0);
}

static void binds_an_external_account(void **state)
{
    static const char *const ALGS[] = {NULL, "HS256", "HS384", "HS512"};
    static const char KEY[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEy"
                              "MzQ1Njc4OTo7PD0-Pw";

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ALGS); i++) {
        AUTO_FREE char *segment = str_fmt("eab%zu,eab", i);
        AUTO_PTR(acme_eab) struct acme_eab *eab = NULL;
        struct acme_account_request request = {.has_agreed = true};
        struct err err = ERR_INIT;

        assert_int_equal(acme_eab_new("kid-1", KEY, ALGS[i], &eab, &err), 0);
        request.eab = eab;
        client_lab_use(segment);
        assert_int_equal(LAB_CALL(&client_lab, acme_account_new(client_lab.client, &request,
                                                                lab_on_account, &client_lab)),
                         ERR_NONE);
        assert_true(client_lab.is_created);
    }
}

static void explains_a_missing_and_a_wrong_binding(void **state)
{
    static const char WRONG[] = "d3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmc";
    AUTO_PTR(acme_eab) struct acme_eab *eab = NULL;
    struct acme_account_request request = {.has_agreed = true};
    struct err err = ERR_INIT;

    (void)state;
    client_lab_use("noeab,eab");
    assert_int_equal(lab_register(&client_lab), ERR_HUMAN);
    assert_non_null(strstr(client_lab.err.text, "--eab-kid"));
    assert_int_equal(client_lab_count("noeab", "newAccount"), 0);

    assert_int_equal(acme_eab_new("kid-1", WRONG, NULL, &eab, &err), 0);
    request.eab = eab;
    assert_int_equal(LAB_CALL(&client_lab, acme_account_new(client_lab.client, &request,
                                                            lab_on_account, &client_lab)),
                     ERR_HUMAN);
    assert_non_null(strstr(client_lab.err.text, "binding is wrong"));
    assert_non_null(strstr(client_lab.err.text, "kid-1"));
    assert_null(strstr(client_lab.err.text, WRONG));
}

static void needs_an_account(void **state)
{
    (void)state;
    client_lab_use("noaccount");
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_FAILED);
    assert_non_null(strstr(client_lab.err.text, "no account"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creates_an_account_once_and_finds_it),
        cmocka_unit_test(asks_for_agreement_before_the_ca_does),
        cmocka_unit_test(binds_an_external_account),
        cmocka_unit_test(explains_a_missing_and_a_wrong_binding),
        cmocka_unit_test(needs_an_account),
    };

    return cmocka_run_group_tests_name("acme/client_account", tests, client_lab_set_up,
                                       client_lab_tear_down);
}
