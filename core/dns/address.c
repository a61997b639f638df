/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/address.h"

#include "base/str.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* The storage is cleared whole, so that two equal addresses are equal byte by byte. */
static struct sockaddr_in *as_v4(struct sockaddr_storage *address, uint16_t port)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;

    memset(address, 0, sizeof(*address));
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return v4;
}

static struct sockaddr_in6 *as_v6(struct sockaddr_storage *address, uint16_t port)
{
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

    memset(address, 0, sizeof(*address));
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    return v6;
}

static bool parse_v6(char *host, uint16_t port, struct sockaddr_storage *ret_address)
{
    struct sockaddr_storage address;
    struct sockaddr_in6 *v6 = as_v6(&address, port);
    char *scope = strchr(host, '%');
    int64_t index = 0;

    if (scope != NULL) {
        *scope++ = '\0';
        index = str_parse_int(scope, 1, UINT32_MAX, &index) ? index : if_nametoindex(scope);
        if (index == 0) {
            return false;
        }
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1) {
        return false;
    }
    v6->sin6_scope_id = (uint32_t)index;
    *ret_address = address;
    return true;
}

/* Cuts "[host]:port" and "v4:port" in place; a bare v6 address has more than one colon. */
static bool split_port(char *text, char **ret_host, int64_t *port)
{
    char *colon = strrchr(text, ':');
    char *bracket = strchr(text, ']');

    *ret_host = text;
    if (text[0] == '[') {
        if (bracket == NULL || (bracket[1] != '\0' && bracket[1] != ':')) {
            return false;
        }
        *ret_host = text + 1;
        colon = bracket[1] == ':' ? bracket + 1 : NULL;
        *bracket = '\0';
    } else if (colon != NULL && strchr(text, ':') != colon) {
        colon = NULL;
    }
    if (colon != NULL) {
        *colon = '\0';
        return str_parse_int(colon + 1, 1, UINT16_MAX, port);
    }
    return true;
}

bool address_parse(const char *text, uint16_t default_port, struct sockaddr_storage *ret_address)
{
    struct sockaddr_storage address;
    char copy[ADDRESS_TEXT_MAX];
    char *host = NULL;
    int64_t port = default_port;

    if (strlen(text) >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text, strlen(text) + 1);
    if (!split_port(copy, &host, &port)) {
        return false;
    }
    if (strchr(host, ':') != NULL) {
        return parse_v6(host, (uint16_t)port, ret_address);
    }
    if (inet_pton(AF_INET, host, &as_v4(&address, (uint16_t)port)->sin_addr) != 1) {
        return false;
    }
    *ret_address = address;
    return true;
}

void address_from_bytes(const uint8_t *bytes, size_t len, struct sockaddr_storage *ret_address)
{
    if (len == sizeof(struct in_addr)) {
        memcpy(&as_v4(ret_address, 53)->sin_addr, bytes, len);
    } else {
        memcpy(&as_v6(ret_address, 53)->sin6_addr, bytes, sizeof(struct in6_addr));
    }
}

uint16_t address_port(const struct sockaddr_storage *address)
{
    return ntohs(address->ss_family == AF_INET ? ((const struct sockaddr_in *)address)->sin_port
                                               : ((const struct sockaddr_in6 *)address)->sin6_port);
}

void address_format(const struct sockaddr_storage *address, char text[static ADDRESS_TEXT_MAX])
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    char host[INET6_ADDRSTRLEN] = "?";
    char scope[16] = "";
    bool is_v6 = address->ss_family == AF_INET6;

    (void)inet_ntop(address->ss_family,
                    is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, host,
                    sizeof(host));
    if (is_v6 && v6->sin6_scope_id != 0) {
        (void)snprintf(scope, sizeof(scope), "%%%u", (unsigned)v6->sin6_scope_id);
    }
    if (address_port(address) == 53) {
        (void)snprintf(text, ADDRESS_TEXT_MAX, "%s%s", host, scope);
    } else {
        (void)snprintf(text, ADDRESS_TEXT_MAX, is_v6 ? "[%s%s]:%u" : "%s%s:%u", host, scope,
                       (unsigned)address_port(address));
    }
}

bool address_equals(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    return a->ss_family == b->ss_family && memcmp(a, b, address_len(a)) == 0;
}

uint32_t address_hash(const struct sockaddr_storage *address)
{
    const unsigned char *bytes = (const unsigned char *)address;
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (socklen_t i = 0; i < address_len(address); i++) {
        hash = (hash ^ bytes[i]) * 16777619u;
    }
    return hash;
}

socklen_t address_len(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET ? (socklen_t)sizeof(struct sockaddr_in)
                                         : (socklen_t)sizeof(struct sockaddr_in6);
}

bool address_is_private(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        uint32_t ip = ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr);

        return ip >> 24 == 10 || ip >> 20 == 0xac1 || ip >> 16 == 0xc0a8 || ip >> 16 == 0xa9fe ||
               ip >> 22 == 0x191;
    }
    const uint8_t *ip6 = ((const struct sockaddr_in6 *)address)->sin6_addr.s6_addr;

    return (ip6[0] & 0xfe) == 0xfc || (ip6[0] == 0xfe && (ip6[1] & 0xc0) == 0x80);
}

bool address_is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    }
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}
