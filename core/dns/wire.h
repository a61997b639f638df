/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The bounds of a packet, found without trusting it: where names and records begin and end. */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WIRE_HEADER_LEN = 12 };

struct wire {
    const uint8_t *bytes;
    size_t len;
    size_t at;
};

/* The fixed part of a record, and where it lies. */
struct wire_record {
    size_t start; /* of its owner name */
    size_t rdata;
    size_t end;
    uint16_t type;
    uint16_t class;
    uint32_t ttl;
};

uint16_t wire_u16(const struct wire *wire, size_t at); /* at + 2 <= len */
uint32_t wire_u32(const struct wire *wire, size_t at); /* at + 4 <= len */

/* Steps over one name. Compression pointers may only point backwards, further with each jump, so
 * that no chain of them can loop. */
bool wire_skip_name(struct wire *wire);

/* Steps over one record and checks that the rdata of the types this room reads has exactly the
 * shape its type prescribes. */
bool wire_skip_record(struct wire *wire, struct wire_record *ret_record);

#endif
