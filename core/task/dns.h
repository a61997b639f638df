/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * acme-dns dns add | wait | remove: publishing, watching and cleaning for the hooks of other ACME
 * clients. NAME is a domain, with or without "*.", or its challenge owner ("_acme-challenge." and
 * the domain); both mean the same.
 */
#ifndef TASK_DNS_H
#define TASK_DNS_H

#include "order/lease.h"
#include "task/task.h"

/* Strings are borrowed until the task returns. */
struct dns_request {
    enum lease_verb verb;
    const char *name, *value;
    const char *lease;         /* --lease, or NULL: a day */
    bool is_watched;           /* --wait */
    struct strv providers;     /* --provider */
    struct strv allow_aliases; /* --allow-alias */
};

/* EVENT_NAME and EVENT_SERVERS on the way, EVENT_RESULT with the domain as its subject. */
enum task_exit task_dns(struct task_env *env, const struct dns_request *request);

#endif
