/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* How long values are waited for, and on whose word: the settings of the run, and of the providers
 * that publish. */
#ifndef ORDER_PATIENCE_H
#define ORDER_PATIENCE_H

#include "config/settings.h"
#include "dns/watch.h"
#include "provider/provider.h"

/* The nearer word counts: the option, then the instance's own key, then [acme-dns] or its variable,
 * then what the plug-in says of its provider, then the default. facts may be NULL. */
int64_t patience_propagation_ms(const struct settings *settings,
                                const struct provider_facts *facts);

/* What a watch waits for where these providers publish: as long as the slowest of them may take. */
void patience_fill_policy(const struct settings *settings, struct provider *const *providers,
                          size_t n, struct dns_watch_policy *ret_policy);

#endif
