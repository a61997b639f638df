/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "zones.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#define ANSWER_MAX 8192
/* The system's settings may bid us wait for half a minute, which nothing can cancel. */
#define TIMEOUT_S 2
#define TRIES 2

static void take_server(ns_msg *message, int index, struct delegation *to)
{
    ns_rr rr;

    if (to->n == DELEGATION_SERVERS_MAX || ns_parserr(message, ns_s_an, index, &rr) < 0 ||
        ns_rr_type(rr) != ns_t_ns) {
        return;
    }
    if (ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), ns_rr_rdata(rr),
                           to->servers[to->n], sizeof(to->servers[0])) >= 0) {
        to->n++;
    }
}

void delegation_find(const char *zone, struct delegation *ret_delegation)
{
    struct __res_state state = {.options = 0};
    unsigned char answer[ANSWER_MAX];
    ns_msg message;
    int len = 0;

    ret_delegation->n = 0;
    if (res_ninit(&state) != 0) {
        return;
    }
    state.retrans = TIMEOUT_S;
    state.retry = TRIES;
    len = res_nquery(&state, zone, ns_c_in, ns_t_ns, answer, sizeof(answer));
    res_nclose(&state);
    if (len <= 0 || (size_t)len > sizeof(answer) || ns_initparse(answer, len, &message) < 0) {
        return;
    }
    for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
        take_server(&message, i, ret_delegation);
    }
}

bool delegation_has(const struct delegation *d, const char *server)
{
    for (size_t i = 0; i < d->n; i++) {
        if (kit_name_equals(d->servers[i], server)) {
            return true;
        }
    }
    return false;
}
