/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The keys in force: fetched as the plan says when first needed, and again a while before they
 * expire.
 */
#ifndef ROUTE53_CREDENTIALS_H
#define ROUTE53_CREDENTIALS_H

#include "aws.h"
#include "plan.h"

struct credentials {
    struct plan plan;
    struct keys keys; /* in force, if has_keys */
    bool has_keys;
    int64_t renew_s; /* when to get new ones; 0: never */
    struct aws_clock *clock;
    struct aws_client sts; /* opened when a role is to be assumed */
    char *sts_url;
    char *sts_region;
    const char *ca_file;
};

/* Makes the plan; nobody is asked anything. clock must outlive *c. */
int32_t credentials_init(struct credentials *c, const struct acme_open *o, struct aws_clock *clock,
                         struct kit_fault *f);
void credentials_done(struct credentials *c);

/* Keys that are good for the next request. They live until the next call with c. */
int32_t credentials_get(struct credentials *c, struct acme_call *call, struct sigv4_keys *ret_keys,
                        struct kit_fault *f);

/* AWS says that the keys have expired. False if they cannot be renewed. */
bool credentials_forget(struct credentials *c);

/* ---- The sources. Each sets *ret_keys, to keys_done(). ---- */

/* STS: roles, assumed with keys or with a token. */
int32_t sts_assume(struct credentials *c, struct acme_call *call, const struct plan_role *role,
                   const struct keys *with, struct keys *ret_keys, struct kit_fault *f);
int32_t sts_assume_by_token(struct credentials *c, struct acme_call *call, struct keys *ret_keys,
                            struct kit_fault *f);

/* The agents of ECS and EKS, and the metadata service of EC2 in its second version. */
int32_t metadata_ask_container(const struct credentials *c, struct acme_call *call,
                               struct keys *ret_keys, struct kit_fault *f);
int32_t metadata_ask_instance(const struct credentials *c, struct acme_call *call,
                              struct keys *ret_keys, struct kit_fault *f);

/* credential_process: runs the command, as this process's user and in its confinement. */
int32_t process_run(struct acme_call *call, const char *command, struct keys *ret_keys,
                    struct kit_fault *f);

/* Reads keys from JSON, where the session token is called token_name. who: for the text. */
int32_t keys_from_json(const char *text, size_t len, const char *token_name, const char *who,
                       struct keys *ret_keys, struct kit_fault *f);

#endif
