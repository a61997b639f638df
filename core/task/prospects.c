/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/prospects.h"

#include "base/domain.h"
#include "base/mem.h"
#include "config/config.h"
#include "task/rooms.h"
#include "task/wanted.h"

#include <string.h>

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

/* "lab" of "example.org=lab" */
static const char *provider_of(const char *assignment)
{
    const char *equals = strchr(assignment, '=');

    return equals == NULL ? assignment : equals + 1;
}

static bool has_zone(struct provider_set *set, const struct provider_map *map, const char *name)
{
    struct provider *provider = NULL;
    struct err ignored = ERR_INIT; /* a [zone] may name one that is not there */

    return provider_has_zone(set, map, name) && provider_get(set, name, &provider, &ignored) == 0;
}

/* Where a CNAME leads only the DNS knows. But where none of those who published for it has a zone
 * of his own that one could lead into, it went another way, which is closed now. */
static bool may_be_led(struct provider_set *set, const struct provider_map *map,
                       const struct store_cert *cert)
{
    AUTO(strv_done) struct strv before = STRV_INIT;

    if (cert == NULL) {
        return true;
    }
    if (cert->default_provider != NULL) {
        strv_add(&before, cert->default_provider);
    }
    for (size_t i = 0; i < cert->providers.n; i++) {
        strv_add_split(&before, provider_of(cert->providers.items[i]), ",");
    }
    for (size_t i = 0; i < before.n; i++) {
        if (has_zone(set, map, before.items[i])) {
            return true;
        }
    }
    return before.n == 0;
}

int prospects_find_publishers(struct provider_set *set, const struct provider_map *map,
                              const struct store_cert *cert, const char *domain,
                              struct provider_choices *ret_found, struct err *err)
{
    AUTO_FREE char *owner = domain_challenge_fqdn(domain);
    struct err ignored = ERR_INIT;

    /* No zone is known; the owner lies in itself. */
    if (provider_find(set, map, owner, owner, ret_found, &ignored) == 0 ||
        (provider_check_any(set, map, domain, &ignored) == 0 && may_be_led(set, map, cert))) {
        return 0;
    }
    /* Again, for a remedy that names the zone it probably is. */
    return provider_find(set, map, owner, strchr(owner, '.') + 1, ret_found, err);
}

/* Those that would publish for the name if no CNAME leads elsewhere. */
static unsigned look_at_name(struct prospects *prospects, const struct provider_map *map,
                             const struct store_cert *cert, const char *domain,
                             struct strv *providers)
{
    AUTO(provider_choices_done) struct provider_choices found = PROVIDER_CHOICES_INIT;
    struct err ignored = ERR_INIT;
    unsigned sum = 0;

    if (prospects_find_publishers(prospects->set, map, cert, domain, &found, &ignored) < 0) {
        return PROSPECT_NO_PROVIDER;
    }
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

int prospects_make_map(const struct prospects_subject *subject, struct provider_map **ret_map,
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
    if (prospects_make_map(subject, &map, err) < 0) {
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

    if (subject->standing == STANDING_ABSENT && wanted_was_configured(subject->request)) {
        return PROSPECT_SECTION_GONE;
    }
    if (prospects->set == NULL || prospects_make_map(subject, &map, &ignored) < 0) {
        return 0;
    }
    for (size_t i = 0; i < domains->n; i++) {
        sum |= look_at_name(prospects, map, subject->cert, domains->items[i], providers);
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
