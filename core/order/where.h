/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* From a place in the DNS to who publishes there. */
#ifndef ORDER_WHERE_H
#define ORDER_WHERE_H

#include "dns/place.h"
#include "provider/provider.h"

/* Tells what a person should know of the place, but for what told has already, and where its CNAMEs
 * lead. */
void where_tell(const struct dns_place *place, struct strv *told);

/* May we write there, and who does? map: the order's, or NULL. ERR_CONFIG with what would be right.
 */
int where_choose(struct provider_set *set, const struct provider_map *map,
                 const struct dns_place *place, struct provider_choices *ret_choices,
                 struct err *err);

#endif
