/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/config_show.h"

#include "acme/ca.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "config/keys.h"
#include "config/sections.h"
#include "config/settings.h"
#include "config/standing.h"
#include "provider/provider.h"
#include "store/store.h"
#include "store/store_cert.h"
#include "task/config_view.h"
#include "task/plugin.h"

#include <string.h>
#include <unistd.h>

struct show {
    struct task_env *env;
    const struct config_show_request *request;
    config_view_fn *seen;
    void *arg;
    struct standings *standings;
    struct strv plugins;           /* of the providers that are to be shown, each once */
    struct config_view *providers; /* all of them, shown once their plug-ins were asked */
    size_t n_providers;
    bool has_found;
};

static void tell(struct show *show, const struct config_view *view)
{
    show->has_found = true;
    show->seen(show->arg, view);
}

static bool is_wanted(const struct show *show, const char *kind, const char *name)
{
    const struct config_show_request *request = show->request;

    return (request->kind == NULL || strcmp(request->kind, kind) == 0) &&
           (request->name == NULL || str_eq_nocase(request->name, name));
}

static void show_general(struct show *show)
{
    struct config_view view = {.kind = "acme-dns", .name = ""};
    size_t n_keys = 0;
    const struct config_key *keys = key_table(&n_keys);
    const struct config_section *section = config_section_find(show->env->config, "acme-dns", "");

    if (!is_wanted(show, "acme-dns", "")) {
        return;
    }
    if (section != NULL) {
        view.place = section->place;
    }
    for (size_t i = 0; i < n_keys; i++) {
        if (strcmp(keys[i].section, "acme-dns") == 0) {
            config_view_add_inherited(&view, show->env->settings, keys[i].name);
        }
    }
    tell(show, &view);
    config_view_done(&view);
}

/* As it is written: what the keys of a wrong section mean is not known. */
static void show_raw(struct show *show, const struct config_section *section, const char *why)
{
    struct config_view view = config_view_of(section, why);

    for (size_t i = 0; i < section->n_values; i++) {
        const struct config_value *value = &section->values[i];
        const struct config_key *key = key_find(section->kind, value->key);

        config_view_add(&view, value->key,
                        key == NULL || config_key_is_secret(key) ? NULL : value->text,
                        &value->place, NULL);
    }
    tell(show, &view);
    config_view_done(&view);
}

/* ---- Kinds ---- */

static void show_zone(struct show *show, const struct config_section *section)
{
    AUTO(zone_section_done) struct zone_section zone = {.suffix = NULL};
    struct config_view view = config_view_of(section, NULL);
    struct err err = ERR_INIT;

    if (zone_section_read(section, &zone, &err) < 0) {
        show_raw(show, section, err.text);
        return;
    }
    config_view_add_rows(&view, section, &zone);
    tell(show, &view);
    config_view_done(&view);
}

static void add_built_in(struct config_view *view, const char *key, const char *text)
{
    const struct config_place place = {.origin = CONFIG_DEFAULT};

    for (size_t i = 0; i < view->n; i++) {
        if (strcmp(view->facts[i].key, key) == 0) {
            return;
        }
    }
    if (text != NULL) {
        config_view_add(view, key, text, &place, "built in");
    }
}

/* What the table of CAs knows, where the section does not say. */
static void add_preset(struct config_view *view, const char *name, const struct ca_section *section)
{
    AUTO_PTR(ca) struct ca *ca = NULL;
    AUTO_FREE char *max_names = NULL;
    struct err ignored = ERR_INIT;

    if (!ca_is_preset(name) || ca_resolve(name, section, &ca, &ignored) < 0) {
        return;
    }
    max_names = ca->max_names == 0 ? NULL : str_fmt("%u", ca->max_names);
    add_built_in(view, "directory", ca->directory);
    add_built_in(view, "staging", ca->staging);
    add_built_in(view, "is-staging", ca->is_staging ? "yes" : "no");
    add_built_in(view, "max-names", max_names);
}

static void show_ca(struct show *show, const struct config_section *section)
{
    AUTO(ca_section_done) struct ca_section ca = {.section = NULL};
    struct config_view view = config_view_of(section, NULL);
    struct err err = ERR_INIT;

    if (ca_section_get(show->env->config, section->name, &ca, &err) < 0) {
        show_raw(show, section, err.text);
        return;
    }
    config_view_add_rows(&view, section, &ca);
    add_preset(&view, section->name, &ca);
    tell(show, &view);
    config_view_done(&view);
}

