/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Waiting until the servers serve the values, and until they are gone. */
#include "live_lab.h"

#include "base/clock.h"
#include "base/mem.h"
#include "dns/gone.h"
#include "dns/watch.h"

struct wait {
    bool is_done;
    bool has_moved;
    struct err err;
    struct strv warnings;
    size_t good, total;
    char target[256];
};

static void on_progress(void *arg, size_t good, size_t total, const struct strv *waiting)
{
    struct wait *wait = arg;

    assert_int_equal(total - good, waiting->n);
    wait->good = good;
    wait->total = total;
}

static void on_warned(void *arg, const char *text)
{
    strv_add(&((struct wait *)arg)->warnings, text);
}

static void on_moved(void *arg, const char *target)
{
    struct wait *wait = arg;

    wait->has_moved = true;
    (void)snprintf(wait->target, sizeof(wait->target), "%s", target);
    loop_stop(live_loop);
}

static void on_wait_done(void *arg, const struct err *err)
{
    struct wait *wait = arg;

    wait->is_done = true;
    if (err != NULL) {
        wait->err = *err;
    }
    loop_stop(live_loop);
}

static const struct dns_watch_callbacks WATCH_CALLBACKS = {
    .progress = on_progress, .warned = on_warned, .moved = on_moved, .done = on_wait_done};

static struct dns_watch *start_watch(const struct dns_place *place, int64_t timeout_ms,
                                     struct wait *wait)
{
    static const char *const VALUES[] = {"one", "two"};
    struct dns_watch_policy policy = {.timeout_ms = timeout_ms};

    *wait = (struct wait){.err = ERR_INIT};
    return dns_watch_start(live_dns, place, VALUES, ARRAY_LEN(VALUES), &policy, &WATCH_CALLBACKS,
                           wait);
}

static void publish(const char *address, const char *name)
{
    (void)live_tell("add %s %s one", address, name);
    (void)live_tell("add %s %s two", address, name);
}

/* Whether a wait for what is there already took no time and no more questions than it needs. */
static bool passes_at_once(const char *name)
{
    AUTO_FREE char *absolute = str_fmt("%s.", name);
    AUTO_PTR(dns_place) struct dns_place *place = live_find_place(name);
    struct wait wait;
    int64_t started_ms = 0;
    long n_asked = 0;

    publish("127.0.0.11", absolute);
    publish("127.0.0.12", absolute);
    started_ms = clock_mono_ms();
    (void)start_watch(place, 5000, &wait);
    live_run_for(5000);
    assert_true(wait.is_done);
    assert_int_equal(wait.err.class, ERR_NONE);
    assert_int_equal(wait.good, 2);
    assert_int_equal(wait.total, 2);
    assert_int_equal(wait.warnings.n, 0);
    /* One question of each server: both values in one, and no last look after the first. Before
     * that one or two found the place. */
    n_asked =
        live_tell("asked 127.0.0.11 %s", absolute) + live_tell("asked 127.0.0.12 %s", absolute);
    assert_true(n_asked >= 3);
    return clock_mono_ms() - started_ms < 300 && n_asked <= 4;
}

/* The best of three: a loaded machine makes a server answer too late for the first question. */
static void passes_at_once_when_all_serve_it(void **state)
{
    (void)state;
    assert_true(passes_at_once("_acme-challenge.p1.example.test") ||
                passes_at_once("_acme-challenge.p1b.example.test") ||
                passes_at_once("_acme-challenge.p1c.example.test"));
}

static void waits_for_the_server_that_lags(void **state)
{
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.p2.example.test");
    struct wait wait;

    (void)state;
    publish("127.0.0.11", "_acme-challenge.p2.example.test.");
    (void)live_tell("add 127.0.0.12 _acme-challenge.p2.example.test. one");
    (void)start_watch(place, 5000, &wait);
    live_run_for(1500);
    assert_false(wait.is_done);
    assert_int_equal(wait.good, 1);
    (void)live_tell("add 127.0.0.12 _acme-challenge.p2.example.test. two");
    live_run_for(3000);
    assert_true(wait.is_done);
    assert_int_equal(wait.err.class, ERR_NONE);
    assert_int_equal(wait.good, 2);
}

static void whoever_wants_to_know_now_is_not_made_to_wait(void **state)
{
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.p9.example.test");
    struct wait wait;
    struct dns_watch *watch = start_watch(place, 60000, &wait);
    uint64_t n_asked = 0;

    (void)state;
    live_run_for(3000); /* pauses have grown beyond a second */
    n_asked = dns_question_count(live_dns);
    live_run_for(1);
    for (int i = 0; i < 20; i++) {
        dns_look_now(live_dns);
        live_run_for(20);
    }
    assert_true(dns_question_count(live_dns) >= n_asked + 10);
    dns_watch_cancel(&watch);
    dns_look_now(live_dns); /* nobody is left to hear it */
    assert_false(wait.is_done);
}

