/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "order/where.h"

#include "base/event.h"
#include "base/mem.h"

void where_tell(const struct dns_place *place, struct strv *told)
{
    for (size_t i = 0; i < place->warnings.n; i++) {
        if (!strv_has(told, place->warnings.items[i])) {
            strv_add(told, place->warnings.items[i]);
            event_log(EVENT_WARNING, place->name, "%s", place->warnings.items[i]);
        }
    }
    if (place->n_hops > 0) {
        AUTO_FREE char *path = dns_place_path(place);

        event_log(EVENT_NOTICE, place->name, "follows %s", path);
    }
}

int where_choose(struct provider_set *set, const struct provider_map *map,
                 const struct dns_place *place, struct provider_choices *ret_choices,
                 struct err *err)
{
    AUTO_FREE char *name = str_fmt("%s.", place->name);
    AUTO_FREE char *fqdn = str_fmt("%s.", place->owner);
    AUTO_FREE char *zone = str_fmt("%s.", place->zone);
    AUTO_FREE char *path = place->n_hops > 0 ? dns_place_path(place) : NULL;

    return provider_may_write(set, map, name, fqdn, path, err) < 0
               ? err_code(err)
               : provider_find(set, map, fqdn, zone, ret_choices, err);
}