/* `config show ca letsencrypt`, which needs no section. */
static void show_preset(struct show *show)
{
    const struct config_show_request *request = show->request;
    struct config_view view = {.kind = "ca", .name = request->name};

    if (request->name != NULL && str_eq(request->kind, "ca") && !show->has_found &&
        ca_is_preset(request->name)) {
        add_preset(&view, request->name, NULL);
        tell(show, &view);
        config_view_done(&view);
    }
}

/* The section of the CA may have an address for the account. */
static bool add_email_of_ca(struct show *show, struct config_view *view,
                            const struct certificate_section *certificate)
{
    const char *name = certificate->ca != NULL ? certificate->ca : show->env->settings->ca;
    const struct config_section *ca =
        certificate->server != NULL ? NULL : config_section_find(show->env->config, "ca", name);
    const struct config_value *email = ca == NULL ? NULL : config_value_find(ca, "email");

    if (email != NULL) {
        config_view_add(view, "email", email->text, &email->place, NULL);
    }
    return email != NULL;
}

/* Own hooks and copies come first, then those of all certificates; other keys are inherited where
 * it has none. */
static void add_general(struct show *show, struct config_view *view,
                        const struct config_section *section,
                        const struct certificate_section *certificate)
{
    size_t n_keys = 0;
    const struct config_key *keys = key_table(&n_keys);

    for (size_t i = 0; i < n_keys; i++) {
        const struct config_key *key = &keys[i];

        if (strcmp(key->section, "certificate") == 0 &&
            (config_value_find(section, key->name) == NULL || key_is_repeatable(key)) &&
            (strcmp(key->name, "ca") != 0 || certificate->server == NULL) &&
            (strcmp(key->name, "email") != 0 || !add_email_of_ca(show, view, certificate))) {
            config_view_add_inherited(view, show->env->settings, key->name);
        }
    }
}

static void show_certificate_of(struct show *show, const struct config_section *section,
                                const char *why)
{
    AUTO(certificate_section_done) struct certificate_section certificate = {.section = NULL};
    struct config_view view = config_view_of(section, why);
    struct err err = ERR_INIT;

    if (certificate_section_read(section, &certificate, &err) < 0) {
        show_raw(show, section, why != NULL ? why : err.text);
        return;
    }
    config_view_add_rows(&view, section, &certificate);
    add_general(show, &view, section, &certificate);
    tell(show, &view);
    config_view_done(&view);
}

static void show_certificate(struct show *show, const struct config_section *section)
{
    AUTO(certificate_section_done) struct certificate_section unused = {.section = NULL};
    struct err why = ERR_INIT;
    bool is_good = standing_find(show->standings, section->name, &unused, &why) == STANDING_GOOD;

    show_certificate_of(show, section, is_good ? NULL : why.text);
}

/* One that only a command asked for. */
static int show_remembered(struct show *show, struct err *err)
{
    AUTO_PTR(store) struct store *store = NULL;
    AUTO(config_errors_done) struct config_errors errors = CONFIG_ERRORS_INIT;
    const char *name = show->request->name;

    if (!str_eq(show->request->kind, "certificate") || name == NULL ||
        !certificate_name_is_valid(name) || !fs_is_dir(show->env->settings->state_dir)) {
        return 0;
    }
    if (store_look(show->env->loop, show->env->settings->state_dir, false, &store, err) < 0) {
        return err_code(err);
    }
    AUTO_FREE char *path = store_cert_path(store, name, "request.conf");
    const struct config_source source = {.path = path, .is_trust_checked = geteuid() == 0};
    AUTO_PTR(config) struct config *config = config_load(&source, &errors);
    const struct config_section *section = config_section_find(config, "certificate", name);
    if (section != NULL) {
        show_certificate_of(show, section, NULL);
    }
    return 0;
}

/* ---- Providers, whose plug-ins are asked first ---- */

static void take_fact(void *arg, const char *key, const char *text,
                      const struct config_place *place)
{
    struct config_view *view = arg;
    bool is_plugins = place->origin == CONFIG_DEFAULT && strcmp(key, "plugin") != 0;

    config_view_add(view, key, text, place, is_plugins ? "plug-in" : NULL);
}

