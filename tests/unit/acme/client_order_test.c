/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* From newOrder to the chain: what each call sends, and what it makes of every way in which an
 * answer can go wrong. */
#include "client_lab.h"

#include "base/str.h"

static void issues_with_the_least_requests(void **state)
{
    AUTO_PTR(acme_order) struct acme_order *order = client_lab_reach_ready("least");
    AUTO_FREE char *url = NULL;

    (void)state;
    assert_int_equal(client_lab_finalize(order), ERR_NONE);
    assert_int_equal(client_lab.order->status, ACME_STATUS_VALID);
    url = str_dup(client_lab.order->certificate);
    assert_int_equal(
        LAB_CALL(&client_lab, acme_chain_get(client_lab.client, url, lab_on_chain, &client_lab)),
        ERR_NONE);
    assert_non_null(strstr(client_lab.chain->pem, "BEGIN CERTIFICATE"));
    /* Itself and the one elsewhere are left out. */
    assert_int_equal(client_lab.chain->alternates.n, 1);
    assert_true(str_has_suffix(client_lab.chain->alternates.items[0], "-b"));

    /* One request of each kind; one nonce begins the chain, then each answer feeds the next. */
    assert_int_equal(client_lab_count("least", "directory"), 1);
    assert_int_equal(client_lab_count("least", "newNonce"), 1);
    assert_int_equal(acme_count(client_lab.client, ACME_KIND_NONCE), 1);
    assert_int_equal(client_lab_count("least", "newOrder"), 1);
    assert_int_equal(client_lab_count("least", "finalize"), 1);
    assert_int_equal(acme_count(client_lab.client, ACME_KIND_CERTIFICATE), 1);
}

static void orders_again_without_replaces(void **state)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct acme_order_request request = {.names = &names, .replaces = "aaaa.bbbb"};

    (void)state;
    strv_add(&names, "example.com");
    client_lab_use("ari,ari");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(LAB_CALL(&client_lab, acme_order_new(client_lab.client, &request, lab_on_order,
                                                          &client_lab)),
                     ERR_NONE);
    assert_true(client_lab.order->is_replaces_refused);
    assert_int_equal(client_lab_count("ari", "newOrder"), 2);

    client_lab_use("noari"); /* a CA without renewal information is not told */
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(LAB_CALL(&client_lab, acme_order_new(client_lab.client, &request, lab_on_order,
                                                          &client_lab)),
                     ERR_NONE);
    assert_false(client_lab.order->is_replaces_refused);
    assert_int_equal(client_lab_count("noari", "newOrder"), 1);
}

static void sends_only_profiles_on_offer(void **state)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct acme_order_request request = {.names = &names, .profile = "short"};

    (void)state;
    strv_add(&names, "example.com");
    client_lab_use("profile");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(LAB_CALL(&client_lab, acme_order_new(client_lab.client, &request, lab_on_order,
                                                          &client_lab)),
                     ERR_NONE);
    assert_string_equal(client_lab.order->profile, "short");
    request.profile = "shrt";
    assert_int_equal(LAB_CALL(&client_lab, acme_order_new(client_lab.client, &request, lab_on_order,
                                                          &client_lab)),
                     ERR_CONFIG);
    assert_non_null(strstr(client_lab.err.text, "classic, short"));
}

static void answers_a_challenge_once(void **state)
{
    (void)state;
    client_lab_reach_authz("answer");
    assert_int_equal(client_lab.authz->n_challenges, 2); /* the one without a token does not harm */
    assert_int_equal(client_lab_answer(), ERR_NONE);
    assert_null(client_lab.authz);
    assert_int_equal(client_lab_count("answer", "challenge"), 1);
    assert_int_equal(client_lab_count("answer", "authz"), 1);
}

static void looks_before_it_answers_again(void **state)
{
    (void)state;
    /* The answer arrived, its reply did not. ("lost" would not do to count by: libcurl itself sends
     * a request again when a connection that was in use before dies without a byte.) */
    client_lab_reach_authz("lostchall,challenge.1=half");
    assert_int_equal(client_lab_answer(), ERR_NONE);
    assert_int_equal(client_lab.authz->status, ACME_STATUS_VALID);
    assert_int_equal(client_lab_count("lostchall", "challenge"), 1);
    /* The answer did not arrive. */
    client_lab_reach_authz("cutchall,challenge.1=cut");
    assert_int_equal(client_lab_answer(), ERR_NONE);
    assert_int_equal(client_lab_count("cutchall", "challenge"), 2);
}

static void judges_malformed_by_the_authorization(void **state)
{
    struct acme_authz *authz = NULL;

    (void)state;
    client_lab_reach_authz("twice");
    authz = TAKE(client_lab.authz);
    for (int i = 0; i < 2; i++) {
        const struct acme_challenge *challenge = acme_authz_find(authz, "dns-01");
        assert_int_equal(
            LAB_CALL(&client_lab, acme_challenge_answer(client_lab.client, authz, challenge,
                                                        lab_on_authz, &client_lab)),
            ERR_NONE);
    }
    assert_int_equal(client_lab.authz->status, ACME_STATUS_VALID);
    acme_authz_free(authz);

    /* Still pending there: then it was about our request. */
    client_lab_reach_authz("mal,challenge.all=refuse-malformed-400");
    assert_int_equal(client_lab_answer(), ERR_CA);
    assert_string_equal(client_lab.problem, "malformed");
    assert_int_equal(client_lab_count("mal", "challenge"), 1);
}

