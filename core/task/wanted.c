/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/wanted.h"

#include "base/domain.h"
#include "base/event.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/sections.h"
#include "config/settings.h"
#include "config/zone_name.h"
#include "task/ca_choice.h"
#include "task/wanted_impl.h"

#include <unistd.h>

void wish_done(struct wish *wish)
{
    mem_free(wish->ca_spec);
    mem_free(wish->email);
    mem_free(wish->key_type_text);
    strv_done(&wish->names);
    strv_done(&wish->providers);
    strv_done(&wish->allow_aliases);
    strv_done(&wish->deploy_hooks);
    strv_done(&wish->pre_hooks);
    strv_done(&wish->post_hooks);
    for (size_t i = 0; i < COPY_PIECES; i++) {
        strv_done(&wish->copies[i]);
    }
    mem_free(wish->profile);
    mem_free(wish->group);
}

void wanted_free(struct wanted *wanted)
{
    if (wanted == NULL) {
        return;
    }
    mem_free(wanted->name);
    wish_done(&wanted->now);
    wish_done(&wanted->kept);
    wish_done(&wanted->section);
    ca_free(wanted->ca);
    mem_free(wanted);
}

static void take_list(struct strv *into, const struct strv *said)
{
    if (into->n == 0) {
        strv_copy(into, said);
    }
}

static void take_text(char **into, const char *said)
{
    if (*into == NULL) {
        *into = str_dup(said);
    }
}

void wish_take_section(struct wish *wish, const struct certificate_section *section)
{
    take_list(&wish->names, &section->domains);
    take_list(&wish->providers, &section->providers);
    take_list(&wish->allow_aliases, &section->allow_aliases);
    take_list(&wish->deploy_hooks, &section->deploy_hooks);
    take_list(&wish->pre_hooks, &section->pre_hooks);
    take_list(&wish->post_hooks, &section->post_hooks);
    for (size_t i = 0; i < COPY_PIECES; i++) {
        take_list(&wish->copies[i], &section->copies[i]);
    }
    if (wish->ca_spec == NULL) {
        wish->is_server = section->server != NULL;
        wish->ca_spec = str_dup(section->server != NULL ? section->server : section->ca);
    }
    take_text(&wish->email, section->email);
    take_text(&wish->key_type_text, section->key_type);
    take_text(&wish->profile, section->profile);
    take_text(&wish->group, section->group);
    wish->mode = wish->mode != 0 ? wish->mode : section->mode;
    wish->keep = wish->keep != 0 ? wish->keep : section->keep;
    if (margin_is_unsaid(&wish->renew_before)) {
        wish->renew_before = section->renew_before;
    }
}

/* The command line's words, into what counts and into what is kept. */
static void take_flags(struct wish *wish, const struct issue_request *request,
                       const struct strv *names)
{
    strv_copy(&wish->names, names);
    strv_copy(&wish->providers, &request->providers);
    strv_copy(&wish->allow_aliases, &request->allow_aliases);
    strv_copy(&wish->deploy_hooks, &request->deploy_hooks);
    wish->is_server = request->server != NULL;
    wish->ca_spec = str_dup(request->server != NULL ? request->server : request->ca);
    wish->email = str_dup(request->email);
    wish->key_type_text = str_dup(request->key_type);
    wish->profile = str_dup(request->profile);
}

/* A general setting is in force. One from a file is there for the renewals too and may change; one
 * from this command's environment or line must be kept. */
static void keep_spoken(const struct settings *settings, const char *key, const char *text,
                        char **kept)
{
    enum config_origin origin = settings_place(settings, key).origin;

    if (origin == CONFIG_ENVIRONMENT || origin == CONFIG_FLAG) {
        take_text(kept, text);
    }
}

