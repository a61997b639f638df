/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What was asked for last: request.conf, or, where that is lost, the certificate in force. */
#include "base/event.h"
#include "base/mem.h"
#include "config/sections.h"
#include "task/ca_choice.h"
#include "task/wanted_impl.h"

#include <unistd.h>

/* request.conf as a section: the same keys, in the same grammar. It names who is run, so that root
 * wants it to be as much root's own as the configuration. */
static int load_remembered(struct store *store, const char *name, struct config **ret_config,
                           struct certificate_section *ret_section, struct err *err)
{
    AUTO_FREE char *path = store_cert_path(store, name, "request.conf");
    struct config_errors errors = CONFIG_ERRORS_INIT;
    const struct config_source source = {.path = path, .is_trust_checked = geteuid() == 0};
    struct config *config = NULL;
    int code = 0;

    if (store_request_check(store, name, err) < 0) {
        return err_code(err);
    }
    config = config_load(&source, &errors);
    if (errors.n > 0) {
        *err = errors.items[0].err;
        (void)err_wrap(err, "what was asked for earlier cannot be read");
        code = err_hint(err, "correct the file, or remove it and give all options again");
        config_errors_done(&errors);
        config_free(config);
        return code;
    }
    config_errors_done(&errors);
    code = certificate_section_get(config, name, ret_section, err);
    if (code < 0) {
        config_free(config);
        return code;
    }
    *ret_config = config;
    return 0;
}

/* What a section said is nothing that a command said: the section, where it is there and right,
 * says it again, and what it does not say any more is gone. */
static void forget_configured(struct certificate_section *remembered)
{
    AUTO(strv_done) struct strv keys = STRV_INIT;

    strv_copy(&keys, &remembered->configured);
    for (size_t i = 0; i < keys.n; i++) {
        const struct config_key *key = key_find("certificate", keys.items[i]);

        if (key != NULL) {
            key_reset(key, remembered);
        }
    }
}

/* By its name, which brings what the configuration knows of it, or by its URL. */
static bool is_known_by_name(const struct task_env *env, const struct store_cert *cert)
{
    AUTO_PTR(ca) struct ca *ca = NULL;
    struct err ignored = ERR_INIT;

    return cert->ca_name != NULL &&
           ca_choice_make(env->config, cert->ca_name, &ca, &ignored) == 0 &&
           (cert->directory_url == NULL || str_eq(ca->directory, cert->directory_url));
}

/* What the certificate in force says of itself: enough to renew it, but hooks and copies. */
static int take_installed(const struct task_env *env, struct store *store, struct wanted *wanted,
                          struct err *err)
{
    AUTO_PTR(store_cert) struct store_cert *cert = NULL;

    if (store_cert_load(store, wanted->name, &cert, err) < 0) {
        return err_code(err);
    }
    bool is_named = is_known_by_name(env, cert);
    struct certificate_section section = {
        .domains = cert->domains,
        .providers = cert->providers,
        .ca = is_named ? cert->ca_name : NULL,
        .server = is_named ? NULL : cert->directory_url,
        .key_type = (char *)(uintptr_t)key_type_name(cert->key_type),
        .profile = cert->profile,
    };
    wish_take_section(&wanted->now, &section); /* copies */
    wanted->is_disabled = true;
    return 0;
}

/* Nobody attends who could correct the file, and no certificate is to expire by it; it stays as it
 * is, to be corrected. One of a newer release is that one's. */
static int go_on_without(const struct task_env *env, const struct issue_request *request,
                         struct store *store, struct wanted *wanted, struct err *err)
{
    struct err newer = ERR_INIT;

    if (!request->is_following || store_request_check(store, wanted->name, &newer) < 0) {
        return err_code(err);
    }
    event_log(EVENT_WARNING, wanted->name, "it goes on %s: %s",
              wanted->is_configured ? "as its section says" : "as the one in force is", err->text);
    err_clear(err);
    wanted->is_disabled = true;
    return wanted->is_configured ? 0 : take_installed(env, store, wanted, err);
}

/* What nothing came of says nothing to a command that says it all anew, or it would mend no
 * mistake. */
static bool is_superseded(const struct certificate_section *remembered,
                          const struct issue_request *request)
{
    return remembered->is_begun && request->domains.n > 0;
}

/* Whether it is for trials is not remembered: request.conf lies in one of the two trees. */
int wanted_take_remembered(const struct task_env *env, const struct issue_request *request,
                           struct store *store, struct wanted *wanted, struct err *err)
{
    struct certificate_section section = {.section = NULL};
    struct config *remembered = NULL;
    int code = 0;

    if (request->is_request_lost) {
        return take_installed(env, store, wanted, err);
    }
    code = load_remembered(store, wanted->name, &remembered, &section, err);
    if (code < 0 && code != -ERR_NOT_FOUND) {
        return go_on_without(env, request, store, wanted, err);
    }
    if (code == 0) {
        if (!wanted->is_disabled) {
            forget_configured(&section);
        }
        if (!is_superseded(&section, request)) {
            wish_take_section(&wanted->now, &section);
            wish_take_section(&wanted->kept, &section);
        }
        if (request->is_trial && request->is_expanding) {
            wanted_add_names(wanted, &section.domains); /* no certificate is looked at */
        }
        certificate_section_done(&section);
        config_free(remembered);
    }
    err_clear(err);
    return 0;
}
