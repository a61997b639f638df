/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/adopt.h"

#include "acme/ca.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/settings.h"
#include "store/store.h"
#include "store/store_cert.h"

#define SECTION_MAX ((size_t)256 * 1024)

struct adoption {
    struct task_env *env;
    const struct adopt_request *request;
    struct store *store;
    struct store_pairs pairs; /* of request.conf */
    struct store_cert *cert;  /* NULL: none is installed */
    struct buf text;
};

static int refuse_configured(const struct adoption *a, struct err *err)
{
    const struct config_section *section =
        config_section_find(a->env->config, "certificate", a->request->name);

    if (section != NULL) {
        AUTO_FREE char *where = config_place_format(&section->place);

        (void)err_set(err, ERR_CONFIG, "[certificate %s] is in the configuration already, at %s",
                      section->name, where);
        return err_hint(err,
                        "what stands there counts; 'acme-dns config show certificate %s' "
                        "shows it",
                        section->name);
    }
    return 0;
}

static int refuse_unknown(const struct adoption *a, struct err *err)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    struct err ignored = ERR_INIT; /* then there is nothing to suggest */

    (void)err_set(err, ERR_CONFIG, "nothing is remembered of a certificate '%s'", a->request->name);
    if (store_cert_list(a->store, &names, &ignored) == 0) {
        if (strv_has(&names, a->request->name)) {
            return err_hint(err,
                            "nothing but its folder is there: 'acme-dns delete %s%s' takes "
                            "that away",
                            a->request->name, a->request->is_staging ? " --staging" : "");
        }
        config_hint_nearest(err, a->request->name, (const char *const *)names.items, names.n);
    }
    return err_hint(err, "'acme-dns list' shows the certificates that there are");
}

/* request.conf, and what is installed; one of them is enough. */
static int load(struct adoption *a, struct err *err)
{
    int request = store_request_load(a->store, a->request->name, &a->pairs, err);

    if (request < 0 && request != -ERR_NOT_FOUND) {
        return request;
    }
    err_clear(err);
    int cert = store_cert_load(a->store, a->request->name, &a->cert, err);
    if (cert < 0 && cert != -ERR_NOT_FOUND) {
        return cert;
    }
    err_clear(err);
    return request < 0 && cert < 0 ? refuse_unknown(a, err) : 0;
}

static int add(struct adoption *a, const char *key, const char *value, struct err *err)
{
    return value == NULL || *value == '\0' ? 0 : config_format_value(&a->text, key, value, err);
}

static bool has(const struct adoption *a, const char *key)
{
    return store_pairs_find(&a->pairs, key) != NULL;
}

/* A bare URL's CA is called like its host, which is no name to ask for. */
static int add_ca(struct adoption *a, struct err *err)
{
    const char *name = a->cert->ca_name;
    bool is_named = name != NULL &&
                    (ca_is_preset(name) || config_section_find(a->env->config, "ca", name) != NULL);

    if (has(a, "ca") || has(a, "server") || str_eq(name, a->env->settings->ca)) {
        return 0;
    }
    return is_named ? add(a, "ca", name, err) : add(a, "server", a->cert->directory_url, err);
}

static bool has_several_providers(const struct config *config)
{
    const struct config_section *first = config_section_next(config, "provider", NULL);

    return first != NULL && config_section_next(config, "provider", first) != NULL;
}

/* With several, which zone was whose is not known. The one by default is that of the configuration,
 * unless others have come. */
static int add_provider(struct adoption *a, struct err *err)
{
    const struct strv *providers = &a->cert->providers;

    if (has(a, "provider") || providers->n > 1) {
        return 0;
    }
    return providers->n == 1 ? add(a, "provider", providers->items[0], err)
           : has_several_providers(a->env->config)
               ? add(a, "provider", a->cert->default_provider, err)
               : 0;
}

/* What was asked for by other means than commands shows in the certificate alone: what is as in
 * [acme-dns] stays to be said there. */
static int add_facts(struct adoption *a, struct err *err)
{
    const char *key_type = a->cert == NULL ? NULL : key_type_name(a->cert->key_type);
    AUTO_FREE char *domains = a->cert == NULL ? NULL : strv_join(&a->cert->domains, ", ");

    if (a->cert == NULL) {
        return 0;
    }
    if ((!has(a, "domains") && add(a, "domains", domains, err) < 0) || add_ca(a, err) < 0 ||
        (!has(a, "key-type") && !str_eq(key_type, a->env->settings->key_type) &&
         add(a, "key-type", key_type, err) < 0) ||
        (!has(a, "profile") && add(a, "profile", a->cert->profile, err) < 0)) {
        return err_code(err);
    }
    return add_provider(a, err);
}

static int format(struct adoption *a, struct err *err)
{
    config_format_section(&a->text, "certificate", a->request->name);
    for (size_t i = 0; i < a->pairs.n; i++) {
        const struct store_pair *pair = &a->pairs.items[i];

        if (!str_eq(pair->key, STORE_REQUEST_CONFIGURED) &&
            !str_eq(pair->key, STORE_REQUEST_BEGUN) && add(a, pair->key, pair->value, err) < 0) {
            return err_code(err);
        }
    }
    if (add_facts(a, err) < 0 || (a->request->is_staging && add(a, "staging", "yes", err) < 0)) {
        return err_code(err);
    }
    return buf_check(&a->text, "the section", err);
}

static int adopt(struct adoption *a, struct err *err)
{
    if (store_name_check(a->request->name, err) < 0 || refuse_configured(a, err) < 0 ||
        store_look(a->env->loop, a->env->settings->state_dir, a->request->is_staging, &a->store,
                   err) < 0 ||
        load(a, err) < 0) {
        return err_code(err);
    }
    return format(a, err);
}

enum task_exit task_adopt(struct task_env *env, const struct adopt_request *request, adopt_fn *seen,
                          void *arg)
{
    struct adoption a = {
        .env = env, .request = request, .pairs = STORE_PAIRS_INIT, .text = BUF(SECTION_MAX)};
    AUTO_FREE char *beside = config_folder(env->settings->config_path);
    AUTO_FREE char *folder = beside == NULL ? NULL : fs_join(beside, "conf.d");
    struct err err = ERR_INIT;
    enum task_exit status = EXIT_DONE;

    if (adopt(&a, &err) < 0) {
        event_log(EVENT_ERROR, "", "%s", err.text);
        status = task_exit_for(err.class);
    } else {
        seen(arg, buf_str(&a.text), folder);
    }
    buf_done(&a.text);
    store_pairs_done(&a.pairs);
    store_cert_free(a.cert);
    store_free(a.store);
    return status;
}
