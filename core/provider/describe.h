/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What a plug-in says of itself, copied out of a worker's frame and judged there: after
 * describe_parse() every text is bounded, every name is legal and unique, every number known.
 */
#ifndef PROVIDER_DESCRIBE_H
#define PROVIDER_DESCRIBE_H

#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame_in;

struct provider_option {
    char *name, *fallback, *help; /* fallback may be NULL */
    struct strv env, choices;
    uint32_t type, flags; /* ACME_OPTION_... */
};

/* Callbacks that a plug-in may have or lack. */
enum provider_callback {
    PROVIDER_HAS_CHECK = 1u << 0,
    PROVIDER_HAS_OPEN = 1u << 1,
    PROVIDER_HAS_CLOSE = 1u << 2,
    PROVIDER_HAS_ADD = 1u << 3,
    PROVIDER_HAS_REMOVE = 1u << 4,
    PROVIDER_HAS_APPLY = 1u << 5,
    PROVIDER_HAS_SETTLED = 1u << 6,
    PROVIDER_HAS_ZONES = 1u << 7,
};

/* What keeps a worker from the rest of the system, as it reported. */
struct provider_isolation {
    char *user;            /* who it runs as */
    bool has_own_user;     /* another user than the core */
    uint32_t landlock;     /* the version in force, 0: none */
    bool has_no_new_privs; /* setuid programs give it nothing */
    bool has_no_capabilities;
    bool has_signal_scope; /* it can signal its own processes only */
    bool is_not_dumpable;  /* closed to ptrace and /proc by others of its user */
};

struct provider_description {
    bool is_built_in; /* inside the core: no file, no process, no interface */
    char *path;       /* NULL if built in */
    char *name, *version, *summary;
    uint32_t abi_minor, size;
    uint32_t serial, traits, min_ttl_s;
    uint32_t propagation_timeout_s, poll_interval_s, settle_s, call_timeout_s;
    uint32_t callbacks; /* enum provider_callback */
    struct provider_option *options;
    size_t n_options;
    struct provider_isolation isolation;
};

void provider_description_free(struct provider_description *description);
DEFINE_AUTO_PTR(provider_description, provider_description_free);

/* "add", "apply", ... for each bit, joined by ", "; to mem_free. */
char *provider_description_callbacks(const struct provider_description *description);

/* "string", "duration", ... for plugin show. */
const char *provider_option_type_name(uint32_t type);

/* Parts of a credential may be given by file and command too ("x-file", "x-command"), so that they
 * can stand together; but for options that name a file anyway. */
bool provider_option_has_ways(const struct provider_option *option);

/* One of the keys that the core itself takes in [provider]: no option may be called so. */
bool provider_is_core_key(const char *key);
const char *const *provider_core_keys(size_t *ret_n);

/* What FRAME_CONFINED said; user stays NULL. */
void describe_isolation(uint32_t landlock, uint32_t bits, struct provider_isolation *ret_isolation);

/* Reads a description frame's payload, isolation left out. name is the file's without ".so".
 * ERR_PROVIDER. */
int describe_parse(struct frame_in *in, const char *path, const char *name,
                   struct provider_description **ret_description, struct err *err);

#endif
