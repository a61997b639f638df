/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Finding, probing, watching and clean-up against name servers on the wire, port 53, in a network
 * namespace of its own: the program starts itself again under unshare(1) and there starts
 * servers.py beside itself. Skipped where no namespace can be had, or python3-dnspython is missing.
 */
#include "base/clock.h"
#include "base/event.h"
#include "base/loop.h"
#include "base/mem.h"
#include "dns/find.h"
#include "dns/gone.h"
#include "dns/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static FILE *to_servers;
static FILE *from_servers;
static pid_t servers_pid;

static struct loop *loop;
static struct dns *dns;

/* Tells the servers something and returns their word as a number (0 for "ok"). */
static long tell(const char *format, ...)
{
    char line[256];
    va_list args;

    va_start(args, format);
    (void)vfprintf(to_servers, format, args);
    va_end(args);
    (void)fputc('\n', to_servers);
    (void)fflush(to_servers);
    assert_non_null(fgets(line, sizeof(line), from_servers));
    return strtol(line, NULL, 10);
}

static int set_up(void **state)
{
    struct err err = ERR_INIT;
    struct dns_settings settings = {.resolvers = STRV_INIT};

    (void)state;
    strv_add(&settings.resolvers, "127.0.0.53");
    assert_int_equal(loop_new(&loop, &err), 0);
    assert_int_equal(dns_new(loop, &settings, &dns, &err), 0);
    strv_done(&settings.resolvers);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    dns_free(dns);
    loop_free(loop);
    return 0;
}

struct outcome {
    struct dns_place *place;
    struct err err;
    unsigned n_done;
    unsigned n_wanted;
};

static void on_found(void *arg, struct dns_place *place, const struct err *err)
{
    struct outcome *outcome = arg;

    assert_true((place == NULL) != (err == NULL));
    dns_place_free(outcome->place);
    outcome->place = place;
    if (err != NULL) {
        outcome->err = *err;
    }
    if (++outcome->n_done == outcome->n_wanted) {
        loop_stop(loop);
    }
}

static struct outcome find(const char *name)
{
    struct outcome outcome = {.err = ERR_INIT, .n_wanted = 1};
    struct err err = ERR_INIT;

    (void)dns_find_start(dns, name, on_found, &outcome);
    assert_int_equal(loop_run(loop, &err), 0);
    assert_int_equal(outcome.n_done, 1);
    return outcome;
}

static struct dns_place *find_place(const char *name)
{
    struct outcome outcome = find(name);

    if (outcome.place == NULL) {
        fail_msg("%s: %s", name, outcome.err.text);
    }
    return outcome.place;
}

static const struct dns_server *server_at(const struct dns_place *place, const char *text)
{
    for (size_t i = 0; i < place->n_servers; i++) {
        if (strcmp(place->servers[i].text, text) == 0) {
            return &place->servers[i];
        }
    }
    return NULL;
}

static void finds_zone_and_all_servers(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = NULL;
    int64_t started_ms = clock_mono_ms();

    (void)state;
    place = find_place("_acme-challenge.WWW.example.test.");
    assert_string_equal(place->owner, "_acme-challenge.www.example.test");
    assert_string_equal(place->zone, "example.test");
    assert_int_equal(place->soa_minimum_s, 60);
    assert_int_equal(place->n_hops, 0);
    assert_int_equal(place->values.n, 0);
    assert_null(place->wildcard_target);
    assert_int_equal(place->n_servers, 3);
    assert_non_null(server_at(place, "ns1.example.test (127.0.0.11)"));
    assert_non_null(server_at(place, "ns2.example.test (127.0.0.12)"));
    assert_non_null(server_at(place, "ns6.example.test (2001:db8:53::1)"));
    /* ns6 stands in the zone only. */
    assert_int_equal(place->warnings.n, 1);
    assert_true(clock_mono_ms() - started_ms < 1000);
}

static void never_asks_the_resolver_for_the_name(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.a.b.example.test");

    (void)state;
    assert_string_equal(place->zone, "example.test");
    assert_int_equal(tell("asked 127.0.0.53 _acme-challenge.a.b.example.test."), 0);
    assert_int_equal(tell("asked 127.0.0.53 a.b.example.test."), 0);
    assert_int_equal(tell("asked 127.0.0.53 b.example.test."), 0);
    assert_int_equal(tell("asked 127.0.0.53 example.test."), 0);
}

