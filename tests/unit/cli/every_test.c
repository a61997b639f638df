/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Rounds that end, that are told to end, that lose children, and that cannot be started. */
#include "cli/every.h"

#include "../base/cmocka_all.h"
#include "base/event.h"
#include "base/loop.h"
#include "base/mem.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENOUGH = 3 };

struct rounds {
    int n;
    int n_to_fail;    /* the first ones cannot be started */
    bool is_patient;  /* a round waits for a signal and tells it by its end */
    bool loses_child; /* and leaves it to whoever is above */
    bool hangs;       /* rounds but the last wait for a signal that only a limit sends */
    int n_to_crash;   /* the first ones do */
    int n_not_to_run; /* the first ones do not become the program */
    int told[2];      /* a pipe: what a round says */
};

/* What a round does, as a process; the last one ends the test by a signal to the parent. */
static void live(const struct rounds *rounds)
{
    sigset_t term;
    int signo = 0;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM); /* blocked by loop_block_signals(), and so waits */
    if (rounds->loses_child && fork() == 0) {
        if (fork() == 0) {
            _exit(0); /* an orphan, and a zombie unless somebody reaps it */
        }
        _exit(0);
    }
    if (rounds->n <= rounds->n_to_crash) {
        (void)raise(SIGKILL);
    }
    if (rounds->n <= rounds->n_not_to_run) {
        _exit(EVERY_NOT_STARTED);
    }
    if (rounds->hangs && rounds->n < ENOUGH) {
        (void)sigwait(&term, &signo);
        _exit(0);
    }
    if (rounds->n == ENOUGH || rounds->is_patient) {
        (void)kill(getppid(), SIGTERM);
    }
    if (rounds->is_patient && sigwait(&term, &signo) == 0) {
        (void)!write(rounds->told[1], "cleaned up", 10);
    }
    _exit(0);
}

static int start(void *arg, pid_t *ret_pid, struct err *err)
{
    struct rounds *rounds = arg;

    rounds->n++;
    if (rounds->n <= rounds->n_to_fail) {
        return err_set(err, ERR_FAILED, "no process for you");
    }
    pid_t pid = fork();
    if (pid == 0) {
        live(rounds);
    }
    *ret_pid = pid;
    return 0;
}

static void run(struct rounds *rounds)
{
    const struct every_plan plan = {
        .period_ms = 10, .limit_ms = rounds->hangs ? 1000 : 60000, .start = start, .arg = rounds};
    struct err err = ERR_INIT;
    int signo = 0;

    loop_block_signals();
    if (every_run(&plan, &signo, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(signo, SIGTERM);
}

static void rounds_follow_until_a_signal_comes(void **state)
{
    struct rounds rounds = {.n = 0};

    (void)state;
    run(&rounds);
    assert_int_equal(rounds.n, ENOUGH);
}

static void a_round_may_clean_up_before_the_end(void **state)
{
    struct rounds rounds = {.is_patient = true};
    char said[32] = "";

    (void)state;
    assert_int_equal(pipe(rounds.told), 0);
    run(&rounds);
    assert_int_equal(rounds.n, 1);
    assert_int_equal(read(rounds.told[0], said, sizeof(said)), 10); /* it has said so by now */
    assert_string_equal(said, "cleaned up");
    (void)close(rounds.told[0]);
    (void)close(rounds.told[1]);
}

static void what_rounds_lose_is_reaped(void **state)
{
    struct rounds rounds = {.loses_child = true};

    (void)state;
    run(&rounds);
    assert_int_equal(rounds.n, ENOUGH);
    /* What the last one lost may still be on its way to us. */
    while (wait(NULL) > 0) {
    }
    assert_true(wait(NULL) < 0);
}

struct told {
    const char *wanted;
    int n;
};

static void take_event(void *arg, const struct event *event)
{
    struct told *told = arg;

    if (strstr(event_text(event, "text"), told->wanted) == NULL) {
        fail_msg("'%s' is not what was to be said", event_text(event, "text"));
    }
    told->n++;
}

/* All but the last round come to grief, each is told so, and the next comes all the same. */
static void run_to_be_told(struct rounds *rounds, const char *wanted)
{
    struct told told = {.wanted = wanted};

    event_set_sink(take_event, &told, EVENT_ERROR);
    run(rounds);
    event_set_sink(NULL, NULL, EVENT_ERROR);
    assert_int_equal(rounds->n, ENOUGH);
    assert_int_equal(told.n, ENOUGH - 1);
}

static void a_round_that_cannot_begin_is_told_and_tried_again(void **state)
{
    struct rounds rounds = {.n_to_fail = ENOUGH - 1};

    (void)state;
    run_to_be_told(&rounds, "this round fails: no process for you");
}

static void a_round_that_crashes_is_told(void **state)
{
    struct rounds rounds = {.n_to_crash = ENOUGH - 1};

    (void)state;
    run_to_be_told(&rounds, "this round fails: it was killed by signal 9");
}

static void a_round_that_is_no_program_is_told(void **state)
{
    struct rounds rounds = {.n_not_to_run = ENOUGH - 1};

    (void)state;
    run_to_be_told(&rounds, "/proc/self/exe cannot be run");
}

static void a_round_that_hangs_is_ended(void **state)
{
    struct rounds rounds = {.hangs = true};

    (void)state;
    run_to_be_told(&rounds, "has not ended after");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_follow_until_a_signal_comes),
        cmocka_unit_test(a_round_may_clean_up_before_the_end),
        cmocka_unit_test(what_rounds_lose_is_reaped),
        cmocka_unit_test(a_round_that_cannot_begin_is_told_and_tried_again),
        cmocka_unit_test(a_round_that_crashes_is_told),
        cmocka_unit_test(a_round_that_is_no_program_is_told),
        cmocka_unit_test(a_round_that_hangs_is_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