static void gives_authorizations_up(void **state)
{
    AUTO_FREE char *url = NULL;

    (void)state;
    client_lab_reach_authz("giveup,authz.2=lost");
    url = str_dup(client_lab.authz->url);
    for (int i = 0; i < 2; i++) { /* the second time it is refused, and no error */
        assert_int_equal(LAB_CALL(&client_lab, acme_authz_deactivate(client_lab.client, url,
                                                                     lab_on_authz, &client_lab)),
                         ERR_NONE);
        assert_int_equal(client_lab.authz->status, ACME_STATUS_DEACTIVATED);
    }
}

static void reads_the_order_after_a_lost_finalize(void **state)
{
    AUTO_PTR(acme_order) struct acme_order *lost = NULL;
    AUTO_PTR(acme_order) struct acme_order *cut = NULL;

    (void)state;
    lost = client_lab_reach_ready("lostfin,finalize.1=half");
    assert_int_equal(client_lab_finalize(lost), ERR_NONE);
    assert_int_equal(client_lab.order->status, ACME_STATUS_VALID);
    assert_int_equal(client_lab_count("lostfin", "finalize"), 1);
    cut = client_lab_reach_ready("cutfin,finalize.1=cut");
    assert_int_equal(client_lab_finalize(cut), ERR_NONE);
    assert_int_equal(client_lab.order->status, ACME_STATUS_VALID);
    assert_int_equal(client_lab_count("cutfin", "finalize"), 2);
}

/* When the connection dies without a byte, libcurl repeats the very message: the CA has seen its
 * nonce. */
static void copes_with_a_message_that_was_sent_twice(void **state)
{
    AUTO_PTR(acme_order)
    struct acme_order *order = client_lab_reach_ready("replay,finalize.1=lost");

    (void)state;
    assert_int_equal(client_lab_finalize(order), ERR_NONE);
    assert_int_equal(client_lab.order->status, ACME_STATUS_VALID);
    client_lab_reach_authz("replay2,challenge.1=lost");
    assert_int_equal(client_lab_answer(), ERR_NONE);
}

static void hands_the_order_back_when_it_is_not_ready(void **state)
{
    struct acme_order *order = NULL;

    (void)state;
    client_lab_use("notready");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_NONE);
    order = TAKE(client_lab.order);
    assert_int_equal(client_lab_finalize(order), ERR_NONE);
    assert_int_equal(client_lab.order->status, ACME_STATUS_PENDING);
    acme_order_free(order);
}

static void reports_a_refused_csr(void **state)
{
    AUTO_PTR(acme_order)
    struct acme_order *order = client_lab_reach_ready("badcsr,finalize.1=refuse-badCSR-400");

    (void)state;
    assert_int_equal(client_lab_finalize(order), ERR_CA);
    assert_string_equal(client_lab.problem, "badCSR");
    assert_non_null(strstr(client_lab.err.text, "--key-type"));
}

static void polls_past_a_hung_connection(void **state)
{
    AUTO_FREE char *url = NULL;

    (void)state;
    client_lab_use("hung,order.1=hang-60");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_NONE);
    url = str_dup(client_lab.order->url);
    assert_int_equal(
        LAB_CALL(&client_lab, acme_order_get(client_lab.client, url, lab_on_order, &client_lab)),
        ERR_NONE);
    assert_int_equal(client_lab_count("hung", "order"), 2);
}

static void survives_garbage(void **state)
{
    AUTO_FREE char *url = NULL;

    (void)state;
    client_lab_use("garbage,order.1=garbage,order.2=half");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_NONE);
    url = str_dup(client_lab.order->url);
    assert_int_equal(
        LAB_CALL(&client_lab, acme_order_get(client_lab.client, url, lab_on_order, &client_lab)),
        ERR_NONE);
    assert_int_equal(client_lab_count("garbage", "order"), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(issues_with_the_least_requests),
        cmocka_unit_test(orders_again_without_replaces),
        cmocka_unit_test(sends_only_profiles_on_offer),
        cmocka_unit_test(answers_a_challenge_once),
        cmocka_unit_test(looks_before_it_answers_again),
        cmocka_unit_test(judges_malformed_by_the_authorization),
        cmocka_unit_test(gives_authorizations_up),
        cmocka_unit_test(reads_the_order_after_a_lost_finalize),
        cmocka_unit_test(copes_with_a_message_that_was_sent_twice),
        cmocka_unit_test(hands_the_order_back_when_it_is_not_ready),
        cmocka_unit_test(reports_a_refused_csr),
        cmocka_unit_test(polls_past_a_hung_connection),
        cmocka_unit_test(survives_garbage),
    };

    return cmocka_run_group_tests_name("acme/client_order", tests, client_lab_set_up,
                                       client_lab_tear_down);
}