static void asks_nothing_twice_for_a_hundred_names(void **state)
{
    struct outcome outcome = {.err = ERR_INIT, .n_wanted = 100};
    struct err err = ERR_INIT;
    long root_before = tell("count 127.0.0.1");
    long tld_before = tell("count 127.0.0.2");

    (void)state;
    for (int i = 0; i < 100; i++) {
        AUTO_FREE char *name = str_fmt("_acme-challenge.n%d.example.test", i);

        (void)dns_find_start(dns, name, on_found, &outcome);
    }
    assert_int_equal(loop_run(loop, &err), 0);
    assert_int_equal(outcome.err.class, ERR_NONE);
    dns_place_free(outcome.place);
    assert_int_equal(tell("count 127.0.0.1") - root_before, 1);
    assert_int_equal(tell("count 127.0.0.2") - tld_before, 1);
    /* A slow machine makes some be asked of a second server after a while, but never all. */
    assert_in_range(dns_question_count(dns), 100, 190);
    for (int i = 0; i < 100; i++) {
        long asked = tell("asked 127.0.0.11 _acme-challenge.n%d.example.test.", i) +
                     tell("asked 127.0.0.12 _acme-challenge.n%d.example.test.", i);

        assert_in_range(asked, 1, 2);
    }
}

static void follows_cnames_over_three_zones(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.chain.example.test");
    AUTO_FREE char *path = dns_place_path(place);

    (void)state;
    assert_string_equal(path, "_acme-challenge.chain.example.test -> a.alias.test (CNAME) -> "
                              "b.third.test (CNAME)");
    assert_string_equal(place->owner, "b.third.test");
    assert_string_equal(place->zone, "third.test");
    assert_int_equal(place->n_servers, 1);
}

static void follows_dname(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.moved.example.test");

    (void)state;
    assert_int_equal(place->n_hops, 1);
    assert_int_equal(place->hops[0].kind, DNS_HOP_DNAME);
    assert_string_equal(place->owner, "_acme-challenge.alias.test");
    assert_string_equal(place->zone, "alias.test");
}

static void shows_the_path_of_a_loop(void **state)
{
    struct outcome outcome = find("_acme-challenge.loop.example.test");

    (void)state;
    assert_int_equal(outcome.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(outcome.err.text, "loop"));
    assert_non_null(strstr(outcome.err.text, "x.alias.test (CNAME) -> _acme-challenge.loop"));
}

static void stops_after_sixteen_cnames(void **state)
{
    struct outcome outcome = find("c0.alias.test");
    AUTO_PTR(dns_place) struct dns_place *place = NULL;

    (void)state;
    assert_int_equal(outcome.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(outcome.err.text, "longer than 16"));
    place = find_place("c8.alias.test");
    assert_string_equal(place->owner, "c20.alias.test");
    assert_int_equal(place->warnings.n, 1);
}

static void tells_a_wildcard_from_a_real_cname(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *covered = find_place("_acme-challenge.wild.test");
    AUTO_PTR(dns_place) struct dns_place *real = find_place("_acme-challenge.real.wild.test");

    (void)state;
    assert_string_equal(covered->owner, "_acme-challenge.wild.test");
    assert_string_equal(covered->zone, "wild.test");
    assert_string_equal(covered->wildcard_target, "parking.third.test");
    assert_string_equal(real->owner, "parking.third.test");
    assert_null(real->wildcard_target);
}

static void finds_a_challenge_zone_of_its_own(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.own.example.test");

    (void)state;
    assert_string_equal(place->zone, "_acme-challenge.own.example.test");
    assert_int_equal(place->n_servers, 1);
}

static void finds_a_child_zone_on_the_same_server(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.below.same.test");

    (void)state;
    assert_string_equal(place->zone, "below.same.test");
    assert_int_equal(place->n_servers, 1);
    assert_string_equal(place->servers[0].text, "ns1.example.test (127.0.0.11)");
}

static void reads_the_values_that_stand_there(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.full.example.test");

    (void)state;
    assert_string_equal(place->zone, "example.test");
    assert_int_equal(place->values.n, 1);
    assert_string_equal(place->values.items[0], "leftover");
}

