/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Socket addresses: from text, to text, and what is remarkable about one. */
#ifndef DNS_ADDRESS_H
#define DNS_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_MAX 80

/* "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353", "fe80::1%eth0"; false if it
 * is none, or if a scope names no interface of this host. */
bool address_parse(const char *text, uint16_t default_port, struct sockaddr_storage *ret_address);

/* From the bytes of an A (4) or AAAA (16) record, port 53. */
void address_from_bytes(const uint8_t *bytes, size_t len, struct sockaddr_storage *ret_address);

/* "192.0.2.1"; the port only where it is not 53. */
void address_format(const struct sockaddr_storage *address, char text[static ADDRESS_TEXT_MAX]);

bool address_equals(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
uint32_t address_hash(const struct sockaddr_storage *address);
uint16_t address_port(const struct sockaddr_storage *address);
socklen_t address_len(const struct sockaddr_storage *address);

/* RFC 1918, RFC 6598, RFC 4193 and link-local: not what the CA would reach. */
bool address_is_private(const struct sockaddr_storage *address);
bool address_is_loopback(const struct sockaddr_storage *address);

#endif
