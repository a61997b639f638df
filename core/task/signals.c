/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/signals.h"

#include "base/event.h"
#include "base/mem.h"

#include <signal.h>

static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP};

struct signals {
    struct task_env *env;
    void (*first)(void *arg, const char *reason);
    void *arg;
    struct loop_signal *watches[ARRAY_LEN(SIGNALS)];
};

/* As kill(1) and manual pages call it: strsignal()'s "Interrupt" reads badly in a sentence. */
static const char *signal_name(int signo)
{
    return signo == SIGINT ? "SIGINT" : signo == SIGTERM ? "SIGTERM" : "SIGHUP";
}

static void take_signal(void *arg, int signo)
{
    struct signals *signals = arg;
    AUTO_FREE char *reason = str_fmt("interrupted by %s", signal_name(signo));
    bool is_first = signals->env->caught_signal == 0;

    signals->env->caught_signal = signo;
    if (is_first) {
        event_log(EVENT_NOTICE, "", "%s; cleaning up, once more ends at once", reason);
        signals->first(signals->arg, reason);
        return;
    }
    event_log(
        EVENT_WARNING, "",
        "%s again: ending at once; what still stands in the DNS is in the journal, and the next "
        "run or 'acme-dns cleanup' removes it",
        reason);
    loop_stop(signals->env->loop);
}

struct signals *signals_open(struct task_env *env, void (*first)(void *arg, const char *reason),
                             void *arg)
{
    struct signals *signals = NEW(struct signals);

    *signals = (struct signals){.env = env, .first = first, .arg = arg};
    for (size_t i = 0; i < ARRAY_LEN(SIGNALS); i++) {
        signals->watches[i] = loop_signal_watch(env->loop, SIGNALS[i], take_signal, signals);
    }
    return signals;
}

bool signals_are_pending(void)
{
    sigset_t pending;

    if (sigpending(&pending) < 0) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(SIGNALS); i++) {
        if (sigismember(&pending, SIGNALS[i]) == 1) {
            return true;
        }
    }
    return false;
}

void signals_close(struct signals *signals)
{
    if (signals == NULL) {
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(SIGNALS); i++) {
        loop_signal_unwatch(&signals->watches[i]);
    }
    mem_free(signals);
}
