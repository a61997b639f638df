/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Whether renewals would have what they need. Every provider that a certificate would use is opened
 * once, as a renewal would open it: a credential that is missing, or that only this command's
 * environment has, shows now and not in sixty days.
 */
#include "task/autorenew_impl.h"

#include "base/event.h"
#include "base/mem.h"
#include "config/sections.h"
#include "config/settings.h"
#include "provider/provider.h"
#include "store/store_cert.h"
#include "task/prospects.h"
#include "task/rooms.h"
#include "task/wanted.h"

#include <string.h>

/* A provider, and the certificates that would use it. */
struct need {
    struct check *check;
    struct provider *provider;
    struct strv certificates;
    bool is_answered;
    struct err err; /* why it cannot be opened */
};

struct check {
    struct task_env *env;
    struct provider_set *set;
    struct store *store;
    struct need **needs;
    size_t n, cap;
    size_t n_open;         /* not answered */
    struct strv orphans;   /* certificates that nobody is to publish for */
    struct err orphan_err; /* why, of the first */
    struct buf lacks;
};

/* ---- Who is needed ---- */

static void add_need(struct check *check, struct provider *provider, const char *certificate)
{
    for (size_t i = 0; i < check->n; i++) {
        if (check->needs[i]->provider == provider) {
            strv_add_unique(&check->needs[i]->certificates, certificate);
            return;
        }
    }
    struct need *need = NEW(struct need);
    *need = (struct need){.check = check, .provider = provider};
    strv_add(&need->certificates, certificate);
    VEC_PUSH(check->needs, check->n, check->cap) = need;
}

static void add_lack(struct check *check, const char *text)
{
    buf_addf(&check->lacks, "%s%s", check->lacks.len == 0 ? "" : "\n", text);
}

static void add_orphan(struct check *check, const char *certificate, const struct err *err)
{
    if (check->orphans.n == 0) {
        check->orphan_err = *err;
    }
    strv_add_unique(&check->orphans, certificate);
}

static struct store_cert *find_cert(struct store *store, const char *name)
{
    struct store_cert *cert = NULL;
    struct err ignored = ERR_INIT; /* 'list' tells of damage */

    return store_cert_load(store, name, &cert, &ignored) < 0 ? NULL : cert;
}

/* Those that would publish if no CNAME leads elsewhere; where one does, only the DNS knows who. */
static void add_needs(struct check *check, const char *certificate, const struct strv *domains,
                      struct prospects_subject subject)
{
    AUTO_PTR(provider_map) struct provider_map *map = NULL;
    AUTO_PTR(store_cert) struct store_cert *cert = find_cert(check->store, certificate);
    struct err err = ERR_INIT;

    subject.cert = cert;
    if (prospects_make_map(&subject, &map, &err) < 0) {
        AUTO_FREE char *text = str_fmt("certificate '%s': %s", certificate, err.text);

        add_lack(check, text);
        return;
    }
    for (size_t i = 0; i < domains->n; i++) {
        AUTO(provider_choices_done) struct provider_choices found = PROVIDER_CHOICES_INIT;

        if (prospects_find_publishers(check->set, map, cert, domains->items[i], &found, &err) < 0) {
            add_orphan(check, certificate, &err);
        }
        for (size_t k = 0; k < found.n; k++) {
            add_need(check, found.items[k].provider, certificate);
        }
    }
}

/* A section that names no provider leaves that to what a command once said. */
static void add_section(struct check *check, const struct certificate_section *section,
                        const char *name)
{
    AUTO(store_pairs_done) struct store_pairs request = STORE_PAIRS_INIT;
    struct err ignored = ERR_INIT; /* 'list' tells of damage */

    (void)store_request_load(check->store, name, &request, &ignored);
    add_needs(check, name, &section->domains,
              (struct prospects_subject){
                  .standing = STANDING_GOOD, .section = section, .request = &request});
}

static void add_configured(struct check *check, struct strv *names)
{
    const struct config_section *section = NULL;

    while ((section = config_section_next(check->env->config, "certificate", section)) != NULL) {
        struct certificate_section certificate = {.section = NULL};
        struct err err = ERR_INIT;

        if (section->is_wrong || certificate_section_read(section, &certificate, &err) < 0) {
            continue; /* told when the configuration was read */
        }
        if (certificate.domains.n > 0) {
            strv_add(names, section->name);
            add_section(check, &certificate, section->name);
        }
        certificate_section_done(&certificate);
    }
}

static void list_domains(const struct store_pairs *pairs, struct strv *domains)
{
    for (size_t i = 0; i < pairs->n; i++) {
        if (str_eq(pairs->items[i].key, "domains")) {
            strv_add_split(domains, pairs->items[i].value, ",");
        }
    }
}

/* Its section was taken out of the configuration, it was revoked, or never issued. */
static bool is_left_alone(const struct check *check, const char *name,
                          const struct store_pairs *pairs)
{
    return (wanted_was_configured(pairs) &&
            config_section_find(check->env->config, "certificate", name) == NULL) ||
           store_pairs_find(pairs, STORE_REQUEST_BEGUN) != NULL ||
           store_cert_is_retired(check->store, name);
}

