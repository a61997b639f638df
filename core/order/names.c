/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What concerns one name of an order: its authorization, its challenge, its answer to the CA. */
#include "order/machine.h"

#include "base/b64.h"
#include "base/crash.h"
#include "base/domain.h"
#include "base/event.h"
#include "base/mem.h"

#include <string.h>

#define CHALLENGE_TYPE "dns-01"

/* ---- Making ---- */

static struct order_owner *get_owner(struct order *order, const char *identifier)
{
    AUTO_FREE char *owner_name = domain_challenge_owner(identifier);
    struct order_owner *owner = NULL;

    for (size_t i = 0; i < order->n_owners; i++) {
        if (str_eq(order->owners[i]->name, owner_name)) {
            return order->owners[i];
        }
    }
    owner = NEW(struct order_owner);
    owner->order = order;
    owner->name = TAKE(owner_name);
    VEC_PUSH(order->owners, order->n_owners, order->cap_owners) = owner;
    return owner;
}

void names_make(struct order *order)
{
    order->n_names = order->names_wanted.n;
    order->names = mem_alloc(order->n_names, sizeof(struct order_name));
    for (size_t i = 0; i < order->n_names; i++) {
        struct order_name *name = &order->names[i];

        name->order = order;
        name->identifier = str_dup(order->names_wanted.items[i]);
        name->owner = get_owner(order, name->identifier);
    }
}

void name_stop(struct order_name *name)
{
    acme_call_cancel(&name->call);
    for (size_t i = 0; i < name->n_uses; i++) {
        use_stop(&name->uses[i]);
    }
}

void name_give_up(struct order_name *name)
{
    acme_call_cancel(&name->call);
    for (size_t i = 0; i < name->n_uses; i++) {
        if (!use_is_by_hand(&name->uses[i])) {
            use_stop(&name->uses[i]);
        }
    }
}

/* Back to the state before any authorization was seen. */
void names_drop_authz(struct order *order)
{
    for (size_t i = 0; i < order->n_names; i++) {
        struct order_name *name = &order->names[i];

        name_stop(name);
        mem_free(TAKE(name->uses));
        name->n_uses = 0;
        name->site = NULL;
        acme_authz_free(TAKE(name->authz));
        mem_free(TAKE(name->token));
        mem_free(TAKE(name->key_authorization));
        mem_free(TAKE(name->value));
        name->state = NAME_AUTHORIZE;
        name->is_watched = false;
        name->is_seen = false;
        name->is_refused = false;
        name->answered_ms = 0;
        err_clear(&name->err);
    }
}

struct order_name *names_find(struct order *order, const struct acme_authz *authz)
{
    AUTO_FREE char *identifier = acme_authz_name(authz);

    for (size_t i = 0; i < order->n_names; i++) {
        if (str_eq(order->names[i].identifier, identifier)) {
            return &order->names[i];
        }
    }
    return NULL;
}

/* ---- Counting ---- */

size_t names_count(const struct order *order, enum name_state state)
{
    size_t n = 0;

    for (size_t i = 0; i < order->n_names; i++) {
        n += order->names[i].state == state ? 1 : 0;
    }
    return n;
}

/* Nothing is left for us to do for any name. */
bool names_are_settled(const struct order *order)
{
    return names_count(order, NAME_VALIDATE) + names_count(order, NAME_VALID) +
               names_count(order, NAME_FAILED) ==
           order->n_names;
}

bool names_have_answered(const struct order *order)
{
    return names_count(order, NAME_VALIDATE) > 0;
}

bool names_have_unanswered(const struct order *order)
{
    return !names_are_settled(order);
}

/* ---- The authorization ---- */

/* What the challenge wants in the DNS (RFC 8555 sections 8.1 and 8.4). */
static void make_value(struct order_name *name, const struct acme_challenge *challenge)
{
    name->token = str_dup(challenge->token);
    name->key_authorization =
        str_fmt("%s.%s", challenge->token, key_thumbprint(name->order->env.account_key));
    name->value = b64url_sha256(name->key_authorization, strlen(name->key_authorization));
}

