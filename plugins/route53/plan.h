/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Where credentials come from: one source, and the roles to assume one after the other, beginning
 * with its keys. Made from options and files, without asking anybody, in the order of AWS's own
 * programs:
 *
 *     keys -> web identity -> profile -> container -> the instance's metadata service
 */
#ifndef ROUTE53_PLAN_H
#define ROUTE53_PLAN_H

#include "profile.h"

#include <acme-kit.h>

#include <stdbool.h>
#include <stdint.h>

#define PLAN_ROLES_MAX 8

/* Access keys; all texts are secrets but the first. */
struct keys {
    char *access_key_id;
    char *secret_access_key;
    char *session_token; /* or NULL */
    int64_t expires_s;   /* 0: never */
};

void keys_done(struct keys *keys);

enum plan_source {
    PLAN_KEYS,
    PLAN_WEB_IDENTITY,
    PLAN_PROCESS,
    PLAN_CONTAINER,
    PLAN_IMDS,
};

struct plan_role {
    const char *arn;
    const char *external_id; /* or NULL */
    const char *session_name;
    const char *duration_s; /* digits, or NULL: AWS's default, an hour */
};

/* All texts but those of `keys` belong to the options or to `profiles`. */
struct plan {
    struct profiles profiles;
    enum plan_source source;
    bool is_last_resort;  /* nothing spoke for this source, only against all others */
    struct keys keys;     /* PLAN_KEYS */
    struct plan_role web; /* PLAN_WEB_IDENTITY: the role, and one of these two */
    const char *token;
    const char *token_path;
    const char *process;                    /* PLAN_PROCESS: the command */
    const char *url;                        /* PLAN_CONTAINER, PLAN_IMDS */
    const char *url_path;                   /* PLAN_CONTAINER: behind url, or NULL */
    const char *authorization;              /* PLAN_CONTAINER: or NULL */
    struct plan_role roles[PLAN_ROLES_MAX]; /* in the order of assuming them */
    size_t n_roles;
    const char *region; /* from the options, else of the profile; or NULL */
};

/* Said where only the last source is left, and fails. */
#define PLAN_NOTHING_ELSE                                                                        \
    "there are no credentials: neither access-key-id and secret-access-key (AWS_ACCESS_KEY_ID, " \
    "AWS_SECRET_ACCESS_KEY), nor a profile with any in credentials-file or config-file, nor a "  \
    "web "                                                                                       \
    "identity, nor a container's"

/* o must live as long as the plan. */
int32_t plan_make(const struct acme_open *o, struct plan *ret_plan, struct kit_fault *f);
void plan_done(struct plan *plan);

#endif
