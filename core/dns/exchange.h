/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One question to one address, with all it takes: a connected UDP socket with a random port and id,
 * three tries, TCP when the answer is truncated or none comes, a second try without EDNS where that
 * is refused. Ends within EXCHANGE_LIMIT_MS of being sent. Answers that do not fit the question are
 * as if they had not come.
 */
#ifndef DNS_EXCHANGE_H
#define DNS_EXCHANGE_H

#include "base/loop.h"
#include "dns/message.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum { EXCHANGE_LIMIT_MS = 3000, EXCHANGE_TCP_MS = 2000 };

enum exchange_outcome {
    EXCHANGE_ANSWERED,
    EXCHANGE_SILENT,     /* nothing came, neither over UDP nor over TCP */
    EXCHANGE_REFUSED,    /* the host is there, nobody listens */
    EXCHANGE_UNROUTABLE, /* this host has no way there */
    EXCHANGE_NO_TCP,     /* truncated over UDP, and TCP does not work: the CA will fail likewise */
    EXCHANGE_GARBLED,    /* what came was no DNS message */
};

struct exchange_question {
    struct sockaddr_storage address;
    const char *name;   /* copied */
    const char *server; /* for the trace, "ns1.example.com (192.0.2.1)"; copied */
    uint16_t type;
    bool is_recursive;
};

/* Valid during the callback. */
struct exchange_result {
    enum exchange_outcome outcome;
    const struct message *message; /* for EXCHANGE_ANSWERED */
    const char *why;               /* else: the reason in words */
    const char *server;            /* as it was given with the question */
    const struct sockaddr_storage *address;
};

typedef void exchange_fn(void *arg, const struct exchange_result *result);

struct exchange;
struct net;

/* All exchanges of a run; at most max_in_flight sockets, taken in turn by the addresses that wait.
 */
struct net *net_new(struct loop *loop, unsigned max_in_flight);
void net_free(struct net *net); /* ends what is under way, without callbacks */
uint64_t net_sent_count(const struct net *net);

struct exchange *exchange_start(struct net *net, const struct exchange_question *question,
                                exchange_fn *fn, void *arg);
void exchange_cancel(struct exchange **exchange);

enum net_standing {
    NET_UNPROVEN,   /* never answered, never failed */
    NET_PROVEN,     /* its last exchange was answered */
    NET_FAILING,    /* its last exchange was not */
    NET_UNREACHABLE /* no route */
};
enum net_standing net_standing_of(struct net *net, const struct sockaddr_storage *address);
/* Never answered yet, but has so many questions under way that asking another server beside each
 * one more would only double them. */
bool net_is_being_tried(struct net *net, const struct sockaddr_storage *address);

#endif
