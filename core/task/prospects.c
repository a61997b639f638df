/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/prospects.h"

#include "base/domain.h"
#include "base/mem.h"
#include "config/config.h"
#include "provider/provider.h"
#include "task/rooms.h"

struct prospects {
    struct task_env *env;
    struct provider_set *set; /* nothing of it is started; NULL: it cannot be made */
};

struct prospects *prospects_new(struct task_env *env)
{
    struct prospects *prospects = NEW(struct prospects);
    struct err ignored = ERR_INIT; /* told when it is needed */

    prospects->env = env;
    (void)rooms_open_idle(env, NULL, &prospects->set, &ignored);
    return prospects;
}

void prospects_free(struct prospects *prospects)
{
    if (prospects == NULL) {
        return;
    }
    provider_set_free(prospects->set);
    mem_free(prospects);
}

/* Those that would publish for the name if no CNAME leads elsewhere. */
static unsigned look_at_name(struct prospects *prospects, const struct provider_map *map,
                             const char *domain, struct strv *providers)
{
    AUTO_FREE char *owner = domain_challenge_fqdn(domain);
    AUTO(provider_choices_done) struct provider_choices found = PROVIDER_CHOICES_INIT;
    struct err ignored = ERR_INIT;
    unsigned sum = 0;

    /* Where the name leads nowhere else; a CNAME may lead to somebody, which only the DNS knows. */
    if (provider_check_any(prospects->set, map, domain, &ignored) < 0) {
        return PROSPECT_NO_PROVIDER;
    }
    (void)provider_find(prospects->set, map, owner, owner, &found, &ignored);
    for (size_t i = 0; i < found.n; i++) {
        const char *name = provider_name(found.items[i].provider);

        strv_add_unique(providers, name);
        if (provider_is_attended(found.items[i].provider)) {
            sum |= PROSPECT_ATTENDED;
        } else if (config_section_find(prospects->env->config, "provider", name) == NULL) {
            sum |= PROSPECT_ENVIRONMENT;
        }
    }
    return sum;
}

/* Who publishes for it beside what the configuration says in general. */
static int make_map(const struct prospects_subject *subject, struct provider_map **ret_map,
                    struct err *err)
{
    const struct store_pairs *request = subject->request;
    AUTO(strv_done) struct strv said = STRV_INIT;
    bool is_section_first = subject->standing == STANDING_GOOD && subject->section->providers.n > 0;

    if (is_section_first) {
        strv_copy(&said, &subject->section->providers);
    }
    for (size_t i = 0; i < request->n && !is_section_first; i++) {
        if (str_eq(request->items[i].key, "provider")) {
            strv_add(&said, request->items[i].value);
        }
    }
    if (provider_map_new(&said, NULL, ret_map, err) < 0) {
        return err_code(err);
    }
    if (subject->standing != STANDING_GOOD && subject->cert != NULL) {
        provider_map_remember(*ret_map, subject->cert->default_provider);
    }
    return 0;
}

int prospects_check(struct prospects *prospects, const struct prospects_subject *subject,
                    const struct strv *names, struct err *err)
{
    AUTO_PTR(provider_map) struct provider_map *map = NULL;

    if (prospects->set == NULL) {
        return 0; /* the run says why not */
    }
    if (make_map(subject, &map, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < names->n; i++) {
        if (provider_check_any(prospects->set, map, names->items[i], err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

unsigned prospects_find(struct prospects *prospects, const struct prospects_subject *subject,
                        struct strv *providers)
{
    const struct strv *domains = &subject->cert->domains;
    AUTO_PTR(provider_map) struct provider_map *map = NULL;
    struct err ignored = ERR_INIT;
    unsigned sum = 0;

    if (subject->standing == STANDING_ABSENT &&
        store_pairs_find(subject->request, STORE_REQUEST_CONFIGURED) != NULL) {
        return PROSPECT_SECTION_GONE;
    }
    if (prospects->set == NULL || make_map(subject, &map, &ignored) < 0) {
        return 0;
    }
    for (size_t i = 0; i < domains->n; i++) {
        sum |= look_at_name(prospects, map, domains->items[i], providers);
    }
    return sum;
}

void prospects_list(unsigned sum, struct strv *to)
{
    static const struct {
        unsigned bit;
        const char *name;
    } NAMES[] = {{PROSPECT_SECTION_GONE, "section-removed"},
                 {PROSPECT_ATTENDED, "manual"},
                 {PROSPECT_ENVIRONMENT, "no-credential"},
                 {PROSPECT_NO_PROVIDER, "no-provider"}};

    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        if ((sum & NAMES[i].bit) != 0) {
            strv_add(to, NAMES[i].name);
        }
    }
}
