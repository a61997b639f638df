/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Asking a CA when it would like a certificate to be renewed (RFC 9773 section 4), and keeping what
 * it says: the window, a moment drawn in it once, and when to ask again. Nothing depends on an
 * answer; without one what was kept before counts, then the lifetime.
 */
#ifndef TASK_RENEWAL_ASK_H
#define TASK_RENEWAL_ASK_H

#include "acme/acme.h"
#include "base/loop.h"
#include "store/store_cert.h"

struct renewal_ask;

/* Comes once, from the loop, whatever became of it; renewal_judge() knows more now. is_silent: the
 * CA was not to be had, or did not answer in time. */
typedef void renewal_asked_fn(void *arg, bool is_silent);

/* Right after an installation somebody waits for the end of the run. */
#define RENEWAL_ASK_QUICKLY_MS 5000
#define RENEWAL_ASK_MS 30000

/* One request, given up after limit_ms. The client is for the certificate's CA and needs no
 * account; it and store must outlive the call. cert is copied. */
struct renewal_ask *renewal_ask_start(struct loop *loop, struct store *store,
                                      struct acme_client *client, const struct store_cert *cert,
                                      int64_t limit_ms, renewal_asked_fn *done, void *arg);

/* Takes NULL, leaves NULL; no callback comes. */
void renewal_ask_cancel(struct renewal_ask **ask);

#endif
