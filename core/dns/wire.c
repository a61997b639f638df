/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/wire.h"

#include "dns/message.h"

enum { NAME_WIRE_MAX = 255, LABEL_MAX = 63, RECORD_FIXED_LEN = 10, SOA_FIXED_LEN = 20 };

uint16_t wire_u16(const struct wire *wire, size_t at)
{
    return (uint16_t)(wire->bytes[at] << 8 | wire->bytes[at + 1]);
}

uint32_t wire_u32(const struct wire *wire, size_t at)
{
    return (uint32_t)wire_u16(wire, at) << 16 | wire_u16(wire, at + 2);
}

bool wire_skip_name(struct wire *wire)
{
    size_t at = wire->at;
    size_t lowest = wire->at; /* a pointer must lead below everything read so far */
    size_t name_len = 0;
    size_t after = 0;

    while (at < wire->len) {
        uint8_t label = wire->bytes[at];

        if (label > LABEL_MAX) {
            size_t target = 0;

            if (label < 0xc0 || at + 2 > wire->len) {
                return false;
            }
            target = wire_u16(wire, at) & 0x3fffu;
            after = after == 0 ? at + 2 : after;
            if (target >= lowest || target < WIRE_HEADER_LEN) {
                return false;
            }
            lowest = target;
            at = target;
            continue;
        }
        at += 1u + label;
        name_len += 1u + label;
        if (at > wire->len || name_len > NAME_WIRE_MAX) {
            return false;
        }
        if (label == 0) {
            wire->at = after == 0 ? at : after;
            return true;
        }
    }
    return false;
}

static bool rdata_is_names(const struct wire *wire, const struct wire_record *record, size_t n,
                           size_t fixed_len)
{
    struct wire rdata = {.bytes = wire->bytes, .len = record->end, .at = record->rdata};

    for (size_t i = 0; i < n; i++) {
        if (!wire_skip_name(&rdata)) {
            return false;
        }
    }
    return rdata.at + fixed_len == record->end;
}

static bool rdata_is_strings(const struct wire *wire, const struct wire_record *record)
{
    size_t at = record->rdata;

    while (at < record->end) {
        at += 1u + wire->bytes[at];
    }
    return at == record->end && record->end > record->rdata;
}

static bool rdata_has_shape(const struct wire *wire, const struct wire_record *record)
{
    switch (record->type) {
    case MESSAGE_A:
        return record->end - record->rdata == 4;
    case MESSAGE_AAAA:
        return record->end - record->rdata == 16;
    case MESSAGE_NS:
    case MESSAGE_CNAME:
    case MESSAGE_DNAME:
        return rdata_is_names(wire, record, 1, 0);
    case MESSAGE_SOA:
        return rdata_is_names(wire, record, 2, SOA_FIXED_LEN);
    case MESSAGE_TXT:
        return rdata_is_strings(wire, record);
    default:
        return true;
    }
}

bool wire_skip_record(struct wire *wire, struct wire_record *ret_record)
{
    struct wire_record record = {.start = wire->at};
    size_t fixed = 0;

    if (!wire_skip_name(wire) || wire->len - wire->at < RECORD_FIXED_LEN) {
        return false;
    }
    fixed = wire->at;
    record.type = wire_u16(wire, fixed);
    record.class = wire_u16(wire, fixed + 2);
    record.ttl = wire_u32(wire, fixed + 4);
    record.rdata = fixed + RECORD_FIXED_LEN;
    record.end = record.rdata + wire_u16(wire, fixed + 8);
    if (record.end > wire->len || !rdata_has_shape(wire, &record)) {
        return false;
    }
    wire->at = record.end;
    *ret_record = record;
    return true;
}