/* ---- The CA ---- */

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
static int to_staging(const struct config *config, bool is_trial, struct ca **ca, struct err *err)
{
    struct ca *partner = NULL;

    if ((*ca)->is_staging) {
        return 0;
    }
    if ((*ca)->staging == NULL) {
        (void)err_set(err, ERR_CONFIG, "no staging partner is known for %s", (*ca)->title);
        (void)err_hint(err, "Give the directory of its staging service with --server, or use a "
                            "section [ca NAME] with directory = and staging =.");
        return is_trial ? err_hint(err, "acme-dns plugin test NAME -d ZONE tries a provider "
                                        "without any CA.")
                        : err_code(err);
    }
    if (ca_choice_make(config, (*ca)->staging, &partner, err) < 0) {
        return err_code(err);
    }
    partner->is_staging = true; /* whatever it is to others, here it stands in for trials */
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
    const char *spec = wanted->now.ca_spec != NULL ? wanted->now.ca_spec : env->settings->ca;

    if (ca_choice_make(env->config, spec, &wanted->ca, err) < 0) {
        return err_code(err);
    }
    if ((request->is_trial || wants_staging(env, request, wanted)) &&
        to_staging(env->config, request->is_trial, &wanted->ca, err) < 0) {
        return err_code(err);
    }
    if (wanted->now.ca_spec == NULL) {
        wanted->now.ca_spec = str_dup(spec);
        keep_spoken(env->settings, "ca", spec, &wanted->kept.ca_spec);
    }
    take_finalize_timeout(env, wanted->ca);
    if (wanted->now.profile != NULL) {
        str_set(&wanted->ca->profile, wanted->now.profile);
    }
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

/* One that can never be run is refused before the CA is asked. */
static int check_hooks(const struct strv *hooks, struct err *err)
{
    for (size_t i = 0; i < hooks->n; i++) {
        AUTO(strv_done) struct strv words = STRV_INIT;

        if (words_split(hooks->items[i], &words, err) < 0) {
            return err_wrap(err, "--deploy-hook");
        }
    }
    return 0;
}

static int take_request(struct wanted *wanted, const struct issue_request *request, struct err *err)
{
    AUTO(strv_done) struct strv names = STRV_INIT;

    if (request->server != NULL && request->ca != NULL) {
        return err_set(err, ERR_CONFIG, "--server and --ca both say which CA: give one of them");
    }
    if (request->is_expanding && request->is_replacing) {
        return err_set(err, ERR_CONFIG, "--expand and --replace exclude each other");
    }
    if (eab_flags_check(&request->eab, err) < 0) {
        return err_code(err);
    }
    if (request->domains.n > 0 && domain_normalize_all(&request->domains, &names, err) < 0) {
        return err_code(err);
    }
    const char *first = names.n > 0 ? names.items[0] : NULL;
    if (request->name == NULL && first == NULL) {
        return err_set(err, ERR_CONFIG,
                       "which names? Give them with -d, for example\n"
                       "  acme-dns issue -d '*.example.com' -d example.com");
    }
    if ((request->name != NULL && store_name_check(request->name, err) < 0) ||
        check_aliases(&request->allow_aliases, err) < 0 ||
        check_hooks(&request->deploy_hooks, err) < 0) {
        return err_code(err);
    }
    wanted->name = request->name != NULL ? str_dup(request->name) : store_name_for(first);
    take_flags(&wanted->now, request, &names);
    take_flags(&wanted->kept, request, &names);
    return 0;
}

static int take_configured(const struct task_env *env, const struct issue_request *request,
                           struct wanted *wanted, struct err *err)
{
    struct certificate_section section = {.section = NULL};
    int code = request->is_set_aside
                   ? -ERR_NOT_FOUND
                   : certificate_section_get(env->config, wanted->name, &section, err);

    wanted->is_disabled = request->is_set_aside;
    if (code < 0 && code != -ERR_NOT_FOUND) {
        return code;
    }
    if (code == 0) {
        wish_take_section(&wanted->now, &section);
        wish_take_section(&wanted->section, &section);
        wanted->staging = section.staging;
        wanted->is_configured = true;
        certificate_section_done(&section);
    }
    err_clear(err);
    return 0;
}

/* In which of the two trees it is, as far as the command line and the configuration tell. A dry run
 * is of the certificate that is there: what was asked for is remembered with that one. */
static int find_tree(const struct task_env *env, const struct issue_request *request,
                     const struct wanted *wanted, bool *ret_is_staging, struct err *err)
{
    AUTO_PTR(ca) struct ca *named = NULL;
    bool is_staging = wants_staging(env, request, wanted);

    if (!is_staging && wanted->now.ca_spec != NULL) {
        if (ca_choice_make(env->config, wanted->now.ca_spec, &named, err) < 0) {
            return err_code(err);
        }
        is_staging = named->is_staging;
    }
    *ret_is_staging = is_staging;
    return 0;
}

static int choose_key_type(const struct settings *settings, struct wanted *wanted, struct err *err)
{
    const char *text = wanted->now.key_type_text;

    if (text == NULL) {
        text = settings->key_type;
        keep_spoken(settings, "key-type", text, &wanted->kept.key_type_text);
    }
    return key_type_parse(text, &wanted->key_type, err);
}

static void choose_email(const struct settings *settings, struct wanted *wanted)
{
    if (wanted->now.email != NULL) {
        return;
    }
    if (wanted->ca->email != NULL) {
        wanted->now.email = str_dup(wanted->ca->email);
        return;
    }
    wanted->now.email = str_dup(settings->email);
    keep_spoken(settings, "email", settings->email, &wanted->kept.email);
}

static int check_wanted(struct task_env *env, struct wanted *wanted, struct err *err)
{
    if (wanted->now.names.n == 0) {
        return err_set(err, ERR_CONFIG,
                       "nothing says which names certificate '%s' is to have: give them with -d",
                       wanted->name);
    }
    if (choose_key_type(env->settings, wanted, err) < 0) {
        return err_code(err);
    }
    choose_email(env->settings, wanted);
    if (wanted_choose_life(env->settings, wanted, err) < 0) {
        return err_code(err);
    }
    return ca_check_names(wanted->ca, &wanted->now.names, err) < 0 ? err_code(err)
                                                                   : wanted_check_kept(wanted, err);
}

int wanted_make(struct task_env *env, const struct issue_request *request, struct trees *trees,
                struct wanted **ret_wanted, struct store **ret_store, struct err *err)
{
    AUTO_PTR(wanted) struct wanted *wanted = NEW(struct wanted);
    struct store *store = NULL;
    bool is_staging = false;

    if (take_request(wanted, request, err) < 0 || take_configured(env, request, wanted, err) < 0 ||
        find_tree(env, request, wanted, &is_staging, err) < 0 ||
        trees_get(trees, is_staging, &store, err) < 0 ||
        wanted_take_remembered(env, request, store, wanted, err) < 0 ||
        choose_ca(env, request, wanted, err) < 0 || check_wanted(env, wanted, err) < 0) {
        return err_code(err);
    }
    /* What was remembered may name a CA of the other tree. */
    if (trees_get(trees, wanted->ca->is_staging, ret_store, err) < 0) {
        return err_code(err);
    }
    *ret_wanted = TAKE(wanted);
    return 0;
}

void wanted_add_names(struct wanted *wanted, const struct strv *names)
{
    strv_add_all_unique(&wanted->now.names, names);
    strv_copy(&wanted->kept.names, &wanted->now.names);
}
