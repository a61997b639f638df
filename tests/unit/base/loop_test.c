/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/loop.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "cmocka_all.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

static struct loop *loop;
static struct err err;

static int make_loop(void **state)
{
    (void)state;
    err_clear(&err);
    return loop_new(&loop, &err);
}

static int free_loop(void **state)
{
    (void)state;
    loop_free(loop);
    loop = NULL;
    return 0;
}

static void run(void)
{
    if (loop_run(loop, &err) != 0) {
        fail_msg("%s", err.text);
    }
}

/* What fired, in order. */
static char fired[4096];

static void note(void *arg)
{
    size_t len = strlen(fired);

    (void)snprintf(fired + len, sizeof(fired) - len, "%s", (const char *)arg);
}

static void timers_fire_in_order_of_time_then_of_start(void **state)
{
    static char a[] = "a", b[] = "b", c[] = "c", d[] = "d";

    (void)state;
    fired[0] = '\0';
    (void)loop_timer_start(loop, 30, note, a);
    (void)loop_timer_start(loop, 0, note, b);
    (void)loop_timer_start(loop, 10, note, c);
    (void)loop_timer_start(loop, 0, note, d);
    assert_string_equal(fired, ""); /* never from inside the start */
    run();
    assert_string_equal(fired, "bdca");
}

static struct loop_timer *other;

static void cancel_other(void *arg)
{
    (void)arg;
    loop_timer_cancel(&other);
}

static void a_timer_waits_its_time(void **state)
{
    static char a[] = "a";
    int64_t began = clock_mono_ms();

    (void)state;
    fired[0] = '\0';
    other = loop_timer_start(loop, INT64_MAX, note, a);
    (void)loop_timer_start(loop, 50, note, a);
    (void)loop_timer_start(loop, 51, cancel_other, NULL);
    run();
    assert_string_equal(fired, "a");
    assert_in_range(clock_mono_ms() - began, 50, 1000);
}

struct crowd {
    struct loop_timer *timers[5000];
    int64_t last_ms;
    unsigned n_fired;
};
static struct crowd crowd;

static void count_in_order(void *arg)
{
    (void)arg;
    assert_true(loop_now_ms(loop) >= crowd.last_ms);
    crowd.last_ms = loop_now_ms(loop);
    crowd.n_fired++;
}

static void thousands_of_timers_start_cancel_and_fire(void **state)
{
    unsigned cancelled = 0;

    (void)state;
    crowd = (struct crowd){0};
    for (size_t i = 0; i < 5000; i++) {
        crowd.timers[i] = loop_timer_start(loop, (int64_t)clock_random(40), count_in_order, NULL);
    }
    for (size_t i = 0; i < 5000; i += 3, cancelled++) {
        loop_timer_cancel(&crowd.timers[i]);
        assert_null(crowd.timers[i]);
    }
    run();
    assert_int_equal(crowd.n_fired, 5000 - cancelled);
}

static void a_timer_may_cancel_one_that_is_due_too(void **state)
{
    static char a[] = "a";

    (void)state;
    fired[0] = '\0';
    (void)loop_timer_start(loop, 0, cancel_other, NULL);
    other = loop_timer_start(loop, 0, note, a);
    run();
    assert_string_equal(fired, "");
    loop_timer_cancel(&other); /* takes NULL */
}

static int rounds;

static void again(void *arg)
{
    (void)arg;
    if (++rounds < 10000) {
        (void)loop_timer_start(loop, 0, again, NULL);
    }
}

static void timers_without_delay_do_not_wait(void **state)
{
    int64_t began = clock_mono_ms();

    (void)state;
    rounds = 0;
    again(NULL);
    run();
    assert_int_equal(rounds, 10000);
    assert_in_range(clock_mono_ms() - began, 0, 3000); /* 10 s if each waited a millisecond */
}

static void stop_now(void *arg)
{
    (void)arg;
    loop_stop(loop);
}

