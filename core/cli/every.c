/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "cli/every.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 60000 /* a round cleans up for at most half of it */
#define PAUSE_MIN_MS 100  /* between two rounds, however long one took */
#define PULSE_MS 60000

static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP};

struct every {
    const struct every_plan *plan;
    struct loop *loop;
    struct loop_signal *watches[ARRAY_LEN(SIGNALS) + 1];
    struct loop_timer *next;     /* round */
    struct loop_timer *pulse;    /* keeps the loop going, which signals alone do not */
    struct loop_timer *limit;    /* of the round that runs */
    struct loop_timer *patience; /* with one that is to end */
    pid_t round;                 /* 0: none runs */
    int64_t begun_ms;
    int caught_signal;
};

/* ---- Rounds ---- */

static void begin_round(void *arg);

/* Machines and containers that were started together drift apart. */
static void plan_next(struct every *every)
{
    int64_t jitter_ms = (int64_t)clock_random((uint64_t)every->plan->period_ms / 10 + 1);
    int64_t wait_ms =
        every->begun_ms + every->plan->period_ms - jitter_ms - loop_now_ms(every->loop);

    every->next = loop_timer_start(every->loop, wait_ms < PAUSE_MIN_MS ? PAUSE_MIN_MS : wait_ms,
                                   begin_round, every);
}

static void lose_patience(void *arg)
{
    struct every *every = arg;

    every->patience = NULL;
    event_log(EVENT_ERROR, "", "this round does not end, and is killed");
    (void)kill(every->round, SIGKILL);
}

/* It cleans up first. A second signal is handed on too: the round ends at once then. */
static void end_round(struct every *every, int signo)
{
    (void)kill(every->round, signo);
    if (every->patience == NULL) {
        every->patience = loop_timer_start(every->loop, PATIENCE_MS, lose_patience, every);
    }
}

/* Whatever holds it up: without it the next one may come through. */
static void end_late_round(void *arg)
{
    struct every *every = arg;

    every->limit = NULL;
    event_log(EVENT_ERROR, "", "this round has not ended after %lld s, and is told to",
              (long long)(every->plan->limit_ms / 1000));
    end_round(every, SIGTERM);
}

static void begin_round(void *arg)
{
    struct every *every = arg;
    struct err err = ERR_INIT;

    every->next = NULL;
    every->begun_ms = loop_now_ms(every->loop);
    if (every->plan->start(every->plan->arg, &every->round, &err) < 0) {
        every->round = 0;
        event_log(EVENT_ERROR, "", "this round fails: %s", err.text);
        plan_next(every);
        return;
    }
    every->limit = loop_timer_start(every->loop, every->plan->limit_ms, end_late_round, every);
}

/* A round's own words and its log tell how it ended, if it could say anything. */
static void tell_end(int wait_status)
{
    if (WIFSIGNALED(wait_status)) {
        event_log(EVENT_ERROR, "", "this round fails: it was killed by signal %d",
                  WTERMSIG(wait_status));
    } else if (WEXITSTATUS(wait_status) == EVERY_NOT_STARTED) {
        event_log(EVENT_ERROR, "",
                  "this round fails: /proc/self/exe cannot be run (is /proc there?)");
    }
}

static void finish_round(struct every *every, int wait_status)
{
    bool was_told_to_end = every->patience != NULL;

    every->round = 0;
    loop_timer_cancel(&every->limit);
    loop_timer_cancel(&every->patience);
    if (!was_told_to_end) {
        tell_end(wait_status);
    }
    if (every->caught_signal != 0) {
        loop_stop(every->loop);
    } else {
        plan_next(every);
    }
}

/* ---- Signals ---- */

/* One signal may stand for many children, and most of process 1's children are others' orphans. */
static void reap(void *arg, int signo)
{
    struct every *every = arg;
    pid_t pid = 0;
    int status = 0;

    (void)signo;
    do {
        pid = waitpid(-1, &status, WNOHANG);
        if (pid > 0 && pid == every->round) {
            finish_round(every, status);
        }
    } while (pid > 0 || (pid < 0 && errno == EINTR));
}

static void beat(void *arg)
{
    struct every *every = arg;

    every->pulse = loop_timer_start(every->loop, PULSE_MS, beat, every);
}

static void take_signal(void *arg, int signo)
{
    struct every *every = arg;

    every->caught_signal = signo;
    loop_timer_cancel(&every->next);
    if (every->round == 0) {
        loop_stop(every->loop);
    } else {
        end_round(every, signo);
    }
}

static void every_done(struct every *every)
{
    loop_timer_cancel(&every->next);
    loop_timer_cancel(&every->pulse);
    loop_timer_cancel(&every->limit);
    loop_timer_cancel(&every->patience);
    for (size_t i = 0; i < ARRAY_LEN(every->watches); i++) {
        loop_signal_unwatch(&every->watches[i]);
    }
    loop_free(every->loop);
}

int every_run(const struct every_plan *plan, int *ret_signal, struct err *err)
{
    AUTO(every_done) struct every every = {.plan = plan};

    if (loop_new(&every.loop, err) < 0) {
        return err_code(err);
    }
    /* Also where we are not process 1: a round's lost children are ours to reap. */
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    for (size_t i = 0; i < ARRAY_LEN(SIGNALS); i++) {
        every.watches[i] = loop_signal_watch(every.loop, SIGNALS[i], take_signal, &every);
    }
    every.watches[ARRAY_LEN(SIGNALS)] = loop_signal_watch(every.loop, SIGCHLD, reap, &every);
    beat(&every);
    every.next = loop_timer_start(every.loop, 0, begin_round, &every);
    if (loop_run(every.loop, err) < 0) {
        return err_code(err);
    }
    *ret_signal = every.caught_signal;
    return 0;
}

/* ---- This program as a round ---- */

/* Behind the name: that nobody watches, then all that is not --every. */
static void copy_arguments(char *const *argv, struct strv *to)
{
    static const char OPTION[] = "--every";
    bool is_over = false; /* "--" came */

    strv_add(to, argv[0]);
    strv_add(to, "-n");
    strv_add(to, "--scheduled");
    for (size_t i = 1; argv[i] != NULL; i++) {
        is_over = is_over || strcmp(argv[i], "--") == 0;
        if (!is_over && strcmp(argv[i], OPTION) == 0 && argv[i + 1] != NULL) {
            i++;
        } else if (is_over || !str_has_prefix(argv[i], "--every=")) {
            strv_add(to, argv[i]);
        }
    }
}

int every_start_self(char *const *argv, pid_t *ret_pid, struct err *err)
{
    AUTO(strv_done) struct strv words = STRV_INIT;
    AUTO_FREE char **args = NULL;
    pid_t parent = getpid();
    sigset_t none;

    copy_arguments(argv, &words);
    args = mem_alloc(words.n + 1, sizeof(*args)); /* zeroed: NULL at the end */
    memcpy(args, words.items, words.n * sizeof(*args));
    sigemptyset(&none);
    pid_t pid = fork();
    if (pid < 0) {
        return err_set_errno(err, "cannot start a process");
    }
    if (pid == 0) {
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)signal(SIGPIPE, SIG_DFL);
        /* When we are killed it cleans up and ends instead of going on alone. */
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
        if (getppid() == parent) {
            (void)execv("/proc/self/exe", args);
        }
        _exit(EVERY_NOT_STARTED);
    }
    *ret_pid = pid;
    return 0;
}
