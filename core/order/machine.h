/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The inside of an order, shared by the files that each hold the work of some states. An order has
 * one state, and each of its names another. Owners and sites stand between names and the DNS:
 *
 *     name "*.example.com" --.                                             .-- value A
 *                             >-- owner "_acme-challenge.example.com" ... site of the final owner
 *     name "example.com" ----'     (found once, CNAMEs followed)           '-- value B
 *
 * Two owners whose CNAMEs end at one name share a site.
 */
#ifndef ORDER_MACHINE_H
#define ORDER_MACHINE_H

#include "acme/poll.h"
#include "dns/find.h"
#include "order/order.h"
#include "order/settling.h"

enum order_state {
    ORDER_NEW,       /* key on disk, order made or taken up again */
    ORDER_AUTHORIZE, /* authorizations fetched */
    ORDER_VALIDATE,  /* names walk to their answers; the order is asked until it is ready */
    ORDER_FINALIZE,
    ORDER_DOWNLOAD,
    ORDER_INSTALL,
    ORDER_CLEANUP, /* nothing of ours left in the DNS; then DONE, or NEW once more */
    ORDER_PARKED,
    ORDER_DONE,
    ORDER_STATES,
};

enum name_state {
    NAME_AUTHORIZE, /* its authorization is not here yet */
    NAME_FIND,      /* its place is not known yet */
    NAME_HOLD,      /* waits for the others of its site, or for its turn */
    NAME_PUBLISH,
    NAME_PROPAGATE,
    NAME_RESPOND,  /* the CA is being told */
    NAME_VALIDATE, /* the CA is looking */
    NAME_VALID,
    NAME_FAILED,
    NAME_STATES,
};

struct order_site;

/* One challenge owner and where it really is. */
struct order_owner {
    struct order *order;
    char *name; /* "_acme-challenge.example.com" */
    struct dns_find *find;
    struct dns_place *place; /* NULL until found */
    struct provider_choices choices;
    struct err err; /* why there is no place, or nobody to write there */
    bool is_found;  /* place, choices or err are there */
    unsigned n_moves;
};

/* One value at one provider, on the way. */
struct name_use {
    struct order_name *name;
    struct value_use *use;
    struct settling *settling;
    bool is_published;
    bool is_settled; /* the provider has no say in it, or has said that the value is live */
};

struct order_name {
    struct order *order;
    char *identifier; /* "*.example.com" */
    struct order_owner *owner;
    struct order_site *site; /* NULL until the place is known and needed */
    enum name_state state;
    struct acme_authz *authz;
    char *token, *key_authorization, *value;
    struct name_use *uses; /* one for each provider of the site */
    size_t n_uses;
    struct acme_call *call; /* answering, or reading the authorization */
    bool is_watched;        /* its value is among those that the watch waits for */
    bool is_seen;           /* the servers serve its value */
    bool is_refused;        /* by the CA: its order is lost */
    int64_t answered_ms;
    struct err err; /* if failed */
    bool is_retriable;
};

/* A provider that publishes at a site, and the zone it is told. */
struct site_provider {
    struct provider *provider;
    char *zone; /* with a dot at the end */
};

/* One final owner: what is published there, and the watch on it. */
struct order_site {
    struct order *order;
    char *fqdn; /* with a dot at the end */
    struct dns_place *place;
    struct site_provider *providers;
    size_t n_providers, n_ready;
    bool is_opening, is_open;
    bool is_serial;  /* a provider that holds one value a name: names take turns */
    bool is_by_hand; /* a person publishes here */
    struct order_name *turn;
    int64_t faded_ms; /* until then the CA's resolver may remember the value of the turn before */
    struct loop_timer *fade;
    struct loop_timer *gather; /* ends the wait for names still to come */
    bool is_gathered;
    struct dns_watch *watch;
    struct loop_timer *early_look;
    bool is_watch_early;      /* the watch began before the provider had said yes */
    size_t n_watched;         /* names that the watch is for */
    size_t n_good, n_servers; /* as the watch said last; n_servers 0: nothing yet */
    char *waiting;
};

/* An authorization being fetched: only its content says whose it is. */
struct order_authz {
    struct order *order;
    struct acme_call *call;
};

struct order {
    struct order_env env;
    char *certificate;
    struct strv names_wanted;
    enum key_type key_type;
    char *account_id, *profile;
    char *replaces; /* NULL also once the CA has refused it */
    struct strv providers;
    const struct provider_map *map; /* borrowed; or NULL */
    mode_t privkey_mode;
    gid_t privkey_gid;
    bool is_trial;
    order_done_fn *done;
    void *arg;

    enum order_state state;
    struct loop_timer *deadline; /* of the state */
    struct loop_timer *timer;    /* of the state's next step */
    int64_t began_ms;
    unsigned attempt; /* from 1 */
    bool is_account_ready, has_mended_account;
    bool is_hold_over; /* newOrder has waited for providers for long enough */

    struct key *key;
    char *key_tag;
    char *csr;
    size_t csr_len;
    struct key_job *key_job;
    struct store_job *store_job;
    bool is_key_saved;

