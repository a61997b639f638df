/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The name servers that /etc/resolv.conf names, read by ourselves. */
#ifndef DNS_RESOLV_CONF_H
#define DNS_RESOLV_CONF_H

#include "base/err.h"

#include <stddef.h>
#include <sys/socket.h>

#define RESOLV_CONF_SERVERS_MAX 8

/* The addresses of all nameserver lines, scopes included, at most RESOLV_CONF_SERVERS_MAX; lines
 * that name none are passed over. ret_servers is to mem_free. Returns how many. */
size_t resolv_conf_parse(const char *text, struct sockaddr_storage **ret_servers);

/* ERR_CONFIG if the file is not there or names no server. */
int resolv_conf_load(const char *path, struct sockaddr_storage **ret_servers, size_t *ret_n,
                     struct err *err);

#endif
