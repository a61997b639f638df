/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Who waits is called once for a ring, in turn, whatever those called before do. */
#include "dns/bell.h"

#include "../base/cmocka_all.h"
#include "base/mem.h"

#include <string.h>

enum { N = 3 };

struct scene {
    struct bell bell;
    struct bell other;
    struct bell_waiter waiters[N];
    char called[32]; /* a letter for each call, in order */
};

static struct scene scene;

static int set_up(void **state)
{
    (void)state;
    memset(&scene, 0, sizeof(scene));
    return 0;
}

static void note(void *arg)
{
    const struct bell_waiter *waiter = arg;
    size_t n = strlen(scene.called);

    assert_true(n + 1 < sizeof(scene.called));
    scene.called[n] = (char)('a' + (waiter - scene.waiters));
}

static void note_and_wait_again(void *arg)
{
    note(arg);
    bell_wait(&scene.bell, arg, note, arg);
}

static void note_and_let_all_leave(void *arg)
{
    note(arg);
    for (int i = 0; i < N; i++) {
        bell_leave(&scene.waiters[i]);
    }
}

static void wait_at(struct bell *bell, int i, bell_fn *fn)
{
    bell_wait(bell, &scene.waiters[i], fn, &scene.waiters[i]);
}

static void each_is_called_once(void **state)
{
    (void)state;
    for (int i = 0; i < N; i++) {
        wait_at(&scene.bell, i, note);
    }
    assert_true(bell_is_awaited(&scene.bell));
    bell_ring(&scene.bell);
    assert_string_equal(scene.called, "abc");
    assert_false(bell_is_awaited(&scene.bell));
    bell_ring(&scene.bell);
    assert_string_equal(scene.called, "abc");
}

static void who_waits_again_hears_the_next(void **state)
{
    (void)state;
    wait_at(&scene.bell, 0, note_and_wait_again);
    wait_at(&scene.bell, 1, note);
    bell_ring(&scene.bell);
    assert_string_equal(scene.called, "ab");
    bell_ring(&scene.bell);
    assert_string_equal(scene.called, "aba");
}

/* A walk that lost its race waits for more servers, which it may have waited for before. */
static void who_waits_twice_is_called_once(void **state)
{
    (void)state;
    wait_at(&scene.bell, 0, note);
    wait_at(&scene.bell, 0, note);
    bell_ring(&scene.bell);
    assert_string_equal(scene.called, "a");
    wait_at(&scene.bell, 0, note);
    wait_at(&scene.bell, 1, note);
    wait_at(&scene.bell, 0, note); /* behind the other now */
    wait_at(&scene.bell, 2, note);
    bell_ring(&scene.bell);
    assert_string_equal(scene.called, "abac");
    wait_at(&scene.bell, 0, note);
    wait_at(&scene.other, 0, note);
    bell_ring(&scene.bell);
    assert_string_equal(scene.called, "abac");
    bell_ring(&scene.other);
    assert_string_equal(scene.called, "abaca");
}

static void who_leaves_is_not_called(void **state)
{
    (void)state;
    for (int i = 0; i < N; i++) {
        wait_at(&scene.bell, i, i == 0 ? note_and_let_all_leave : note);
    }
    bell_ring(&scene.bell);
    assert_string_equal(scene.called, "a");
    assert_false(bell_is_awaited(&scene.bell));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_is_called_once, set_up),
        cmocka_unit_test_setup(who_waits_again_hears_the_next, set_up),
        cmocka_unit_test_setup(who_waits_twice_is_called_once, set_up),
        cmocka_unit_test_setup(who_leaves_is_not_called, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