static int add_remembered(struct check *check, const struct strv *configured, struct err *err)
{
    AUTO(strv_done) struct strv names = STRV_INIT;

    if (store_cert_list(check->store, &names, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < names.n; i++) {
        AUTO(store_pairs_done) struct store_pairs pairs = STORE_PAIRS_INIT;
        AUTO(strv_done) struct strv domains = STRV_INIT;
        struct err ignored = ERR_INIT; /* 'list' tells of damage */

        if (!strv_has(configured, names.items[i]) &&
            store_request_load(check->store, names.items[i], &pairs, &ignored) == 0 &&
            !is_left_alone(check, names.items[i], &pairs)) {
            list_domains(&pairs, &domains);
            add_needs(check, names.items[i], &domains,
                      (struct prospects_subject){.standing = STANDING_ABSENT, .request = &pairs});
        }
    }
    return 0;
}

/* ---- Asking them ---- */

static void take_answer(void *arg, const struct err *err)
{
    struct need *need = arg;

    need->is_answered = true;
    if (err != NULL) {
        need->err = *err;
    }
    if (--need->check->n_open == 0) {
        loop_stop(need->check->env->loop);
    }
}

static int ask_all(struct check *check, struct err *err)
{
    check->n_open = check->n;
    for (size_t i = 0; i < check->n; i++) {
        provider_ready(check->needs[i]->provider, take_answer, check->needs[i]);
    }
    return check->n == 0 ? 0 : loop_run(check->env->loop, err);
}

/* ---- What came of it ---- */

static void judge_orphans(struct check *check)
{
    if (check->orphans.n > 0) {
        AUTO_FREE char *whose = strv_join_first(&check->orphans, 1);
        AUTO_FREE char *text = str_fmt("%s: %s", whose, check->orphan_err.text);

        add_lack(check, text);
    }
}

static void judge(struct check *check, const struct need *need)
{
    const struct provider_facts *facts = provider_facts(need->provider);
    const char *name = provider_name(need->provider);
    AUTO_FREE char *whose = strv_join_first(&need->certificates, 1);
    AUTO_FREE char *text = NULL;

    if (provider_is_attended(need->provider)) {
        AUTO_FREE char *all = strv_join(&need->certificates, ", ");

        event_log(EVENT_WARNING, "",
                  "cannot renew unattended, since provider '%s' needs somebody each time: %s", name,
                  all);
    } else if (need->err.class != ERR_NONE) {
        text = str_fmt("%s: provider '%s': %s", whose, name, need->err.text);
    } else if (!need->is_answered) {
        text = str_fmt("%s: provider '%s' could not be opened", whose, name);
    } else if (facts != NULL && facts->from_environment->n > 0) {
        AUTO_FREE char *options = strv_join(facts->from_environment, ", ");

        text = str_fmt("%s: only the environment of this command has what provider '%s' needs: %s",
                       whose, name, options);
    }
    if (text != NULL) {
        add_lack(check, text);
    }
}

static void warn_of_settings(const struct settings *settings)
{
    size_t n = 0;
    const struct config_key *keys = key_table(&n);

    for (size_t i = 0; i < n; i++) {
        if (str_eq(keys[i].section, "acme-dns") && !str_eq(keys[i].name, "state-dir") &&
            !str_eq(keys[i].name, "plugin-dir") &&
            settings_place(settings, keys[i].name).origin == CONFIG_ENVIRONMENT) {
            AUTO_FREE char *variable = settings_variable(keys[i].name);

            event_log(EVENT_WARNING, "",
                      "a timer does not have %s: write '%s =' into the configuration", variable,
                      keys[i].name);
        }
    }
}

static void check_done(struct check *check)
{
    for (size_t i = 0; i < check->n; i++) {
        provider_unready(check->needs[i]->provider, check->needs[i]);
        strv_done(&check->needs[i]->certificates);
        mem_free(check->needs[i]);
    }
    mem_free(check->needs);
    buf_done(&check->lacks);
    strv_done(&check->orphans);
    provider_set_free(check->set);
    store_free(check->store);
}

int autorenew_check(struct task_env *env, struct err *err)
{
    AUTO(check_done) struct check check = {.env = env, .lacks = BUF(ERR_TEXT_MAX)};
    AUTO(strv_done) struct strv denied = STRV_INIT;
    AUTO(strv_done) struct strv configured = STRV_INIT;
    const struct provider_settings settings = rooms_provider_settings(env, &denied);

    if (provider_set_new(env->loop, env->config, &settings, &check.set, err) < 0 ||
        store_look(env->loop, env->settings->state_dir, false, &check.store, err) < 0) {
        return err_code(err);
    }
    add_configured(&check, &configured);
    if (add_remembered(&check, &configured, err) < 0 || ask_all(&check, err) < 0) {
        return err_code(err);
    }
    judge_orphans(&check);
    for (size_t i = 0; i < check.n; i++) {
        judge(&check, check.needs[i]);
    }
    warn_of_settings(env->settings);
    if (check.lacks.len == 0) {
        return 0;
    }
    (void)err_set(err, ERR_CONFIG, "a renewal would lack what it needs:\n%s",
                  buf_str(&check.lacks));
    return err_hint(err, "put it into the configuration ('acme-dns provider add' does), then run "
                         "this again");
}