    struct acme_call *call;
    struct acme_order *order; /* as last seen */
    struct order_authz *authzs;
    size_t n_authzs, n_authz_left;
    struct acme_poll poll;
    int64_t poll_hint_s; /* what the order's last answer asked for, or -1 */
    bool has_finalized;
    unsigned n_too_early;
    int64_t last_answer_ms, last_read_ms;
    char *chain_pem;

    struct strv warnings_told; /* of places */
    struct order_owner **owners;
    size_t n_owners, cap_owners;
    struct order_name *names;
    size_t n_names;
    struct order_site **sites;
    size_t n_sites, cap_sites;

    /* How it will end, once clean. */
    enum order_end end;
    struct err err;
    bool is_retriable;            /* another order may well succeed */
    struct acme_problem *refusal; /* behind err, or NULL */
    int64_t refusal_retry_s;      /* what came with it; -1: nothing */
    bool is_validation;           /* err is the CA's, of a value that it did not find */
    bool is_cancelled;
    bool is_dead;     /* the CA has refused it for good: nothing to go on with for a later run */
    bool is_cleaning; /* values have been released */
    bool is_values_clean;
    bool is_clean;
    struct store_cert *installed;
};

/* ---- machine.c: the table and what drives it ---- */

void order_go(struct order *order, enum order_state state);
void order_succeed(struct order *order);
/* Ends in failure: to CLEANUP with err. is_retriable: a new order may help. */
void order_fail(struct order *order, const struct err *err, bool is_retriable);
/* Keeps the CA's refusal for who made the order, before that order fails by it. */
void order_keep_refusal(struct order *order, const struct acme_reply *reply);
void name_go(struct order_name *name, enum name_state state, const char *detail);
void name_fail(struct order_name *name, const struct err *err, bool is_retriable);
void order_stop_work(struct order *order); /* cancels calls, finds, watches, timers */
void order_finish(struct order *order);    /* done() */

/* ---- begin.c ---- */
void order_enter_new(struct order *order);
void order_enter_authorize(struct order *order);
void order_begin_continue(struct order *order);
int order_record(struct order *order, struct err *err);
void order_take(struct order *order, struct acme_order *fresh);

/* ---- opening.c ---- */
void owners_guess(struct order *order); /* starts who will probably publish */
/* Whether newOrder may go out. If not, the order has failed, or order_begin_continue() is called
 * when that may have changed. */
bool order_may_begin(struct order *order);
void order_stop_waiting(struct order *order);

/* ---- names.c ---- */
void names_make(struct order *order);
void names_drop_authz(struct order *order);
void name_take_authz(struct order_name *name, struct acme_authz *authz);
struct order_name *names_find(struct order *order, const struct acme_authz *authz);
void name_answer(struct order_name *name);
void name_check_authz(struct order_name *name, struct acme_authz *authz);
bool names_are_settled(const struct order *order);
bool names_have_answered(const struct order *order);
bool names_have_unanswered(const struct order *order);
size_t names_count(const struct order *order, enum name_state state);
void name_stop(struct order_name *name);
/* Keeps what a person may still create. */
void name_give_up(struct order_name *name);

/* ---- owners.c ---- */
void owners_find(struct order *order);
void owner_find_again(struct order_owner *owner);
void owners_stop(struct order *order);
void owners_free(struct order *order);

/* ---- sites.c ---- */
void name_seek_site(struct order_name *name);
void sites_advance(struct order *order);
void site_end_turn(struct order_name *name);
/* Whether the value of the turn before is forgotten; if not, the site's names are tried again then.
 */
bool site_has_faded(struct order_site *site);
/* How long the CA's resolver may remember what it has seen at any of the order's owners. */
int64_t sites_fade_ms(const struct order *order);
bool site_has_waiting(const struct order_site *site);
bool name_is_at(const struct order_name *name, const struct order_site *site,
                enum name_state state);
size_t site_count(const struct order_site *site, enum name_state state);
void sites_stop(struct order *order);
void sites_free(struct order *order);

/* ---- propagate.c ---- */
void site_watch_soon(struct order_site *site); /* publishing has begun */
void site_watch(struct order_site *site);      /* a name was published, or failed to be */
void site_stop_watching(struct order_site *site);

/* ---- settle.c ---- */
void use_start_settling(struct name_use *use);
void use_stop(struct name_use *use);
bool use_is_by_hand(const struct name_use *use);
bool name_is_settled(const struct order_name *name);
void name_try_answer(struct order_name *name);

/* ---- validate.c ---- */
void order_enter_validate(struct order *order);
void order_poll_after(struct order *order, int64_t delay_ms);
void order_look_at(struct order *order);
void order_name_settled(struct order_name *name);

/* ---- finish.c ---- */
void order_enter_finalize(struct order *order);
void order_enter_download(struct order *order);
void order_enter_install(struct order *order);

/* ---- cleanup.c ---- */
void order_start_cleaning(struct order *order);
void order_enter_cleanup(struct order *order);
void order_enter_parked(struct order *order);
void order_enter_done(struct order *order);

#endif
