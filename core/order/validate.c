/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * VALIDATE: names walk to their answers, and the order, one object for all of them, is asked until
 * it is ready. Authorizations are read only where the order cannot tell: to learn why it failed, or
 * when it stays pending though all is answered, since some CAs leave the failure on the challenge
 * alone.
 */
#include "order/machine.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"

#define READ_AFTER_MS 30000
#define NAMES_SHOWN 3
/* An order that does not say when it expires; and what one gets whose end is past by this clock,
 * which may be wrong. */
#define ORDER_LIFE_MS ((int64_t)7 * 86400 * 1000)
#define ORDER_LIFE_MIN_MS ((int64_t)600 * 1000)
#define REASONS_MAX (ERR_TEXT_MAX - 256)

static void schedule_poll(struct order *order, int64_t retry_after_s);
static void read_authzs(struct order *order);

/* ---- Failure ---- */

static void hint_next_run(const struct order *order, struct err *err)
{
    char until[CLOCK_TEXT_MAX] = "";

    if (order->order->expires_s != 0) {
        clock_format(order->order->expires_s, until);
    }
    (void)err_hint(err,
                   "then run the same command again%s%s: it goes on from here with the same values",
                   *until == '\0' ? "" : ", before ", until);
}

/* Whether a name before this one failed for the same reason. */
static bool is_told(const struct order *order, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (order->names[i].state == NAME_FAILED &&
            str_eq(order->names[i].err.text, order->names[index].err.text)) {
            return true;
        }
    }
    return false;
}

/* "NAME, NAME and 7 more: " for all that share the reason of this one; nothing where it is that of
 * all names, or the certificate is called so. */
static void add_names_like(const struct order *order, size_t index, struct buf *to)
{
    const char *text = order->names[index].err.text;
    AUTO(strv_done) struct strv alike = STRV_INIT;

    for (size_t i = index; i < order->n_names; i++) {
        if (order->names[i].state == NAME_FAILED && str_eq(order->names[i].err.text, text)) {
            strv_add(&alike, order->names[i].identifier);
        }
    }
    if (alike.n == order->n_names || (alike.n == 1 && str_eq(alike.items[0], order->certificate))) {
        return;
    }
    AUTO_FREE char *shown = strv_join_first(&alike, NAMES_SHOWN);
    buf_addf(to, "%s: ", shown);
}

/* One error out of those of the names: a paragraph a reason. */
static void fail_with_names(struct order *order)
{
    struct err err = ERR_INIT;
    AUTO(buf_done) struct buf reasons = BUF(REASONS_MAX);
    bool is_retriable = true;
    bool is_dead = false;
    const struct err *first = NULL;

    for (size_t i = 0; i < order->n_names; i++) {
        const struct order_name *name = &order->names[i];

        if (name->state != NAME_FAILED) {
            continue;
        }
        is_retriable = is_retriable && name->is_retriable;
        is_dead = is_dead || name->is_refused;
        first = first == NULL ? &name->err : first;
        if (is_told(order, i)) {
            continue;
        }
        if (reasons.len > 0) {
            buf_add_char(&reasons, '\n');
        }
        add_names_like(order, i, &reasons);
        buf_add_str(&reasons, name->err.text);
    }
    order->is_validation = is_dead || first == NULL;
    if (first == NULL) {
        (void)err_set(&err, ERR_CA, "the CA says that the order is %s, and not why",
                      acme_status_name(order->order->status));
        if (order->order->error != NULL) {
            (void)acme_problem_to_err(order->order->error, order->env.ca->eab_help, -1, &err);
        }
        order_fail(order, &err, false);
        return;
    }
    (void)err_set(&err, first->class, "%s", buf_str(&reasons));
    if (err.class == ERR_HUMAN) {
        hint_next_run(order, &err);
    }
    err.retry_after_s = first->retry_after_s;
    order->is_dead = is_dead;
    order_fail(order, &err, is_retriable);
}

/* ---- Reading authorizations ---- */

static bool is_reading(const struct order *order)
{
    for (size_t i = 0; i < order->n_names; i++) {
        if (order->names[i].state == NAME_VALIDATE && order->names[i].call != NULL) {
            return true;
        }
    }
    return false;
}

/* All authorizations that were asked for have been seen. */
static void finish_reading(struct order *order)
{
    bool is_over = acme_order_is_over(order->order);
    bool has_failed = names_count(order, NAME_FAILED) > 0;
    bool is_late = loop_now_ms(order->env.loop) - order->last_answer_ms >= READ_AFTER_MS;

    if (is_over || (has_failed && names_are_settled(order) &&
                    (names_count(order, NAME_VALIDATE) == 0 || is_late))) {
        fail_with_names(order);
        return;
    }
    schedule_poll(order, -1);
}

