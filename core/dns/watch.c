/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 *     LOOKING --- vote passes ---> was the first look enough? --- yes ---> SETTLING --> done
 *        ^                              \--- no ---> LAST_LOOK --- still GOOD ---^
 *        \-------------------------------- one is not any more ---/
 *
 * Looks are rounds: each asks the servers that have a vote, are not GOOD, and have no question
 * under way; pauses between them grow. Who counts is decided in vote.c, what an answer means in
 * look.c.
 */
#include "dns/watch.h"

#include "base/clock.h"
#include "base/mem.h"
#include "dns/cut.h"
#include "dns/moved.h"
#include "dns/seats.h"
#include "dns/vote.h"

#include <string.h>

enum {
    FIRST_PAUSE_MS = 50,
    LONGEST_PAUSE_MS = 5000,
    TIMEOUT_MS = 300 * 1000,
    LAST_LOOK_MS = 1000, /* silence in the last look does not undo what was seen */
    WAIT_MAX_S = 24 * 3600,
};

enum phase { LOOKING, LAST_LOOK, SETTLING };

struct dns_watch {
    struct seats seats;
    struct dns_watch_policy policy;
    struct dns_watch_callbacks callbacks;
    void *arg;
    struct vote *votes; /* beside seats.items */
    enum phase phase;
    bool had_last_look;
    unsigned round;
    int64_t started_ms;
    int64_t pause_ms;
    struct loop_timer *next; /* the next round, or the end of last look or settling */
    struct loop_timer *half; /* of the deadline: then the broken lose their vote */
    struct loop_timer *deadline;
    struct bell_waiter look_now;
    char *told;    /* the last progress, so that only changes are told */
    bool *is_gone; /* set when freed: for callbacks that may do that */
};

static void watch_free(struct dns_watch *watch)
{
    if (watch->is_gone != NULL) {
        *watch->is_gone = true;
    }
    bell_leave(&watch->look_now);
    loop_timer_cancel(&watch->next);
    loop_timer_cancel(&watch->half);
    loop_timer_cancel(&watch->deadline);
    seats_done(&watch->seats);
    mem_free(watch->votes);
    mem_free(watch->told);
    mem_free(watch);
}

void dns_watch_cancel(struct dns_watch **watch)
{
    if (*watch != NULL) {
        watch_free(*watch);
        *watch = NULL;
    }
}

static void end(struct dns_watch *watch, const struct err *err)
{
    struct dns_watch_callbacks callbacks = watch->callbacks;
    void *arg = watch->arg;

    watch_free(watch);
    callbacks.done(arg, err);
}

static int64_t elapsed_ms(const struct dns_watch *watch)
{
    return loop_now_ms(watch->seats.dns->loop) - watch->started_ms;
}

static struct vote_count count_votes(struct dns_watch *watch)
{
    for (size_t i = 0; i < watch->seats.n; i++) {
        const struct seat *seat = &watch->seats.items[i];

        watch->votes[i] = (struct vote){.before = seat_class_before(seat),
                                        .now = seat->look.class,
                                        .is_unroutable = seat_is_unroutable(seat)};
    }
    return vote_count(watch->votes, watch->seats.n, watch->policy.mode, elapsed_ms(watch),
                      watch->policy.timeout_ms);
}

/* Says what changed; false if the callback cancelled the watch. */
static bool tell_progress(struct dns_watch *watch, const struct vote_count *count)
{
    AUTO(strv_done) struct strv waiting = STRV_INIT;
    char *told = NULL;
    bool is_gone = false;

    if (watch->callbacks.progress == NULL) {
        return true;
    }
    for (size_t i = 0; i < watch->seats.n; i++) {
        if (!watch->votes[i].is_out && watch->votes[i].now != LOOK_GOOD) {
            strv_add(&waiting, watch->seats.items[i].server->text);
        }
    }
    told = strv_join(&waiting, ",");
    if (watch->told != NULL && strcmp(told, watch->told) == 0) {
        mem_free(told);
        return true;
    }
    mem_free(watch->told);
    watch->told = told;
    watch->is_gone = &is_gone;
    watch->callbacks.progress(watch->arg, count->n_good, count->n_voters, &waiting);
    if (!is_gone) {
        watch->is_gone = NULL;
    }
    return !is_gone;
}

