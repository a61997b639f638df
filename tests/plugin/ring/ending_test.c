/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Changes that do not come to their end: left out, locked out, cancelled, refused at last. */
#include "ring_bench.h"

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

/* Turns until so many calls have noted that they began. */
static void wait_for_calls(struct bench *b, size_t n)
{
    for (int turns = 0; turns < 400 && bench_count(bench_read(b, "calls"), "begin ") < n; turns++) {
        bench_turn(b, 50);
    }
    assert_true(bench_count(bench_read(b, "calls"), "begin ") >= n);
}

static void a_refusal_after_a_vague_answer_is_vague(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, MEM);
    const struct outcome *fickle =
        bench_change(&b, "mem", PROVIDER_ADD, "_acme-challenge.fickle.example.com.", "value");
    const struct outcome *named =
        bench_change(&b, "mem", PROVIDER_ADD, "_acme-challenge.named.example.com.", "value");
    bench_run(&b);
    assert_false(fickle->is_ok);
    assert_int_equal(bench_count(bench_read(&b, "calls"), "apply"), 2);
    assert_true(fickle->may_be_in_force);
    assert_false(named->may_be_in_force);
    bench_close(&b);
}

static void what_is_left_out_is_not_sent(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, MEM);
    const struct outcome *before =
        bench_change(&b, "mem", PROVIDER_ADD, "_acme-challenge.a.example.com.", "value");
    const struct outcome *dropped =
        bench_change(&b, "mem", PROVIDER_ADD, "_acme-challenge.unwanted.example.com.", "value");
    const struct outcome *after =
        bench_change(&b, "mem", PROVIDER_ADD, "_acme-challenge.b.example.com.", "value");
    bench_run(&b);
    assert_true(before->is_ok && after->is_ok);
    assert_string_equal(before->receipt, "_acme-challenge.a.example.com.");
    assert_string_equal(after->receipt, "_acme-challenge.b.example.com.");
    assert_int_equal(dropped->err.class, ERR_CANCELLED);
    assert_false(dropped->may_be_in_force);
    assert_non_null(strstr(bench_read(&b, "calls"), "apply 2\n"));
    assert_null(strstr(bench_read(&b, "values"), "unwanted"));
    bench_close(&b);
}

static void a_call_of_which_nothing_is_left_frees_its_worker(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, MEM);
    (void)bench_change(&b, "mem", PROVIDER_ADD, "_acme-challenge.unwanted.example.com.", "value");
    bench_run(&b);
    const struct outcome *next = bench_change(&b, "mem", PROVIDER_ADD, OWNER, "value");
    bench_run(&b);
    assert_true(next->is_ok);
    assert_int_equal(bench_count(bench_read(&b, "calls"), "open"), 1);
    assert_int_equal(b.n_handles, 0);
    bench_close(&b);
}

static void a_lock_that_is_refused_is_given_back(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, MEM);
    const struct outcome *o =
        bench_change(&b, "mem", PROVIDER_ADD, "_acme-challenge.x.locked.com.", "value");
    bench_run(&b);
    assert_int_equal(o->err.class, ERR_LOCKED);
    assert_false(o->may_be_in_force);
    assert_int_equal(b.n_told, 0);
    assert_int_equal(b.n_handles, 0);
    bench_close(&b);
}

static void a_removal_under_way_is_not_cancelled(void **state)
{
    struct bench b;

    (void)state;
    bench_open(&b, MEM);
    const struct outcome *o =
        bench_change(&b, "mem", PROVIDER_REMOVE, "_acme-challenge.slow.example.com.", "value");
    provider_release(bench_provider(&b, "mem"));
    wait_for_calls(&b, 1);
    assert_false(o->is_finished);
    provider_cancel_all(b.set, 10);
    bench_run(&b);
    assert_true(o->is_ok);
    bench_close(&b);
}

/* What the core killed says nothing of the workers to come, and what waits to take values back is
 * needed then more than ever. */
static void killed_workers_do_not_spoil_removals(void **state)
{
    struct bench b;
    struct outcome *deaf[5];

    (void)state;
    bench_open(&b, "[provider single]\ndir = %s/mem\nparallel = 5\n");
    for (int i = 0; i < 5; i++) {
        char fqdn[64];

        (void)snprintf(fqdn, sizeof(fqdn), "_acme-challenge.n%d.deaf.example.com.", i);
        deaf[i] = bench_change(&b, "single", PROVIDER_ADD, fqdn, "value");
    }
    provider_release(bench_provider(&b, "single"));
    wait_for_calls(&b, 5);
    const struct outcome *removed = bench_change(&b, "single", PROVIDER_REMOVE, OWNER, "value");
    provider_release(bench_provider(&b, "single"));
    provider_cancel_all(b.set, 100);
    bench_run(&b);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(deaf[i]->err.class, ERR_CANCELLED);
    }
    if (!removed->is_ok) {
        fail_msg("%s", removed->err.text);
    }
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_after_a_vague_answer_is_vague),
        cmocka_unit_test(what_is_left_out_is_not_sent),
        cmocka_unit_test(a_call_of_which_nothing_is_left_frees_its_worker),
        cmocka_unit_test(a_lock_that_is_refused_is_given_back),
        cmocka_unit_test(a_removal_under_way_is_not_cancelled),
        cmocka_unit_test(killed_workers_do_not_spoil_removals),
    };

    /* For the workers: a sanitizer would turn the signals that are expected into exits. */
    (void)setenv("ASAN_OPTIONS", "handle_segv=0", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
