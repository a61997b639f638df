/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The servers of one place as a watch and clean-up see them: each with what is known of it from
 * before and its last answer about the values. */
#ifndef DNS_SEATS_H
#define DNS_SEATS_H

#include "dns/dns_impl.h"
#include "dns/look.h"
#include "dns/place.h"

struct cut_server;
struct seats;

struct seat {
    struct seats *seats;
    const struct dns_server *server;
    struct cut_server *known; /* NULL: the zone's cut is not in the cache any more */
    struct exchange *exchange;
    struct look look;
    struct strv standing; /* the wanted values in the last answer with authority */
    bool has_answered;    /* with authority, at least once */
    int64_t asked_ms;     /* the last answer; -1: none yet */
    unsigned round;       /* in which look GOOD was seen */
};

typedef void seats_fn(void *arg, struct seat *seat, const struct look *look);

struct seats {
    struct dns *dns;
    struct dns_place *place;
    struct strv values;
    struct seat *items;
    size_t n;
    seats_fn *on_answer; /* seat->look is still the one before; the callee decides */
    void *arg;
};

void seats_init(struct seats *seats, struct dns *dns, const struct dns_place *place,
                const char *const *values, size_t n_values, seats_fn *on_answer, void *arg);
void seats_done(struct seats *seats);

/* Asks for TXT at the owner, unless that is under way. */
void seat_ask(struct seat *seat);

/* What it was before publishing: the probe's word, else the place's. */
enum dns_class seat_class_before(const struct seat *seat);
bool seat_is_unroutable(const struct seat *seat);
static inline bool seat_was_broken(const struct seat *seat)
{
    enum dns_class class = seat_class_before(seat);

    return class == DNS_CLASS_LAME || class == DNS_CLASS_DEAD;
}

#endif
