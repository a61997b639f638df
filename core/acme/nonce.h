/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The nonces of one CA (RFC 8555 section 6.5). Every answer brings one, which is kept; whoever
 * needs one and finds none waits in line, while newNonce is asked as often as the line, less what
 * requests under way will bring, wants it. Inside this room only.
 */
#ifndef ACME_NONCE_H
#define ACME_NONCE_H

#include "base/err.h"
#include "base/http.h"
#include "base/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nonce_pool;
struct nonce_waiter;

/* window: newNonce requests in flight at most, and begun within a second. *counter counts them. */
struct nonce_pool *nonce_pool_new(struct loop *loop, struct http *http, uint32_t window,
                                  uint64_t *counter);
void nonce_pool_free(struct nonce_pool *pool); /* nobody may be waiting */

/* Nothing is asked before. */
void nonce_pool_set_url(struct nonce_pool *pool, const char *new_nonce_url);

/* Takes the newest, to mem_free; NULL if there is none that is fresh enough, or others wait. */
char *nonce_pool_take(struct nonce_pool *pool, int64_t *ret_age_ms);

/* Gets in line. The callback owns nonce; exactly one of nonce and err is NULL. It comes from the
 * loop and must not free the pool. */
typedef void nonce_fn(void *arg, char *nonce, const struct err *err);
struct nonce_waiter *nonce_pool_wait(struct nonce_pool *pool, nonce_fn *fn, void *arg);
void nonce_pool_leave(struct nonce_pool *pool, struct nonce_waiter **waiter);

/* Keeps an answer's Replay-Nonce, or hands it to the first in line. NULL and odd texts are ignored.
 */
void nonce_pool_put(struct nonce_pool *pool, const char *nonce);

/* A request that will bring a nonce has left, or its answer is there or will never be. */
void nonce_pool_expect(struct nonce_pool *pool);
void nonce_pool_expect_no_more(struct nonce_pool *pool);

/* badNonce: what was received no later than the refused one is as stale. is_again: the same request
 * was refused twice in a row, so the whole pool is suspect. */
void nonce_pool_refused(struct nonce_pool *pool, int64_t age_ms, bool is_again);

/* Asks until n are at hand or on their way. */
void nonce_pool_prefetch(struct nonce_pool *pool, size_t n);

size_t nonce_pool_size(const struct nonce_pool *pool);
bool nonce_is_valid(const char *nonce);

#endif
