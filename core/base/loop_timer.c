/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Timers: a binary heap, so that thousands cost no more than their starting and firing. */
#include "base/loop_impl.h"

#include "base/clock.h"
#include "base/mem.h"

/* A year: longer ones are somebody's "never", and must not overflow. */
static const int64_t DELAY_MAX_MS = (int64_t)366 * 86400 * 1000;

static bool is_before(const struct loop_timer *a, const struct loop_timer *b)
{
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void put(struct loop *loop, size_t index, struct loop_timer *timer)
{
    loop->heap[index] = timer;
    timer->index = index;
}

static void sift_up(struct loop *loop, struct loop_timer *timer)
{
    size_t i = timer->index;

    while (i > 0 && is_before(timer, loop->heap[(i - 1) / 2])) {
        put(loop, i, loop->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put(loop, i, timer);
}

static void sift_down(struct loop *loop, struct loop_timer *timer)
{
    size_t i = timer->index;

    for (;;) {
        size_t child = 2 * i + 1;

        if (child + 1 < loop->n_timers && is_before(loop->heap[child + 1], loop->heap[child])) {
            child++;
        }
        if (child >= loop->n_timers || !is_before(loop->heap[child], timer)) {
            break;
        }
        put(loop, i, loop->heap[child]);
        i = child;
    }
    put(loop, i, timer);
}

static void take_out(struct loop *loop, struct loop_timer *timer)
{
    struct loop_timer *last = loop->heap[--loop->n_timers];

    if (last != timer) {
        put(loop, timer->index, last);
        sift_up(loop, last);
        sift_down(loop, last);
    }
}

struct loop_timer *loop_timer_start(struct loop *loop, int64_t delay_ms, loop_timer_fn *fn,
                                    void *arg)
{
    struct loop_timer *timer = NEW(struct loop_timer);

    timer->loop = loop;
    /* The turn may be old by now: a deadline must not begin in the past. */
    delay_ms = delay_ms > DELAY_MAX_MS ? DELAY_MAX_MS : delay_ms;
    timer->due_ms = delay_ms <= 0 ? loop->now_ms : clock_mono_ms() + delay_ms;
    timer->order = loop->n_started++;
    timer->fn = fn;
    timer->arg = arg;
    VEC_PUSH(loop->heap, loop->n_timers, loop->cap_timers) = timer;
    timer->index = loop->n_timers - 1;
    sift_up(loop, timer);
    return timer;
}

void loop_timer_cancel(struct loop_timer **at)
{
    struct loop_timer *timer = TAKE(*at);

    if (timer != NULL) {
        take_out(timer->loop, timer);
        mem_free(timer);
    }
}

void loop_timers_fire(struct loop *loop)
{
    const uint64_t first_new = loop->n_started;

    while (loop->n_timers > 0 && !loop->is_stopped) {
        struct loop_timer *timer = loop->heap[0];
        loop_timer_fn *fn = timer->fn;
        void *arg = timer->arg;

        if (timer->due_ms > loop->now_ms || timer->order >= first_new) {
            return;
        }
        take_out(loop, timer);
        mem_free(timer);
        loop->has_worked = true;
        fn(arg);
    }
}

int64_t loop_timers_wait_ms(const struct loop *loop)
{
    int64_t wait_ms = 0;

    if (loop->n_timers == 0) {
        return -1;
    }
    wait_ms = loop->heap[0]->due_ms - clock_mono_ms();
    return wait_ms < 0 ? 0 : wait_ms;
}

void loop_timers_free(struct loop *loop)
{
    for (size_t i = 0; i < loop->n_timers; i++) {
        mem_free(loop->heap[i]);
    }
    mem_free(loop->heap);
    loop->heap = NULL;
    loop->n_timers = 0;
}