/* The reasons that one challenge of an authorization gives for its failure. */
static void fail_by_authz(struct order_name *name, const struct acme_authz *authz)
{
    struct err err = ERR_INIT;
    bool is_retriable = authz->status != ACME_STATUS_INVALID;

    (void)err_set(&err, ERR_CA, "the CA's authorization is %s", acme_status_name(authz->status));
    for (size_t i = 0; i < authz->n_challenges; i++) {
        const struct acme_problem *problem = authz->challenges[i].error;

        if (problem != NULL) {
            (void)acme_problem_to_err(problem, name->order->env.ca->eab_help, -1, &err);
            is_retriable = acme_problem_is(problem, "dns") ||
                           acme_problem_is(problem, "unauthorized") ||
                           acme_problem_is(problem, "incorrectResponse") ||
                           acme_problem_is(problem, "connection") ||
                           acme_problem_is(problem, "serverInternal");
            break;
        }
    }
    name->is_refused = true;
    name_fail(name, &err, is_retriable);
}

void name_take_authz(struct order_name *name, struct acme_authz *authz)
{
    const struct acme_challenge *challenge = acme_authz_find(authz, CHALLENGE_TYPE);
    struct err err = ERR_INIT;

    acme_authz_free(name->authz);
    name->authz = authz;
    if (authz->status == ACME_STATUS_VALID) {
        name_go(name, NAME_VALID, "the CA has validated it before");
        return;
    }
    if (authz->status != ACME_STATUS_PENDING && authz->status != ACME_STATUS_UNKNOWN) {
        fail_by_authz(name, authz);
        return;
    }
    if (challenge == NULL || challenge->token == NULL) {
        AUTO_FREE char *types = acme_authz_types(authz);

        (void)err_set(&err, ERR_CA, "the CA does not offer " CHALLENGE_TYPE " for '%s', only %s",
                      name->identifier, *types == '\0' ? "nothing" : types);
        name_fail(name, &err, false);
        return;
    }
    make_value(name, challenge);
    if (challenge->status == ACME_STATUS_PENDING) {
        name_go(name, NAME_FIND, NULL);
        name_seek_site(name);
        return;
    }
    /* Answered by a run before this one. What that run published still stands: nothing of an
     * earlier run is removed before CLEANUP. */
    name->answered_ms = loop_now_ms(name->order->env.loop);
    name->order->last_answer_ms = name->answered_ms;
    name_go(name, NAME_VALIDATE, "answered by an earlier run");
}

/* ---- The answer ---- */

static void finish_answer(void *arg, struct acme_authz *authz, const struct acme_reply *reply)
{
    struct order_name *name = arg;
    struct order *order = name->order;

    name->call = NULL;
    if (reply->err != NULL) {
        order_keep_refusal(order, reply);
        name_fail(name, reply->err, false);
        return;
    }
    crash_point("order-answer-after");
    name->answered_ms = loop_now_ms(order->env.loop);
    order->last_answer_ms = name->answered_ms;
    name_go(name, NAME_VALIDATE, NULL);
    if (authz != NULL) {
        name_check_authz(name, authz);
    }
    if (name->state == NAME_VALIDATE) {
        order_name_settled(name);
    }
}

void name_answer(struct order_name *name)
{
    const struct acme_challenge *challenge = acme_authz_find(name->authz, CHALLENGE_TYPE);

    name_go(name, NAME_RESPOND, NULL);
    crash_point("order-answer-before");
    name->call =
        acme_challenge_answer(name->order->env.acme, name->authz, challenge, finish_answer, name);
}

/* Takes a fresh look at an authorization that was answered; the name goes on if it is finished. */
void name_check_authz(struct order_name *name, struct acme_authz *authz)
{
    AUTO_PTR(acme_authz) struct acme_authz *before = name->authz;
    const struct acme_challenge *challenge = acme_authz_find(authz, CHALLENGE_TYPE);
    bool has_error = challenge != NULL && challenge->error != NULL;

    name->authz = authz;
    (void)before;
    switch (authz->status) {
    case ACME_STATUS_VALID:
        name_go(name, NAME_VALID, NULL);
        order_name_settled(name);
        break;
    case ACME_STATUS_PENDING:
    case ACME_STATUS_PROCESSING:
    case ACME_STATUS_UNKNOWN:
        /* Some CAs leave the error on a challenge and never turn the authorization invalid. */
        if (has_error && loop_now_ms(name->order->env.loop) - name->answered_ms >= 30000) {
            fail_by_authz(name, authz);
        }
        break;
    case ACME_STATUS_INVALID:
    case ACME_STATUS_DEACTIVATED:
    case ACME_STATUS_EXPIRED:
    case ACME_STATUS_REVOKED:
    case ACME_STATUS_READY:
        fail_by_authz(name, authz);
        break;
    }
}