static void take_answer(void *arg, size_t number, const struct provider_description *description,
                        const struct err *err)
{
    struct show *show = arg;
    const struct config_section *section = NULL;

    (void)err; /* then the table is not known, and may hold secrets */
    for (size_t i = 0;
         (section = config_section_next(show->env->config, "provider", section)) != NULL; i++) {
        if (str_eq(provider_section_plugin(section), show->plugins.items[number]) &&
            is_wanted(show, "provider", section->name)) {
            provider_list_facts(show->env->config, section, description, take_fact,
                                &show->providers[i]);
        }
    }
}

static void gather_providers(struct show *show)
{
    const struct config_section *section = NULL;

    while ((section = config_section_next(show->env->config, "provider", section)) != NULL) {
        show->n_providers++;
    }
    show->providers = mem_alloc(show->n_providers + 1, sizeof(show->providers[0]));
    for (size_t i = 0;
         (section = config_section_next(show->env->config, "provider", section)) != NULL; i++) {
        show->providers[i] = config_view_of(section, section->why);
        if (is_wanted(show, "provider", section->name)) {
            strv_add_unique(&show->plugins, provider_section_plugin(section));
        }
    }
}

static int show_providers(struct show *show, struct err *err)
{
    int result = 0;

    gather_providers(show);
    result = plugin_ask_all(show->env, &show->plugins, take_answer, show, err);
    for (size_t i = 0; i < show->n_providers; i++) {
        if (result == 0 && is_wanted(show, "provider", show->providers[i].name)) {
            tell(show, &show->providers[i]);
        }
        config_view_done(&show->providers[i]);
    }
    mem_free(show->providers);
    return result;
}

/* ---- All of it ---- */

static void show_kind(struct show *show, const char *kind,
                      void (*show_one)(struct show *show, const struct config_section *section))
{
    const struct config_section *section = NULL;

    while ((section = config_section_next(show->env->config, kind, section)) != NULL) {
        if (is_wanted(show, kind, section->name)) {
            show_one(show, section);
        }
    }
}

static int refuse_unknown(const struct show *show, struct err *err)
{
    static const char *const KINDS[] = {"acme-dns", "provider", "zone", "ca", "certificate"};
    const struct config_section *section = NULL;
    AUTO(strv_done) struct strv names = STRV_INIT;
    const char *kind = show->request->kind;
    const char *name = show->request->name;

    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        if (strcmp(kind, KINDS[i]) != 0) {
            continue;
        }
        while ((section = config_section_next(show->env->config, kind, section)) != NULL) {
            strv_add(&names, section->name);
        }
        (void)err_set(err, ERR_CONFIG, "there is no section [%s%s%s]", kind,
                      name == NULL ? "" : " ", name == NULL ? "" : name);
        config_hint_nearest(err, name == NULL ? "" : name, (const char *const *)names.items,
                            names.n);
        return err_code(err);
    }
    (void)err_set(err, ERR_CONFIG, "'%s' is none of acme-dns, provider, zone, ca, certificate",
                  kind);
    config_hint_nearest(err, kind, KINDS, ARRAY_LEN(KINDS));
    return err_code(err);
}

static int show_all(struct show *show, struct err *err)
{
    show_general(show);
    if (show_providers(show, err) < 0) {
        return err_code(err);
    }
    show_kind(show, "zone", show_zone);
    show_kind(show, "ca", show_ca);
    show_kind(show, "certificate", show_certificate);
    if (show->request->kind == NULL || show->has_found) {
        return 0;
    }
    show_preset(show);
    if (!show->has_found && show_remembered(show, err) < 0) {
        return err_code(err);
    }
    return show->has_found ? 0 : refuse_unknown(show, err);
}

enum task_exit task_config_show(struct task_env *env, const struct config_show_request *request,
                                config_view_fn *seen, void *arg)
{
    struct show show = {.env = env, .request = request, .seen = seen, .arg = arg};
    struct err err = ERR_INIT;
    int result = 0;

    show.standings = standings_new(env->config, env->settings);
    result = show_all(&show, &err);
    standings_free(show.standings);
    strv_done(&show.plugins);
    if (result < 0) {
        event_log(EVENT_ERROR, "", "%s", err.text);
        return task_exit_for(err.class);
    }
    return EXIT_DONE;
}
