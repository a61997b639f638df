/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/race.h"

#include "base/loop.h"
#include "base/mem.h"
#include "base/str.h"
#include "dns/address.h"
#include "dns/net.h"

struct entrant {
    struct race *race;
    struct sockaddr_storage address;
    char *server;
    struct exchange *exchange;
};

struct race {
    struct net *net;
    struct race_callbacks callbacks;
    void *arg;
    char *name;
    uint16_t type;
    bool is_recursive;
    struct entrant entrants[RACE_RUNNERS_MAX];
    size_t n_entrants;
    size_t n_started;
    size_t n_running;
    struct loop_timer *hedge;
};

static void race_free(struct race *race)
{
    loop_timer_cancel(&race->hedge);
    for (size_t i = 0; i < race->n_entrants; i++) {
        exchange_cancel(&race->entrants[i].exchange);
        mem_free(race->entrants[i].server);
    }
    mem_free(race->name);
    mem_free(race);
}

void race_cancel(struct race **race)
{
    if (*race != NULL) {
        race_free(*race);
        *race = NULL;
    }
}

static void end(struct race *race, bool is_won)
{
    struct race_callbacks callbacks = race->callbacks;
    void *arg = race->arg;

    race_free(race);
    callbacks.over(arg, is_won);
}

static void on_answer(void *arg, const struct exchange_result *result);

static void start_next(struct race *race)
{
    struct entrant *entrant = &race->entrants[race->n_started];
    struct exchange_question question = {.address = entrant->address,
                                         .name = race->name,
                                         .server = entrant->server,
                                         .type = race->type,
                                         .is_recursive = race->is_recursive};

    race->n_started++;
    race->n_running++;
    entrant->exchange = exchange_start(race->net, &question, on_answer, entrant);
}

static void on_hedge(void *arg)
{
    struct race *race = arg;

    race->hedge = NULL;
    if (race->n_started < race->n_entrants) {
        start_next(race);
        race->hedge = loop_timer_start(race->net->loop, RACE_HEDGE_MS, on_hedge, race);
    } else if (race->n_running == 0) {
        end(race, false);
    }
}

static void on_answer(void *arg, const struct exchange_result *result)
{
    struct entrant *entrant = arg;
    struct race *race = entrant->race;

    entrant->exchange = NULL;
    race->n_running--;
    if (race->callbacks.judge(race->arg, (size_t)(entrant - race->entrants), result)) {
        end(race, true);
    } else if (race->n_started < race->n_entrants) {
        start_next(race);
    } else if (race->n_running == 0) {
        end(race, false);
    }
}

static bool runs_already(const struct race *race, const struct sockaddr_storage *address)
{
    for (size_t i = 0; i < race->n_entrants; i++) {
        if (address_equals(&race->entrants[i].address, address)) {
            return true;
        }
    }
    return false;
}

static void add_entrants(struct race *race, const struct race_runner *runners, size_t n_runners)
{
    for (size_t i = 0; i < n_runners && race->n_entrants < RACE_RUNNERS_MAX; i++) {
        struct entrant *entrant = &race->entrants[race->n_entrants];

        if (!runs_already(race, &runners[i].address)) {
            race->n_entrants++;
            entrant->race = race;
            entrant->address = runners[i].address;
            entrant->server = str_dup(runners[i].server);
        }
    }
}

void race_add_runners(struct race *race, const struct race_runner *runners, size_t n_runners)
{
    add_entrants(race, runners, n_runners);
    if (race->hedge == NULL && race->n_started < race->n_entrants) {
        race->hedge = loop_timer_start(race->net->loop, 0, on_hedge, race);
    }
}

struct race *race_start(struct net *net, const struct exchange_question *question,
                        const struct race_runner *runners, size_t n_runners,
                        const struct race_callbacks *callbacks, void *arg)
{
    struct race *race = NEW(struct race);
    size_t side_by_side = 2;

    race->net = net;
    race->callbacks = *callbacks;
    race->arg = arg;
    race->name = str_dup(question->name);
    race->type = question->type;
    race->is_recursive = question->is_recursive;
    add_entrants(race, runners, n_runners);
    if (n_runners > 0 && (net_standing_of(net, &runners[0].address) == NET_PROVEN ||
                          net_is_being_tried(net, &runners[0].address))) {
        side_by_side = 1;
    }
    while (race->n_started < side_by_side && race->n_started < race->n_entrants) {
        start_next(race);
    }
    race->hedge = loop_timer_start(net->loop, n_runners == 0 ? 0 : RACE_HEDGE_MS, on_hedge, race);
    return race;
}
