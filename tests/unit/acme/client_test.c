/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What all calls have in common: the directory, nonces, repeating, waiting, deadlines, cancelling.
 */
#include "client_lab.h"

#include "base/event.h"
#include "base/str.h"

static void reads_the_directory(void **state)
{
    const struct acme_directory *directory = NULL;

    (void)state;
    client_lab_use("dir");
    assert_null(acme_client_directory(client_lab.client));
    assert_int_equal(
        LAB_CALL(&client_lab, acme_start(client_lab.client, lab_on_start, &client_lab)), ERR_NONE);
    directory = acme_client_directory(client_lab.client);
    assert_string_equal(directory->terms, "https://terms.example/v1");
    assert_int_equal(directory->n_profiles, 2);
    assert_true(strv_has(&directory->caa_identities, "ca.example"));
    assert_null(directory->renewal_info);
    assert_int_equal(
        LAB_CALL(&client_lab, acme_start(client_lab.client, lab_on_start, &client_lab)), ERR_NONE);
    assert_int_equal(client_lab_count("dir", "directory"), 1);
}

static void refuses_a_directory_that_points_elsewhere(void **state)
{
    (void)state;
    client_lab_use("evil,evil");
    assert_int_equal(
        LAB_CALL(&client_lab, acme_start(client_lab.client, lab_on_start, &client_lab)), ERR_CA);
    assert_non_null(strstr(client_lab.err.text, "169.254.169.254"));
    assert_non_null(strstr(client_lab.err.text, "newOrder"));
}

static void fails_all_calls_that_wait_for_a_lost_directory(void **state)
{
    (void)state;
    client_lab_use("nodir,directory.all=404");
    assert_int_equal(lab_register(&client_lab), ERR_CA);
    assert_non_null(strstr(client_lab.err.text, "directory"));
    assert_non_null(strstr(client_lab.err.text, "404"));
}

static void repeats_what_may_be_repeated(void **state)
{
    (void)state;
    client_lab_use(
        "repeat,directory.1=cut,newNonce.1=cut,newAccount.1=lost,newOrder.1=lost,newOrder.2=half");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_false(client_lab.is_created); /* the lost one made it */
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_NONE);
    assert_int_equal(client_lab_count("repeat", "newOrder"), 3);
}

static void resigns_after_bad_nonces(void **state)
{
    (void)state;
    client_lab_use("bad,newOrder.1=refuse-badNonce-400,newOrder.2=refuse-badNonce-400,"
                   "newOrder.3=refuse-badNonce-400,newOrder.4=refuse-badNonce-400");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_NONE);
    assert_int_equal(client_lab_count("bad", "newOrder"), 5);
    assert_int_equal(acme_count_bad_nonces(client_lab.client), 4);
    /* Each refusal brought the nonce for the next try. */
    assert_int_equal(client_lab_count("bad", "newNonce"), 1);
}

static void gives_up_after_a_bounded_number_of_bad_nonces(void **state)
{
    (void)state;
    client_lab_use("storm,newOrder.all=refuse-badNonce-400");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_CA);
    assert_string_equal(client_lab.problem, "badNonce");
    assert_int_equal(client_lab_count("storm", "newOrder"), 22);
}

static void gets_nonces_where_answers_bring_none(void **state)
{
    (void)state;
    client_lab_use("nononce,newAccount.all=nononce,newOrder.all=nononce");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_NONE);
    assert_int_equal(client_lab_count("nononce", "newNonce"), 2);
}

static void ends_when_there_are_no_nonces(void **state)
{
    (void)state;
    client_lab_use("dry,newNonce.all=503-86400");
    assert_int_equal(lab_register(&client_lab), ERR_LATER);
    assert_int_equal(client_lab.err.retry_after_s, 86400);
    assert_non_null(strstr(client_lab.err.text, "newNonce"));
    assert_int_equal(client_lab_count("dry", "newAccount"), 0);
    assert_int_equal(client_lab_count("dry", "newNonce"), 1);
}

static void waits_when_asked_and_not_longer_than_it_may(void **state)
{
    int64_t began_ms = 0;

    (void)state;
    client_lab_use("busy,newOrder.1=503-1,newOrder.2=503,newOrder.3=429-86400");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    began_ms = loop_now_ms(client_lab.loop);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_LATER);
    assert_true(loop_now_ms(client_lab.loop) - began_ms >= 1900);
    assert_int_equal(client_lab_count("busy", "newOrder"), 3);
    assert_int_equal(client_lab.err.retry_after_s, 86400);
    assert_int_equal(client_lab.retry_after_s, 86400);
    assert_non_null(strstr(client_lab.err.text, "too many"));
}

