/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Locks between runs: flock on a file of STATE/locks, tried again by a timer and never waited for.
 * The files stay; each says who took it last. A lock ends with store_lock_release() or with the
 * process.
 */
#ifndef STORE_STORE_LOCK_H
#define STORE_STORE_LOCK_H

#include "store/store.h"

#include <stdint.h>

enum store_lock_kind {
    STORE_LOCK_CERT,        /* name: the certificate's NAME */
    STORE_LOCK_ACCOUNT,     /* name: store_account_lock_name() */
    STORE_LOCK_PLUGIN_ZONE, /* name: "plugin/zone" */
};

struct store_lock;

/* lock is owned by the callee; exactly one of lock and err is NULL. ERR_LOCKED quotes the holder.
 */
typedef void store_lock_done_fn(void *arg, struct store_lock *lock, const struct err *err);

/* Tries at the next turn, then again until timeout_ms have passed (0: once). */
struct store_job *store_lock_start(struct store *store, enum store_lock_kind kind, const char *name,
                                   bool is_shared, int64_t timeout_ms, store_lock_done_fn *done,
                                   void *arg);

void store_lock_release(struct store_lock *lock);
DEFINE_AUTO_PTR(store_lock, store_lock_release);

/* The descriptor that holds the lock, close-on-exec; a child that is to share the lock dups it. */
int store_lock_fd(const struct store_lock *lock);

#endif
