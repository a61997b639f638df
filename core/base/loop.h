/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The one thread's wait. curl_multi_poll() waits for libcurl's sockets and for one epoll descriptor
 * that holds all others: DNS sockets, worker pipes, pidfds, the signalfd; timers bound the wait.
 * Callbacks run from loop_run() only, never from the function that registered them, and may
 * register and cancel anything, themselves included. Handles die with loop_free(); a handle that
 * fired once (timer, child, deferred call) is gone before its callback runs.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct loop;
struct loop_timer;
struct loop_fd;
struct loop_child;
struct loop_signal;

int loop_new(struct loop **ret_loop, struct err *err);
void loop_free(struct loop *loop);

/* Turns until loop_stop(), or until nothing is left that could wake it. 0, or why waiting failed.
 */
int loop_run(struct loop *loop, struct err *err);
void loop_stop(struct loop *loop);

/* Milliseconds on the monotonic clock, read once per turn. */
int64_t loop_now_ms(const struct loop *loop);

/* One shot after delay_ms (0: at the next turn). The owner keeps the handle in a variable and
 * passes its address to cancel, which takes NULL and leaves NULL. The variable still holds the dead
 * handle while the callback runs: callbacks begin by setting it to NULL. */
typedef void loop_timer_fn(void *arg);
struct loop_timer *loop_timer_start(struct loop *loop, int64_t delay_ms, loop_timer_fn *fn,
                                    void *arg);
void loop_timer_cancel(struct loop_timer **at);

/* Watches a descriptor for EPOLLIN, EPOLLOUT (level-triggered), one watch a descriptor. EPOLLERR
 * and EPOLLHUP come unasked; EPOLLERR also when it cannot be watched. unwatch before closing fd. */
typedef void loop_fd_fn(void *arg, uint32_t events);
struct loop_fd *loop_fd_watch(struct loop *loop, int fd, uint32_t events, loop_fd_fn *fn,
                              void *arg);
void loop_fd_change(struct loop_fd *watch, uint32_t events);
void loop_fd_unwatch(struct loop_fd **at);

/* Reaps a child of ours by pidfd and calls back with its wait status, once. After unwatch reaping
 * it is the caller's. */
typedef void loop_child_fn(void *arg, int wait_status);
struct loop_child *loop_child_watch(struct loop *loop, pid_t pid, loop_child_fn *fn, void *arg);
void loop_child_unwatch(struct loop_child **at);

/* Takes a signal from the loop instead of by interruption. The signal stays blocked: block it
 * (loop_block_signals) before the first thread or child. */
typedef void loop_signal_fn(void *arg, int signo);
struct loop_signal *loop_signal_watch(struct loop *loop, int signo, loop_signal_fn *fn, void *arg);
void loop_signal_unwatch(struct loop_signal **at);

/* Blocks SIGINT, SIGTERM, SIGHUP, SIGCHLD for this thread and ignores SIGPIPE. */
void loop_block_signals(void);

/* For base/http only: the multi handle, who is told of finished transfers, and that bytes of one
 * came (so that the wake-up had a cause). */
typedef void loop_curl_fn(void *arg, void *easy, int curl_code);
void *loop_curl_multi(struct loop *loop);
void loop_curl_on_done(struct loop *loop, loop_curl_fn *fn, void *arg);
void loop_curl_note(struct loop *loop);

#endif
