/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Progress in few lines, for logs and mails: what all names of a certificate have reached is worth
 * a line; on the way there one every few seconds, and only if something has moved.
 *
 *     example.com: ordering from the CA
 *     example.com: 2 values published
 *     example.com: 1 of 2 values on all name servers, waiting for ns2.example.net (192.0.2.2)
 *     example.com: 2 of 2 values on all name servers
 *     example.com: the CA has validated all names
 */
#include "base/mem.h"
#include "base/str.h"
#include "cli/sink_impl.h"

#include <string.h>

enum {
    LINE_EVERY_MS = 5000,
    FIRST_WAIT_MS = 2000, /* a wait that short needs no explanation */
    SHOWN_SERVERS = 3,
    SHOWN_FAILURES = 5,
};

/* How far a name is, in the order of its life. */
enum stage { STAGE_BEGUN, STAGE_PUBLISHED, STAGE_SEEN, STAGE_FAILED, STAGE_NO_VALUE };

struct brief_name {
    char *identifier;
    enum stage stage;
    char *waiting; /* for these servers, or NULL */
};

struct brief_order {
    char *certificate;
    struct brief_name *names;
    size_t n_names, cap_names;
    bool has_all_names; /* none will join */
    bool is_published_told, is_seen_told, is_wait_told;
    size_t n_seen_told;
    struct strv failures_told;
    int64_t told_ms;
};

struct brief {
    struct sink *sink;
    struct brief_order *orders;
    size_t n_orders, cap_orders;
};

struct brief *brief_new(struct sink *sink)
{
    struct brief *brief = NEW(struct brief);

    brief->sink = sink;
    return brief;
}

static void forget_names(struct brief_order *order)
{
    for (size_t i = 0; i < order->n_names; i++) {
        mem_free(order->names[i].identifier);
        mem_free(order->names[i].waiting);
    }
    order->n_names = 0;
}

void brief_free(struct brief *brief)
{
    if (brief == NULL) {
        return;
    }
    for (size_t i = 0; i < brief->n_orders; i++) {
        forget_names(&brief->orders[i]);
        mem_free(brief->orders[i].names);
        strv_done(&brief->orders[i].failures_told);
        mem_free(brief->orders[i].certificate);
    }
    mem_free(brief->orders);
    mem_free(brief);
}

static struct brief_order *get_order(struct brief *brief, const char *certificate)
{
    struct brief_order *order = NULL;

    for (size_t i = 0; i < brief->n_orders; i++) {
        if (str_eq(brief->orders[i].certificate, certificate)) {
            return &brief->orders[i];
        }
    }
    order = &VEC_PUSH(brief->orders, brief->n_orders, brief->cap_orders);
    *order = (struct brief_order){.certificate = str_dup(certificate)};
    return order;
}

static struct brief_name *get_name(struct brief_order *order, const char *identifier)
{
    struct brief_name *name = NULL;

    for (size_t i = 0; i < order->n_names; i++) {
        if (str_eq(order->names[i].identifier, identifier)) {
            return &order->names[i];
        }
    }
    name = &VEC_PUSH(order->names, order->n_names, order->cap_names);
    *name = (struct brief_name){.identifier = str_dup(identifier)};
    return name;
}

/* ---- Lines ---- */

static int64_t now_ms(const struct brief *brief)
{
    return brief->sink->settings.io.now_ms(brief->sink->settings.io.arg);
}

static void begin_line(struct brief *brief, struct brief_order *order, struct buf *to)
{
    order->told_ms = now_ms(brief);
    text_add_clean(to, order->certificate, false);
    buf_add_str(to, ": ");
}

/* Names that are at `least` or past it; those that want no value do not count. */
static size_t count(const struct brief_order *order, enum stage least)
{
    size_t n = 0;

    for (size_t i = 0; i < order->n_names; i++) {
        n += order->names[i].stage >= least && order->names[i].stage <= STAGE_SEEN ? 1 : 0;
    }
    return n;
}

/* The servers that somebody waits for, each once, the first few of them. */
static void add_waiting(const struct brief_order *order, struct buf *to)
{
    AUTO(strv_done) struct strv servers = STRV_INIT;

    for (size_t i = 0; i < order->n_names; i++) {
        AUTO(strv_done) struct strv own = STRV_INIT;

        if (order->names[i].stage != STAGE_PUBLISHED || order->names[i].waiting == NULL) {
            continue;
        }
        strv_add_split(&own, order->names[i].waiting, ",");
        strv_add_all_unique(&servers, &own);
    }
    for (size_t i = 0; i < servers.n && i < SHOWN_SERVERS; i++) {
        buf_add_str(to, i == 0 ? ", waiting for " : ", ");
        text_add_clean(to, servers.items[i], false);
    }
    if (servers.n > SHOWN_SERVERS) {
        buf_addf(to, " and %zu more", servers.n - SHOWN_SERVERS);
    }
}

static void tell_seen(struct brief *brief, struct brief_order *order, size_t n_values,
                      struct buf *to)
{
    size_t n_seen = count(order, STAGE_SEEN);

