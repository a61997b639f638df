/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Finding the place of a name: cuts, aliases, wildcards, and what is wrong in the tree. */
#include "live_lab.h"

#include "base/clock.h"
#include "base/mem.h"

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
    place = live_find_place("_acme-challenge.WWW.example.test.");
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
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.a.b.example.test");

    (void)state;
    assert_string_equal(place->zone, "example.test");
    assert_int_equal(live_tell("asked 127.0.0.53 _acme-challenge.a.b.example.test."), 0);
    assert_int_equal(live_tell("asked 127.0.0.53 a.b.example.test."), 0);
    assert_int_equal(live_tell("asked 127.0.0.53 b.example.test."), 0);
    assert_int_equal(live_tell("asked 127.0.0.53 example.test."), 0);
}

static void asks_nothing_twice_for_a_hundred_names(void **state)
{
    struct live_outcome outcome = {.err = ERR_INIT, .n_wanted = 100};
    struct err err = ERR_INIT;
    long root_before = live_tell("count 127.0.0.1");
    long tld_before = live_tell("count 127.0.0.2");

    (void)state;
    for (int i = 0; i < 100; i++) {
        AUTO_FREE char *name = str_fmt("_acme-challenge.n%d.example.test", i);

        (void)dns_find_start(live_dns, name, live_on_found, &outcome);
    }
    assert_int_equal(loop_run(live_loop, &err), 0);
    assert_int_equal(outcome.err.class, ERR_NONE);
    dns_place_free(outcome.place);
    /* A slow machine makes some be asked again, and of a second server: of each three times over
     * UDP and once over TCP. */
    assert_in_range(live_tell("count 127.0.0.1") - root_before, 1, 4);
    assert_in_range(live_tell("count 127.0.0.2") - tld_before, 1, 4);
    assert_in_range(dns_question_count(live_dns), 100, 850);
    for (int i = 0; i < 100; i++) {
        long asked = live_tell("asked 127.0.0.11 _acme-challenge.n%d.example.test.", i) +
                     live_tell("asked 127.0.0.12 _acme-challenge.n%d.example.test.", i);

        assert_in_range(asked, 1, 8);
    }
}

static void follows_cnames_over_three_zones(void **state)
{
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.chain.example.test");
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
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.moved.example.test");

    (void)state;
    assert_int_equal(place->n_hops, 1);
    assert_int_equal(place->hops[0].kind, DNS_HOP_DNAME);
    assert_string_equal(place->owner, "_acme-challenge.alias.test");
    assert_string_equal(place->zone, "alias.test");
}

static void shows_the_path_of_a_loop(void **state)
{
    struct live_outcome outcome = live_find("_acme-challenge.loop.example.test");

    (void)state;
    assert_int_equal(outcome.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(outcome.err.text, "loop"));
    assert_non_null(strstr(outcome.err.text, "x.alias.test (CNAME) -> _acme-challenge.loop"));
}

static void stops_after_sixteen_cnames(void **state)
{
    struct live_outcome outcome = live_find("c0.alias.test");
    AUTO_PTR(dns_place) struct dns_place *place = NULL;

    (void)state;
    assert_int_equal(outcome.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(outcome.err.text, "longer than 16"));
    place = live_find_place("c8.alias.test");
    assert_string_equal(place->owner, "c20.alias.test");
    assert_int_equal(place->warnings.n, 1);
}

static void tells_a_wildcard_from_a_real_cname(void **state)
{
    AUTO_PTR(dns_place) struct dns_place *covered = live_find_place("_acme-challenge.wild.test");
    AUTO_PTR(dns_place) struct dns_place *real = live_find_place("_acme-challenge.real.wild.test");

    (void)state;
    assert_string_equal(covered->owner, "_acme-challenge.wild.test");
    assert_string_equal(covered->zone, "wild.test");
    assert_string_equal(covered->wildcard_target, "parking.third.test");
    assert_string_equal(real->owner, "parking.third.test");
    assert_null(real->wildcard_target);
}

static void finds_a_challenge_zone_of_its_own(void **state)
{
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.own.example.test");

    (void)state;
    assert_string_equal(place->zone, "_acme-challenge.own.example.test");
    assert_int_equal(place->n_servers, 1);
}

static void finds_a_child_zone_on_the_same_server(void **state)
{
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.below.same.test");

    (void)state;
    assert_string_equal(place->zone, "below.same.test");
    assert_int_equal(place->n_servers, 1);
    assert_string_equal(place->servers[0].text, "ns1.example.test (127.0.0.11)");
}

static void reads_the_values_that_stand_there(void **state)
{
    AUTO_PTR(dns_place)
    struct dns_place *place = live_find_place("_acme-challenge.full.example.test");

    (void)state;
    assert_string_equal(place->zone, "example.test");
    assert_int_equal(place->values.n, 1);
    assert_string_equal(place->values.items[0], "leftover");
}

static void passes_lame_and_dead_servers_by(void **state)
{
    int64_t started_ms = clock_mono_ms();
    AUTO_PTR(dns_place) struct dns_place *place = live_find_place("_acme-challenge.broken.test");

    (void)state;
    assert_string_equal(place->zone, "broken.test");
    assert_int_equal(place->n_servers, 3);
    assert_true(clock_mono_ms() - started_ms < 1500);
}

static void names_an_intercepted_port_53(void **state)
{
    struct live_outcome outcome = live_find("_acme-challenge.caught.test");

    (void)state;
    assert_int_equal(outcome.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(outcome.err.text, "intercepted"));
}

static void says_that_a_top_level_domain_is_unknown(void **state)
{
    struct live_outcome outcome = live_find("_acme-challenge.example.tset");

    (void)state;
    assert_int_equal(outcome.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(outcome.err.text, "the root knows no 'tset'"));
}

static void says_that_name_servers_have_no_address(void **state)
{
    struct live_outcome outcome = live_find("_acme-challenge.lost.test");

    (void)state;
    assert_int_equal(outcome.err.class, ERR_PROPAGATION);
    assert_non_null(strstr(outcome.err.text, "nowhere.example.test has no address"));
}

static void cancelled_finds_never_call_back(void **state)
{
    struct live_outcome outcome = {.err = ERR_INIT, .n_wanted = 1};
    struct dns_find *first =
        dns_find_start(live_dns, "_acme-challenge.example.test", live_on_found, &outcome);
    struct dns_find *second =
        dns_find_start(live_dns, "_acme-challenge.example.test", live_on_found, &outcome);
    struct err err = ERR_INIT;

    (void)state;
    dns_find_cancel(&first);
    assert_null(first);
    assert_int_equal(loop_run(live_loop, &err), 0);
    assert_int_equal(outcome.n_done, 1);
    dns_place_free(outcome.place);
    second = dns_find_start(live_dns, "_acme-challenge.other.test", live_on_found, &outcome);
    dns_find_cancel(&second);
}

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
    };
    int status = 0;

    if (!live_begin(argc, argv, &status)) {
        return status;
    }
    status = cmocka_run_group_tests(tests, NULL, NULL);
    live_end();
    return status;
}