static void a_failure_is_the_table(void **state)
{
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.p3.example.test");
    struct wait wait;

    (void)state;
    publish("127.0.0.11", "_acme-challenge.p3.example.test.");
    (void)live_tell("add 127.0.0.12 _acme-challenge.p3.example.test. one");
    (void)start_watch(place, 700, &wait);
    live_run_for(3000);
    assert_true(wait.is_done);
    assert_int_equal(wait.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(wait.err.text, "1 of 2 have it"));
    assert_non_null(
        strstr(wait.err.text, "ns2.example.test (127.0.0.12)      1 of 2 values, TXT \"one\""));
    assert_non_null(strstr(wait.err.text, "ns1.example.test (127.0.0.11)      has it "));
    assert_non_null(strstr(wait.err.text, "no route"));
}

static void the_known_broken_have_no_vote(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = live_find_place("_acme-challenge.broken.test");
    struct wait wait;
    int64_t started_ms = 0;

    (void)state;
    dns_probe_start(live_dns, place);
    live_run_for(3300);
    publish("127.0.0.11", "_acme-challenge.broken.test.");
    started_ms = clock_mono_ms();
    (void)start_watch(place, 60000, &wait);
    live_run_for(5000);
    (void)live_tell("drop 127.0.0.11 _acme-challenge.broken.test.");
    assert_true(wait.is_done);
    assert_int_equal(wait.err.class, ERR_NONE);
    assert_int_equal(wait.total, 1);
    assert_int_equal(wait.warnings.n, 2);
    /* Those whose silence is news have three seconds. */
    assert_true(clock_mono_ms() - started_ms < 2500);
    strv_done(&wait.warnings);
}

static void the_silent_unknown_are_out_after_three_seconds(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = live_find_place("_acme-challenge.broken.test");
    struct wait wait;
    int64_t started_ms = clock_mono_ms();

    (void)state;
    publish("127.0.0.11", "_acme-challenge.broken.test.");
    (void)start_watch(place, 60000, &wait);
    live_run_for(9000);
    (void)live_tell("drop 127.0.0.11 _acme-challenge.broken.test.");
    assert_true(wait.is_done);
    assert_int_equal(wait.err.class, ERR_NONE);
    assert_in_range(clock_mono_ms() - started_ms, 2000, 5500);
    strv_done(&wait.warnings);
}

static void who_breaks_while_waiting_is_out_after_half_the_time(void **state)
{
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.p4.example.test");
    struct wait wait;
    int64_t started_ms = 0;

    (void)state;
    dns_probe_start(live_dns, place);
    live_run_for(1500);
    publish("127.0.0.11", "_acme-challenge.p4.example.test.");
    (void)live_tell("mode 127.0.0.12 servfail");
    started_ms = clock_mono_ms();
    (void)start_watch(place, 3000, &wait);
    live_run_for(5000);
    (void)live_tell("mode 127.0.0.12 good");
    assert_true(wait.is_done);
    assert_int_equal(wait.err.class, ERR_NONE);
    assert_in_range(clock_mono_ms() - started_ms, 1450, 2950);
    assert_int_equal(wait.warnings.n, 1);
    strv_done(&wait.warnings);
}

static void a_new_cname_moves_the_watch(void **state)
{
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.p5.example.test");
    struct wait wait;

    (void)state;
    (void)live_tell("cname 127.0.0.11 _acme-challenge.p5.example.test. new.alias.test.");
    (void)start_watch(place, 5000, &wait);
    live_run_for(3000);
    assert_true(wait.has_moved);
    assert_false(wait.is_done);
    assert_string_equal(wait.target, "new.alias.test");
}

static void a_wildcards_cname_is_no_move(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = live_find_place("_acme-challenge.wild.test");
    struct wait wait;

    (void)state;
    (void)start_watch(place, 600, &wait);
    live_run_for(3000);
    assert_false(wait.has_moved);
    assert_true(wait.is_done);
    assert_non_null(strstr(wait.err.text, "CNAME to parking.third.test by a wildcard"));
}

/* A large answer that needs TCP, from a server without TCP: the CA would fail, so the wait must. */
static void truncated_without_tcp_never_passes(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = live_find_place("_acme-challenge.notcp.test");
    struct wait wait;

    (void)state;
    publish("127.0.0.19", "_acme-challenge.notcp.test.");
    (void)live_tell("mode 127.0.0.19 truncate");
    (void)start_watch(place, 600, &wait);
    live_run_for(3000);
    (void)live_tell("mode 127.0.0.19 good");
    assert_true(wait.is_done);
    assert_int_equal(wait.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(wait.err.text, "truncated over UDP, and TCP fails (the CA needs it)"));
    assert_int_equal(wait.warnings.n, 0);
}