    begin_line(brief, order, to);
    buf_addf(to, "%zu of %zu %s on all name servers", n_seen, n_values,
             n_values == 1 ? "value" : "values");
    add_waiting(order, to);
    buf_add_char(to, '\n');
    order->n_seen_told = n_seen;
    order->is_wait_told = true;
}

/* Says what is new, if it is time to. */
static void tell_progress(struct brief *brief, struct brief_order *order, struct buf *to)
{
    size_t n_values = count(order, STAGE_BEGUN);
    size_t n_seen = count(order, STAGE_SEEN);
    int64_t silence_ms = now_ms(brief) - order->told_ms;

    if (!order->has_all_names || n_values == 0) {
        return;
    }
    if (!order->is_published_told && count(order, STAGE_PUBLISHED) == n_values) {
        order->is_published_told = true;
        begin_line(brief, order, to);
        buf_addf(to, "%zu %s published\n", n_values, n_values == 1 ? "value" : "values");
    }
    if (!order->is_seen_told && n_seen == n_values) {
        order->is_seen_told = true;
        tell_seen(brief, order, n_values, to);
    } else if (order->is_published_told && n_seen < n_values &&
               ((!order->is_wait_told && silence_ms >= FIRST_WAIT_MS) ||
                (n_seen != order->n_seen_told && silence_ms >= LINE_EVERY_MS))) {
        tell_seen(brief, order, n_values, to);
    }
}

/* A failure ends in the error that closes the run; here it shows when others go on. */
static void tell_failure(struct brief *brief, struct brief_order *order, const char *identifier,
                         const char *text, struct buf *to)
{
    AUTO_FREE char *first =
        text == NULL ? str_dup("failed") : str_dup_len(text, strcspn(text, "\n"));

    /* What many names fail for alike is told of the first. */
    if (order->n_names <= 1 || order->failures_told.n >= SHOWN_FAILURES ||
        strv_has(&order->failures_told, first)) {
        return;
    }
    strv_add(&order->failures_told, first);
    begin_line(brief, order, to);
    text_add_clean(to, identifier, false);
    buf_add_str(to, " failed: ");
    text_add_clean(to, first, false);
    buf_add_char(to, '\n');
}

/* ---- Events ---- */

static void take_order(struct brief *brief, const struct event *event, struct buf *to)
{
    struct brief_order *order = get_order(brief, event->subject);
    const char *state = event_text(event, "state");

    if (str_eq(state, "NEW")) {
        forget_names(order);
        order->has_all_names = false;
        order->is_published_told = order->is_seen_told = order->is_wait_told = false;
        order->n_seen_told = 0;
        strv_done(&order->failures_told);
        begin_line(brief, order, to);
        buf_add_str(to, "ordering from the CA\n");
    } else if (str_eq(state, "VALIDATE")) {
        order->has_all_names = true;
        tell_progress(brief, order, to);
    } else if (str_eq(state, "FINALIZE")) {
        begin_line(brief, order, to);
        buf_add_str(to, "the CA has validated all names\n");
    }
}

static void take_name(struct brief *brief, const struct event *event, struct buf *to)
{
    struct brief_order *order = get_order(brief, event_text(event, "certificate"));
    struct brief_name *name = get_name(order, event->subject);
    const char *state = event_text(event, "state");

    if (str_eq(state, "PROPAGATE")) {
        name->stage = STAGE_PUBLISHED;
        /* Left to a person, who has just been told: nothing is published yet. */
        order->is_published_told = order->is_published_told || event_text(event, "text") != NULL;
    } else if (str_eq(state, "RESPOND") || str_eq(state, "VALIDATE")) {
        name->stage = STAGE_SEEN;
    } else if (str_eq(state, "VALID") && name->stage == STAGE_BEGUN) {
        name->stage = STAGE_NO_VALUE;
    } else if (str_eq(state, "FAILED") && name->stage != STAGE_FAILED) {
        name->stage = STAGE_FAILED;
        tell_failure(brief, order, event->subject, event_text(event, "text"), to);
    }
    tell_progress(brief, order, to);
}

static void take_servers(struct brief *brief, const struct event *event, struct buf *to)
{
    struct brief_order *order = get_order(brief, event_text(event, "certificate"));

    str_set(&get_name(order, event->subject)->waiting, event_text(event, "waiting"));
    tell_progress(brief, order, to);
}

bool brief_take(struct brief *brief, const struct event *event, struct buf *to)
{
    switch (event->kind) {
    case EVENT_ORDER:
        take_order(brief, event, to);
        return true;
    case EVENT_NAME:
        take_name(brief, event, to);
        return true;
    case EVENT_SERVERS:
        take_servers(brief, event, to);
        return true;
    case EVENT_INSTALLED: /* the result that follows says the same, and more */
        return true;
    case EVENT_LOG:
    case EVENT_RECORD:
    case EVENT_CALL:
    case EVENT_HTTP:
    case EVENT_DNS:
    case EVENT_RESULT:
        return false;
    }
    return false;
}
