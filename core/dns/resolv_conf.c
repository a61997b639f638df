/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/resolv_conf.h"

#include "base/buf.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "dns/address.h"

#include <string.h>

enum { FILE_MAX = 64 * 1024 };

/* resolv.conf(5): the keyword begins the line; "#" and ";" begin comments only at its start, but
 * what stands behind the address is ignored. */
static bool parse_line(const char *line, size_t len, struct sockaddr_storage *ret_server)
{
    AUTO_FREE char *copy = str_dup_len(line, len);
    size_t keyword = strcspn(copy, " \t\r");
    char *value = copy + keyword;

    if (keyword != strlen("nameserver") || strncmp(copy, "nameserver", keyword) != 0) {
        return false;
    }
    value += strspn(value, " \t");
    value[strcspn(value, " \t\r")] = '\0';
    return address_parse(value, 53, ret_server);
}

size_t resolv_conf_parse(const char *text, struct sockaddr_storage **ret_servers)
{
    struct sockaddr_storage *servers = mem_alloc(RESOLV_CONF_SERVERS_MAX, sizeof(*servers));
    size_t n = 0;

    while (*text != '\0' && n < RESOLV_CONF_SERVERS_MAX) {
        size_t len = strcspn(text, "\n");

        n += parse_line(text, len, &servers[n]) ? 1 : 0;
        text += len + (text[len] == '\0' ? 0 : 1);
    }
    *ret_servers = servers;
    return n;
}

int resolv_conf_load(const char *path, struct sockaddr_storage **ret_servers, size_t *ret_n,
                     struct err *err)
{
    AUTO(buf_done) struct buf text = BUF(FILE_MAX);
    struct sockaddr_storage *servers = NULL;
    size_t n = 0;

    if (fs_read(path, &text, err) < 0) {
        err->class = ERR_CONFIG;
        return err_hint(err, "name a DNS resolver with --resolver ADDRESS[:PORT]");
    }
    n = resolv_conf_parse(buf_str(&text), &servers);
    if (n == 0) {
        mem_free(servers);
        (void)err_set(err, ERR_CONFIG, "'%s' names no name server", path);
        return err_hint(err, "name a DNS resolver with --resolver ADDRESS[:PORT]");
    }
    *ret_servers = servers;
    *ret_n = n;
    return 0;
}