/* Why it has no vote; in its row of the table, or behind "has no vote: ". */
static char *why_out(const struct seat *seat)
{
    const char *why = seat->known == NULL ? "" : seat->known->why;
    const char *before = NULL;

    if (seat_is_unroutable(seat)) {
        return str_dup("cannot be reached from this host");
    }
    if (seat_class_before(seat) == DNS_CLASS_LAME) {
        before = "did not serve the zone";
    } else if (seat_class_before(seat) == DNS_CLASS_DEAD) {
        before = "did not answer";
    } else {
        return str_dup(seat->look.text);
    }
    return str_fmt("%s before anything was published%s%s%s", before, why[0] != '\0' ? " (" : "",
                   why, why[0] != '\0' ? ")" : "");
}

/* Once for each server in a run; false if a callback cancelled the watch. */
static bool tell_warnings(struct dns_watch *watch)
{
    bool is_gone = false;

    for (size_t i = 0; i < watch->seats.n && watch->callbacks.warned != NULL; i++) {
        struct seat *seat = &watch->seats.items[i];
        AUTO_FREE char *text = NULL;
        AUTO_FREE char *why = NULL;

        /* A host without IPv6 is no news. */
        if (!watch->votes[i].is_out || watch->votes[i].is_unroutable || seat->known == NULL ||
            seat->known->is_warned) {
            continue;
        }
        seat->known->is_warned = true;
        why = why_out(seat);
        text = str_fmt("%s of zone '%s' has no vote: %s", seat->server->text,
                       watch->seats.place->zone, why);
        watch->is_gone = &is_gone;
        watch->callbacks.warned(watch->arg, text);
        if (is_gone) {
            return false;
        }
        watch->is_gone = NULL;
    }
    return true;
}

static void on_settled(void *arg)
{
    struct dns_watch *watch = arg;

    watch->next = NULL;
    end(watch, NULL);
}

static void settle(struct dns_watch *watch)
{
    watch->phase = SETTLING;
    loop_timer_cancel(&watch->next);
    loop_timer_cancel(&watch->deadline);
    loop_timer_cancel(&watch->half);
    if (watch->policy.settle_ms == 0) {
        end(watch, NULL);
        return;
    }
    watch->next =
        loop_timer_start(watch->seats.dns->loop, watch->policy.settle_ms, on_settled, watch);
}

static void on_last_look_over(void *arg)
{
    struct dns_watch *watch = arg;

    watch->next = NULL;
    settle(watch);
}

/* Asks again who confirmed in an earlier look: an anycast address may have answered from another
 * node. False: nobody did, or that was done. */
static bool start_last_look(struct dns_watch *watch)
{
    size_t n_asked = 0;

    if (watch->had_last_look || watch->policy.mode == DNS_WATCH_ANY) {
        return false;
    }
    watch->had_last_look = true;
    for (size_t i = 0; i < watch->seats.n; i++) {
        struct seat *seat = &watch->seats.items[i];

        if (seat->look.class == LOOK_GOOD && seat->round < watch->round) {
            seat_ask(seat);
            n_asked++;
        }
    }
    if (n_asked == 0) {
        return false;
    }
    watch->phase = LAST_LOOK;
    loop_timer_cancel(&watch->next);
    watch->next = loop_timer_start(watch->seats.dns->loop, LAST_LOOK_MS, on_last_look_over, watch);
    return true;
}

static void on_round(void *arg);

static void schedule_round(struct dns_watch *watch)
{
    int64_t tenth = watch->pause_ms / 10;
    int64_t jitter = (int64_t)clock_random((uint64_t)(2 * tenth + 1)) - tenth;
    int64_t grown = watch->pause_ms * 8 / 5;

    loop_timer_cancel(&watch->next);
    watch->next =
        loop_timer_start(watch->seats.dns->loop, watch->pause_ms + jitter, on_round, watch);
    watch->pause_ms = grown < watch->policy.interval_ms ? grown : watch->policy.interval_ms;
}

