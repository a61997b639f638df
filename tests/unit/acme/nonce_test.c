/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The pool without a server: nothing is asked before it knows newNonce's URL. */
#include "acme/nonce.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first. */
#include <cmocka.h>
#include <string.h>

static struct loop *loop;
static struct nonce_pool *pool;
static uint64_t n_asked;

static int set_up(void **state)
{
    struct err err = ERR_INIT;

    (void)state;
    assert_int_equal(loop_new(&loop, &err), 0);
    pool = nonce_pool_new(loop, NULL, 8, &n_asked);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_int_equal(n_asked, 0);
    nonce_pool_free(pool);
    loop_free(loop);
    return 0;
}

static void on_turn(void *arg)
{
    loop_stop(arg);
}

/* The loop's clock is read once a turn: let one pass after shifting. */
static void let_pass(int64_t ms)
{
    struct err err = ERR_INIT;

    clock_shift(ms, 0);
    loop_timer_start(loop, 0, on_turn, loop);
    assert_int_equal(loop_run(loop, &err), 0);
}

static void expect_taken(const char *want)
{
    int64_t age_ms = -1;
    AUTO_FREE char *got = nonce_pool_take(pool, &age_ms);

    if (want == NULL) {
        assert_null(got);
    } else {
        assert_string_equal(got, want);
        assert_true(age_ms >= 0);
    }
}

static void gives_the_newest_first(void **state)
{
    (void)state;
    nonce_pool_put(pool, "one");
    nonce_pool_put(pool, "two");
    expect_taken("two");
    expect_taken("one");
    expect_taken(NULL);
}

static void keeps_no_odd_texts(void **state)
{
    (void)state;
    nonce_pool_put(pool, NULL);
    nonce_pool_put(pool, "");
    nonce_pool_put(pool, "with blank");
    nonce_pool_put(pool, "quote\"");
    nonce_pool_put(pool, "pad==");
    assert_int_equal(nonce_pool_size(pool), 0);
}

static void drops_idle_ones(void **state)
{
    (void)state;
    nonce_pool_put(pool, "old");
    let_pass((int64_t)6 * 60 * 1000);
    nonce_pool_put(pool, "young");
    let_pass((int64_t)6 * 60 * 1000);
    expect_taken("young");
    expect_taken(NULL);
}

static void drops_what_is_as_stale_as_the_refused(void **state)
{
    (void)state;
    nonce_pool_put(pool, "a");
    let_pass(10000);
    nonce_pool_put(pool, "b");
    let_pass(10000);
    nonce_pool_put(pool, "c");
    /* One that came in with b is refused: a and b are gone, c stays. */
    nonce_pool_refused(pool, 10000, false);
    assert_int_equal(nonce_pool_size(pool), 1);
    /* A young one that is refused alone says nothing; twice in a row, the pool is suspect. */
    nonce_pool_refused(pool, 10, false);
    assert_int_equal(nonce_pool_size(pool), 1);
    nonce_pool_refused(pool, 10, true);
    assert_int_equal(nonce_pool_size(pool), 0);
}

static void has_a_ceiling(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++) {
        AUTO_FREE char *nonce = str_fmt("n%d", i);
        nonce_pool_put(pool, nonce);
    }
    assert_int_equal(nonce_pool_size(pool), 256);
    expect_taken("n999");
}

static void note_nonce(void *arg, char *nonce, const struct err *err)
{
    assert_null(err);
    buf_addf(arg, "%s,", nonce);
    mem_free(nonce);
}

static void on_first(void *arg, char *nonce, const struct err *err)
{
    buf_add_str(arg, "first:");
    note_nonce(arg, nonce, err);
}

static void serves_the_line_in_order(void **state)
{
    AUTO(buf_done) struct buf seen = BUF(256);
    struct nonce_waiter *gone = NULL;
    struct nonce_waiter *last = NULL;

    (void)state;
    nonce_pool_wait(pool, on_first, &seen);
    gone = nonce_pool_wait(pool, note_nonce, &seen);
    last = nonce_pool_wait(pool, note_nonce, &seen);
    nonce_pool_leave(pool, &gone);
    assert_null(gone);
    nonce_pool_put(pool, "x");
    expect_taken(NULL); /* nobody jumps the line */
    nonce_pool_put(pool, "y");
    assert_string_equal(buf_str(&seen), "first:x,y,");
    nonce_pool_put(pool, "z");
    expect_taken("z");
    (void)last;
}

static void the_last_in_line_may_leave(void **state)
{
    AUTO(buf_done) struct buf seen = BUF(256);
    struct nonce_waiter *second = NULL;

    (void)state;
    nonce_pool_wait(pool, note_nonce, &seen);
    second = nonce_pool_wait(pool, note_nonce, &seen);
    nonce_pool_leave(pool, &second);
    nonce_pool_wait(pool, note_nonce, &seen);
    nonce_pool_put(pool, "x");
    nonce_pool_put(pool, "y");
    assert_string_equal(buf_str(&seen), "x,y,");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_the_newest_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_no_odd_texts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(drops_idle_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(drops_what_is_as_stale_as_the_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(has_a_ceiling, set_up, tear_down),
        cmocka_unit_test_setup_teardown(serves_the_line_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_last_in_line_may_leave, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("acme/nonce", tests, NULL, NULL);
}
