/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * The provider's own word on whether a value is live, for those that give one. It gates the answer
 * to the CA beside the name servers' word. Changes of one call mostly share a receipt: each
 * distinct one is asked for once.
 */
#include "order/machine.h"

#include <string.h>

static bool shares_receipt(const struct name_use *a, const struct name_use *b)
{
    size_t a_len = 0;
    size_t b_len = 0;
    const void *a_bytes = NULL;
    const void *b_bytes = NULL;

    if (a->use == NULL || b->use == NULL ||
        value_use_provider(a->use) != value_use_provider(b->use)) {
        return false;
    }
    a_bytes = value_use_receipt(a->use, &a_len);
    b_bytes = value_use_receipt(b->use, &b_len);
    return a_bytes != NULL && b_bytes != NULL && a_len == b_len &&
           memcmp(a_bytes, b_bytes, a_len) == 0;
}

typedef void use_fn(struct name_use *use);

static void each_use(struct order *order, const struct name_use *like, use_fn *fn)
{
    for (size_t i = 0; i < order->n_names; i++) {
        for (size_t k = 0; k < order->names[i].n_uses; k++) {
            struct name_use *use = &order->names[i].uses[k];

            if (use == like || (use->is_published && shares_receipt(use, like))) {
                fn(use);
            }
        }
    }
}

static void mark_settled(struct name_use *use)
{
    use->is_settled = true;
}

static void finish_settling(void *arg)
{
    struct name_use *use = arg;
    struct order *order = use->name->order;

    use->settling = NULL;
    each_use(order, use, mark_settled);
    for (size_t i = 0; i < order->n_names; i++) {
        name_try_answer(&order->names[i]);
    }
}

static void describe_use(void *arg, struct provider_change *ret_change)
{
    const struct name_use *use = arg;
    const struct order_name *name = use->name;
    const struct order_site *site = name->site;

    *ret_change = (struct provider_change){
        .verb = PROVIDER_ADD,
        .fqdn = site->fqdn,
        .value = name->value,
        .value_len = strlen(name->value),
        .identifier = name->authz->identifier,
        .token = name->token,
        .key_authorization = name->key_authorization,
        .is_wildcard = name->authz->is_wildcard,
    };
    for (size_t i = 0; i < site->n_providers; i++) {
        if (site->providers[i].provider == value_use_provider(use->use)) {
            ret_change->zone = site->providers[i].zone;
        }
    }
    ret_change->receipt = value_use_receipt(use->use, &ret_change->receipt_len);
}

static void ask(struct name_use *use)
{
    static const struct settling_callbacks CALLBACKS = {.describe = describe_use,
                                                        .done = finish_settling};
    const struct order_env *env = &use->name->order->env;

    use->settling = settling_start(env->loop, env->settings, value_use_provider(use->use),
                                   use->name->identifier, &CALLBACKS, use);
}

static bool is_asked_for(struct order *order, const struct name_use *like)
{
    for (size_t i = 0; i < order->n_names; i++) {
        for (size_t k = 0; k < order->names[i].n_uses; k++) {
            const struct name_use *use = &order->names[i].uses[k];

            if (use != like && use->settling != NULL && shares_receipt(use, like)) {
                return true;
            }
        }
    }
    return false;
}

void use_start_settling(struct name_use *use)
{
    const struct provider_facts *facts = provider_facts(value_use_provider(use->use));

    if (facts == NULL || !facts->has_settled) {
        use->is_settled = true;
        return;
    }
    if (!is_asked_for(use->name->order, use)) {
        ask(use);
    }
}

/* Another use that waits for the same receipt, or NULL. */
static struct name_use *find_follower(const struct name_use *leader)
{
    struct order *order = leader->name->order;

    for (size_t i = 0; i < order->n_names; i++) {
        for (size_t k = 0; k < order->names[i].n_uses; k++) {
            struct name_use *use = &order->names[i].uses[k];

            if (use != leader && use->is_published && !use->is_settled &&
                shares_receipt(use, leader)) {
                return use;
            }
        }
    }
    return NULL;
}

bool use_is_by_hand(const struct name_use *use)
{
    return use->use != NULL && provider_is_by_hand(value_use_provider(use->use));
}

void use_stop(struct name_use *use)
{
    bool was_asking = use->settling != NULL;
    struct name_use *follower = was_asking ? find_follower(use) : NULL;

    settling_cancel(&use->settling);
    values_release(&use->use);
    use->is_published = false;
    use->is_settled = false;
    if (follower != NULL && !is_asked_for(follower->name->order, follower)) {
        ask(follower); /* it asked for the others, too */
    }
}

bool name_is_settled(const struct order_name *name)
{
    for (size_t i = 0; i < name->n_uses; i++) {
        if (!name->uses[i].is_settled) {
            return false;
        }
    }
    return true;
}

/* Tells the CA, if servers and providers have both said their yes, and nothing older is remembered.
 */
void name_try_answer(struct order_name *name)
{
    if (name->state == NAME_PROPAGATE && name->is_seen && name_is_settled(name) &&
        site_has_faded(name->site)) {
        name_answer(name);
    }
}
