/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Who may send when. Each address has a queue of its own and they take turns, so that one zone's
 * dead server cannot hold up the others: an address that never answered gets a few sockets, one
 * that failed fewer, and what waits for it fails together with the question that found it silent.
 */
#include "dns/net.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/mem.h"
#include "base/str.h"
#include "dns/address.h"

#include <stdio.h>
#include <unistd.h>

enum {
    IN_FLIGHT_TRYING = 8,
    IN_FLIGHT_UNPROVEN = 16,
    IN_FLIGHT_FAILING = 4,
    IN_FLIGHT_DEFAULT = 200
};

struct net *net_new(struct loop *loop, unsigned max_in_flight)
{
    struct net *net = NEW(struct net);

    net->loop = loop;
    net->max_in_flight = max_in_flight == 0 ? IN_FLIGHT_DEFAULT : max_in_flight;
    return net;
}

static void exchange_free(struct exchange *exchange)
{
    loop_timer_cancel(&exchange->timer);
    loop_fd_unwatch(&exchange->watch);
    if (exchange->fd >= 0) {
        (void)close(exchange->fd);
    }
    buf_done(&exchange->packet);
    buf_done(&exchange->stream);
    mem_free(exchange->name);
    mem_free(exchange->server);
    mem_free(exchange);
}

void net_free(struct net *net)
{
    if (net == NULL) {
        return;
    }
    while (net->first != NULL) {
        struct exchange *exchange = net->first;

        net->first = exchange->next;
        exchange_free(exchange);
    }
    for (size_t i = 0; i < NET_BUCKETS; i++) {
        while (net->buckets[i] != NULL) {
            struct peer *peer = net->buckets[i];

            net->buckets[i] = peer->next_in_bucket;
            mem_free(peer);
        }
    }
    mem_free(net);
}

uint64_t net_sent_count(const struct net *net)
{
    return net->sent;
}

static struct peer *find_peer(struct net *net, const struct sockaddr_storage *address)
{
    struct peer **at = &net->buckets[address_hash(address) % NET_BUCKETS];

    for (; *at != NULL; at = &(*at)->next_in_bucket) {
        if (address_equals(&(*at)->address, address)) {
            return *at;
        }
    }
    *at = NEW(struct peer);
    (*at)->address = *address;
    return *at;
}

enum net_standing net_standing_of(struct net *net, const struct sockaddr_storage *address)
{
    return find_peer(net, address)->standing;
}

bool net_is_being_tried(struct net *net, const struct sockaddr_storage *address)
{
    const struct peer *peer = find_peer(net, address);

    return peer->standing == NET_UNPROVEN && peer->in_flight >= IN_FLIGHT_TRYING;
}

static void queue_push(struct peer *peer, struct exchange *exchange)
{
    if (peer->last_queued == NULL) {
        peer->first_queued = exchange;
    } else {
        peer->last_queued->next_queued = exchange;
    }
    peer->last_queued = exchange;
}

static void queue_remove(struct peer *peer, struct exchange *exchange)
{
    struct exchange *before = NULL;

    for (struct exchange *x = peer->first_queued; x != NULL; before = x, x = x->next_queued) {
        if (x != exchange) {
            continue;
        }
        if (before == NULL) {
            peer->first_queued = x->next_queued;
        } else {
            before->next_queued = x->next_queued;
        }
        if (peer->last_queued == x) {
            peer->last_queued = before;
        }
        x->next_queued = NULL;
        return;
    }
}

static bool has_turn(const struct peer *peer)
{
    if (peer->standing == NET_PROVEN) {
        return true;
    }
    return peer->in_flight <
           (unsigned)(peer->standing == NET_UNPROVEN ? IN_FLIGHT_UNPROVEN : IN_FLIGHT_FAILING);
}

static void make_ready(struct net *net, struct peer *peer)
{
    if (peer->is_ready || peer->first_queued == NULL || !has_turn(peer)) {
        return;
    }
    peer->is_ready = true;
    peer->next_ready = NULL;
    if (net->last_ready == NULL) {
        net->first_ready = peer;
    } else {
        net->last_ready->next_ready = peer;
    }
    net->last_ready = peer;
}

static struct peer *take_ready(struct net *net)
{
    struct peer *peer = net->first_ready;

    net->first_ready = peer->next_ready;
    if (net->first_ready == NULL) {
        net->last_ready = NULL;
    }
    peer->is_ready = false;
    return peer;
}

/* Sends as long as there are slots: one question of each waiting address in turn. */
static void pump(struct net *net)
{
    while (net->in_flight < net->max_in_flight && net->first_ready != NULL) {
        struct peer *peer = take_ready(net);
        struct exchange *exchange = peer->first_queued;

        if (exchange == NULL || !has_turn(peer)) {
            continue;
        }
        queue_remove(peer, exchange);
        peer->in_flight++;
        net->in_flight++;
        exchange_begin(exchange);
        make_ready(net, peer);
    }
}