static void stopping_leaves_the_rest_for_the_next_run(void **state)
{
    static char a[] = "a";

    (void)state;
    fired[0] = '\0';
    (void)loop_timer_start(loop, 0, stop_now, NULL);
    (void)loop_timer_start(loop, 0, note, a);
    run();
    assert_string_equal(fired, "");
    run();
    assert_string_equal(fired, "a");
}

struct pair {
    struct loop_fd *watches[2];
    int ends[2][2];
    int n_called;
};

static void unwatch_both(void *arg, uint32_t events)
{
    struct pair *pair = arg;

    assert_true((events & EPOLLIN) != 0);
    pair->n_called++;
    loop_fd_unwatch(&pair->watches[0]);
    loop_fd_unwatch(&pair->watches[1]);
}

static void a_descriptor_unwatched_in_the_same_turn_is_not_told(void **state)
{
    struct pair pair = {0};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(pipe(pair.ends[i]), 0);
        assert_int_equal(write(pair.ends[i][1], "x", 1), 1);
        pair.watches[i] = loop_fd_watch(loop, pair.ends[i][0], EPOLLIN, unwatch_both, &pair);
    }
    run();
    assert_int_equal(pair.n_called, 1);
    for (size_t i = 0; i < 4; i++) {
        (void)close(pair.ends[i / 2][i % 2]);
    }
}

static struct loop_fd *watched;

static void read_some(void *arg, uint32_t events)
{
    char bytes[8];
    ssize_t got = read(*(int *)arg, bytes, sizeof(bytes) - 1);

    (void)events;
    if (got <= 0) {
        loop_fd_unwatch(&watched);
        return;
    }
    bytes[got] = '\0';
    note(bytes);
}

static void write_and_close(void *arg)
{
    int *fd = arg;

    assert_int_equal(write(*fd, "hi", 2), 2);
    (void)close(*fd);
}

static void a_descriptor_is_told_of_bytes_and_of_the_end(void **state)
{
    int ends[2];

    (void)state;
    fired[0] = '\0';
    assert_int_equal(pipe(ends), 0);
    watched = loop_fd_watch(loop, ends[0], EPOLLIN, read_some, &ends[0]);
    (void)loop_timer_start(loop, 5, write_and_close, &ends[1]);
    run();
    assert_non_null(strstr(fired, "hi"));
    assert_null(watched);
    (void)close(ends[0]);
}

static void remember_events(void *arg, uint32_t events)
{
    *(uint32_t *)arg = events;
    loop_fd_unwatch(&watched);
}

static void a_file_that_cannot_be_watched_is_told_as_an_error(void **state)
{
    uint32_t events = 0;
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

    (void)state;
    assert_true(fd >= 0);
    watched = loop_fd_watch(loop, fd, EPOLLIN, remember_events, &events);
    run();
    assert_int_equal(events, EPOLLERR);
    (void)close(fd);
}

static struct loop_child *child;
static int child_status;

static void on_child(void *arg, int wait_status)
{
    (void)arg;
    child = NULL;
    child_status = wait_status;
}

static pid_t start_child(int exit_code, int signo)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (signo != 0) {
            (void)raise(signo);
        }
        _exit(exit_code);
    }
    return pid;
}

static void children_are_reaped_with_their_status(void **state)
{
    pid_t pid = start_child(7, 0);

    (void)state;
    child = loop_child_watch(loop, pid, on_child, NULL);
    run();
    assert_true(WIFEXITED(child_status) && WEXITSTATUS(child_status) == 7);
    assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* nothing left behind */
    child = loop_child_watch(loop, start_child(0, SIGKILL), on_child, NULL);
    run();
    assert_true(WIFSIGNALED(child_status) && WTERMSIG(child_status) == SIGKILL);
    assert_null(child);
}

static void a_child_no_longer_watched_is_the_callers(void **state)
{
    pid_t pid = start_child(3, 0);

    (void)state;
    child_status = -1;
    child = loop_child_watch(loop, pid, on_child, NULL);
    loop_child_unwatch(&child);
    run();
    assert_int_equal(child_status, -1);
    assert_int_equal(waitpid(pid, &child_status, 0), pid);
}

