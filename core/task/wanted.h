/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What a certificate is to be: the command line before the configuration's [certificate NAME]
 * before request.conf (what was asked for last) before the general settings.
 */
#ifndef TASK_WANTED_H
#define TASK_WANTED_H

#include "acme/ca.h"
#include "config/keys.h"
#include "keys/key.h"
#include "store/store.h"
#include "store/store_cert.h"
#include "task/issue.h"

struct wanted {
    char *name;
    struct strv names; /* normalised */
    struct ca *ca;
    char *ca_spec;  /* as given: a preset, a [ca] section or a URL; kept in request.conf */
    bool is_server; /* ca_spec is a URL */
    enum config_answer staging; /* what [certificate NAME] says; request.conf never does */
    char *key_type_text;        /* NULL: as the settings have it */
    enum key_type key_type;
    struct strv providers;
    struct strv allow_aliases;
    char *email;
    struct strv deploy_hooks; /* kept, for those who run them */
};

/* Opens the store that belongs to the CA and puts it all together. Checks what can be checked
 * without network: names, CA, key type, what the CA is known to refuse. */
int wanted_make(struct task_env *env, const struct issue_request *request,
                struct wanted **ret_wanted, struct store **ret_store, struct err *err);
void wanted_free(struct wanted *wanted);
DEFINE_AUTO_PTR(wanted, wanted_free);

/* Writes request.conf. */
int wanted_save(const struct wanted *wanted, struct store *store, struct err *err);

#endif