static bool is_last_look_open(const struct dns_watch *watch)
{
    for (size_t i = 0; i < watch->seats.n; i++) {
        if (watch->seats.items[i].exchange != NULL &&
            watch->seats.items[i].look.class == LOOK_GOOD) {
            return true;
        }
    }
    return false;
}

/* After every answer, and when time alone changes who has a vote. */
static void evaluate(struct dns_watch *watch)
{
    struct vote_count count = count_votes(watch);

    if (watch->phase == SETTLING || !tell_warnings(watch) || !tell_progress(watch, &count)) {
        return;
    }
    if (!count.has_passed) {
        if (watch->phase == LAST_LOOK) {
            watch->phase = LOOKING;
            schedule_round(watch);
        }
        return;
    }
    if (watch->phase == LAST_LOOK) {
        if (!is_last_look_open(watch)) {
            settle(watch);
        }
        return;
    }
    if (!start_last_look(watch)) {
        settle(watch);
    }
}

static void end_moved(struct dns_watch *watch, const char *target)
{
    struct dns_watch_callbacks callbacks = watch->callbacks;
    AUTO_FREE char *copy = str_dup(target);
    void *arg = watch->arg;

    moved_note(watch->seats.dns, watch->seats.place->owner, target);
    watch_free(watch);
    callbacks.moved(arg, copy);
}

static void on_answer(void *arg, struct seat *seat, const struct look *look)
{
    struct dns_watch *watch = arg;
    bool is_broken = look->class == LOOK_LAME || look->class == LOOK_DEAD;

    if (look->class == LOOK_MOVED) {
        end_moved(watch, look->target);
        return;
    }
    /* What was GOOD stays so when its server only fails in the last look. */
    if (seat->look.class != LOOK_GOOD || !is_broken) {
        seat->look = *look;
        seat->round = watch->round;
    }
    evaluate(watch);
}

static void on_round(void *arg)
{
    struct dns_watch *watch = arg;

    watch->next = NULL;
    watch->round++;
    (void)count_votes(watch);
    for (size_t i = 0; i < watch->seats.n; i++) {
        if (!watch->votes[i].is_out && watch->votes[i].now != LOOK_GOOD) {
            seat_ask(&watch->seats.items[i]);
        }
    }
    schedule_round(watch);
    evaluate(watch);
}

/* Without waiting for the next round; the pauses are short again, too. */
static void look_now(struct dns_watch *watch)
{
    if (watch->phase == LOOKING) {
        loop_timer_cancel(&watch->next);
        watch->pause_ms = FIRST_PAUSE_MS;
        watch->next = loop_timer_start(watch->seats.dns->loop, 0, on_round, watch);
    }
}

static void on_look_now(void *arg)
{
    struct dns_watch *watch = arg;

    bell_wait(&watch->seats.dns->look_now, &watch->look_now, on_look_now, watch);
    look_now(watch);
}

static void on_half(void *arg)
{
    struct dns_watch *watch = arg;

    watch->half = NULL;
    evaluate(watch);
}

static void add_table(const struct dns_watch *watch, struct buf *to)
{
    size_t n = watch->seats.n;
    AUTO_FREE struct look_row *rows = mem_alloc(n, sizeof(*rows));
    AUTO(strv_done) struct strv texts = STRV_INIT;
    int64_t now_ms = loop_now_ms(watch->seats.dns->loop);

    for (size_t i = 0; i < n; i++) {
        const struct seat *seat = &watch->seats.items[i];

        rows[i].server = seat->server->text;
        rows[i].is_good = seat->look.class == LOOK_GOOD;
        rows[i].age_ms = seat->asked_ms < 0 ? -1 : now_ms - seat->asked_ms;
        if (seat->look.class != LOOK_NONE) {
            rows[i].answer = seat->look.text;
        } else {
            strv_take(&texts, watch->votes[i].is_out ? why_out(seat) : str_dup("no answer yet"));
            rows[i].answer = texts.items[texts.n - 1];
        }
    }
    look_format_table(rows, n, to);
}

