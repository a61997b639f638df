/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What the certificates of one run share, each opened when the first of them needs it: the trees of
 * STATE, journal, providers and DNS (one set a tree), connections, accounts.
 */
#ifndef TASK_RUN_H
#define TASK_RUN_H

#include "task/account.h"
#include "task/rooms.h"
#include "task/trees.h"

struct around;
struct deploy_common;
struct run;
struct run_member;

struct run_request {
    const char *command; /* for lock files and the journal; borrowed */
    bool has_agreed_tos;
    struct eab_flags eab; /* borrowed */
};

struct run *run_new(struct task_env *env, const struct run_request *request);

struct task_env *run_env(struct run *run);
struct trees *run_trees(struct run *run);

/* For deploy_plan_make(); read at the first call. */
const struct deploy_common *run_deploy_common(struct run *run);

/* One set to ask for all certificates, with neither assignments nor workers: they have maps of
 * their own. */
int run_get_idle(struct run *run, struct provider_set **ret_set, struct err *err);

/* For around_enter(). */
struct around *run_around(struct run *run);

/* This is the one certificate that it is for: what dead runs left of others' orders is not its to
 * end. Unsaid: it has come for all. Borrowed, until run_close(). */
void run_come_for(struct run *run, const char *certificate);

/* What the journals name for this certificate waits for its own order. To be said of all before the
 * first begins. */
void run_claim(struct run *run, struct store *store, const char *certificate);
/* There will be none: the run's end takes it away. */
void run_disclaim(struct run *run, struct store *store, const char *certificate);

/* The rooms of a tree, opened at the first call; run_rooms_if_open(): NULL before that. */
int run_open_rooms(struct run *run, struct store *store, struct rooms **ret_rooms, struct err *err);
struct rooms *run_rooms_if_open(const struct run *run, const struct store *store);

/*
 * Takes part in the account of a CA, which is opened for the first and shared. has_client() and
 * ready() come from the loop, as account.h says; ready() once more after each refusal that
 * run_account_refused() said is being mended. ca must live as long as the run.
 */
int run_join_account(struct run *run, struct store *store, const struct ca *ca, const char *email,
                     const struct account_callbacks *callbacks, void *arg,
                     struct run_member **ret_member, struct err *err);
const char *run_account_id(const struct run_member *member);

/* A client for what a CA tells everybody, one for each CA; the run's. ca must live as long as it.
 */
int run_open_client(struct run *run, const struct ca *ca, struct acme_client **ret_client,
                    struct err *err);

/* It does not answer: run_open_client() refuses it from now on, for a thousand questions would each
 * wait for their deadline. */
void run_give_up_client(struct run *run, const struct ca *ca);

/* For order_env; arg is the member. */
int run_account_refused(void *arg, const struct acme_problem *problem, struct err *err);

/* No callback comes after this. Takes NULL, leaves NULL. */
void run_leave_account(struct run_member **member);

/* All certificates are done: takes away what earlier runs left and nobody came for, within 30 s,
 * runs the post-hooks, and calls back from the loop. */
typedef void run_swept_fn(void *arg);
void run_sweep(struct run *run, run_swept_fn *done, void *arg);

/* Why a post-hook failed; class ERR_NONE: none did. */
const struct err *run_post_error(const struct run *run);

/* Warns of values that may still stand. How many. */
size_t run_tell_leftovers(const struct run *run);

/* The loop has ended before the run did: a signal after the first, or nothing left to wait for.
 * err: the loop's own, or else this is put there. */
void run_explain_end(const struct task_env *env, struct err *err);

/* Everything but the stores, which run_free() closes: locks are let go in between. */
void run_close(struct run *run);
void run_free(struct run *run); /* takes NULL */

#endif
