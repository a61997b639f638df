/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The inside of the loop, for loop*.c only. */
#ifndef BASE_LOOP_IMPL_H
#define BASE_LOOP_IMPL_H

#include "base/cleanup.h"
#include "base/loop.h"

#include <curl/curl.h>
#include <signal.h>
#include <stddef.h>

/* A ring through the members of a list; the list's own link is head and tail. */
struct loop_link {
    struct loop_link *prev, *next;
};

void loop_link_init(struct loop_link *head);
void loop_link_append(struct loop_link *head, struct loop_link *link);
void loop_link_remove(struct loop_link *link);

struct loop_timer {
    struct loop *loop;
    int64_t due_ms;
    uint64_t order; /* of starting: ties fire in it */
    size_t index;   /* in the heap */
    loop_timer_fn *fn;
    void *arg;
};

struct loop_fd {
    struct loop_link link; /* of loop->fds, or of loop->dead until the turn ends */
    struct loop *loop;
    int fd;
    bool is_dead;
    struct loop_timer *failure; /* tells the owner that the descriptor cannot be watched */
    loop_fd_fn *fn;
    void *arg;
};

struct loop {
    CURLM *multi;
    int epoll_fd;
    int64_t now_ms;
    bool is_stopped;

    struct loop_timer **heap; /* least (due_ms, order) first */
    size_t n_timers, cap_timers;
    uint64_t n_started;

    struct loop_link fds, dead, children, signals;
    size_t n_fds;

    int signal_fd; /* -1 until the first signal is watched */
    struct loop_fd *signal_watch;
    bool is_telling_signal; /* so that none is freed under its own callback */

    int n_transfers; /* that libcurl has running */
    loop_curl_fn *curl_fn;
    void *curl_arg;

    /* Wake-ups without cause since since_ms. */
    unsigned n_idle_turns;
    int64_t idle_since_ms;
    bool has_worked; /* a callback ran, or bytes of a transfer came, in this turn */
};

/* Fires what is due now, but nothing that was started meanwhile. */
void loop_timers_fire(struct loop *loop);
/* Until the first timer, 0 if it is due, -1 without one. */
int64_t loop_timers_wait_ms(const struct loop *loop);
void loop_timers_free(struct loop *loop);

void loop_children_free(struct loop *loop);
void loop_signals_free(struct loop *loop);

#endif