struct exchange *exchange_start(struct net *net, const struct exchange_question *question,
                                exchange_fn *fn, void *arg)
{
    struct exchange *exchange = NEW(struct exchange);

    exchange->net = net;
    exchange->peer = find_peer(net, &question->address);
    exchange->fn = fn;
    exchange->arg = arg;
    exchange->fd = -1;
    exchange->name = str_dup(question->name);
    exchange->server = str_dup(question->server);
    exchange->question = (struct message_question){
        .name = exchange->name, .type = question->type, .is_recursive = question->is_recursive};
    exchange->sequence = ++net->sequence;
    buf_init(&exchange->packet, 512);
    buf_init(&exchange->stream, 2 + MESSAGE_MAX);
    exchange->next = net->first;
    if (net->first != NULL) {
        net->first->previous = exchange;
    }
    net->first = exchange;
    queue_push(exchange->peer, exchange);
    make_ready(net, exchange->peer);
    pump(net);
    return exchange;
}

/* Takes it out of every list and gives its slot back. */
static void detach(struct exchange *exchange)
{
    struct net *net = exchange->net;

    if (exchange->state == EXCHANGE_QUEUED) {
        queue_remove(exchange->peer, exchange);
    } else {
        exchange->peer->in_flight--;
        net->in_flight--;
    }
    if (exchange->previous != NULL) {
        exchange->previous->next = exchange->next;
    } else {
        net->first = exchange->next;
    }
    if (exchange->next != NULL) {
        exchange->next->previous = exchange->previous;
    }
}

void exchange_cancel(struct exchange **exchange)
{
    struct exchange *cancelled = *exchange;
    struct net *net = NULL;

    if (cancelled == NULL) {
        return;
    }
    *exchange = NULL;
    net = cancelled->net;
    detach(cancelled);
    make_ready(net, cancelled->peer);
    exchange_free(cancelled);
    pump(net);
}

static void trace(const struct exchange *exchange, const struct exchange_result *result)
{
    char subject[300];
    char answer[128];
    char rcode[MESSAGE_RCODE_MAX];
    const struct message *message = result->message;
    int64_t ms = exchange->sent_ms == 0 ? 0 : clock_mono_ms() - exchange->sent_ms;

    if (!event_is_wanted(EVENT_TRACE)) {
        return;
    }
    if (message != NULL) {
        message_format_rcode(message->rcode, rcode);
        (void)snprintf(answer, sizeof(answer), "%s%s%s, %zu records", rcode,
                       message->is_authoritative ? " aa" : "",
                       message->offers_recursion ? " ra" : "", message->n_records);
    } else {
        (void)snprintf(answer, sizeof(answer), "%s", result->why);
    }
    (void)snprintf(subject, sizeof(subject), "%s %s", message_type_name(exchange->question.type),
                   exchange->name);
    event_emit(EVENT_TRACE, EVENT_DNS, subject, FIELD("server", result->server),
               FIELD("answer", answer), FIELD_INT("ms", ms));
}

/* An answer that another question got meanwhile counts for more than this one's silence. */
static void note_standing(const struct exchange *exchange, enum exchange_outcome outcome)
{
    struct peer *peer = exchange->peer;

    if (outcome == EXCHANGE_ANSWERED || outcome == EXCHANGE_NO_TCP) {
        peer->standing = NET_PROVEN;
        peer->answered_ms = loop_now_ms(exchange->net->loop);
    } else if (outcome == EXCHANGE_UNROUTABLE) {
        peer->standing = NET_UNREACHABLE;
    } else if (peer->standing != NET_PROVEN || peer->answered_ms < exchange->sent_ms) {
        peer->standing = NET_FAILING;
    }
}

static void end_one(struct exchange *exchange, const struct exchange_result *result)
{
    AUTO_FREE char *server = TAKE(exchange->server);
    struct sockaddr_storage address = exchange->peer->address;
    struct exchange_result told = *result;
    exchange_fn *fn = exchange->fn;
    void *arg = exchange->arg;

    told.server = server;
    told.address = &address;
    trace(exchange, &told);
    detach(exchange);
    exchange_free(exchange);
    fn(arg, &told);
}

void net_end(struct exchange *exchange, const struct exchange_result *result)
{
    struct net *net = exchange->net;
    struct peer *peer = exchange->peer;
    uint64_t last = net->sequence;
    char why[sizeof(exchange->why)];
    struct exchange_result same = *result;

    note_standing(exchange, result->outcome);
    if (result->why != NULL) {
        (void)snprintf(why, sizeof(why), "%s", result->why);
        same.why = why;
    }
    end_one(exchange, &same);
    while ((peer->standing == NET_FAILING || peer->standing == NET_UNREACHABLE) &&
           same.message == NULL && peer->first_queued != NULL &&
           peer->first_queued->sequence <= last) {
        end_one(peer->first_queued, &same);
    }
    make_ready(net, peer);
    pump(net);
}
