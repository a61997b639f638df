/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The client side of RFC 8555 as calls: each becomes one signed request, repeated as the protocol
 * allows (bad nonces, busy servers, lost connections and replies), and ends in one callback from
 * the loop. When an order is asked for what is decided above, in order/.
 *
 * Any number of calls may run side by side; they share one pool of nonces. A call made before the
 * directory has arrived waits for it.
 */
#ifndef ACME_ACME_H
#define ACME_ACME_H

#include "acme/ca.h"
#include "acme/eab.h"
#include "acme/object.h"
#include "acme/problem.h"
#include "base/http.h"
#include "base/loop.h"
#include "base/str.h"
#include "keys/key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct acme_client;
struct acme_call;

/* How a call ended. Valid only inside the callback. */
struct acme_reply {
    const struct err *err;              /* NULL: it succeeded */
    const struct acme_problem *problem; /* the CA's refusal behind err, or NULL */
    int64_t retry_after_s;              /* what the last answer asked for; -1: nothing */
};

struct acme_profile {
    char *name;
    char *description;
};

struct acme_directory {
    char *new_nonce, *new_account, *new_order;
    char *revoke_cert, *key_change, *renewal_info; /* each may be NULL */
    char *terms;                                   /* URL, or NULL */
    char *website;                                 /* or NULL */
    bool is_eab_required;
    struct strv caa_identities;
    struct acme_profile *profiles;
    size_t n_profiles;
};

/* ca, key, http and loop are borrowed and must outlive the client. key may be NULL for the
 * directory alone. ERR_CONFIG for an unusable directory URL. */
int acme_new(struct loop *loop, struct http *http, const struct ca *ca, struct key *key,
             struct acme_client **ret_client, struct err *err);
/* Cancels what still runs. */
void acme_free(struct acme_client *client);
DEFINE_AUTO_PTR(acme_client, acme_free);

/* Ends of the callbacks' arguments: objects are the callee's to free; NULL when reply->err is not.
 */
typedef void acme_start_fn(void *arg, const struct acme_directory *directory,
                           const struct acme_reply *reply);
typedef void acme_account_fn(void *arg, const char *account_url, bool is_created,
                             const struct acme_reply *reply);
typedef void acme_order_fn(void *arg, struct acme_order *order, const struct acme_reply *reply);
typedef void acme_authz_fn(void *arg, struct acme_authz *authz, const struct acme_reply *reply);
struct acme_chain {
    char *pem;              /* leaf first; looks like PEM, not yet verified */
    struct strv alternates; /* URLs of other chains for the same leaf */
};
typedef void acme_chain_fn(void *arg, struct acme_chain *chain, const struct acme_reply *reply);

/* Fetches the directory. Once a client; the second and later calls get what the first one got. */
struct acme_call *acme_start(struct acme_client *client, acme_start_fn *done, void *arg);
/* NULL until it is there; borrowed. */
const struct acme_directory *acme_client_directory(const struct acme_client *client);

/* No call begun from now on goes on past that moment (loop's clock). 0: each has 120 s of its own;
 * finalize the CA's time for it and a minute more. */
void acme_set_deadline(struct acme_client *client, int64_t deadline_ms);

/* How long one request begun from now on may take, but for finalize, which has the CA's own time.
 * Without it 30 s. */
void acme_set_request_timeout(struct acme_client *client, int64_t timeout_ms);

/* The account to sign for, as it was stored. ERR_CA for a URL that this CA cannot have given. */
int acme_set_account_url(struct acme_client *client, const char *account_url, struct err *err);
const char *acme_account_url(const struct acme_client *client); /* NULL until known */

/* Fetches nonces ahead, until n are at hand or on their way, within the CA's window. */
void acme_prefetch_nonces(struct acme_client *client, size_t n);

/* No callback comes afterwards; what was sent stays sent. Takes NULL, leaves NULL. The variable
 * holds a dead handle while the callback runs: callbacks begin by setting it to NULL. */
void acme_call_cancel(struct acme_call **call);

/* Looks the key's account up without making one: accountDoesNotExist is ERR_NOT_FOUND. On success
 * the client signs for it. */
struct acme_call *acme_account_find(struct acme_client *client, acme_account_fn *done, void *arg);

struct acme_account_request {
    const struct strv *contacts; /* e-mail addresses, or NULL */
    bool has_agreed;             /* to the terms in the directory */
    const struct acme_eab *eab;  /* or NULL; borrowed for the call only */
};
/* Makes the account, or finds it (is_created is false). On success the client signs for it. Terms
 * that nobody agreed to, and a binding that is wanted and missing, end as ERR_HUMAN before the CA
 * is asked. */
