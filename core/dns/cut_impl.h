/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* What cut.c (the table) and cut_servers.c (filling one in) share. */
#ifndef DNS_CUT_IMPL_H
#define DNS_CUT_IMPL_H

#include "dns/cut.h"

/* Adds an address unless it is known. Not glue: what was glue becomes confirmed, as that server's.
 */
void cut_add_address(struct cut *cut, const char *ns, const struct sockaddr_storage *address,
                     bool is_glue);

/* Drops glue whose server has a confirmed address, and addresses that were only lent (see
 * cut_from_sibling) once there are others. */
void cut_drop_stale(struct cut *cut);

void cut_tasks_free(struct cut *cut);

#endif