/* Six tries within half a minute were what some CAs saw who say no time. A page without a problem
 * in it is a server's that is busy. */
static void asks_no_more_where_a_limit_says_no_time(void **state)
{
    (void)state;
    client_lab_use("limited,newOrder.all=429");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_LATER);
    assert_int_equal(client_lab_count("limited", "newOrder"), 1);
    client_lab_use("many,newAccount.all=429");
    assert_int_equal(lab_register(&client_lab), ERR_LATER);
    assert_int_equal(client_lab_count("many", "newAccount"), 1);
    client_lab_use("page,newOrder.1=503");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_NONE);
    assert_int_equal(client_lab_count("page", "newOrder"), 2);
}

static void stops_at_the_deadline_and_says_what_was_in_the_way(void **state)
{
    (void)state;
    client_lab_use("late,newOrder.all=hang");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    acme_set_deadline(client_lab.client, loop_now_ms(client_lab.loop) + 600);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_TIMEOUT);
    assert_non_null(strstr(client_lab.err.text, "newOrder"));
}

static void shows_a_refusal_whole(void **state)
{
    (void)state;
    client_lab_use("whole,newOrder.all=refuse-rejectedIdentifier-400");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_CA);
    assert_non_null(
        strstr(client_lab.err.text, "newOrder: rejectedIdentifier: refused by the script"));
    assert_non_null(strstr(client_lab.err.text, "bad.example: caa: CAA forbids"));
    assert_non_null(strstr(client_lab.err.text, "https://help.example/"));
    assert_non_null(strstr(client_lab.err.text, "Leave it out"));
    assert_int_equal(client_lab_count("whole", "newOrder"), 1);

    /* As an answer this is about the account, not about a TXT record. */
    client_lab_use("unauth,newOrder.all=refuse-unauthorized-403");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_CA);
    assert_non_null(strstr(client_lab.err.text, "The account may be deactivated"));
}

struct fan {
    struct acme_call *calls[20];
    size_t n_left;
};

static void on_fan(void *arg, struct acme_authz *authz, const struct acme_reply *reply)
{
    struct fan *fan = arg;

    assert_null(reply->err);
    acme_authz_free(authz);
    if (--fan->n_left == 0) {
        loop_stop(client_lab.loop);
    }
}

static void fetches_side_by_side_with_prefetched_nonces(void **state)
{
    struct acme_order *order = NULL;
    struct fan fan = {.n_left = ARRAY_LEN(fan.calls)};
    AUTO(buf_done) struct buf names = BUF(1024);
    struct err err = ERR_INIT;

    (void)state;
    client_lab_use("fan");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    for (size_t i = 0; i < fan.n_left; i++) {
        buf_addf(&names, "n%zu.example.com,", i);
    }
    acme_prefetch_nonces(client_lab.client, fan.n_left);
    assert_int_equal(lab_new_order(&client_lab, buf_str(&names)), ERR_NONE);
    lab_sleep(&client_lab, 400); /* the prefetched ones arrive */
    order = TAKE(client_lab.order);
    for (size_t i = 0; i < ARRAY_LEN(fan.calls); i++) {
        fan.calls[i] = acme_authz_get(client_lab.client, order->authz_urls.items[i], on_fan, &fan);
    }
    assert_int_equal(loop_run(client_lab.loop, &err), 0);
    assert_int_equal(fan.n_left, 0);
    assert_int_equal(acme_count(client_lab.client, ACME_KIND_AUTHZ), 20);
    /* One for the account; 19 ahead, as its answer left one that newOrder took and gave back. */
    assert_in_range(acme_count(client_lab.client, ACME_KIND_NONCE), 19, 21);
    acme_order_free(order);
}

static void keeps_to_the_window_for_nonces(void **state)
{
    AUTO_FREE char *url = str_fmt("https://127.0.0.1:%s/window/directory", client_lab_port);
    const struct ca_section section = {.nonce_window = 2};
    struct acme_order *order = NULL;
    struct fan fan = {.n_left = ARRAY_LEN(fan.calls)};
    struct err err = ERR_INIT;
    int64_t began_ms = 0;
    uint64_t n_seconds = 0;

    (void)state;
    lab_client(&client_lab, url, &section);
    began_ms = loop_now_ms(client_lab.loop);
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    acme_prefetch_nonces(client_lab.client, 50);
    assert_int_equal(lab_new_order(&client_lab, "example.com"), ERR_NONE);
    order = TAKE(client_lab.order);
    for (size_t i = 0; i < ARRAY_LEN(fan.calls); i++) {
        fan.calls[i] = acme_authz_get(client_lab.client, order->authz_urls.items[0], on_fan, &fan);
    }
    assert_int_equal(loop_run(client_lab.loop, &err), 0);
    n_seconds = (uint64_t)(loop_now_ms(client_lab.loop) - began_ms) / 1000 + 1;
    /* The answers feed the line; newNonce is asked twice a second at most. */
    assert_true(client_lab_count("window", "newNonce") <= 2 * (n_seconds + 1));
    assert_int_equal(client_lab_count("window", "authz"), 20);
    acme_order_free(order);
}

