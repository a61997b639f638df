/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "order/patience.h"

int64_t patience_propagation_ms(const struct settings *settings, const struct provider_facts *facts)
{
    enum config_origin origin = settings_place(settings, "propagation-timeout").origin;
    bool has_word = facts != NULL && facts->propagation_timeout_s > 0;

    if (origin == CONFIG_FLAG || !has_word ||
        (origin != CONFIG_DEFAULT && !facts->has_propagation_timeout)) {
        return settings->propagation_timeout_ms;
    }
    return (int64_t)facts->propagation_timeout_s * 1000;
}

void patience_fill_policy(const struct settings *settings, struct provider *const *providers,
                          size_t n, struct dns_watch_policy *ret_policy)
{
    static const enum dns_watch_mode MODES[] = {
        [PROPAGATION_KNOWN_BROKEN] = DNS_WATCH_KNOWN_BROKEN,
        [PROPAGATION_ALL] = DNS_WATCH_ALL,
        [PROPAGATION_ANY] = DNS_WATCH_ANY,
        [PROPAGATION_WAIT] = DNS_WATCH_WAIT,
    };
    struct dns_watch_policy policy = {
        .mode = MODES[settings->propagation.kind],
        .wait_s = (uint32_t)(settings->propagation.wait_ms / 1000),
        .timeout_ms = n == 0 ? settings->propagation_timeout_ms : 0,
    };

    for (size_t i = 0; i < n; i++) {
        const struct provider_facts *facts = provider_facts(providers[i]);
        int64_t timeout_ms = patience_propagation_ms(settings, facts);
        int64_t settle_ms = facts == NULL ? 0 : (int64_t)facts->settle_s * 1000;

        if (facts != NULL && provider_is_by_hand(providers[i])) {
            policy.interval_ms = (int64_t)facts->poll_interval_s * 1000; /* it may take hours */
        }
        policy.timeout_ms = timeout_ms > policy.timeout_ms ? timeout_ms : policy.timeout_ms;
        policy.settle_ms = settle_ms > policy.settle_ms ? settle_ms : policy.settle_ms;
    }
    *ret_policy = policy;
}