struct acme_call *acme_account_new(struct acme_client *client,
                                   const struct acme_account_request *request,
                                   acme_account_fn *done, void *arg);

struct acme_order_request {
    const struct strv *names; /* normalised */
    const char *profile;      /* or NULL; one that the directory does not list is ERR_CONFIG */
    const char *replaces;     /* certificate id of RFC 9773, or NULL; left out if the CA has no ARI,
                                 and when it refuses the order with it */
};
struct acme_call *acme_order_new(struct acme_client *client,
                                 const struct acme_order_request *request, acme_order_fn *done,
                                 void *arg);
/* A request that hangs is given up after 10 s and repeated on another connection. */
struct acme_call *acme_order_get(struct acme_client *client, const char *url, acme_order_fn *done,
                                 void *arg);
/* Sends the CSR. The order it ends with may be in any state: after a lost reply, and when the CA
 * says orderNotReady, the order is read and is what the call ends with. A CSR that was refused is
 * an error. */
struct acme_call *acme_order_finalize(struct acme_client *client, const struct acme_order *order,
                                      const void *csr_der, size_t csr_len, acme_order_fn *done,
                                      void *arg);

struct acme_call *acme_authz_get(struct acme_client *client, const char *url, acme_authz_fn *done,
                                 void *arg);
/* Gives a pending authorization up. One that is finished already is no error. */
struct acme_call *acme_authz_deactivate(struct acme_client *client, const char *url,
                                        acme_authz_fn *done, void *arg);

/*
 * Tells the CA to look. Call it only for a pending challenge. Ends with the authorization, whose
 * `url` and challenge are as the CA last showed them, when a lost reply or `malformed` made the
 * call read it; with NULL and no error when the CA just took the answer.
 */
struct acme_call *acme_challenge_answer(struct acme_client *client, const struct acme_authz *authz,
                                        const struct acme_challenge *challenge, acme_authz_fn *done,
                                        void *arg);

struct acme_call *acme_chain_get(struct acme_client *client, const char *url, acme_chain_fn *done,
                                 void *arg);
void acme_chain_free(struct acme_chain *chain);
DEFINE_AUTO_PTR(acme_chain, acme_chain_free);

/* RFC 5280 section 5.3.1; those that a subscriber may give (RFC 8555 section 7.6). */
enum acme_reason {
    ACME_REASON_UNSPECIFIED = 0,
    ACME_REASON_KEY_COMPROMISE = 1,
    ACME_REASON_SUPERSEDED = 4,
    ACME_REASON_CESSATION = 5,
};

struct acme_revocation {
    const void *der; /* the certificate; borrowed for the call that starts it */
    size_t der_len;
    enum acme_reason reason;
    bool is_by_certificate_key; /* the client's key is the certificate's: no account is needed */
};
/* Ends without an error also when the certificate was revoked before. */
typedef void acme_revoke_fn(void *arg, const struct acme_reply *reply);
struct acme_call *acme_revoke(struct acme_client *client, const struct acme_revocation *revocation,
                              acme_revoke_fn *done, void *arg);

/* When to renew (RFC 9773 section 4.2), in seconds since 1970. */
struct acme_renewal {
    int64_t start_s, end_s;
    char *explanation_url; /* https, or NULL */
};
/* renewal is borrowed; reply->retry_after_s says when to ask again. ERR_NOT_FOUND when the CA has
 * no such service, ERR_MALFORMED when what it says is no window. certificate_id:
 * cert_chain_renewal_id().
 */
typedef void acme_renewal_fn(void *arg, const struct acme_renewal *renewal,
                             const struct acme_reply *reply);
struct acme_call *acme_renewal_get(struct acme_client *client, const char *certificate_id,
                                   acme_renewal_fn *done, void *arg);

/* Requests sent so far, by kind: for -v and the benchmark. */
enum acme_kind {
    ACME_KIND_DIRECTORY,
    ACME_KIND_NONCE,
    ACME_KIND_ACCOUNT,
    ACME_KIND_NEW_ORDER,
    ACME_KIND_ORDER,
    ACME_KIND_AUTHZ,
    ACME_KIND_CHALLENGE,
    ACME_KIND_FINALIZE,
    ACME_KIND_CERTIFICATE,
    ACME_KIND_REVOCATION,
    ACME_KIND_RENEWAL,
    ACME_KIND_COUNT,
};
uint64_t acme_count(const struct acme_client *client, enum acme_kind kind);
uint64_t acme_count_bad_nonces(const struct acme_client *client);

#endif
