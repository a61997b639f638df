/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* renew-before, for those who judge a certificate without a request of their own. */
#include "config/sections.h"
#include "config/settings.h"
#include "task/renewal.h"

int64_t renewal_choose_margin(const struct settings *settings,
                              const struct certificate_section *section,
                              const struct store_pairs *request, int64_t lifetime_s)
{
    const char *kept = store_pairs_find(request, "renew-before");
    struct margin margin = {.ms = 0};

    if (section != NULL && !margin_is_unsaid(&section->renew_before)) {
        return margin_seconds(&section->renew_before, lifetime_s);
    }
    return margin_seconds(kept != NULL && margin_parse(kept, &margin) ? &margin
                                                                      : &settings->renew_before,
                          lifetime_s);
}
