/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* How calls are shared out among workers: how many run at once, and how often one is repeated. */
#include "ring_bench.h"

#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OWNER "_acme-challenge.x.example.com."
static const char MEM[] = "[provider mem]\ndir = %s/mem\n";

static void expect(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("'%s' does not contain '%s'", text, part);
    }
}

/* The most calls that ran at once, by the lines "begin NAME" and "end NAME"; of names that end with
 * zone, or of all. */
static unsigned most_at_once(const char *calls, const char *zone)
{
    struct strv lines = STRV_INIT;
    unsigned now = 0, most = 0;

    strv_add_split(&lines, calls, "\n");
    for (size_t i = 0; i < lines.n; i++) {
        if (!str_has_suffix(lines.items[i], zone)) {
            continue;
        }
        now += str_has_prefix(lines.items[i], "begin ") ? 1u : 0u;
        now -= str_has_prefix(lines.items[i], "end ") ? 1u : 0u;
        most = now > most ? now : most;
    }
    strv_done(&lines);
    return most;
}

/* Four slow changes in each zone. */
static void change_zones(struct bench *b, const char *instance, int n_zones)
{
    static const char *const TOPS[] = {"com", "org", "net", "edu"};

    for (int i = 0; i < 4 * n_zones; i++) {
        char fqdn[64];

        (void)snprintf(fqdn, sizeof(fqdn), "_acme-challenge.n%d.slow.example.%s.", i,
                       TOPS[i % n_zones]);
        (void)bench_change(b, instance, PROVIDER_ADD, fqdn, "value");
    }
    bench_run(b);
    for (int i = 0; i < 4 * n_zones; i++) {
        assert_true(b->outcomes[i].is_ok);
    }
}

static void one_call_at_a_time_where_the_plugin_says_so(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "[provider strict]\ndir = %s/mem\nparallel = 4\n");
    change_zones(&b, "strict", 2);
    const char *calls = bench_read(&b, "calls");
    assert_int_equal(most_at_once(calls, "."), 1);
    assert_int_equal(bench_count(calls, "open"), 1);
    assert_int_equal(b.n_locked_max, 1);
    bench_close(&b);
}

static void one_call_at_a_time_in_each_zone(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "[provider mem]\ndir = %s/mem\nparallel = 4\n");
    change_zones(&b, "mem", 2);
    const char *calls = bench_read(&b, "calls");
    assert_int_equal(most_at_once(calls, ".com."), 1);
    assert_int_equal(most_at_once(calls, ".org."), 1);
    assert_int_equal(most_at_once(calls, "."), 2);
    assert_int_equal(bench_count(calls, "open"), 2);
    assert_int_equal(b.n_locked_max, 2);
    assert_int_equal(b.n_locked, 0);
    bench_close(&b);
}

static void parallel_bounds_even_the_free(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "[provider single]\ndir = %s/mem\nparallel = 3\n");
    change_zones(&b, "single", 2);
    const char *calls = bench_read(&b, "calls");
    assert_int_equal(most_at_once(calls, "."), 3);
    assert_int_equal(bench_count(calls, "open"), 3);
    assert_int_equal(b.n_locked_max, 0);
    bench_close(&b);
}

static void a_retry_is_repeated(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, MEM);
    struct outcome *o =
        bench_change(&b, "mem", PROVIDER_ADD, "_acme-challenge.flaky.example.com.", "value");
    bench_run(&b);
    assert_true(o->is_ok);
    assert_int_equal(bench_count(bench_read(&b, "calls"), "apply"), 3);
    bench_close(&b);
}

static void a_retry_is_repeated_five_times_at_most(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, MEM);
    struct outcome *o =
        bench_change(&b, "mem", PROVIDER_ADD, "_acme-challenge.never.example.com.", "value");
    bench_run(&b);
    assert_false(o->is_ok);
    expect(o->err.text, "did not work this time: not this time either");
    assert_int_equal(bench_count(bench_read(&b, "calls"), "apply"), 6);
    bench_close(&b);
}