static struct loop_signal *signal_watch;
static int n_signals;

static void on_signal(void *arg, int signo)
{
    assert_int_equal(signo, SIGUSR1);
    n_signals++;
    loop_signal_unwatch(&signal_watch);
    loop_timer_cancel(arg);
}

static void signals_come_from_the_loop(void **state)
{
    struct loop_timer *guard = loop_timer_start(loop, 5000, stop_now, NULL);

    (void)state;
    n_signals = 0;
    signal_watch = loop_signal_watch(loop, SIGUSR1, on_signal, &guard);
    (void)kill(getpid(), SIGUSR1);
    assert_int_equal(n_signals, 0);
    run();
    assert_int_equal(n_signals, 1);
    assert_null(guard);
}

static void a_signal_no_longer_watched_stays_pending(void **state)
{
    sigset_t pending;

    (void)state;
    signal_watch = loop_signal_watch(loop, SIGUSR1, on_signal, NULL);
    loop_signal_unwatch(&signal_watch);
    (void)kill(getpid(), SIGUSR1);
    (void)loop_timer_start(loop, 20, stop_now, NULL);
    run();
    assert_int_equal(sigpending(&pending), 0);
    assert_true(sigismember(&pending, SIGUSR1));
    (void)signal(SIGUSR1, SIG_IGN); /* drops it */
    (void)signal(SIGUSR1, SIG_DFL);
}

static void a_watched_signal_alone_does_not_keep_the_loop(void **state)
{
    (void)state;
    signal_watch = loop_signal_watch(loop, SIGUSR1, on_signal, NULL);
    run();
    loop_signal_unwatch(&signal_watch);
}

/* The loop's epoll descriptor, found the way a bug would hit it: by number. */
static int find_epoll(void)
{
    for (int fd = 3; fd < 256; fd++) {
        AUTO_FREE char *path = str_fmt("/proc/self/fd/%d", fd);
        char target[64] = "";

        if (readlink(path, target, sizeof(target) - 1) > 0 && strstr(target, "[eventpoll]")) {
            return fd;
        }
    }
    return -1;
}

static void a_descriptor_closed_behind_its_back_fails_the_loop(void **state)
{
    int fd = find_epoll();

    (void)state;
    assert_true(fd >= 0);
    (void)loop_timer_start(loop, 60000, stop_now, NULL);
    (void)close(fd);
    assert_true(loop_run(loop, &err) < 0);
    assert_non_null(strstr(err.text, "closed"));
}

static void the_loop_dies_with_what_it_holds(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    (void)loop_timer_start(loop, 100, stop_now, NULL);
    (void)loop_fd_watch(loop, ends[0], EPOLLIN, read_some, NULL);
    (void)loop_child_watch(loop, getppid(), on_child, NULL);
    (void)loop_signal_watch(loop, SIGUSR2, on_signal, NULL);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_loop, free_loop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(timers_fire_in_order_of_time_then_of_start),
        CASE(a_timer_waits_its_time),
        CASE(thousands_of_timers_start_cancel_and_fire),
        CASE(a_timer_may_cancel_one_that_is_due_too),
        CASE(timers_without_delay_do_not_wait),
        CASE(stopping_leaves_the_rest_for_the_next_run),
        CASE(a_descriptor_unwatched_in_the_same_turn_is_not_told),
        CASE(a_descriptor_is_told_of_bytes_and_of_the_end),
        CASE(a_file_that_cannot_be_watched_is_told_as_an_error),
        CASE(children_are_reaped_with_their_status),
        CASE(a_child_no_longer_watched_is_the_callers),
        CASE(signals_come_from_the_loop),
        CASE(a_signal_no_longer_watched_stays_pending),
        CASE(a_watched_signal_alone_does_not_keep_the_loop),
        CASE(a_descriptor_closed_behind_its_back_fails_the_loop),
        CASE(the_loop_dies_with_what_it_holds),
    };

    loop_block_signals();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
