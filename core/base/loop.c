/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One turn: timers that are due, then libcurl until it has no news, then the wait, then the
 * descriptors that are ready. libcurl comes right before the wait, so that what any callback has
 * added is already on the wire while we wait (added handles otherwise lie until the next wake-up).
 * Timers are in loop_timer.c, children and signals in loop_process.c.
 */
#include "base/loop_impl.h"

#include "base/clock.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    EVENTS_PER_TURN = 64,
    CURL_ROUNDS = 16, /* of news from libcurl before other owners get their turn */
    IDLE_TURNS_CHECK =
        256, /* after so many wake-ups without cause the epoll descriptor is checked */
    IDLE_TURNS_MAX = 20000, /* in IDLE_WINDOW_MS: nothing but a spin does that */
    IDLE_WINDOW_MS = 1000,
};

void loop_link_init(struct loop_link *head)
{
    head->prev = head;
    head->next = head;
}

void loop_link_append(struct loop_link *head, struct loop_link *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

void loop_link_remove(struct loop_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    loop_link_init(link);
}

int loop_new(struct loop **ret_loop, struct err *err)
{
    struct loop *loop = NULL;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return err_set(err, ERR_FAILED, "libcurl does not start");
    }
    loop = NEW(struct loop);
    loop->signal_fd = -1;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->multi = curl_multi_init();
    loop->now_ms = clock_mono_ms();
    loop_link_init(&loop->fds);
    loop_link_init(&loop->dead);
    loop_link_init(&loop->children);
    loop_link_init(&loop->signals);
    if (loop->epoll_fd < 0 || loop->multi == NULL) {
        (void)err_set_errno(err, "cannot make the event loop");
        loop_free(loop);
        return err_code(err);
    }
    *ret_loop = loop;
    return 0;
}

static void bury(struct loop_link *list)
{
    while (list->next != list) {
        struct loop_link *first = list->next;

        loop_link_remove(first);
        mem_free(first);
    }
}

void loop_free(struct loop *loop)
{
    if (loop == NULL) {
        return;
    }
    loop_children_free(loop);
    loop_signals_free(loop);
    loop_timers_free(loop);
    bury(&loop->fds);
    bury(&loop->dead);
    if (loop->multi != NULL) {
        (void)curl_multi_cleanup(loop->multi);
    }
    if (loop->epoll_fd >= 0) {
        (void)close(loop->epoll_fd);
    }
    mem_free(loop);
    curl_global_cleanup();
}

int64_t loop_now_ms(const struct loop *loop)
{
    return loop->now_ms;
}

void loop_stop(struct loop *loop)
{
    loop->is_stopped = true;
}

static void on_watch_failed(void *arg)
{
    struct loop_fd *watch = arg;

    watch->failure = NULL;
    watch->fn(watch->arg, EPOLLERR);
}

struct loop_fd *loop_fd_watch(struct loop *loop, int fd, uint32_t events, loop_fd_fn *fn, void *arg)
{
    struct loop_fd *watch = NEW(struct loop_fd);
    struct epoll_event event = {.events = events, .data.ptr = watch};

    watch->loop = loop;
    watch->fd = fd;
    watch->fn = fn;
    watch->arg = arg;
    loop_link_append(&loop->fds, &watch->link);
    loop->n_fds++;
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        watch->failure = loop_timer_start(loop, 0, on_watch_failed, watch);
    }
    return watch;
}

void loop_fd_change(struct loop_fd *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};

    if (epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) < 0 &&
        watch->failure == NULL) {
        watch->failure = loop_timer_start(watch->loop, 0, on_watch_failed, watch);
    }
}

