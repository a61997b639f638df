/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One question to several servers that should all know, for the first usable answer: an address
 * that has proven itself, or is being tried by enough other questions, is asked alone, else two
 * side by side; each further one after RACE_HEDGE_MS of silence, or at once when one answers
 * uselessly. A dead server costs nothing while another answers.
 */
#ifndef DNS_RACE_H
#define DNS_RACE_H

#include "dns/exchange.h"

#include <stddef.h>

enum { RACE_HEDGE_MS = 150, RACE_RUNNERS_MAX = 16 };

struct race_runner {
    struct sockaddr_storage address;
    const char *server; /* borrowed until race_start() returns */
};

struct race_callbacks {
    /* Whether this answer (or failure) of that runner ends the race; takes from it what it needs.
     */
    bool (*judge)(void *arg, size_t runner, const struct exchange_result *result);
    /* The race is over and gone. is_won: judge has said yes. */
    void (*over)(void *arg, bool is_won);
};

struct race;

/* Everything is copied; runners beyond RACE_RUNNERS_MAX do not run. question's address and server
 * are not used. */
struct race *race_start(struct net *net, const struct exchange_question *question,
                        const struct race_runner *runners, size_t n_runners,
                        const struct race_callbacks *callbacks, void *arg);

/* Lets more run while the race is on; addresses that run already are passed over. */
void race_add_runners(struct race *race, const struct race_runner *runners, size_t n_runners);
void race_cancel(struct race **race);

#endif
