/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What net.c (whose turn it is) and exchange.c (one conversation) know of each other. */
#ifndef DNS_NET_H
#define DNS_NET_H

#include "base/buf.h"
#include "dns/exchange.h"

enum { NET_BUCKETS = 256 };

/* All that is known of one address. */
struct peer {
    struct sockaddr_storage address;
    enum net_standing standing;
    bool is_without_edns; /* answered only when asked without */
    bool is_tcp_only;     /* silent over UDP, answered over TCP */
    int64_t answered_ms;  /* when it last did */
    unsigned in_flight;
    struct exchange *first_queued, *last_queued;
    struct peer *next_in_bucket;
    struct peer *next_ready;
    bool is_ready; /* in the ring of those that have something to send */
};

struct net {
    struct loop *loop;
    unsigned max_in_flight;
    unsigned in_flight;
    uint64_t sent;
    uint64_t sequence; /* of the last exchange made */
    struct peer *buckets[NET_BUCKETS];
    struct peer *first_ready, *last_ready;
    struct exchange *first; /* every exchange that has not ended */
};

enum exchange_state { EXCHANGE_QUEUED, EXCHANGE_UDP, EXCHANGE_TCP, EXCHANGE_FAILED };

struct exchange {
    struct net *net;
    struct peer *peer;
    exchange_fn *fn;
    void *arg;
    char *name;
    char *server;
    struct message_question question; /* its name is borrowed from name */
    uint64_t sequence;
    enum exchange_state state;
    struct exchange *next_queued;
    struct exchange *previous, *next; /* in net->first */

    int fd;
    struct loop_fd *watch;
    struct loop_timer *timer;
    int64_t sent_ms; /* the first packet; 0 while queued */
    unsigned tries;
    unsigned foreign; /* packets that came and did not fit */
    bool is_truncated;
    struct buf packet;             /* the question */
    struct buf stream;             /* TCP: length and answer so far */
    size_t written;                /* TCP: of length and question */
    enum exchange_outcome failure; /* EXCHANGE_FAILED: what to tell at the next turn */
    char why[96];
};

/* Begins to send; called by net.c when it is the exchange's turn. Never calls back by itself. */
void exchange_begin(struct exchange *exchange);

/* Ends it: the peer's standing is set, the slot is free, the callback runs, all is freed. */
void net_end(struct exchange *exchange, const struct exchange_result *result);

#endif