static void passes_lame_and_dead_servers_by(void **state)
{
    int64_t started_ms = clock_mono_ms();
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.broken.test");

    (void)state;
    assert_string_equal(place->zone, "broken.test");
    assert_int_equal(place->n_servers, 3);
    assert_true(clock_mono_ms() - started_ms < 1500);
}

static void names_an_intercepted_port_53(void **state)
{
    struct outcome outcome = find("_acme-challenge.caught.test");

    (void)state;
    assert_int_equal(outcome.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(outcome.err.text, "intercepted"));
}

static void says_that_a_top_level_domain_is_unknown(void **state)
{
    struct outcome outcome = find("_acme-challenge.example.tset");

    (void)state;
    assert_int_equal(outcome.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(outcome.err.text, "the root knows no 'tset'"));
}

static void says_that_name_servers_have_no_address(void **state)
{
    struct outcome outcome = find("_acme-challenge.lost.test");

    (void)state;
    assert_int_equal(outcome.err.class, ERR_NETWORK);
    assert_non_null(strstr(outcome.err.text, "nowhere.example.test has no address"));
}

static void cancelled_finds_never_call_back(void **state)
{
    struct outcome outcome = {.err = ERR_INIT, .n_wanted = 1};
    struct dns_find *first =
        dns_find_start(dns, "_acme-challenge.example.test", on_found, &outcome);
    struct dns_find *second =
        dns_find_start(dns, "_acme-challenge.example.test", on_found, &outcome);
    struct err err = ERR_INIT;

    (void)state;
    dns_find_cancel(&first);
    assert_null(first);
    assert_int_equal(loop_run(loop, &err), 0);
    assert_int_equal(outcome.n_done, 1);
    dns_place_free(outcome.place);
    second = dns_find_start(dns, "_acme-challenge.other.test", on_found, &outcome);
    dns_find_cancel(&second);
}

/* What the wire may do to an answer, one mode of servers.py each; the zone is served nevertheless.
 */
static void find_in_mode(const char *mode, int64_t limit_ms)
{
    int64_t started_ms = clock_mono_ms();
    AUTO_PTR(dns_place) struct dns_place *place = NULL;

    (void)tell("mode 127.0.0.17 %s", mode);
    place = find_place("_acme-challenge.odd.test");
    (void)tell("mode 127.0.0.17 good");
    assert_string_equal(place->zone, "odd.test");
    assert_true(clock_mono_ms() - started_ms < limit_ms);
}

static void ignores_answers_that_do_not_fit(void **state)
{
    (void)state;
    find_in_mode("decoys", 350);
}

static void asks_over_tcp_when_truncated(void **state)
{
    (void)state;
    find_in_mode("truncate", 350);
}

static void asks_over_tcp_when_udp_is_silent(void **state)
{
    (void)state;
    find_in_mode("tcp-only", 6500);
}

static void asks_without_edns_when_that_is_refused(void **state)
{
    (void)state;
    find_in_mode("no-edns", 350);
}

static void refuses_malformed_answers(void **state)
{
    static const char *const MODES[] = {"garbage", "tsig", "pointer-loop"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(MODES); i++) {
        struct outcome outcome;

        (void)tell("mode 127.0.0.17 %s", MODES[i]);
        outcome = find("_acme-challenge.odd.test");
        (void)tell("mode 127.0.0.17 good");
        assert_int_equal(outcome.err.class, ERR_NETWORK);
        assert_non_null(strstr(outcome.err.text, "no proper DNS message"));
    }
}

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
    loop_stop(loop);
}

static void on_wait_done(void *arg, const struct err *err)
{
    struct wait *wait = arg;

    wait->is_done = true;
    if (err != NULL) {
        wait->err = *err;
    }
    loop_stop(loop);
}

static const struct dns_watch_callbacks WATCH_CALLBACKS = {
    .progress = on_progress, .warned = on_warned, .moved = on_moved, .done = on_wait_done};

static void stop(void *arg)
{
    *(struct loop_timer **)arg = NULL;
    loop_stop(loop);
}

static void run_for(int64_t ms)
{
    struct err err = ERR_INIT;
    struct loop_timer *timer = loop_timer_start(loop, ms, stop, &timer);

    assert_int_equal(loop_run(loop, &err), 0);
    loop_timer_cancel(&timer);
}

