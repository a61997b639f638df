/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What a certificate is to be: the command line before the configuration's [certificate NAME]
 * before request.conf (what was asked for last) before the general settings.
 */
#ifndef TASK_WANTED_H
#define TASK_WANTED_H

#include "acme/ca.h"
#include "config/copy.h"
#include "config/keys.h"
#include "keys/key.h"
#include "store/store.h"
#include "store/store_cert.h"
#include "task/issue.h"
#include "task/trees.h"

/* What can be said of a certificate, by the command line and by both kinds of section. */
struct wish {
    struct strv names;   /* normalised */
    char *ca_spec;       /* as given: a preset, a [ca] section or a URL */
    bool is_server;      /* ca_spec is a URL */
    char *key_type_text; /* NULL: as the settings have it */
    struct strv providers;
    struct strv allow_aliases;
    char *email;
    struct strv deploy_hooks; /* kept, for those who run them; so are the next three */
    struct strv pre_hooks, post_hooks;
    struct strv copies[COPY_PIECES];
    char *profile;
    char *group; /* of privkey.pem */
    mode_t mode; /* of privkey.pem; 0: not said */
    struct margin renew_before;
    uint32_t keep; /* older versions; 0: not said */
};

struct wanted {
    char *name;
    struct wish now;     /* what counts */
    struct wish kept;    /* for request.conf: what commands said, now and earlier */
    struct wish section; /* the same: what [certificate NAME] says */
    bool is_configured;  /* the configuration has a section of its name */
    /* That section is wrong, or request.conf is: what was said before counts, and is not touched.
     */
    bool is_disabled;
    struct ca *ca;
    enum config_answer staging; /* what [certificate NAME] says; request.conf never does */
    enum key_type key_type;
    gid_t privkey_gid; /* STORE_GID_NONE: the process's */
    mode_t privkey_mode;
    struct margin renew_before; /* in force, as the next */
    uint32_t keep;
};

/* Puts it all together. Checks what can be checked without network: names, CA, key type, what the
 * CA is known to refuse. *ret_store, of the tree that belongs to the CA, is the trees'. */
int wanted_make(struct task_env *env, const struct issue_request *request, struct trees *trees,
                struct wanted **ret_wanted, struct store **ret_store, struct err *err);
void wanted_free(struct wanted *wanted);
DEFINE_AUTO_PTR(wanted, wanted_free);

/* --expand: these names too, from now on. */
void wanted_add_names(struct wanted *wanted, const struct strv *names);

/* Whether a section said what it is to be, the last time that it was ordered; as loaded. */
bool wanted_was_configured(const struct store_pairs *request);

/* Whether request.conf, as loaded, holds what the section says. */
bool wanted_is_kept(const struct certificate_section *section, const struct store_pairs *request);

/* What this command says of things that the configuration's section says too, and so counts for
 * this time only: "ca, key-type", to mem_free; NULL without. */
char *wanted_find_passing(const struct wanted *wanted);

/* What commands said: request.conf without what a section said when it was written. */
void wanted_add_commands(struct store_pairs *pairs, const struct store_pairs *request);

/* Writes request.conf before there is a certificate, so that other runs can go on with the order:
 * marked as STORE_REQUEST_BEGUN. One without the mark that is there already stays, and so does what
 * the configuration has a section for. */
int wanted_save_begun(const struct wanted *wanted, struct store *store, struct err *err);

/* Writes request.conf. */
int wanted_save(const struct wanted *wanted, struct store *store, struct err *err);

#endif
