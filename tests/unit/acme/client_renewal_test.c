/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* When the CA says to renew: windows, nonsense, and CAs that say nothing. */
#include "client_lab.h"

#include "base/str.h"

/* 2030-01-02T03:04:05Z */
#define START_S 1893553445

static struct acme_renewal seen;

static void on_renewal(void *arg, const struct acme_renewal *renewal,
                       const struct acme_reply *reply)
{
    assert_int_equal(renewal == NULL, reply->err != NULL);
    mem_free(TAKE(seen.explanation_url));
    if (renewal != NULL) {
        seen = *renewal;
        seen.explanation_url = str_dup(renewal->explanation_url);
    }
    lab_note(arg, reply);
}

static enum err_class ask(const char *id)
{
    return LAB_CALL(&client_lab, acme_renewal_get(client_lab.client, id, on_renewal, &client_lab));
}

static void reads_a_window(void **state)
{
    (void)state;
    client_lab_use("window,ari");
    assert_int_equal(ask("window"), ERR_NONE);
    assert_int_equal(seen.start_s, START_S);
    assert_int_equal(seen.end_s, START_S + 86400);
    assert_string_equal(seen.explanation_url, "https://ca.example/why");
    assert_int_equal(client_lab.retry_after_s, 21600);
    assert_int_equal(acme_count(client_lab.client, ACME_KIND_RENEWAL), 1);
    assert_int_equal(acme_count(client_lab.client, ACME_KIND_NONCE), 0);
}

static void shows_no_page_that_could_run(void **state)
{
    (void)state;
    client_lab_use("script,ari");
    assert_int_equal(ask("script"), ERR_NONE);
    assert_null(seen.explanation_url);
}

static void refuses_what_is_no_window(void **state)
{
    static const char *const IDS[] = {"backwards", "words", "nothing"};

    (void)state;
    client_lab_use("nonsense,ari");
    for (size_t i = 0; i < ARRAY_LEN(IDS); i++) {
        assert_int_equal(ask(IDS[i]), ERR_MALFORMED);
        assert_non_null(strstr(client_lab.err.text, "renewalInfo"));
    }
}

static void asks_again_after_a_cut(void **state)
{
    (void)state;
    client_lab_use("cut,ari,renewalInfo.1=cut");
    assert_int_equal(ask("window"), ERR_NONE);
    assert_int_equal(client_lab_count("cut", "renewalInfo"), 2);
}

static void tells_what_the_ca_refused(void **state)
{
    (void)state;
    client_lab_use("absent,ari");
    assert_int_equal(ask("absent"), ERR_CA);
    assert_non_null(strstr(client_lab.err.text, "no such certificate"));
}

static void knows_a_ca_without_it(void **state)
{
    (void)state;
    client_lab_use("without");
    assert_int_equal(ask("window"), ERR_NOT_FOUND);
    assert_int_equal(client_lab_count("without", "renewalInfo"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_a_window),
        cmocka_unit_test(shows_no_page_that_could_run),
        cmocka_unit_test(refuses_what_is_no_window),
        cmocka_unit_test(asks_again_after_a_cut),
        cmocka_unit_test(tells_what_the_ca_refused),
        cmocka_unit_test(knows_a_ca_without_it),
    };
    int failed = cmocka_run_group_tests(tests, client_lab_set_up, client_lab_tear_down);

    mem_free(seen.explanation_url);
    return failed;
}