/* Others wait for this name's turn to end, so it has a deadline of its own. */
static void check_patience(struct order_name *name)
{
    const struct order *order = name->order;
    struct err err = ERR_INIT;

    if (name->state == NAME_VALIDATE && names_have_unanswered(order) &&
        loop_now_ms(order->env.loop) - name->answered_ms >=
            order->env.settings->validation_timeout_ms) {
        (void)err_set(&err, ERR_TIMEOUT, "the CA has not finished its validation within %lld s",
                      (long long)(order->env.settings->validation_timeout_ms / 1000));
        name_fail(name, &err, false);
    }
}

static void finish_read(void *arg, struct acme_authz *authz, const struct acme_reply *reply)
{
    struct order_name *name = arg;
    struct order *order = name->order;

    name->call = NULL;
    if (reply->err != NULL) {
        name_fail(name, reply->err, false);
    } else {
        name_check_authz(name, authz);
        check_patience(name);
    }
    if (order->state == ORDER_VALIDATE && !is_reading(order)) {
        finish_reading(order);
    }
}

static void read_authzs(struct order *order)
{
    order->last_read_ms = loop_now_ms(order->env.loop);
    for (size_t i = 0; i < order->n_names; i++) {
        struct order_name *name = &order->names[i];

        if (name->state == NAME_VALIDATE && name->call == NULL) {
            name->call = acme_authz_get(order->env.acme, name->authz->url, finish_read, name);
        }
    }
    if (!is_reading(order)) {
        finish_reading(order);
    }
}

/* ---- Polling the order ---- */

static void finish_poll(void *arg, struct acme_order *fresh, const struct acme_reply *reply)
{
    struct order *order = arg;

    order->call = NULL;
    if (reply->err != NULL) {
        order_fail(order, reply->err, false);
        return;
    }
    order_take(order, fresh);
    order->poll_hint_s = reply->retry_after_s;
    order_look_at(order);
}

/* Names that wait for their turn need to know when the one before them is through, and where a name
 * has failed the order will not become ready: then the authorizations tell more. */
static bool needs_reading(const struct order *order)
{
    int64_t now_ms = loop_now_ms(order->env.loop);

    if (names_count(order, NAME_FAILED) > 0 && names_are_settled(order)) {
        return true;
    }
    for (size_t i = 0; i < order->n_sites; i++) {
        const struct order_name *turn = order->sites[i]->turn;

        if (turn != NULL && turn->state == NAME_VALIDATE && site_has_waiting(order->sites[i])) {
            return true;
        }
    }
    return names_are_settled(order) && now_ms - order->last_answer_ms >= READ_AFTER_MS &&
           now_ms - order->last_read_ms >= READ_AFTER_MS;
}

static void poll_order(void *arg)
{
    struct order *order = arg;

    order->timer = NULL;
    if (order->call != NULL || is_reading(order)) {
        return;
    }
    if (order->state == ORDER_VALIDATE && needs_reading(order)) {
        read_authzs(order);
        return;
    }
    order->call = acme_order_get(order->env.acme, order->order->url, finish_poll, order);
}

void order_poll_after(struct order *order, int64_t delay_ms)
{
    loop_timer_cancel(&order->timer);
    order->timer = loop_timer_start(order->env.loop, delay_ms, poll_order, order);
}

static bool is_ca_processing(const struct order *order)
{
    for (size_t i = 0; i < order->n_names; i++) {
        const struct acme_authz *authz = order->names[i].authz;
        const struct acme_challenge *challenge =
            authz == NULL ? NULL : acme_authz_find(authz, "dns-01");

        if (order->names[i].state == NAME_VALIDATE && challenge != NULL &&
            challenge->status == ACME_STATUS_PROCESSING && challenge->error == NULL) {
            return true;
        }
    }
    return false;
}

/* From the loop: parking may be the end of the order, and a name's answer may have led here. */
static void park(void *arg)
{
    struct order *order = arg;

    order->timer = NULL;
    order_go(order, ORDER_PARKED);
}

static void give_up_validation(struct order *order)
{
    struct err err = ERR_INIT;

    if (order->last_read_ms < order->last_answer_ms) {
        read_authzs(order); /* whether the CA is still at it only they can tell */
        return;
    }
    if (is_ca_processing(order) && names_count(order, NAME_FAILED) == 0) {
        loop_timer_cancel(&order->timer);
        order->timer = loop_timer_start(order->env.loop, 0, park, order);
        return;
    }
    (void)err_set(&err, ERR_TIMEOUT,
                  "the CA has not finished its validation within %lld s of the last answer",
                  (long long)(order->env.settings->validation_timeout_ms / 1000));
    order_fail(order, &err, false);
}