static struct dns_watch *start_watch(const struct dns_place *place, int64_t timeout_ms,
                                     struct wait *wait)
{
    static const char *const VALUES[] = {"one", "two"};
    struct dns_watch_policy policy = {.timeout_ms = timeout_ms};

    *wait = (struct wait){.err = ERR_INIT};
    return dns_watch_start(dns, place, VALUES, ARRAY_LEN(VALUES), &policy, &WATCH_CALLBACKS, wait);
}

static void publish(const char *address, const char *name)
{
    (void)tell("add %s %s one", address, name);
    (void)tell("add %s %s two", address, name);
}

static void passes_at_once_when_all_serve_it(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.p1.example.test");
    struct wait wait;
    int64_t started_ms = 0;

    (void)state;
    publish("127.0.0.11", "_acme-challenge.p1.example.test.");
    publish("127.0.0.12", "_acme-challenge.p1.example.test.");
    started_ms = clock_mono_ms();
    (void)start_watch(place, 5000, &wait);
    run_for(5000);
    assert_true(wait.is_done);
    assert_int_equal(wait.err.class, ERR_NONE);
    assert_int_equal(wait.good, 2);
    assert_int_equal(wait.total, 2);
    assert_int_equal(wait.warnings.n, 0);
    assert_true(clock_mono_ms() - started_ms < 300);
    /* One question of each server: both values in one, and no last look after the first. */
    assert_in_range(tell("asked 127.0.0.11 _acme-challenge.p1.example.test.") +
                        tell("asked 127.0.0.12 _acme-challenge.p1.example.test."),
                    3, 4);
}

static void waits_for_the_server_that_lags(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.p2.example.test");
    struct wait wait;

    (void)state;
    publish("127.0.0.11", "_acme-challenge.p2.example.test.");
    (void)tell("add 127.0.0.12 _acme-challenge.p2.example.test. one");
    (void)start_watch(place, 5000, &wait);
    run_for(400);
    assert_false(wait.is_done);
    assert_int_equal(wait.good, 1);
    (void)tell("add 127.0.0.12 _acme-challenge.p2.example.test. two");
    run_for(3000);
    assert_true(wait.is_done);
    assert_int_equal(wait.err.class, ERR_NONE);
    assert_int_equal(wait.good, 2);
}

static void a_failure_is_the_table(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.p3.example.test");
    struct wait wait;

    (void)state;
    publish("127.0.0.11", "_acme-challenge.p3.example.test.");
    (void)tell("add 127.0.0.12 _acme-challenge.p3.example.test. one");
    (void)start_watch(place, 700, &wait);
    run_for(3000);
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
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.broken.test");
    struct wait wait;
    int64_t started_ms = 0;

    (void)state;
    dns_probe_start(dns, place);
    run_for(3300);
    publish("127.0.0.11", "_acme-challenge.broken.test.");
    started_ms = clock_mono_ms();
    (void)start_watch(place, 60000, &wait);
    run_for(5000);
    (void)tell("drop 127.0.0.11 _acme-challenge.broken.test.");
    assert_true(wait.is_done);
    assert_int_equal(wait.err.class, ERR_NONE);
    assert_int_equal(wait.total, 1);
    assert_int_equal(wait.warnings.n, 2);
    assert_true(clock_mono_ms() - started_ms < 300);
    strv_done(&wait.warnings);
}

static void the_silent_unknown_are_out_after_three_seconds(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.broken.test");
    struct wait wait;
    int64_t started_ms = clock_mono_ms();

    (void)state;
    publish("127.0.0.11", "_acme-challenge.broken.test.");
    (void)start_watch(place, 60000, &wait);
    run_for(9000);
    (void)tell("drop 127.0.0.11 _acme-challenge.broken.test.");
    assert_true(wait.is_done);
    assert_int_equal(wait.err.class, ERR_NONE);
    assert_in_range(clock_mono_ms() - started_ms, 2000, 5500);
    strv_done(&wait.warnings);
}

