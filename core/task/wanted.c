/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/wanted.h"

#include "base/domain.h"
#include "base/event.h"
#include "base/mem.h"
#include "config/sections.h"
#include "config/settings.h"
#include "config/zone_name.h"

void wanted_free(struct wanted *wanted)
{
    if (wanted == NULL) {
        return;
    }
    mem_free(wanted->name);
    mem_free(wanted->ca_spec);
    mem_free(wanted->email);
    mem_free(wanted->key_type_text);
    strv_done(&wanted->names);
    strv_done(&wanted->providers);
    strv_done(&wanted->allow_aliases);
    strv_done(&wanted->deploy_hooks);
    ca_free(wanted->ca);
    mem_free(wanted);
}

/* ---- Where earlier wishes are ---- */

/* request.conf as a section: the same keys, in the same grammar. */
static int load_remembered(struct store *store, const char *name, struct config **ret_config,
                           struct certificate_section *ret_section, struct err *err)
{
    AUTO_FREE char *path = store_cert_path(store, name, "request.conf");
    struct config_errors errors = CONFIG_ERRORS_INIT;
    const struct config_source source = {.path = path};
    struct config *config = config_load(&source, &errors);
    int code = 0;

    if (errors.n > 0) {
        *err = errors.items[0];
        code = err_wrap(err, "what was asked for earlier cannot be read");
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

/* Takes over what the section has and nobody before it said. */
static void take_section(struct wanted *wanted, const struct certificate_section *section)
{
    if (wanted->names.n == 0) {
        strv_copy(&wanted->names, &section->domains);
    }
    if (wanted->providers.n == 0) {
        strv_copy(&wanted->providers, &section->providers);
    }
    if (wanted->allow_aliases.n == 0) {
        strv_copy(&wanted->allow_aliases, &section->allow_aliases);
    }
    if (wanted->deploy_hooks.n == 0) {
        strv_copy(&wanted->deploy_hooks, &section->deploy_hooks);
    }
    if (wanted->ca_spec == NULL) {
        wanted->is_server = section->server != NULL;
        wanted->ca_spec = str_dup(section->server != NULL ? section->server : section->ca);
    }
    if (wanted->email == NULL) {
        wanted->email = str_dup(section->email);
    }
    if (wanted->key_type_text == NULL) {
        wanted->key_type_text = str_dup(section->key_type);
    }
}

/* ---- The CA ---- */

static int resolve_ca(const struct config *config, const char *spec, struct ca **ret_ca,
                      struct err *err)
{
    AUTO(ca_section_done) struct ca_section section = {.section = NULL};
    int code = ca_section_get(config, spec, &section, err);

    if (code < 0 && code != -ERR_NOT_FOUND) {
        return code;
    }
    err_clear(err);
    return ca_resolve(spec, code < 0 ? NULL : &section, ret_ca, err);
}

/* The option before the certificate's own section before the general settings. */
static bool wants_staging(const struct task_env *env, const struct issue_request *request,
                          const struct wanted *wanted)
{
    if (request->is_staging) {
        return true;
    }
    return wanted->staging == ANSWER_NONE ? env->settings->is_staging
                                          : wanted->staging == ANSWER_YES;
}

/* Staging: the CA's partner for trials. */
static int to_staging(const struct config *config, struct ca **ca, struct err *err)
{
    struct ca *partner = NULL;

    if ((*ca)->is_staging) {
        return 0;
    }
    if ((*ca)->staging == NULL) {
        return err_set(err, ERR_CONFIG,
                       "no staging partner is known for %s; give its directory with --server, or "
                       "staging = in a [ca %s] section",
                       (*ca)->title, (*ca)->name);
    }
    if (resolve_ca(config, (*ca)->staging, &partner, err) < 0) {
        return err_code(err);
    }
    ca_free(*ca);
    *ca = partner;
    return 0;
}

/* The CA's own section knows best, then what the user says of all CAs, then the table. */
static void take_finalize_timeout(const struct task_env *env, struct ca *ca)
{
    const struct config_section *section = config_section_find(env->config, "ca", ca->name);
    bool is_set = settings_place(env->settings, "finalize-timeout").origin != CONFIG_DEFAULT;

    if (is_set && (section == NULL || config_value_find(section, "finalize-timeout") == NULL)) {
        ca->finalize_timeout_ms = env->settings->finalize_timeout_ms;
    }
}

static int choose_ca(struct task_env *env, const struct issue_request *request,
                     struct wanted *wanted, struct err *err)
{
    const char *spec = wanted->ca_spec != NULL ? wanted->ca_spec : env->settings->ca;

    if (resolve_ca(env->config, spec, &wanted->ca, err) < 0) {
        return err_code(err);
    }
    if (wants_staging(env, request, wanted) && to_staging(env->config, &wanted->ca, err) < 0) {
        return err_code(err);
    }
    if (wanted->ca_spec == NULL) {
        wanted->ca_spec = str_dup(spec);
    }
    take_finalize_timeout(env, wanted->ca);
    return 0;
}

/* ---- Putting it together ---- */

static int check_aliases(const struct strv *zones, struct err *err)
{
    for (size_t i = 0; i < zones->n; i++) {
        AUTO_FREE char *zone = NULL;

        if (zone_name_normalize(zones->items[i], &zone, err) < 0) {
            return err_wrap(err, "--allow-alias");
        }
    }
    return 0;
}

static int take_request(struct wanted *wanted, const struct issue_request *request, struct err *err)
{
    if (request->server != NULL && request->ca != NULL) {
        return err_set(err, ERR_CONFIG, "--server and --ca both say which CA: give one of them");
    }
    if (request->is_expanding && request->is_replacing) {
        return err_set(err, ERR_CONFIG, "--expand and --replace exclude each other");
    }
    if (eab_flags_check(&request->eab, err) < 0) {
        return err_code(err);
    }
    if (request->domains.n > 0 &&
        domain_normalize_all(&request->domains, &wanted->names, err) < 0) {
        return err_code(err);
    }
    if (request->name == NULL && wanted->names.n == 0) {
        return err_set(err, ERR_CONFIG,
                       "which names? Give them with -d, for example\n"
                       "  acme-dns issue -d '*.example.com' -d example.com");
    }
    if ((request->name != NULL && store_name_check(request->name, err) < 0) ||
        check_aliases(&request->allow_aliases, err) < 0) {
        return err_code(err);
    }
    wanted->name =
        request->name != NULL ? str_dup(request->name) : store_name_for(wanted->names.items[0]);
    strv_copy(&wanted->providers, &request->providers);
    strv_copy(&wanted->allow_aliases, &request->allow_aliases);
    wanted->is_server = request->server != NULL;
    wanted->ca_spec = str_dup(request->server != NULL ? request->server : request->ca);
    wanted->email = str_dup(request->email);
    wanted->key_type_text = str_dup(request->key_type);
    return 0;
}

static int take_configured(const struct task_env *env, struct wanted *wanted, struct err *err)
{
    struct certificate_section section = {.section = NULL};
    int code = certificate_section_get(env->config, wanted->name, &section, err);

    if (code < 0 && code != -ERR_NOT_FOUND) {
        return code;
    }
    if (code == 0) {
        take_section(wanted, &section);
        wanted->staging = section.staging;
        certificate_section_done(&section);
    }
    err_clear(err);
    return 0;
}

/* Whether it is for trials is not remembered: request.conf lies in one of the two trees. */
static int take_remembered(struct store *store, struct wanted *wanted, struct err *err)
{
    struct certificate_section section = {.section = NULL};
    struct config *remembered = NULL;
    int code = load_remembered(store, wanted->name, &remembered, &section, err);

    if (code < 0 && code != -ERR_NOT_FOUND) {
        return code;
    }
    if (code == 0) {
        take_section(wanted, &section);
        certificate_section_done(&section);
        config_free(remembered);
    }
    err_clear(err);
    return 0;
}

/* Which of the two trees is meant, as far as the command line and the configuration tell. */
static int find_tree(const struct task_env *env, const struct issue_request *request,
                     const struct wanted *wanted, bool *ret_is_staging, struct err *err)
{
    AUTO_PTR(ca) struct ca *named = NULL;
    bool is_staging = wants_staging(env, request, wanted);

    if (!is_staging && wanted->ca_spec != NULL) {
        if (resolve_ca(env->config, wanted->ca_spec, &named, err) < 0) {
            return err_code(err);
        }
        is_staging = named->is_staging;
    }
    *ret_is_staging = is_staging;
    return 0;
}

static int check_wanted(struct task_env *env, struct wanted *wanted, struct err *err)
{
    if (wanted->names.n == 0) {
        return err_set(err, ERR_CONFIG, "certificate '%s' is not known yet: give its names with -d",
                       wanted->name);
    }
    if (key_type_parse(wanted->key_type_text != NULL ? wanted->key_type_text
                                                     : env->settings->key_type,
                       &wanted->key_type, err) < 0) {
        return err_code(err);
    }
    if (wanted->email == NULL) {
        wanted->email =
            str_dup(wanted->ca->email != NULL ? wanted->ca->email : env->settings->email);
    }
    return ca_check_names(wanted->ca, &wanted->names, err);
}

int wanted_make(struct task_env *env, const struct issue_request *request,
                struct wanted **ret_wanted, struct store **ret_store, struct err *err)
{
    AUTO_PTR(wanted) struct wanted *wanted = NEW(struct wanted);
    AUTO_PTR(store) struct store *store = NULL;
    bool is_staging = false;

    if (take_request(wanted, request, err) < 0 || take_configured(env, wanted, err) < 0 ||
        find_tree(env, request, wanted, &is_staging, err) < 0 ||
        store_open(env->loop, env->settings->state_dir, is_staging, &store, err) < 0 ||
        take_remembered(store, wanted, err) < 0 || choose_ca(env, request, wanted, err) < 0 ||
        check_wanted(env, wanted, err) < 0) {
        return err_code(err);
    }
    if (wanted->ca->is_staging != store_is_staging(store)) {
        store_free(TAKE(store)); /* what was remembered names a CA of the other tree */
        if (store_open(env->loop, env->settings->state_dir, wanted->ca->is_staging, &store, err) <
            0) {
            return err_code(err);
        }
    }
    *ret_wanted = TAKE(wanted);
    *ret_store = TAKE(store);
    return 0;
}

static void add_all(struct store_pairs *pairs, const char *key, const struct strv *values)
{
    for (size_t i = 0; i < values->n; i++) {
        store_pairs_add(pairs, key, values->items[i]);
    }
}

int wanted_save(const struct wanted *wanted, struct store *store, struct err *err)
{
    AUTO(store_pairs_done) struct store_pairs pairs = STORE_PAIRS_INIT;

    add_all(&pairs, "domains", &wanted->names);
    store_pairs_add(&pairs, wanted->is_server ? "server" : "ca", wanted->ca_spec);
    store_pairs_add(&pairs, "key-type", key_type_name(wanted->key_type));
    add_all(&pairs, "provider", &wanted->providers);
    add_all(&pairs, "allow-alias", &wanted->allow_aliases);
    add_all(&pairs, "deploy-hook", &wanted->deploy_hooks);
    if (wanted->email != NULL) {
        store_pairs_add(&pairs, "email", wanted->email);
    }
    return store_request_save(store, wanted->name, &pairs, err);
}
