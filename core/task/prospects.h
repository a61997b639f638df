/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What keeps a certificate from being renewed when nobody is there, as far as files tell: nothing
 * is started and nobody asked. */
#ifndef TASK_PROSPECTS_H
#define TASK_PROSPECTS_H

#include "config/standing.h"
#include "provider/provider.h"
#include "store/store_cert.h"
#include "task/task.h"

enum {
    PROSPECT_SECTION_GONE = 1, /* it was taken out of the configuration: left alone */
    PROSPECT_ATTENDED = 2,     /* its provider needs somebody each time */
    PROSPECT_NO_PROVIDER = 8,  /* nobody is configured to publish for it, as far as is known */
    PROSPECT_ENVIRONMENT = 4,  /* its provider has no section: what it needs is in the environment
                                  of each run, or nowhere */
};

/* For many questions; both of what it is made of must outlive it. */
struct prospects;
struct prospects *prospects_new(struct task_env *env);
void prospects_free(struct prospects *prospects); /* takes NULL */
DEFINE_AUTO_PTR(prospects, prospects_free);

/* A certificate. */
struct prospects_subject {
    const struct store_cert *cert;             /* installed; NULL: nothing is */
    enum standing standing;                    /* of its section, */
    const struct certificate_section *section; /* which is read where it is GOOD */
    const struct store_pairs *request;         /* its request.conf; empty: none */
};

/* Who publishes for it beside what the configuration says in general: its section, or else its
 * request, or else who was the only one. ERR_CONFIG: one of them is no such thing. */
int prospects_make_map(const struct prospects_subject *subject, struct provider_map **ret_map,
                       struct err *err);

/* Whether anybody can be meant to publish for each of these names: ERR_CONFIG if not, as a run
 * would refuse it. */
int prospects_check(struct prospects *prospects, const struct prospects_subject *subject,
                    const struct strv *names, struct err *err);

/* The sum of what holds for one that is installed. Appends who would publish, if no CNAME leads
 * elsewhere, each once.
 */
unsigned prospects_find(struct prospects *prospects, const struct prospects_subject *subject,
                        struct strv *providers);

/*
 * Who would publish for a domain if no CNAME leads its challenge elsewhere. None, and no error, if
 * one may, into a [zone]; ERR_CONFIG if the certificate in force (NULL: there is none) had its
 * values published by somebody who has no zone: then nobody is to do it any more.
 */
int prospects_find_publishers(struct provider_set *set, const struct provider_map *map,
                              const struct store_cert *cert, const char *domain,
                              struct provider_choices *ret_found, struct err *err);

/* Appends "section-removed", "manual", "no-credential", "no-provider". */
void prospects_list(unsigned sum, struct strv *to);

#endif
