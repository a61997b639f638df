/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/gone.h"

#include "base/mem.h"
#include "dns/seats.h"

enum { FIRST_PAUSE_MS = 100, LONGEST_PAUSE_MS = 5000 };

struct dns_gone {
    struct seats seats;
    dns_gone_fn *done;
    void *arg;
    int64_t deadline_ms;
    int64_t pause_ms;
    size_t n_open; /* questions of this look still under way */
    struct loop_timer *timer;
    struct bell_waiter look_now;
};

static void gone_free(struct dns_gone *gone)
{
    loop_timer_cancel(&gone->timer);
    bell_leave(&gone->look_now);
    seats_done(&gone->seats);
    mem_free(gone);
}

void dns_gone_cancel(struct dns_gone **gone)
{
    if (*gone != NULL) {
        gone_free(*gone);
        *gone = NULL;
    }
}

static bool has_sound_seat(const struct seats *seats)
{
    for (size_t i = 0; i < seats->n; i++) {
        if (!seat_was_broken(&seats->items[i]) && !seat_is_unroutable(&seats->items[i])) {
            return true;
        }
    }
    return false;
}

static bool is_worth_asking(const struct dns_gone *gone, const struct seat *seat)
{
    return !seat_is_unroutable(seat) && (!seat_was_broken(seat) || !has_sound_seat(&gone->seats)) &&
           (!seat->has_answered || seat->standing.n > 0);
}

static void end(struct dns_gone *gone)
{
    AUTO(strv_done) struct strv standing = STRV_INIT;
    struct err err = ERR_INIT;
    dns_gone_fn *done = gone->done;
    void *arg = gone->arg;
    bool has_answer = false;

    for (size_t i = 0; i < gone->seats.n; i++) {
        const struct seat *seat = &gone->seats.items[i];

        has_answer = has_answer || seat->has_answered;
        strv_add_all_unique(&standing, &seat->standing);
    }
    if (!has_answer) {
        (void)err_set(&err, ERR_PROPAGATION,
                      "no server of '%s' says whether values still stand at '%s'",
                      gone->seats.place->zone, gone->seats.place->owner);
    }
    gone_free(gone);
    done(arg, &standing, has_answer ? NULL : &err);
}

static void on_timer(void *arg);

static bool all_are_gone(const struct dns_gone *gone)
{
    for (size_t i = 0; i < gone->seats.n; i++) {
        if (gone->seats.items[i].standing.n > 0) {
            return false;
        }
    }
    return true;
}

static void on_answer(void *arg, struct seat *seat, const struct look *look)
{
    struct dns_gone *gone = arg;
    int64_t now_ms = loop_now_ms(gone->seats.dns->loop);

    seat->look = *look;
    if (--gone->n_open > 0) {
        return;
    }
    if (all_are_gone(gone) || now_ms >= gone->deadline_ms) {
        end(gone);
        return;
    }
    gone->timer = loop_timer_start(gone->seats.dns->loop, gone->pause_ms, on_timer, gone);
    gone->pause_ms = gone->pause_ms * 2 < LONGEST_PAUSE_MS ? gone->pause_ms * 2 : LONGEST_PAUSE_MS;
}

static void on_timer(void *arg)
{
    struct dns_gone *gone = arg;

    gone->timer = NULL;
    for (size_t i = 0; i < gone->seats.n; i++) {
        if (is_worth_asking(gone, &gone->seats.items[i])) {
            gone->n_open++;
            seat_ask(&gone->seats.items[i]);
        }
    }
    if (gone->n_open == 0) {
        end(gone);
    }
}

/* Without waiting for the end of the pause; pauses are short again, too. */
static void on_look_now(void *arg)
{
    struct dns_gone *gone = arg;

    bell_wait(&gone->seats.dns->look_now, &gone->look_now, on_look_now, gone);
    if (gone->timer != NULL) {
        loop_timer_cancel(&gone->timer);
        gone->pause_ms = FIRST_PAUSE_MS;
        gone->timer = loop_timer_start(gone->seats.dns->loop, 0, on_timer, gone);
    }
}

struct dns_gone *dns_gone_start(struct dns *dns, const struct dns_place *place,
                                const char *const *values, size_t n_values, int64_t timeout_ms,
                                dns_gone_fn *done, void *arg)
{
    struct dns_gone *gone = NEW(struct dns_gone);

    seats_init(&gone->seats, dns, place, values, n_values, on_answer, gone);
    gone->done = done;
    gone->arg = arg;
    gone->pause_ms = FIRST_PAUSE_MS;
    gone->deadline_ms = loop_now_ms(dns->loop) + timeout_ms;
    gone->timer = loop_timer_start(dns->loop, 0, on_timer, gone);
    bell_wait(&dns->look_now, &gone->look_now, on_look_now, gone);
    return gone;
}