static void schedule_poll(struct order *order, int64_t retry_after_s)
{
    bool has_unanswered = names_have_unanswered(order);
    bool is_turn_awaited = has_unanswered && needs_reading(order);
    int64_t left_ms = order->last_answer_ms + order->env.settings->validation_timeout_ms -
                      loop_now_ms(order->env.loop);

    if (!names_have_answered(order) && has_unanswered) {
        return; /* nothing can have happened at the CA; the first answer starts the polling */
    }
    if (left_ms <= 0 && !has_unanswered) {
        give_up_validation(order);
        return;
    }
    if (has_unanswered) {
        left_ms = order->env.settings->validation_timeout_ms;
    }
    order_poll_after(order, acme_poll_next_ms(&order->poll, retry_after_s,
                                              has_unanswered && !is_turn_awaited, left_ms));
}

static bool is_parked(const struct order *order)
{
    const struct journal_order *record = journal_find_order(order->env.journal, order->certificate);

    return record != NULL && record->parked_s != 0;
}

/* The CA has moved: what a parked order keeps in the DNS may go now. */
static void unpark(struct order *order)
{
    struct err err = ERR_INIT;

    if (is_parked(order) && order_record(order, &err) < 0) {
        event_log(EVENT_WARNING, order->certificate, "%s", err.text);
    }
}

/* The order is not ready before all its authorizations are valid (RFC 8555 section 7.1.6), so
 * nobody has to read them. */
static void mark_names_valid(struct order *order)
{
    for (size_t i = 0; i < order->n_names; i++) {
        struct order_name *name = &order->names[i];

        if (name->authz != NULL && name->state != NAME_VALID) {
            name_stop(name);
            name_go(name, NAME_VALID, NULL);
        }
    }
}

void order_look_at(struct order *order)
{
    switch (order->order->status) {
    case ACME_STATUS_PROCESSING:
        if (is_parked(order)) {
            order_go(order, ORDER_PARKED); /* asked once a run, and still no news */
            break;
        }
        __attribute__((fallthrough));
    case ACME_STATUS_READY:
        unpark(order);
        mark_names_valid(order);
        order_start_cleaning(order);
        order_go(order, ORDER_FINALIZE);
        break;
    case ACME_STATUS_VALID:
        unpark(order);
        mark_names_valid(order);
        order_start_cleaning(order);
        order_go(order, ORDER_DOWNLOAD);
        break;
    case ACME_STATUS_PENDING:
    case ACME_STATUS_UNKNOWN:
        schedule_poll(order, order->poll_hint_s);
        break;
    case ACME_STATUS_INVALID:
    case ACME_STATUS_DEACTIVATED:
    case ACME_STATUS_EXPIRED:
    case ACME_STATUS_REVOKED:
        order->state = ORDER_VALIDATE; /* wherever it was seen: this is where reasons are read */
        read_authzs(order);
        break;
    }
}

/* A name can do no more for itself; what is next is the order's to see. */
void order_name_settled(struct order_name *name)
{
    struct order *order = name->order;

    if (name->state != NAME_VALIDATE) {
        site_end_turn(name);
    }
    if (order->state > ORDER_VALIDATE) {
        return;
    }
    sites_advance(order);
    if (order->state != ORDER_VALIDATE || order->call != NULL || is_reading(order)) {
        return;
    }
    if (names_are_settled(order)) {
        acme_poll_init_validation(&order->poll);
    }
    schedule_poll(order, -1);
}

static void expire(void *arg)
{
    struct order *order = arg;
    struct err err = ERR_INIT;

    order->deadline = NULL;
    (void)err_set(&err, ERR_TIMEOUT, "the CA's order has expired before all its names were valid");
    (void)err_hint(&err, "the next run makes a new one");
    order_fail(order, &err, false);
}

/* Everything that names wait for has a deadline of its own but for people, and the programs at the
 * other end of a dialogue: those may take as long as the order lives. */
static void start_expiry(struct order *order)
{
    int64_t left_ms = order->order->expires_s == 0
                          ? ORDER_LIFE_MS
                          : (order->order->expires_s - clock_wall_s()) * 1000;

    order->deadline = loop_timer_start(
        order->env.loop, left_ms < ORDER_LIFE_MIN_MS ? ORDER_LIFE_MIN_MS : left_ms, expire, order);
}

void order_enter_validate(struct order *order)
{
    order->poll_hint_s = -1;
    start_expiry(order);
    if (order->last_answer_ms == 0) {
        order->last_answer_ms = loop_now_ms(order->env.loop);
    }
    if (is_parked(order) && names_are_settled(order) && is_ca_processing(order)) {
        order_go(order, ORDER_PARKED); /* its authorizations have just been read */
        return;
    }
    acme_poll_init_validation(&order->poll);
    sites_advance(order);
    if (order->state == ORDER_VALIDATE) {
        schedule_poll(order, -1);
    }
}