static void on_never(void *arg, struct acme_order *order, const struct acme_reply *reply)
{
    (void)arg;
    (void)order;
    (void)reply;
    fail_msg("a cancelled call called back");
}

static void cancels_at_any_moment(void **state)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct acme_order_request request = {.names = &names};

    (void)state;
    strv_add(&names, "example.com");
    client_lab_use("cancel,newOrder.all=hang-1");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    for (int64_t ms = 0; ms < 30; ms += 3) {
        struct acme_call *call = acme_order_new(client_lab.client, &request, on_never, NULL);

        lab_sleep(&client_lab, ms);
        acme_call_cancel(&call);
        assert_null(call);
    }
    /* Still usable, and the client may go while something runs. */
    acme_order_new(client_lab.client, &request, on_never, NULL);
    lab_sleep(&client_lab, 5);
    lab_close_client(&client_lab);
    lab_sleep(&client_lab, 30);
}

static void on_free_client(void *arg, struct acme_order *order, const struct acme_reply *reply)
{
    (void)reply;
    acme_order_free(order);
    acme_free(TAKE(((struct lab *)arg)->client));
    loop_stop(client_lab.loop);
}

static void client_may_be_freed_in_its_callback(void **state)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct acme_order_request request = {.names = &names};
    struct err err = ERR_INIT;

    (void)state;
    strv_add(&names, "example.com");
    client_lab_use("freed");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    acme_order_new(client_lab.client, &request, on_free_client, &client_lab);
    assert_int_equal(loop_run(client_lab.loop, &err), 0);
    assert_null(client_lab.client);
}

static void on_event(void *arg, const struct event *event)
{
    struct buf *seen = arg;

    if (event->kind == EVENT_HTTP) {
        buf_addf(seen, "%s %lld\n", event->subject, (long long)event_number(event, "status", -1));
    }
}

static void traces_requests_without_their_bodies(void **state)
{
    AUTO(buf_done) struct buf seen = BUF(65536);

    (void)state;
    event_set_sink(on_event, &seen, EVENT_TRACE);
    client_lab_use("trace");
    assert_int_equal(lab_register(&client_lab), ERR_NONE);
    event_set_sink(NULL, NULL, EVENT_ERROR);
    assert_non_null(strstr(buf_str(&seen), "GET https://127.0.0.1"));
    assert_non_null(strstr(buf_str(&seen), "/newNonce 200\n"));
    assert_non_null(strstr(buf_str(&seen), "/newAccount 201\n"));
    assert_null(strstr(buf_str(&seen), "protected"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_directory),
        cmocka_unit_test(refuses_a_directory_that_points_elsewhere),
        cmocka_unit_test(fails_all_calls_that_wait_for_a_lost_directory),
        cmocka_unit_test(repeats_what_may_be_repeated),
        cmocka_unit_test(resigns_after_bad_nonces),
        cmocka_unit_test(gives_up_after_a_bounded_number_of_bad_nonces),
        cmocka_unit_test(gets_nonces_where_answers_bring_none),
        cmocka_unit_test(ends_when_there_are_no_nonces),
        cmocka_unit_test(waits_when_asked_and_not_longer_than_it_may),
        cmocka_unit_test(asks_no_more_where_a_limit_says_no_time),
        cmocka_unit_test(stops_at_the_deadline_and_says_what_was_in_the_way),
        cmocka_unit_test(shows_a_refusal_whole),
        cmocka_unit_test(fetches_side_by_side_with_prefetched_nonces),
        cmocka_unit_test(keeps_to_the_window_for_nonces),
        cmocka_unit_test(cancels_at_any_moment),
        cmocka_unit_test(client_may_be_freed_in_its_callback),
        cmocka_unit_test(traces_requests_without_their_bodies),
    };

    return cmocka_run_group_tests_name("acme/client", tests, client_lab_set_up,
                                       client_lab_tear_down);
}