static void who_breaks_while_waiting_is_out_after_half_the_time(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.p4.example.test");
    struct wait wait;
    int64_t started_ms = 0;

    (void)state;
    dns_probe_start(dns, place);
    run_for(300);
    publish("127.0.0.11", "_acme-challenge.p4.example.test.");
    (void)tell("mode 127.0.0.12 servfail");
    started_ms = clock_mono_ms();
    (void)start_watch(place, 3000, &wait);
    run_for(5000);
    (void)tell("mode 127.0.0.12 good");
    assert_true(wait.is_done);
    assert_int_equal(wait.err.class, ERR_NONE);
    assert_in_range(clock_mono_ms() - started_ms, 1450, 2500);
    assert_int_equal(wait.warnings.n, 1);
    strv_done(&wait.warnings);
}

static void a_new_cname_moves_the_watch(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.p5.example.test");
    struct wait wait;

    (void)state;
    (void)tell("cname 127.0.0.11 _acme-challenge.p5.example.test. new.alias.test.");
    (void)start_watch(place, 5000, &wait);
    run_for(3000);
    assert_true(wait.has_moved);
    assert_false(wait.is_done);
    assert_string_equal(wait.target, "new.alias.test");
}

static void a_wildcards_cname_is_no_move(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.wild.test");
    struct wait wait;

    (void)state;
    (void)start_watch(place, 600, &wait);
    run_for(3000);
    assert_false(wait.has_moved);
    assert_true(wait.is_done);
    assert_non_null(strstr(wait.err.text, "CNAME to parking.third.test by a wildcard"));
}

/* A large answer that needs TCP, from a server without TCP: the CA would fail, so the wait must. */
static void truncated_without_tcp_never_passes(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.notcp.test");
    struct wait wait;

    (void)state;
    publish("127.0.0.19", "_acme-challenge.notcp.test.");
    (void)tell("mode 127.0.0.19 truncate");
    (void)start_watch(place, 600, &wait);
    run_for(3000);
    (void)tell("mode 127.0.0.19 good");
    assert_true(wait.is_done);
    assert_int_equal(wait.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(wait.err.text, "truncated over UDP, and TCP fails (the CA needs it)"));
    assert_int_equal(wait.warnings.n, 0);
}

/* A server that turns to nonsense is one that is broken, and is said to be. */
static void nonsense_is_told_in_the_table(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.odd.test");
    struct wait wait;

    (void)state;
    (void)tell("mode 127.0.0.17 pointer-loop");
    (void)start_watch(place, 600, &wait);
    run_for(3000);
    (void)tell("mode 127.0.0.17 good");
    assert_int_equal(wait.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(wait.err.text, "no proper DNS message"));
    strv_done(&wait.warnings);
}

static void cancelled_watches_never_call_back(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.p7.example.test");
    struct wait wait;
    struct dns_watch *watch = start_watch(place, 300, &wait);

    (void)state;
    run_for(100);
    dns_watch_cancel(&watch);
    assert_null(watch);
    run_for(500);
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

        places[i] = find_place(name);
        publish("127.0.0.11", absolute);
        publish("127.0.0.12", absolute);
    }
    started_ms = clock_mono_ms();
    for (int i = 0; i < N; i++) {
        (void)start_watch(places[i], 10000, &waits[i]);
    }
    while (n_done < N && clock_mono_ms() - started_ms < 8000) {
        run_for(8000);
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
    loop_stop(loop);
}

static void clean_up_sees_what_still_stands(void **state)
{
    static const char *const VALUES[] = {"one", "two"};
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.g1.example.test");
    struct leftovers leftovers = {.err = ERR_INIT};

    (void)state;
    (void)tell("add 127.0.0.12 _acme-challenge.g1.example.test. two");
    (void)dns_gone_start(dns, place, VALUES, 2, 0, on_gone, &leftovers);
    run_for(3000);
    assert_true(leftovers.is_done);
    assert_int_equal(leftovers.n, 1);

    leftovers.is_done = false;
    (void)dns_gone_start(dns, place, VALUES, 2, 5000, on_gone, &leftovers);
    run_for(200);
    assert_false(leftovers.is_done);
    (void)tell("drop 127.0.0.12 _acme-challenge.g1.example.test.");
    run_for(3000);
    assert_true(leftovers.is_done);
    assert_int_equal(leftovers.n, 0);
    assert_int_equal(leftovers.err.class, ERR_NONE);
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
    AUTO_PTR(dns_place) struct dns_place *place = find_place("_acme-challenge.t0.example.test");
    unsigned n_seen = 0;

    (void)state;
    event_set_sink(on_event, &n_seen, EVENT_TRACE);
    dns_place_free(place);
    place = find_place("_acme-challenge.t1.example.test");
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
    assert_int_equal(dns_new(loop, &settings, &other, &err), -ERR_CONFIG);
    assert_non_null(strstr(err.text, "'resolver.example'"));
    assert_null(other);
    strv_done(&settings.resolvers);
}

