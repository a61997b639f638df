/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* One account, opened once, for all orders of a run that are its. Who comes late is told at the
 * next turn of the loop what the others know already. */
#include "task/run_impl.h"

#include "base/mem.h"

struct run_member {
    struct run_account *account;
    struct account_callbacks callbacks;
    void *arg;
    bool has_client;    /* was told */
    bool is_waiting;    /* for ready() */
    bool has_refreshed; /* has been told of an account that was mended */
};

struct run_account {
    struct loop *loop;
    struct store *store;
    const struct ca *ca;
    struct account *account;
    struct account_parts parts; /* client NULL: not there yet */
    bool is_ready;
    bool is_mending, was_mended;
    struct err err; /* it cannot be had */
    struct run_member **members;
    size_t n_members, cap_members;
    struct loop_timer *telling;
};

/* ---- Telling ---- */

static void tell_soon(struct run_account *account);

static bool is_settled(const struct run_account *account)
{
    return account->is_ready || account->err.class != ERR_NONE;
}

/* A callback may make members come and go: the walk ends with it, and the next turn goes on. */
static bool tell_one(struct run_account *account, struct run_member *member)
{
    if (!member->has_client && account->parts.client != NULL) {
        member->has_client = true;
        tell_soon(account);
        member->callbacks.has_client(member->arg, &account->parts);
        return true;
    }
    if (member->is_waiting && is_settled(account)) {
        struct err err = account->err;

        member->is_waiting = false;
        tell_soon(account);
        member->callbacks.ready(member->arg, account->is_ready ? NULL : &err);
        return true;
    }
    return false;
}

static void tell_members(void *arg)
{
    struct run_account *account = arg;

    account->telling = NULL;
    for (size_t i = 0; i < account->n_members; i++) {
        if (tell_one(account, account->members[i])) {
            return;
        }
    }
}

static void tell_soon(struct run_account *account)
{
    if (account->telling == NULL) {
        account->telling = loop_timer_start(account->loop, 0, tell_members, account);
    }
}

static void take_client(void *arg, const struct account_parts *parts)
{
    struct run_account *account = arg;

    account->parts = *parts;
    tell_soon(account);
}

static void take_end(void *arg, const struct err *err)
{
    struct run_account *account = arg;

    account->is_mending = false;
    account->is_ready = err == NULL;
    if (err != NULL) {
        account->err = *err;
    }
    tell_soon(account);
}

/* For those who come from now on: a hundred certificates would each wait as long for nothing. */
static void take_loss(void *arg, const struct err *err)
{
    struct run_account *account = arg;

    account->is_ready = false;
    account->err = *err;
    (void)err_hint(&account->err, "that was met earlier in this run; the CA is not asked again "
                                  "before the next");
    tell_soon(account);
}

/* ---- Members ---- */

bool run_account_is_for(const struct run_account *account, const struct store *store,
                        const struct ca *ca)
{
    return account->store == store && str_eq(account->ca->directory, ca->directory) &&
           str_eq(account->ca->account, ca->account);
}

struct run_member *run_account_join(struct run_account *account,
                                    const struct account_callbacks *callbacks, void *arg)
{
    struct run_member *member = NEW(struct run_member);

    member->account = account;
    member->callbacks = *callbacks;
    member->arg = arg;
    member->is_waiting = true;
    VEC_PUSH(account->members, account->n_members, account->cap_members) = member;
    tell_soon(account);
    return member;
}

const char *run_account_id(const struct run_member *member)
{
    return account_id(member->account->account);
}

int run_account_refused(void *arg, const struct acme_problem *problem, struct err *err)
{
    struct run_member *member = arg;
    struct run_account *account = member->account;
    bool is_stale = account->was_mended && !member->has_refreshed;

    member->has_refreshed = true;
    if (acme_problem_is(problem, "accountDoesNotExist") && (account->is_mending || is_stale)) {
        member->is_waiting = true; /* another order met it first */
        tell_soon(account);
        return 0;
    }
    if (account_refused(account->account, problem, err) < 0) {
        return err_code(err);
    }
    account->is_mending = true;
    account->was_mended = true;
    account->is_ready = false;
    member->is_waiting = true;
    return 0;
}

void run_leave_account(struct run_member **member)
{
    struct run_account *account = *member == NULL ? NULL : (*member)->account;

    for (size_t i = 0; account != NULL && i < account->n_members; i++) {
        if (account->members[i] == *member) {
            account->members[i] = account->members[--account->n_members];
            mem_free(TAKE(*member));
            return;
        }
    }
}

/* ---- Life ---- */

struct run_account *run_account_open(struct task_env *env, struct store *store, struct http *http,
                                     const struct account_request *request)
{
    static const struct account_callbacks CALLBACKS = {
        .has_client = take_client, .ready = take_end, .lost = take_loss};
    struct run_account *account = NEW(struct run_account);

    account->loop = env->loop;
    account->store = store;
    account->ca = request->ca;
    account->account = account_open(env, store, http, request, &CALLBACKS, account);
    return account;
}

void run_account_free(struct run_account *account)
{
    loop_timer_cancel(&account->telling);
    while (account->n_members > 0) {
        mem_free(account->members[--account->n_members]);
    }
    mem_free(account->members);
    account_close(account->account);
    mem_free(account);
}