void loop_fd_unwatch(struct loop_fd **at)
{
    struct loop_fd *watch = TAKE(*at);

    if (watch == NULL) {
        return;
    }
    (void)epoll_ctl(watch->loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    loop_timer_cancel(&watch->failure);
    watch->is_dead = true;
    watch->loop->n_fds--;
    /* The events of this turn may still point here. */
    loop_link_remove(&watch->link);
    loop_link_append(&watch->loop->dead, &watch->link);
}

void *loop_curl_multi(struct loop *loop)
{
    return loop->multi;
}

void loop_curl_on_done(struct loop *loop, loop_curl_fn *fn, void *arg)
{
    loop->curl_fn = fn;
    loop->curl_arg = arg;
}

void loop_curl_note(struct loop *loop)
{
    loop->has_worked = true;
}

/* Lets libcurl work and tells of what has ended; again while that starts more. */
static int turn_curl(struct loop *loop, struct err *err)
{
    bool has_news = true;

    for (int round = 0; has_news && round < CURL_ROUNDS && !loop->is_stopped; round++) {
        CURLMcode code = curl_multi_perform(loop->multi, &loop->n_transfers);
        CURLMsg *message = NULL;
        int n_left = 0;

        if (code != CURLM_OK) {
            return err_set(err, ERR_FAILED, "libcurl: %s", curl_multi_strerror(code));
        }
        has_news = false;
        while ((message = curl_multi_info_read(loop->multi, &n_left)) != NULL) {
            if (message->msg == CURLMSG_DONE && loop->curl_fn != NULL) {
                has_news = true;
                loop->has_worked = true;
                loop->curl_fn(loop->curl_arg, message->easy_handle, (int)message->data.result);
            }
        }
    }
    /* Callbacks may have ended or begun some since libcurl counted. */
    if (has_news) {
        loop->n_transfers++;
    }
    return 0;
}

static void turn_fds(struct loop *loop)
{
    struct epoll_event events[EVENTS_PER_TURN];
    int n = epoll_wait(loop->epoll_fd, events, EVENTS_PER_TURN, 0);

    for (int i = 0; i < n && !loop->is_stopped; i++) {
        struct loop_fd *watch = events[i].data.ptr;

        if (!watch->is_dead) {
            loop->has_worked = true;
            watch->fn(watch->arg, events[i].events);
        }
    }
    bury(&loop->dead);
}

static int wait_for_any(struct loop *loop, struct err *err)
{
    struct curl_waitfd ours = {.fd = loop->epoll_fd, .events = CURL_WAIT_POLLIN};
    int64_t wait_ms = loop_timers_wait_ms(loop);
    CURLMcode code = CURLM_OK;

    if (wait_ms < 0 || wait_ms > INT_MAX) {
        wait_ms = INT_MAX;
    }
    code = curl_multi_poll(loop->multi, &ours, 1, (int)wait_ms, NULL);
    if (code != CURLM_OK) {
        return err_set(err, ERR_FAILED, "libcurl cannot wait: %s", curl_multi_strerror(code));
    }
    return 0;
}

/*
 * A descriptor that was closed behind its owner's back makes poll() return at once, each time, and
 * libcurl does not say so: the program would burn a processor for ever and look busy. So turns in
 * which no owner had anything to do are counted.
 */
static int check_for_spin(struct loop *loop, struct err *err)
{
    if (loop->has_worked) {
        loop->has_worked = false;
        return 0;
    }
    if (loop->now_ms - loop->idle_since_ms > IDLE_WINDOW_MS) {
        loop->idle_since_ms = loop->now_ms;
        loop->n_idle_turns = 0;
    }
    loop->n_idle_turns++;
    if (loop->n_idle_turns % IDLE_TURNS_CHECK == 0 && fcntl(loop->epoll_fd, F_GETFD) < 0) {
        return err_set(err, ERR_FAILED, "the loop's own descriptor was closed by someone else");
    }
    if (loop->n_idle_turns >= IDLE_TURNS_MAX) {
        return err_set(
            err, ERR_FAILED,
            "the loop woke %u times within a second without cause: a descriptor in use was "
            "closed",
            loop->n_idle_turns);
    }
    return 0;
}

static bool has_work(const struct loop *loop)
{
    return loop->n_timers > 0 || loop->n_transfers > 0 || loop->n_fds > 0;
}

static int turn(struct loop *loop, struct err *err)
{
    loop->now_ms = clock_mono_ms();
    loop_timers_fire(loop);
    if (turn_curl(loop, err) < 0) {
        return err_code(err);
    }
    bury(&loop->dead);
    if (loop->is_stopped || !has_work(loop)) {
        loop->is_stopped = true;
        return 0;
    }
    if (wait_for_any(loop, err) < 0) {
        return err_code(err);
    }
    loop->now_ms = clock_mono_ms();
    turn_fds(loop);
    return check_for_spin(loop, err);
}

int loop_run(struct loop *loop, struct err *err)
{
    int failed = 0;

    while (!loop->is_stopped && failed == 0) {
        failed = turn(loop, err);
    }
    loop->is_stopped = false; /* for the next run */
    return failed;
}
