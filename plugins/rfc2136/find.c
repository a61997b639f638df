/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Which addresses take updates. The configured ones, else what the DNS says: the primary in the
 * zone's SOA record, then its other name servers (a secondary may forward updates, RFC 2136 section
 * 6).
 */
#include "rfc2136.h"

#include <arpa/nameser.h>
#include <ldns/ldns.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX 8192
#define SERVERS_MAX 8

/* Adds the addresses of a host. What getaddrinfo says about failure is in *ret_reason. */
static void add_host(struct address_list *list, const char *host, const char *port, int *ret_reason)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int reason = getaddrinfo(host, port, &hints, &found);

    if (reason != 0) {
        *ret_reason = reason;
        return;
    }
    for (const struct addrinfo *a = found; a != NULL && list->n < FIND_ADDRESSES_MAX;
         a = a->ai_next) {
        struct address *to = &list->items[list->n];
        char ip[INET6_ADDRSTRLEN + 16] = "";

        if (a->ai_addrlen > sizeof(to->sa)) {
            continue;
        }
        *to = (struct address){.len = a->ai_addrlen};
        memcpy(&to->sa, a->ai_addr, a->ai_addrlen);
        (void)getnameinfo(a->ai_addr, a->ai_addrlen, ip, sizeof(ip), NULL, 0, NI_NUMERICHOST);
        if (strcmp(ip, host) == 0) {
            (void)snprintf(to->text, sizeof(to->text), "%s port %s", ip, port);
        } else {
            (void)snprintf(to->text, sizeof(to->text), "%s (%s port %s)", host, ip, port);
        }
        list->n++;
    }
    freeaddrinfo(found);
}

int32_t find_configured(const struct settings *s, struct address_list *ret_list, struct fault *f)
{
    struct address_list list = {.n = 0};
    int reason = 0;
    const char *failed = "";

    for (size_t i = 0; i < s->n_hosts; i++) {
        size_t before = list.n;

        add_host(&list, s->hosts[i].name, s->hosts[i].port, &reason);
        failed = list.n == before ? s->hosts[i].name : failed;
    }
    if (list.n == 0) {
        return fault_set(f, reason == EAI_NONAME ? ACME_BAD_CONFIG : ACME_RETRY,
                         "server '%s' has no address: %s", failed, gai_strerror(reason));
    }
    *ret_list = list;
    return ACME_OK;
}

/* Asks the resolver that /etc/resolv.conf names. NULL: no usable answer. */
static ldns_pkt *ask_resolver(res_state res, const char *zone, int type)
{
    uint8_t answer[ANSWER_MAX];
    ldns_pkt *pkt = NULL;
    int len = res_nquery(res, zone, ns_c_in, type, answer, sizeof(answer));

    if (len <= 0 || (size_t)len > sizeof(answer) || wire_has_tsig(answer, (size_t)len) ||
        ldns_wire2pkt(&pkt, answer, (size_t)len) != LDNS_STATUS_OK) {
        return NULL;
    }
    return pkt;
}

/* Adds the names in field number `field` of the records of that type, each once, without final dot.
 */
static size_t collect_names(const ldns_pkt *pkt, ldns_rr_type type, size_t field,
                            char names[SERVERS_MAX][1100], size_t n)
{
    const ldns_rr_list *answer = ldns_pkt_answer(pkt);

    for (size_t i = 0; i < ldns_rr_list_rr_count(answer) && n < SERVERS_MAX; i++) {
        const ldns_rr *rr = ldns_rr_list_rr(answer, i);
        char *text = NULL;
        bool is_new = true;

        if (ldns_rr_get_type(rr) != type || ldns_rr_rdf(rr, field) == NULL) {
            continue;
        }
        text = ldns_rdf2str(ldns_rr_rdf(rr, field));
        if (text == NULL || strlen(text) < 2 || strlen(text) >= sizeof(names[0])) {
            free(text); /* "." as primary: there is none */
            continue;
        }
        text[strlen(text) - 1] = '\0';
        for (size_t k = 0; k < n; k++) {
            is_new = is_new && strcasecmp(names[k], text) != 0;
        }
        if (is_new) {
            (void)snprintf(names[n++], sizeof(names[0]), "%s", text);
        }
        free(text);
    }
    return n;
}

/* That nobody has the zone is a word to rely on; that nobody answers is not. */
static int32_t fail_without_names(const char *zone, bool is_denied, struct fault *f)
{
    if (is_denied) {
        return fault_set(f, ACME_NO_ZONE,
                         "the resolver says that there is no zone %s; if it is known only "
                         "to a server of yours, name that: server = HOST",
                         zone);
    }
    return fault_set(f, ACME_RETRY,
                     "the resolver does not say which servers zone %s has; name the one that "
                     "takes updates: server = HOST",
                     zone);
}

int32_t find_by_zone(const char *zone, struct address_list *ret_list, struct fault *f)
{
    struct address_list list = {.n = 0};
    struct __res_state res = {.options = 0};
    char names[SERVERS_MAX][1100];
    size_t n_names = 0;
    int reason = 0;
    bool is_denied = false;
    ldns_pkt *soa = NULL;
    ldns_pkt *ns = NULL;

    if (res_ninit(&res) != 0) {
        return fault_set(f, ACME_RETRY, "the system's resolver cannot be used");
    }
    soa = ask_resolver(&res, zone, ns_t_soa);
    is_denied = soa == NULL && (res.res_h_errno == HOST_NOT_FOUND || res.res_h_errno == NO_DATA);
    ns = ask_resolver(&res, zone, ns_t_ns);
    res_nclose(&res);
    n_names = soa == NULL ? 0 : collect_names(soa, LDNS_RR_TYPE_SOA, 0, names, 0);
    n_names = ns == NULL ? n_names : collect_names(ns, LDNS_RR_TYPE_NS, 0, names, n_names);
    ldns_pkt_free(soa);
    ldns_pkt_free(ns);
    if (n_names == 0) {
        return fail_without_names(zone, is_denied, f);
    }
    for (size_t i = 0; i < n_names; i++) {
        add_host(&list, names[i], "53", &reason);
    }
    if (list.n == 0) {
        return fault_set(
            f, ACME_RETRY,
            "none of the %zu name servers of zone %s has an address (%s: %s); name the "
            "one that takes updates: server = HOST",
            n_names, zone, names[0], gai_strerror(reason));
    }
    *ret_list = list;
    return ACME_OK;
}
