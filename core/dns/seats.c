/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/seats.h"

#include "base/mem.h"
#include "dns/cut.h"

void seats_init(struct seats *seats, struct dns *dns, const struct dns_place *place,
                const char *const *values, size_t n_values, seats_fn *on_answer, void *arg)
{
    struct cut *cut = cut_find_complete(dns, place->zone);

    *seats = (struct seats){
        .dns = dns, .place = dns_place_copy(place), .on_answer = on_answer, .arg = arg};
    for (size_t i = 0; i < n_values; i++) {
        strv_add_unique(&seats->values, values[i]);
    }
    seats->n = place->n_servers;
    seats->items = mem_alloc(seats->n, sizeof(*seats->items));
    for (size_t i = 0; i < seats->n; i++) {
        const struct dns_server *server = &seats->place->servers[i];

        seats->items[i] =
            (struct seat){.seats = seats,
                          .server = server,
                          .known = cut == NULL ? NULL : cut_find_server(cut, &server->address),
                          .asked_ms = -1};
    }
}

void seats_done(struct seats *seats)
{
    for (size_t i = 0; i < seats->n; i++) {
        exchange_cancel(&seats->items[i].exchange);
        strv_done(&seats->items[i].standing);
    }
    mem_free(seats->items);
    strv_done(&seats->values);
    dns_place_free(seats->place);
}

static void on_exchange(void *arg, const struct exchange_result *result)
{
    struct seat *seat = arg;
    struct seats *seats = seat->seats;
    struct look_want want = {.owner = seats->place->owner,
                             .zone = seats->place->zone,
                             .wildcard_target = seats->place->wildcard_target,
                             .values = &seats->values};
    struct look look;

    seat->exchange = NULL;
    seat->asked_ms = loop_now_ms(seats->dns->loop);
    look_read(result, &want, &look);
    if (result->message != NULL && (look.class == LOOK_GOOD || look.class == LOOK_WAIT)) {
        seat->has_answered = true;
        strv_done(&seat->standing);
        look_standing(result->message, seats->place->owner, &seats->values, &seat->standing);
    }
    seats->on_answer(seats->arg, seat, &look);
}

void seat_ask(struct seat *seat)
{
    const struct seats *seats = seat->seats;
    struct exchange_question question = {.address = seat->server->address,
                                         .name = seats->place->owner,
                                         .server = seat->server->text,
                                         .type = MESSAGE_TXT};

    if (seat->exchange == NULL) {
        seat->exchange = exchange_start(seats->dns->net, &question, on_exchange, seat);
    }
}

enum dns_class seat_class_before(const struct seat *seat)
{
    if (seat->known != NULL && seat->known->class != DNS_CLASS_UNKNOWN) {
        return seat->known->class;
    }
    return seat->server->class;
}

bool seat_is_unroutable(const struct seat *seat)
{
    return seat->server->is_unroutable || seat->look.is_unroutable ||
           (seat->known != NULL && seat->known->is_unroutable);
}
