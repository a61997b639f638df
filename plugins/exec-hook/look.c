/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Which values a name has, asked of one of its zone's own servers: the resolver is asked for the
 * servers only, since what it once heard of a challenge's name it would repeat. What comes back is
 * not signed: it may keep a program from being run, and is never published.
 */
#include "exec-hook.h"

#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>
#include <sys/socket.h>

#define ANSWER_MAX 65535
#define NAME_MAX_TEXT 1100
#define TIMEOUT_S 2
#define DNS_PORT 53

/* Makes a resolver of the system's settings that asks twice at most. */
static bool resolver_init(struct __res_state *res)
{
    *res = (struct __res_state){.options = 0};
    if (res_ninit(res) != 0) {
        return false;
    }
    res->retrans = TIMEOUT_S;
    res->retry = 2;
    return true;
}

/* The first name server that the zone's NS records name. */
static bool find_server(const char *zone, char ret_name[NAME_MAX_TEXT])
{
    unsigned char answer[ANSWER_MAX];
    struct __res_state res;
    ns_msg message;
    int len = -1;

    if (!resolver_init(&res)) {
        return false;
    }
    len = res_nquery(&res, zone, ns_c_in, ns_t_ns, answer, sizeof(answer));
    res_nclose(&res);
    if (len <= 0 || ns_initparse(answer, len, &message) != 0) {
        return false;
    }
    for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
        ns_rr rr;

        if (ns_parserr(&message, ns_s_an, i, &rr) == 0 && ns_rr_type(rr) == ns_t_ns &&
            ns_name_uncompress(ns_msg_base(message), ns_msg_end(message), ns_rr_rdata(rr), ret_name,
                               NAME_MAX_TEXT) > 0) {
            return true;
        }
    }
    return false;
}

static bool find_address(const char *name, struct sockaddr_in *ret_address)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_DGRAM};
    struct addrinfo *list = NULL;

    if (getaddrinfo(name, NULL, &hints, &list) != 0) {
        return false;
    }
    memcpy(ret_address, list->ai_addr, sizeof(*ret_address));
    ret_address->sin_port = htons(DNS_PORT);
    freeaddrinfo(list);
    return true;
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

static bool take_values(const unsigned char *answer, int len, struct words *values)
{
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
    return !values->is_short;
}

bool look_txt(const char *zone, const char *fqdn, struct words *values)
{
    unsigned char answer[ANSWER_MAX];
    char server[NAME_MAX_TEXT];
    struct sockaddr_in address;
    struct __res_state res;
    int len = -1;
    int reason = 0;

    if (!find_server(zone, server) || !find_address(server, &address) || !resolver_init(&res)) {
        return false;
    }
    res.nscount = 1;
    res.nsaddr_list[0] = address;
    res.options &= ~(unsigned long)RES_RECURSE;
    len = res_nquery(&res, fqdn, ns_c_in, ns_t_txt, answer, sizeof(answer));
    reason = res.res_h_errno;
    res_nclose(&res);
    if (len <= 0) {
        return reason == HOST_NOT_FOUND || reason == NO_DATA;
    }
    return take_values(answer, len, values);
}