static void on_deadline(void *arg)
{
    struct dns_watch *watch = arg;
    AUTO(buf_done) struct buf table = BUF(ERR_TEXT_MAX);
    struct err err = ERR_INIT;
    struct vote_count count = count_votes(watch);

    watch->deadline = NULL;
    if (count.has_passed) {
        settle(watch);
        return;
    }
    add_table(watch, &table);
    (void)err_set(
        &err, ERR_PROPAGATION,
        "'%s' is not served by all servers of zone '%s' after %lld s; %zu of %zu have it:%s",
        watch->seats.place->owner, watch->seats.place->zone, (long long)(elapsed_ms(watch) / 1000),
        count.n_good, count.n_voters, buf_str(&table));
    end(watch, &err);
}

static void start_deadlines(struct dns_watch *watch)
{
    struct loop *loop = watch->seats.dns->loop;

    loop_timer_cancel(&watch->half);
    loop_timer_cancel(&watch->deadline);
    watch->half = loop_timer_start(loop, watch->policy.timeout_ms / 2, on_half, watch);
    watch->deadline = loop_timer_start(loop, watch->policy.timeout_ms, on_deadline, watch);
}

static void start_timers(struct dns_watch *watch)
{
    struct loop *loop = watch->seats.dns->loop;

    if (watch->policy.mode == DNS_WATCH_WAIT) {
        watch->phase = SETTLING;
        watch->next =
            loop_timer_start(loop, (int64_t)watch->policy.wait_s * 1000 + watch->policy.settle_ms,
                             on_settled, watch);
        return;
    }
    watch->next = loop_timer_start(loop, 0, on_round, watch);
    bell_wait(&watch->seats.dns->look_now, &watch->look_now, on_look_now, watch);
    start_deadlines(watch);
}

void dns_watch_restart(struct dns_watch *watch)
{
    if (watch->phase == SETTLING) {
        return;
    }
    watch->started_ms = loop_now_ms(watch->seats.dns->loop);
    watch->pause_ms = FIRST_PAUSE_MS;
    start_deadlines(watch);
    look_now(watch);
}

struct dns_watch *dns_watch_start(struct dns *dns, const struct dns_place *place,
                                  const char *const *values, size_t n_values,
                                  const struct dns_watch_policy *policy,
                                  const struct dns_watch_callbacks *callbacks, void *arg)
{
    struct dns_watch *watch = NEW(struct dns_watch);

    seats_init(&watch->seats, dns, place, values, n_values, on_answer, watch);
    watch->votes = mem_alloc(watch->seats.n, sizeof(*watch->votes));
    watch->policy = *policy;
    if (watch->policy.timeout_ms <= 0) {
        watch->policy.timeout_ms = TIMEOUT_MS;
    }
    if (watch->policy.interval_ms <= 0) {
        watch->policy.interval_ms = LONGEST_PAUSE_MS;
    }
    watch->pause_ms =
        FIRST_PAUSE_MS < watch->policy.interval_ms ? FIRST_PAUSE_MS : watch->policy.interval_ms;
    watch->callbacks = *callbacks;
    watch->arg = arg;
    watch->started_ms = loop_now_ms(dns->loop);
    start_timers(watch);
    return watch;
}

bool dns_watch_parse_mode(const char *text, struct dns_watch_policy *policy)
{
    static const char WAIT[] = "wait:";
    int64_t wait_s = 0;

    if (strcmp(text, "known-broken") == 0) {
        policy->mode = DNS_WATCH_KNOWN_BROKEN;
    } else if (strcmp(text, "all") == 0) {
        policy->mode = DNS_WATCH_ALL;
    } else if (strcmp(text, "any") == 0) {
        policy->mode = DNS_WATCH_ANY;
    } else if (str_has_prefix(text, WAIT) &&
               str_parse_int(text + strlen(WAIT), 0, WAIT_MAX_S, &wait_s)) {
        policy->mode = DNS_WATCH_WAIT;
        policy->wait_s = (uint32_t)wait_s;
    } else {
        return false;
    }
    return true;
}
