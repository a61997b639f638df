/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Finds where a challenge name lives, without harm: down from the root, every label and every CNAME
 * target is asked of the authoritative servers (RD=0). No recursive resolver hears of the name, or
 * of an ancestor that may not exist, before it is live: a cached NXDOMAIN there makes the CA's
 * answer NXDOMAIN too (RFC 8020, RFC 2308).
 */
#ifndef DNS_FIND_H
#define DNS_FIND_H

#include "dns/dns.h"
#include "dns/place.h"

struct dns_find;

/* Exactly one of place and err is not NULL; the callee owns place. ERR_PROPAGATION: DNS stands in
 * the way (loop, longer chain than 16, dangling name, servers lame or silent, port 53 blocked or
 * intercepted), the text says where and shows the path. */
typedef void dns_find_fn(void *arg, struct dns_place *place, const struct err *err);

/* name: the challenge owner, "_acme-challenge.example.com". Ends within about 30 s in any case. */
struct dns_find *dns_find_start(struct dns *dns, const char *name, dns_find_fn *done, void *arg);
void dns_find_cancel(struct dns_find **find);

#endif