static void a_retry_is_not_repeated_beyond_the_deadline(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "[provider mem]\ndir = %s/mem\ncall-timeout = 2\n");
    struct outcome *o =
        bench_change(&b, "mem", PROVIDER_ADD, "_acme-challenge.never.example.com.", "value");
    bench_run(&b);
    assert_false(o->is_ok);
    assert_in_range(bench_count(bench_read(&b, "calls"), "apply"), 2, 3);
    bench_close(&b);
}

/* The time that a worker takes to start, and that a call waits for its turn, is not the call's. */
static void a_deadline_runs_from_sending(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "[provider strict]\ndir = %s/mem\ncall-timeout = 4\n");
    change_zones(&b, "strict", 4); /* four calls of 1.2 s each would not fit together */
    assert_int_equal(bench_count(bench_read(&b, "calls"), "apply 4\n"), 4);
    bench_close(&b);
}

static void workers_that_keep_ending_are_not_started_for_ever(void **state)
{
    struct bench b;
    size_t n_crashes = 0, n_given_up = 0;

    (void)state;
    bench_open(&b, "[provider crash-add]\n");
    for (int i = 0; i < 12; i++) {
        char fqdn[64];

        (void)snprintf(fqdn, sizeof(fqdn), "_acme-challenge.n%d.example.com.", i);
        (void)bench_change(&b, "crash-add", PROVIDER_ADD, fqdn, "value");
    }
    bench_run(&b);
    for (int i = 0; i < 12; i++) {
        const struct outcome *o = &b.outcomes[i];

        assert_false(o->is_ok);
        expect(o->err.text, "was killed by signal 11");
        n_given_up += strstr(o->err.text, "its workers keep ending") != NULL ? 1 : 0;
        n_crashes += o->may_be_in_force ? 1 : 0;
    }
    assert_int_equal(n_crashes, 4);
    assert_int_equal(n_given_up, 8);
    bench_close(&b);
}

static void settled_answers(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, MEM);
    struct outcome *first = bench_settled(&b, "mem", OWNER, "receipt");
    bench_run(&b);
    struct outcome *second = bench_settled(&b, "mem", OWNER, "receipt");
    bench_run(&b);
    assert_false(first->is_ok);
    assert_int_equal(first->status, 100);
    assert_true(second->is_ok);
    bench_close(&b);
}

static void zones_are_listed_or_the_reason_is(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, "[provider mem]\ndir = %s/mem\n[provider crash-zones]\n[provider hunter]\n");
    assert_string_equal(bench_zones(&b, "mem"), "example.com., example.org.");
    expect(bench_zones(&b, "crash-zones"), "zones: plug-in 'crash-zones' was killed by signal 11");
    expect(bench_zones(&b, "hunter"), "plug-in 'hunter' cannot list zones");
    /* The next question finds a new worker. */
    struct outcome *o = bench_change(&b, "crash-zones", PROVIDER_ADD, OWNER, "value");
    bench_run(&b);
    assert_true(o->is_ok);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_at_a_time_where_the_plugin_says_so),
        cmocka_unit_test(one_call_at_a_time_in_each_zone),
        cmocka_unit_test(parallel_bounds_even_the_free),
        cmocka_unit_test(a_retry_is_repeated),
        cmocka_unit_test(a_retry_is_repeated_five_times_at_most),
        cmocka_unit_test(a_retry_is_not_repeated_beyond_the_deadline),
        cmocka_unit_test(a_deadline_runs_from_sending),
        cmocka_unit_test(workers_that_keep_ending_are_not_started_for_ever),
        cmocka_unit_test(settled_answers),
        cmocka_unit_test(zones_are_listed_or_the_reason_is),
    };

    /* For the workers: a sanitizer would turn the signals that are expected into exits. */
    (void)setenv("ASAN_OPTIONS", "handle_segv=0", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
