/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The values that this run has, or is getting, into the DNS. A value is known by provider instance,
 * final owner and text, and is shared: the first user adds it, a later one waits for the same add,
 * the last one removes it. Every add is in the journal before the provider hears of it, and stays
 * there until the servers were seen without it; what earlier runs left there and nobody uses is
 * removed by values_sweep().
 *
 *     HELD -> ADDING -> PRESENT -> REMOVING -> GONE      HELD: the provider can keep one value a
 * name,
 *                \-> FAILED                              and another one is there
 */
#ifndef ORDER_VALUES_H
#define ORDER_VALUES_H

#include "base/err.h"
#include "base/loop.h"
#include "dns/dns.h"
#include "dns/place.h"
#include "order/journal.h"
#include "provider/provider.h"

#include <stdbool.h>
#include <stddef.h>

struct values;
struct value;
struct value_use;

/* All are borrowed. The provider set's hooks lead to the two functions below. dns may be NULL:
 * removals are then not looked after. */
struct values *values_new(struct loop *loop);
void values_open(struct values *values, struct provider_set *set, struct journal *journal,
                 struct dns *dns);
void values_free(struct values *values);

/* For provider_hooks.about_to_call: the intent of every add goes to disk before the call. Leaves
 * out removals of what somebody else still needs, and adds where another run was first at a
 * provider of one value a name. */
int values_prepare(struct values *values, const struct provider *provider,
                   const struct provider_change *const *changes, size_t n, bool *ret_dropped,
                   struct err *err);

/* For provider_hooks.receipt. */
void values_keep_receipt(struct values *values, const struct provider_change *change,
                         const void *bytes, size_t len);

/* What is to be published. Copied. */
struct value_wish {
    struct provider *provider; /* ready: provider_facts() is not NULL */
    const char *owner, *zone;  /* absolute, with a dot at the end */
    const char *value;
    const char *certificate;
    const char *identifier, *token, *key_authorization;
    bool is_wildcard;
    const struct dns_place *place; /* to look after the removal; or NULL */
    bool is_unwatched;             /* nobody looks whether it is live */
    int64_t lease_until_s;         /* it outlives the run, until then; 0: an order's */
};

/* NULL: the value stands, as far as the provider is concerned. */
typedef void value_published_fn(void *arg, const struct err *err);

/* Adds a use. published() comes once, from the loop; the use stays until released, failed or not.
 */
struct value_use *values_publish(struct values *values, const struct value_wish *wish,
                                 value_published_fn *published, void *arg);

/* Ends a use; no callback comes afterwards. The last one removes the value. Takes NULL, leaves
 * NULL. */
void values_release(struct value_use **use);

/* Ends a use; no callback comes afterwards. The value goes on standing, and the journal naming it,
 * until a later run ends it. Takes NULL, leaves NULL. */
void values_keep(struct value_use **use);

/* Removes a value that no journal names as a lease. err: nothing was begun. */
int values_take_back(struct values *values, const struct value_wish *wish, struct err *err);

/* The receipt that the provider gave, for settled(); NULL without. */
const void *value_use_receipt(const struct value_use *use, size_t *ret_len);
struct provider *value_use_provider(const struct value_use *use);

/* What the journals name for this certificate is for its own order in this run to use or to remove,
 * and stays if there is none after all; unless that is taken back. */
void values_claim(struct values *values, const char *certificate);
void values_disclaim(struct values *values, const char *certificate);

/* Starts the removal of what the journals of runs that are gone name and nobody uses, and of what
 * this run could not remove before. certificate: what is its, and, the first time, what nobody has
 * claimed; NULL: all that nobody has claimed. Entries that cannot be removed are kept, and told by
 * values_next_left(). */
void values_sweep(struct values *values, const char *certificate);

/* Calls done() from the loop once no add or removal is under way for the certificate; NULL: for
 * any. Each arg waits once. */
typedef void values_settled_fn(void *arg);
void values_wait_idle(struct values *values, const char *certificate, values_settled_fn *done,
                      void *arg);
void values_wait_cancel(struct values *values, void *arg);

/* Walks the values that should be gone and are not known to be: each one's entry in the journal,
 * and why (both borrowed). NULL at the end. */
const struct journal_entry *values_next_left(const struct values *values, size_t *cursor,
                                             const struct err **ret_why);
size_t values_n_removed(const struct values *values);
/* Whose removal is left to others: to people, or to those that will need the room. */
size_t values_n_handed_over(const struct values *values);

/* Whether this value was to go, and goes on standing because somebody else counts on it. */
bool values_is_spared(const struct values *values, const char *identifier, const char *value);

/* Whether this value was to go, and goes on standing because its provider takes none away, or
 * leaves that to a person. */
bool values_is_left_standing(const struct values *values, const char *identifier,
                             const char *value);

#endif
