/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Telling servers of a new certificate. Hooks of the certificate come first, then those of all
 * certificates, then the programs in hooks.d/ beside the configuration, by name. What they were run
 * for is kept: hooks that failed are run again by the next run, without a new certificate.
 */
#ifndef TASK_DEPLOY_H
#define TASK_DEPLOY_H

#include "store/store_cert.h"
#include "task/task.h"

struct deploy;

/* The hooks for certificate NAME; own: those that its request has. Appends. ERR_CONFIG: hooks.d/
 * cannot be read. */
int deploy_gather(const struct task_env *env, const struct strv *own, struct strv *to,
                  struct err *err);

/* The hooks of certificate NAME's own: its section's, else those of its last request. */
int deploy_find_own(const struct task_env *env, struct store *store, const char *name,
                    struct strv *to, struct err *err);

/* Whether hooks have to be run for the version in force. Never for staging. */
bool deploy_is_pending(struct store *store, const struct store_cert *cert,
                       const struct strv *hooks);

/* Runs them and keeps what came of it. err: NULL when all succeeded. Comes from the loop; the
 * deployment is gone then. The caller holds the certificate's lock. */
typedef void deploy_done_fn(void *arg, const struct err *err);
struct deploy *deploy_start(const struct task_env *env, struct store *store,
                            const struct store_cert *cert, const struct strv *hooks,
                            deploy_done_fn *done, void *arg);
void deploy_cancel(struct deploy **deploy);

struct deploy_request {
    const char *name; /* this one, whether it is pending or not */
    bool is_pending;  /* instead: all that are pending */
};

/* EXIT_DEPLOY: a hook failed. EXIT_USAGE: no such certificate, or none that has hooks. */
enum task_exit task_deploy(struct task_env *env, const struct deploy_request *request);

#endif