/* A server that turns to nonsense is one that is broken, and is said to be. */
static void nonsense_is_told_in_the_table(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = live_find_place("_acme-challenge.odd.test");
    struct wait wait;

    (void)state;
    (void)live_tell("mode 127.0.0.17 pointer-loop");
    (void)start_watch(place, 600, &wait);
    live_run_for(3000);
    (void)live_tell("mode 127.0.0.17 good");
    assert_int_equal(wait.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(wait.err.text, "no proper DNS message"));
    strv_done(&wait.warnings);
}

static void cancelled_watches_never_call_back(void **state)
{
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.p7.example.test");
    struct wait wait;
    struct dns_watch *watch = start_watch(place, 300, &wait);

    (void)state;
    live_run_for(100);
    dns_watch_cancel(&watch);
    assert_null(watch);
    live_run_for(500);
    assert_false(wait.is_done);
}

static void a_hundred_watches_run_side_by_side(void **state)
{
    enum { N = 100 };
    static struct wait waits[N];
    struct dns_place *places[N] = {0};
    int64_t started_ms = 0;
    size_t n_done = 0;

    (void)state;
    for (int i = 0; i < N; i++) {
        AUTO_FREE char *name = str_fmt("_acme-challenge.h%d.example.test", i);
        AUTO_FREE char *absolute = str_fmt("%s.", name);

        places[i] = live_find_place(name);
        publish("127.0.0.11", absolute);
        publish("127.0.0.12", absolute);
    }
    started_ms = clock_mono_ms();
    for (int i = 0; i < N; i++) {
        (void)start_watch(places[i], 10000, &waits[i]);
    }
    while (n_done < N && clock_mono_ms() - started_ms < 8000) {
        live_run_for(8000);
        n_done = 0;
        for (int i = 0; i < N; i++) {
            n_done += waits[i].is_done && waits[i].err.class == ERR_NONE ? 1 : 0;
        }
    }
    for (int i = 0; i < N; i++) {
        dns_place_free(places[i]);
    }
    assert_int_equal(n_done, N);
}

struct leftovers {
    bool is_done;
    size_t n;
    struct err err;
};

static void on_gone(void *arg, const struct strv *still_standing, const struct err *err)
{
    struct leftovers *leftovers = arg;

    leftovers->is_done = true;
    leftovers->n = still_standing->n;
    if (err != NULL) {
        leftovers->err = *err;
    }
    loop_stop(live_loop);
}

static void clean_up_sees_what_still_stands(void **state)
{
    static const char *const VALUES[] = {"one", "two"};
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.g1.example.test");
    struct leftovers leftovers = {.err = ERR_INIT};

    (void)state;
    (void)live_tell("add 127.0.0.12 _acme-challenge.g1.example.test. two");
    (void)dns_gone_start(live_dns, place, VALUES, 2, 0, on_gone, &leftovers);
    live_run_for(3000);
    assert_true(leftovers.is_done);
    assert_int_equal(leftovers.n, 1);

    leftovers.is_done = false;
    (void)dns_gone_start(live_dns, place, VALUES, 2, 5000, on_gone, &leftovers);
    live_run_for(200);
    assert_false(leftovers.is_done);
    (void)live_tell("drop 127.0.0.12 _acme-challenge.g1.example.test.");
    live_run_for(3000);
    assert_true(leftovers.is_done);
    assert_int_equal(leftovers.n, 0);
    assert_int_equal(leftovers.err.class, ERR_NONE);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        LIVE(passes_at_once_when_all_serve_it),
        LIVE(waits_for_the_server_that_lags),
        LIVE(whoever_wants_to_know_now_is_not_made_to_wait),
        LIVE(a_failure_is_the_table),
        LIVE(the_known_broken_have_no_vote),
        LIVE(the_silent_unknown_are_out_after_three_seconds),
        LIVE(who_breaks_while_waiting_is_out_after_half_the_time),
        LIVE(a_new_cname_moves_the_watch),
        LIVE(a_wildcards_cname_is_no_move),
        LIVE(truncated_without_tcp_never_passes),
        LIVE(nonsense_is_told_in_the_table),
        LIVE(cancelled_watches_never_call_back),
        LIVE(a_hundred_watches_run_side_by_side),
        LIVE(clean_up_sees_what_still_stands),
    };
    int status = 0;

    if (!live_begin(argc, argv, &status)) {
        return status;
    }
    status = cmocka_run_group_tests(tests, NULL, NULL);
    live_end();
    return status;
}
