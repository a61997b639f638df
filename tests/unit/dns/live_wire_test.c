/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What the wire and the servers may do to a question, and what is told of it. */
#include "live_lab.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"

/* What the wire may do to an answer, one mode of servers.py each; the zone is served nevertheless.
 */
static int64_t find_in_mode(const char *mode)
{
    int64_t started_ms = clock_mono_ms();
    AUTO_PTR(dns_place) struct dns_place *place = NULL;

    (void)live_tell("mode 127.0.0.17 %s", mode);
    place = live_find_place("_acme-challenge.odd.test");
    (void)live_tell("mode 127.0.0.17 good");
    assert_string_equal(place->zone, "odd.test");
    return clock_mono_ms() - started_ms;
}

/* The best of three: a loaded machine makes one slow, a mode that is not understood all of them.
 * Each with a new memory: what is known of the server's ways makes a search fast, or slow. */
static void find_in_time(const char *mode, int64_t limit_ms)
{
    int64_t took_ms = find_in_mode(mode);

    for (int i = 1; i < 3 && took_ms >= limit_ms; i++) {
        (void)live_tear_down(NULL);
        (void)live_set_up(NULL);
        took_ms = find_in_mode(mode);
    }
    assert_true(took_ms < limit_ms);
}

static void ignores_answers_that_do_not_fit(void **state)
{
    (void)state;
    find_in_time("decoys", 350);
}

static void asks_over_tcp_when_truncated(void **state)
{
    (void)state;
    find_in_time("truncate", 350);
}

static void asks_over_tcp_when_udp_is_silent(void **state)
{
    (void)state;
    find_in_time("tcp-only", 6500);
}

static void asks_without_edns_when_that_is_refused(void **state)
{
    (void)state;
    find_in_time("no-edns", 350);
}

static void refuses_malformed_answers(void **state)
{
    static const char *const MODES[] = {"garbage", "tsig", "pointer-loop"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(MODES); i++) {
        struct live_outcome outcome;

        (void)live_tell("mode 127.0.0.17 %s", MODES[i]);
        outcome = live_find("_acme-challenge.odd.test");
        (void)live_tell("mode 127.0.0.17 good");
        assert_int_equal(outcome.err.class, ERR_PROPAGATION);
        assert_non_null(strstr(outcome.err.text, "no proper DNS message"));
    }
}

/* What -vv shows: each question with who was asked and what came. */
static void on_event(void *arg, const struct event *event)
{
    unsigned *n_seen = arg;

    if (event->kind == EVENT_DNS &&
        strcmp(event->subject, "TXT _acme-challenge.t1.example.test") == 0) {
        assert_non_null(strstr(event_text(event, "server"), ".example.test (127.0.0.1"));
        assert_string_equal(event_text(event, "answer"), "NXDOMAIN aa, 1 records");
        assert_in_range(event_number(event, "ms", -1), 0, 1000);
        (*n_seen)++;
    }
}

static void each_question_is_traced(void **state)
{
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.t0.example.test");
    unsigned n_seen = 0;

    (void)state;
    event_set_sink(on_event, &n_seen, EVENT_TRACE);
    dns_place_free(place);
    place = live_find_place("_acme-challenge.t1.example.test");
    event_set_sink(NULL, NULL, EVENT_ERROR);
    assert_int_equal(n_seen, 1);
}

static void refuses_what_is_no_resolver(void **state)
{
    struct err err = ERR_INIT;
    struct dns_settings settings = {.resolvers = STRV_INIT};
    struct dns *other = NULL;

    (void)state;
    strv_add(&settings.resolvers, "resolver.example");
    assert_int_equal(dns_new(live_loop, &settings, &other, &err), -ERR_CONFIG);
    assert_non_null(strstr(err.text, "'resolver.example'"));
    assert_null(other);
    strv_done(&settings.resolvers);
}

static void says_that_the_resolver_is_silent(void **state)
{
    struct err err = ERR_INIT;
    struct dns_settings settings = {.resolvers = STRV_INIT};
    struct dns *kept = live_dns;
    struct live_outcome outcome;

    (void)state;
    strv_add(&settings.resolvers, "127.0.0.99");
    assert_int_equal(dns_new(live_loop, &settings, &live_dns, &err), 0);
    outcome = live_find("_acme-challenge.example.test");
    assert_int_equal(outcome.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(outcome.err.text, "resolver 127.0.0.99: nobody listens"));
    dns_free(live_dns);
    live_dns = kept;
    strv_done(&settings.resolvers);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        LIVE(ignores_answers_that_do_not_fit),  LIVE(asks_over_tcp_when_truncated),
        LIVE(asks_over_tcp_when_udp_is_silent), LIVE(asks_without_edns_when_that_is_refused),
        LIVE(refuses_malformed_answers),        LIVE(each_question_is_traced),
        LIVE(refuses_what_is_no_resolver),      LIVE(says_that_the_resolver_is_silent),
    };
    int status = 0;

    if (!live_begin(argc, argv, &status)) {
        return status;
    }
    status = cmocka_run_group_tests(tests, NULL, NULL);
    live_end();
    return status;
}
