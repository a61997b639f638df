/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Which values a name has, asked of all of its zone's own servers: one alone may be behind, or
 * broken. The resolver is asked for the servers only, since what it once heard of a challenge's
 * name it would repeat. What comes back is not signed: it may keep a program from being run, and is
 * never published.
 */
#include "exec-hook.h"

#include <netdb.h>
#include <resolv.h>
#include <string.h>

#define NAME_MAX_TEXT 1100
#define DNS_PORT "53"
#define RESOLVER_TIMEOUT_S 2
#define NAMES_MAX 16

/* Makes a resolver of the system's settings that asks twice at most. */
static bool resolver_init(struct __res_state *res)
{
    *res = (struct __res_state){.options = 0};
    if (res_ninit(res) != 0) {
        return false;
    }
    res->retrans = RESOLVER_TIMEOUT_S;
    res->retry = 2;
    return true;
}

static void add_addresses(const char *name, int family, struct ask_servers *to)
{
    const struct addrinfo hints = {
        .ai_family = family, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *list = NULL;

    if (getaddrinfo(name, DNS_PORT, &hints, &list) != 0) {
        return;
    }
    for (const struct addrinfo *at = list; at != NULL; at = at->ai_next) {
        ask_add_server(to, at->ai_addr, at->ai_addrlen);
    }
    freeaddrinfo(list);
}

/* Those that the zone's NS records name. */
static void find_servers(const char *zone, struct ask_servers *to)
{
    unsigned char answer[ASK_ANSWER_MAX];
    char name[NAME_MAX_TEXT];
    struct __res_state res;
    ns_msg message;
    size_t n_names = 0;
    int len = -1;

    if (!resolver_init(&res)) {
        return;
    }
    len = res_nquery(&res, zone, ns_c_in, ns_t_ns, answer, sizeof(answer));
    res_nclose(&res);
    if (len <= 0 || ns_initparse(answer, len, &message) != 0) {
        return;
    }
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && n_names < NAMES_MAX; i++) {
        ns_rr rr;

        if (ns_parserr(&message, ns_s_an, i, &rr) == 0 && ns_rr_type(rr) == ns_t_ns &&
            ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(rr), name,
                               sizeof(name)) > 0) {
            /* Apart: that one is not to be had says nothing of the other. */
            add_addresses(name, AF_INET, to);
            add_addresses(name, AF_INET6, to);
            n_names++;
        }
    }
}

/* The character-strings of one record, one behind the other (RFC 1035 section 3.3.14). */
static void add_value(struct words *values, const ns_rr *rr)
{
    const unsigned char *p = ns_rr_rdata(*rr);
    const unsigned char *end = p + ns_rr_rdlen(*rr);
    struct text value = {.bytes = NULL};

    while (p < end && (size_t)(end - p) > p[0]) {
        text_put(&value, p + 1, p[0]);
        p += 1 + p[0];
    }
    words_add(values, value.len == 0 ? "" : value.bytes, value.len);
    values->is_short = values->is_short || value.is_short;
    text_done(&value);
}

/* Values come as often as servers have them, which makes no difference to who compares. */
static bool take_values(void *words, const unsigned char *answer, int len)
{
    struct words *values = words;
    ns_msg message;

    if (ns_initparse(answer, len, &message) != 0 || !ns_msg_getflag(message, ns_f_aa)) {
        return false;
    }
    for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
        ns_rr rr;

        if (ns_parserr(&message, ns_s_an, i, &rr) == 0 && ns_rr_type(rr) == ns_t_txt) {
            add_value(values, &rr);
        }
    }
    return true;
}

bool look_txt(const char *zone, const char *fqdn, struct words *values)
{
    struct ask_servers servers = {.n = 0};

    find_servers(zone, &servers);
    return ask_all(&servers, fqdn, ns_t_txt, take_values, values) > 0 && !values->is_short;
}
