/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/dns.h"

#include "base/mem.h"
#include "dns/address.h"
#include "dns/cut.h"
#include "dns/dns_impl.h"
#include "dns/lookup.h"
#include "dns/moved.h"
#include "dns/resolv_conf.h"

static int set_resolvers(struct dns *dns, const struct dns_settings *settings, struct err *err)
{
    const struct strv *texts = &settings->resolvers;

    if (texts->n == 0) {
        return resolv_conf_load(settings->resolv_conf == NULL ? "/etc/resolv.conf"
                                                              : settings->resolv_conf,
                                &dns->resolvers, &dns->n_resolvers, err);
    }
    dns->resolvers = mem_alloc(texts->n, sizeof(*dns->resolvers));
    for (size_t i = 0; i < texts->n; i++) {
        if (!address_parse(texts->items[i], 53, &dns->resolvers[i])) {
            (void)err_set(err, ERR_CONFIG, "'%s' is not the address of a resolver",
                          texts->items[i]);
            return err_hint(err, "write 192.0.2.1, 192.0.2.1:5353, 2001:db8::1 or "
                                 "[2001:db8::1]:5353");
        }
    }
    dns->n_resolvers = texts->n;
    return 0;
}

int dns_new(struct loop *loop, const struct dns_settings *settings, struct dns **ret_dns,
            struct err *err)
{
    AUTO_PTR(dns) struct dns *dns = NEW(struct dns);

    dns->loop = loop;
    dns->net = net_new(loop, settings->max_in_flight);
    if (set_resolvers(dns, settings, err) < 0) {
        return err_code(err);
    }
    *ret_dns = TAKE(dns);
    return 0;
}

void dns_free(struct dns *dns)
{
    if (dns == NULL) {
        return;
    }
    cut_stop_all(dns); /* they wait for lookups */
    lookup_free_all(dns);
    cut_free_all(dns);
    moved_free_all(dns);
    net_free(dns->net);
    mem_free(dns->resolvers);
    mem_free(dns);
}

void dns_look_now(struct dns *dns)
{
    bell_ring(&dns->look_now);
}

uint64_t dns_question_count(const struct dns *dns)
{
    return net_sent_count(dns->net);
}
