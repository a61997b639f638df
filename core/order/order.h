/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One order, from its names to the installed certificate, as a table of states (machine.c). Begin
 * it before the account is known: finding the places in the DNS, the key and the workers go on
 * meanwhile.
 */
#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

#include "acme/acme.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/str.h"
#include "config/settings.h"
#include "dns/dns.h"
#include "dns/watch.h"
#include "keys/key.h"
#include "order/journal.h"
#include "order/siblings.h"
#include "order/values.h"
#include "provider/provider.h"
#include "store/store.h"
#include "store/store_cert.h"

struct order;

/* The CA refuses the account itself. 0: it is being mended, order_account_ready() follows.
 * Negative: it is not, and err, which holds the refusal, may have been added to. */
typedef int order_refused_fn(void *arg, const struct acme_problem *problem, struct err *err);

/* What all orders of a run share. Borrowed; must outlive them. */
struct order_env {
    struct loop *loop;
    struct acme_client *acme;
    const struct ca *ca;
    struct key *account_key;
    struct provider_set *providers;
    struct dns *dns;
    struct store *store;
    struct journal *journal;
    struct values *values;
    struct siblings *siblings;
    const struct settings *settings;
    order_refused_fn *account_refused; /* or NULL */
    void *account_arg;
};

/* Copied. */
struct order_request {
    const char *certificate;  /* NAME */
    const struct strv *names; /* normalised */
    enum key_type key_type;
    const char *account_id;
    const char *profile;            /* or NULL */
    const char *replaces;           /* the certificate that it replaces (RFC 9773), or NULL */
    const struct strv *providers;   /* as --provider, for the certificate's metadata; or NULL */
    bool is_trial;                  /* the chain is checked and thrown away: nothing is installed */
    const struct provider_map *map; /* who publishes, beside the configuration; or NULL: as the set
                                       has it. Borrowed for the order's life */
    mode_t privkey_mode;            /* as store_install has it; so the next */
    gid_t privkey_gid;
};

enum order_end { ORDER_END_INSTALLED, ORDER_END_PARKED, ORDER_END_FAILED };

struct order_result {
    enum order_end end;
    const struct store_cert *cert;      /* if installed; NULL for a trial that ended well */
    const struct err *err;              /* unless installed */
    const struct acme_problem *refusal; /* what the CA said to the request that failed, or NULL */
    int64_t retry_after_s;              /* and when it may be repeated; -1: it did not say */
    bool is_validation;                 /* the CA looked for the values and was not content */
};

/* Comes once; the order may be freed in it. */
typedef void order_done_fn(void *arg, const struct order_result *result);

struct order *order_start(const struct order_env *env, const struct order_request *request,
                          order_done_fn *done, void *arg);

/* The account is there, and the client signs for it; or it cannot be had. */
void order_account_ready(struct order *order, const struct err *err);

/* A provider of its names that needs somebody at its other end (provider_is_attended()); NULL: all
 * go without. */
const struct provider *order_find_attended(const struct order *order);

/* Ends it: what was published is removed, within 30 s; then done() with ERR_CANCELLED. */
void order_cancel(struct order *order, const char *reason);

/* Drops the keys of orders that are over: all but those that the journal of a living run names.
 * Warns of those it cannot. */
void order_drop_keys(struct store *store, const struct journal *journal, const char *certificate);

/* What an order is for, to compare with one that an earlier run began. Borrowed. */
struct order_wish {
    const char *certificate;
    const char *directory;
    const char *profile; /* or NULL */
    const struct strv *names;
    enum key_type key_type;
};

/* Whether an earlier run's order for exactly this can be gone on with. */
bool order_can_resume(struct journal *journal, struct store *store, const struct order_wish *wish);

/* Frees it, whatever its state, without removing anything: the journal keeps what stands. */
void order_free(struct order *order);

#endif