static void says_that_the_resolver_is_silent(void **state)
{
    struct err err = ERR_INIT;
    struct dns_settings settings = {.resolvers = STRV_INIT};
    struct dns *kept = dns;
    struct outcome outcome;

    (void)state;
    strv_add(&settings.resolvers, "127.0.0.99");
    assert_int_equal(dns_new(loop, &settings, &dns, &err), 0);
    outcome = find("_acme-challenge.example.test");
    assert_int_equal(outcome.err.class, ERR_NETWORK);
    assert_non_null(strstr(outcome.err.text, "resolver 127.0.0.99: nobody listens"));
    dns_free(dns);
    dns = kept;
    strv_done(&settings.resolvers);
}

/* Starts servers.py with pipes at both ends; false if it does not say "ready". */
static bool start_servers(void)
{
    int to[2], from[2];
    char line[64];

    if (pipe(to) < 0 || pipe(from) < 0) {
        return false;
    }
    servers_pid = fork();
    if (servers_pid == 0) {
        (void)dup2(to[0], STDIN_FILENO);
        (void)dup2(from[1], STDOUT_FILENO);
        (void)close(to[1]);
        (void)close(from[0]);
        (void)execl("/usr/bin/python3", "python3", SOURCE_DIR "/tests/unit/dns/servers.py",
                    (char *)NULL);
        _exit(127);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    to_servers = fdopen(to[1], "w");
    from_servers = fdopen(from[0], "r");
    return fgets(line, sizeof(line), from_servers) != NULL && strcmp(line, "ready\n") == 0;
}

/* In a fresh namespace with lo up, and the same program again; 77 where that is not allowed. */
static int run_inside(char **argv)
{
    static const char SCRIPT[] =
        "unshare -rn true 2>/dev/null && /usr/bin/python3 -c 'import dns.message' || exit 77;"
        "exec unshare -rn sh -c 'ip link set lo up && exec \"$0\" inside' \"$0\"";

    (void)execl("/bin/sh", "sh", "-c", SCRIPT, argv[0], (char *)NULL);
    return 77;
}

#define LIVE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        LIVE(finds_zone_and_all_servers),
        LIVE(never_asks_the_resolver_for_the_name),
        LIVE(asks_nothing_twice_for_a_hundred_names),
        LIVE(follows_cnames_over_three_zones),
        LIVE(follows_dname),
        LIVE(shows_the_path_of_a_loop),
        LIVE(stops_after_sixteen_cnames),
        LIVE(tells_a_wildcard_from_a_real_cname),
        LIVE(finds_a_challenge_zone_of_its_own),
        LIVE(finds_a_child_zone_on_the_same_server),
        LIVE(reads_the_values_that_stand_there),
        LIVE(passes_lame_and_dead_servers_by),
        LIVE(names_an_intercepted_port_53),
        LIVE(says_that_a_top_level_domain_is_unknown),
        LIVE(says_that_name_servers_have_no_address),
        LIVE(cancelled_finds_never_call_back),
        LIVE(ignores_answers_that_do_not_fit),
        LIVE(asks_over_tcp_when_truncated),
        LIVE(asks_over_tcp_when_udp_is_silent),
        LIVE(asks_without_edns_when_that_is_refused),
        LIVE(refuses_malformed_answers),
        LIVE(passes_at_once_when_all_serve_it),
        LIVE(waits_for_the_server_that_lags),
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
        LIVE(each_question_is_traced),
        LIVE(refuses_what_is_no_resolver),
        LIVE(says_that_the_resolver_is_silent),
    };
    int n_failed = 0;

    if (argc < 2) {
        return run_inside(argv);
    }
    if (!start_servers()) {
        return 1;
    }
    n_failed = cmocka_run_group_tests(tests, NULL, NULL);
    (void)fclose(to_servers); /* its end of input: servers.py leaves */
    (void)fclose(from_servers);
    (void)waitpid(servers_pid, NULL, 0);
    return n_failed;
}
