/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* renew-before, for those who judge a certificate without a request of their own. */
#include "config/sections.h"
#include "config/settings.h"
#include "task/renewal.h"

/* A section that is wrong counts as none. */
static struct margin find_margin(const struct task_env *env, struct store *store, const char *name)
{
    AUTO(certificate_section_done) struct certificate_section section = {.section = NULL};
    AUTO(store_pairs_done) struct store_pairs pairs = STORE_PAIRS_INIT;
    struct margin margin = {.ms = 0};
    struct err ignored = ERR_INIT;
    const char *kept = NULL;

    if (certificate_section_get(env->config, name, &section, &ignored) == 0 &&
        !margin_is_unsaid(&section.renew_before)) {
        return section.renew_before;
    }
    if (store_request_load(store, name, &pairs, &ignored) == 0) {
        kept = store_pairs_find(&pairs, "renew-before");
    }
    return kept != NULL && margin_parse(kept, &margin) ? margin : env->settings->renew_before;
}

int64_t renewal_find_margin(const struct task_env *env, struct store *store, const char *name,
                            int64_t lifetime_s)
{
    const struct margin margin = find_margin(env, store, name);

    return margin_seconds(&margin, lifetime_s);
}
