/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The engine under every call: wait for the directory, take a nonce, sign, send, judge, repeat.
 * What is sent and what an answer means is in a table of functions for each kind of call. Inside
 * this room only.
 *
 *     begin -> prepare -> nonce -> sign -> send -> answer --2xx--------> accepted -> deliver
 *                           ^                        |----badNonce----> (again, with its nonce)
 *                           |                        |----refused-----> deliver, or again otherwise
 *                           +---------- pause <------+----busy or lost: `lost` may change the
 * request
 */
#ifndef ACME_CALL_H
#define ACME_CALL_H

#include "acme/acme.h"
#include "acme/nonce.h"

#define CALL_JSON_MAX (256 * 1024)
#define CALL_DIRECTORY_MAX (64 * 1024)
#define CALL_CHAIN_MAX (1024 * 1024)
#define CALL_TIMEOUT_MS 30000
#define CALL_POLL_TIMEOUT_MS 10000

/* What a step of a call decides. Negative: it failed, err says why. */
enum call_verdict {
    CALL_DONE = 0,
    CALL_AGAIN = 1,   /* the request was changed: send it at once */
    CALL_DEFAULT = 2, /* (refused) go by the general rules */
};

struct acme_call;

struct call_ops {
    /* The directory is there: set the request (call_request), or CALL_DONE when nothing is to be
     * sent. */
    int (*prepare)(struct acme_call *call, struct err *err);
    /* An answer with a 2xx status. json is NULL unless wants_json. */
    int (*accepted)(struct acme_call *call, const struct http_response *response,
                    const struct json *json, struct err *err);
    /* Another status. NULL: CALL_DEFAULT. */
    int (*refused)(struct acme_call *call, const struct acme_problem *problem, struct err *err);
    /* The answer is lost, so the CA may or may not have acted. Changes the request if it must not
     * simply be repeated. May be NULL. */
    void (*lost)(struct acme_call *call);
    /* Calls the user back; the last thing that is done with a call but release. */
    void (*deliver)(struct acme_call *call, const struct acme_reply *reply);
    void (*release)(struct acme_call *call); /* frees what the kind added; may be NULL */
    /* What CAs count and limit. A limit that says no time ends within no call: trying again would
     * only be counted, too. */
    bool is_counted;
};

/* First member of every kind's own struct. */
struct acme_call {
    struct acme_client *client;
    struct acme_call *next, **at; /* in the client's list */
    const struct call_ops *ops;
    void *arg;

    /* the request */
    enum acme_kind kind;
    const char *what; /* "newOrder": for messages */
    char *url;
    char *payload; /* "" for POST-as-GET; NULL for a plain GET */
    const char *accept;
    size_t max_body;
    int64_t timeout_ms;
    int64_t limit_ms;       /* for the whole call; 0: as usual */
    int64_t pause_first_ms; /* before this request is sent; once */
    bool is_for_jwk;        /* signed with the key itself, not for its account */
    bool wants_json;

    /* where it is */
    bool has_begun;
    bool is_expected; /* the pool counts on the answer's nonce */
    char *nonce;
    int64_t nonce_age_ms;
    char *input; /* what is being signed */
    char *body;
    int64_t deadline_ms;
    struct nonce_waiter *waiter;
    struct key_job *job;
    struct http_transfer *transfer;
    struct loop_timer *pause, *deadline;

    unsigned n_bad_nonces, n_bad_rounds, n_failures; /* nonces: of this request */
    int64_t retry_after_s;
    struct acme_problem *problem;
    struct err *failure; /* what ends it, set before the turn in which it is told */
};

struct acme_client {
    struct loop *loop;
    struct http *http;
    const struct ca *ca;
    struct key *key;
    struct acme_urls urls;
    struct nonce_pool *nonces;
    struct acme_directory *directory;
    struct acme_call *fetch; /* the directory's own request, while it runs */
    struct acme_call *calls;
    char *account_url;
    int64_t deadline_ms;
    int64_t request_timeout_ms; /* 0: CALL_TIMEOUT_MS */
    uint64_t counts[ACME_KIND_COUNT];
    uint64_t n_bad_nonces;
};

/* A zeroed call of the given size with that table, to be filled and started. */
struct acme_call *call_new(struct acme_client *client, size_t size, const struct call_ops *ops,
                           void *arg);
/* Hangs it in and lets it run; the callback never comes from inside. */
struct acme_call *call_launch(struct acme_call *call);
/* The directory has arrived, or never will: err. */
void call_go_on(struct acme_call *call, const struct err *err);

/* Sets the request: kind, url and payload are copied, the rest is as usual for a POST with JSON. */
void call_request(struct acme_call *call, enum acme_kind kind, const char *what, const char *url,
                  const char *payload);

/* ERR_FAILED for a call that needs an account and has none. */
int call_check_account(const struct acme_call *call, struct err *err);

void directory_fetch(struct acme_client *client);
void directory_free(struct acme_directory *directory);
int directory_parse(const struct json *json, const struct acme_urls *urls,
                    struct acme_directory **ret_directory, struct err *err);

#endif
