/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Telling servers of a new certificate. First its files are copied to where the configuration
 * wants them, then hooks are run: those of the certificate, then those of all certificates, then
 * the programs in hooks.d/ beside the configuration, by name. What it was done for is kept: what
 * failed is done again by the next run, without a new certificate.
 */
#ifndef TASK_DEPLOY_H
#define TASK_DEPLOY_H

#include "base/cleanup.h"
#include "config/copy.h"
#include "config/sections.h"
#include "store/store_cert.h"
#include "task/task.h"

/* What all certificates of a run have in common, hooks.d/ included, which is read once. The
 * environment must outlive it. */
struct deploy_common;
struct deploy_common *deploy_common_new(const struct task_env *env);
void deploy_common_free(struct deploy_common *common);
DEFINE_AUTO_PTR(deploy_common, deploy_common_free);

/* What is to be done for one certificate. */
struct deploy_plan {
    struct strv hooks;  /* command lines: its own, then the common ones */
    struct strv own;    /* of hooks: its own */
    struct strv copies; /* "KEY VALUE", as in its section, all said */
};

#define DEPLOY_PLAN_INIT                                          \
    {                                                             \
        .hooks = STRV_INIT, .own = STRV_INIT, .copies = STRV_INIT \
    }
void deploy_plan_done(struct deploy_plan *plan);
bool deploy_plan_is_empty(const struct deploy_plan *plan);

/* For a certificate whose own hooks and copies are known. ret_plan must be empty. ERR_CONFIG:
 * hooks.d/ cannot be read. */
int deploy_plan_make(const struct deploy_common *common, const struct strv *own_hooks,
                     const struct strv own_copies[static COPY_PIECES], struct deploy_plan *ret_plan,
                     struct err *err);

/* The same where they are not: they are those of its section, or, where there is none or it is
 * wrong, of its last request. */
int deploy_plan_find(const struct deploy_common *common, struct store *store, const char *name,
                     struct deploy_plan *ret_plan, struct err *err);

/* Whether it has to be done for the version in force: it has not been, it failed, or a copy or a
 * hook of its own was added since. Never for staging. */
bool deploy_is_pending(struct store *store, const struct store_cert *cert,
                       const struct deploy_plan *plan);

/* The two together, for a certificate whose section (NULL: none, or one that is wrong) and
 * request.conf (NULL: it cannot be read, and nothing is to be done) are at hand. What cannot be
 * read is told when it is. */
bool deploy_is_due(const struct deploy_common *common, struct store *store,
                   const struct store_cert *cert, const struct certificate_section *section,
                   const struct store_pairs *request);

/* A line of a plan's copies. ERR_CONFIG. */
int deploy_parse_copy(const char *line, struct copy_rule *ret_rule, struct err *err);

/* The copies of a certificate that are there, those that were made and those that are wanted now,
 * for who is told that they stay: "'/etc/tls/a.pem' (with the private key), ...", to mem_free;
 * NULL: there are none. */
char *deploy_describe_copies(const struct task_env *env, struct store *store, const char *name);

/* Does it and keeps what came of it. err: NULL when all succeeded. Comes from the loop; the
 * deployment is gone then. The caller holds the certificate's lock. */
struct deploy;
typedef void deploy_done_fn(void *arg, const struct err *err);
struct deploy *deploy_start(const struct task_env *env, struct store *store,
                            const struct store_cert *cert, const struct deploy_plan *plan,
                            deploy_done_fn *done, void *arg);
void deploy_cancel(struct deploy **deploy);

struct deploy_request {
    const char *name; /* this one, whether it is pending or not */
    bool is_pending;  /* instead: all that are pending */
};

/* EXIT_DEPLOY: a copy or a hook failed. EXIT_USAGE: no such certificate, or nothing to do for it.
 */
enum task_exit task_deploy(struct task_env *env, const struct deploy_request *request);

#endif
