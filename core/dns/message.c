/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "dns/message.h"

#include "base/mem.h"
#include "base/str.h"
#include "dns/name.h"
#include "dns/wire.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

enum { EDNS_UDP_SIZE = 1232 }; /* DNS flag day 2020: no fragments */
enum { CLASS_IN = 1, TYPE_SIG = 24, TYPE_OPT = 41, TYPE_TSIG = 250 };
enum {
    FLAG_QR = 0x8000,
    FLAG_OPCODE = 0x7800,
    FLAG_AA = 0x0400,
    FLAG_TC = 0x0200,
    FLAG_RA = 0x0080
};
enum { RECORDS_KEPT_MAX = 1024 };

bool message_build(const struct message_question *question, struct buf *to)
{
    ldns_pkt *packet = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool is_built = false;

    if (!name_is_plain(question->name) ||
        ldns_pkt_query_new_frm_str(&packet, question->name, (ldns_rr_type)question->type,
                                   LDNS_RR_CLASS_IN,
                                   question->is_recursive ? LDNS_RD : 0) != LDNS_STATUS_OK) {
        return false;
    }
    ldns_pkt_set_id(packet, question->id);
    if (question->has_edns) {
        ldns_pkt_set_edns_udp_size(packet, EDNS_UDP_SIZE);
    }
    if (ldns_pkt2wire(&bytes, packet, &len) == LDNS_STATUS_OK) {
        buf_add(to, bytes, len);
        is_built = !to->has_overflown;
    }
    free(bytes); /* ldns's own allocation */
    ldns_pkt_free(packet);
    return is_built;
}

/* ldns's text of a name in our form, to mem_free; NULL for names that need escaping. */
static char *name_from_rdf(const ldns_rdf *rdf)
{
    char *printed = rdf == NULL ? NULL : ldns_rdf2str(rdf);
    char *name = str_dup(printed);

    free(printed);
    if (name != NULL) {
        name_fold(name);
        if (!name_is_plain(name)) {
            mem_free(name);
            name = NULL;
        }
    }
    return name;
}

/* The name at wire->at, which has been checked. */
static char *name_at(const struct wire *wire, size_t at)
{
    ldns_rdf *rdf = NULL;
    char *name = NULL;

    if (ldns_wire2dname(&rdf, wire->bytes, wire->len, &at) == LDNS_STATUS_OK) {
        name = name_from_rdf(rdf);
        ldns_rdf_deep_free(rdf);
    }
    return name;
}

static void join_strings(const struct wire *wire, const struct wire_record *at,
                         struct message_record *record)
{
    record->bytes = mem_alloc(at->end - at->rdata + 1, 1);
    for (size_t from = at->rdata; from < at->end;) {
        size_t len = wire->bytes[from];

        memcpy(record->bytes + record->len, wire->bytes + from + 1, len);
        record->len += len;
        from += 1 + len;
    }
}

static bool is_kept(uint16_t type)
{
    return type == MESSAGE_A || type == MESSAGE_AAAA || type == MESSAGE_NS ||
           type == MESSAGE_CNAME || type == MESSAGE_DNAME || type == MESSAGE_SOA ||
           type == MESSAGE_TXT;
}

/* Records whose names we do not handle are left out: none of them can matter to a challenge. */
static void keep_record(const struct wire *wire, const struct wire_record *at,
                        enum message_section section, struct message *message)
{
    struct message_record record = {.section = section, .type = at->type};

    if (!is_kept(at->type) || at->class != CLASS_IN || message->n_records >= RECORDS_KEPT_MAX) {
        return;
    }
    record.owner = name_at(wire, at->start);
    if (at->type == MESSAGE_NS || at->type == MESSAGE_CNAME || at->type == MESSAGE_DNAME) {
        record.target = name_at(wire, at->rdata);
        if (record.target == NULL) {
            mem_free(record.owner);
            return;
        }
    } else if (at->type == MESSAGE_SOA) {
        uint32_t minimum = wire_u32(wire, at->end - 4);

        record.minimum = at->ttl < minimum ? at->ttl : minimum;
    } else if (at->type == MESSAGE_TXT) {
        join_strings(wire, at, &record);
    } else {
        record.len = at->end - at->rdata;
        record.bytes = mem_copy(wire->bytes + at->rdata, record.len);
    }
    if (record.owner == NULL) {
        mem_free(record.target);
        mem_free(record.bytes);
        return;
    }
    VEC_PUSH(message->records, message->n_records, message->cap_records) = record;
}

/* Servers that understand nothing may answer with a bare header; only their refusal is taken then.
 */
static bool may_lack_question(uint16_t flags)
{
    uint16_t rcode = flags & 0xfu;

    return rcode == MESSAGE_FORMERR || rcode == MESSAGE_NOTIMP || rcode == MESSAGE_SERVFAIL ||
           rcode == MESSAGE_REFUSED;
}

static enum message_fit check_question(struct wire *wire, const struct message_question *question)
{
    AUTO_FREE char *name = NULL;
    uint16_t flags = 0;
    size_t start = WIRE_HEADER_LEN;

    if (wire->len < WIRE_HEADER_LEN || wire_u16(wire, 0) != question->id) {
        return MESSAGE_FOREIGN;
    }
    flags = wire_u16(wire, 2);
    if ((flags & FLAG_QR) == 0 || (flags & FLAG_OPCODE) != 0) {
        return MESSAGE_FOREIGN;
    }
    wire->at = start;
    if (wire_u16(wire, 4) == 0 && may_lack_question(flags)) {
        return MESSAGE_FITS;
    }
    if (wire_u16(wire, 4) != 1 || !wire_skip_name(wire) || wire->len - wire->at < 4) {
        return MESSAGE_FOREIGN;
    }
    name = name_at(wire, start);
    if (name == NULL || !str_eq_nocase(name, question->name) ||
        wire_u16(wire, wire->at) != question->type || wire_u16(wire, wire->at + 2) != CLASS_IN) {
        return MESSAGE_FOREIGN;
    }
    wire->at += 4;
    return MESSAGE_FITS;
}

static bool parse_records(struct wire *wire, struct message *message)
{
    for (int section = MESSAGE_ANSWER; section <= MESSAGE_ADDITIONAL; section++) {
        uint16_t count = wire_u16(wire, 6 + 2 * (size_t)section);

        for (uint16_t i = 0; i < count; i++) {
            struct wire_record record = {0};

            if (!wire_skip_record(wire, &record)) {
                /* A cut packet may end anywhere: what counts is that it says so. */
                return message->is_truncated;
            }
            if (record.type == TYPE_TSIG || record.type == TYPE_SIG) {
                return false;
            }
            if (record.type == TYPE_OPT) {
                message->rcode = (uint16_t)(message->rcode | (record.ttl >> 24) << 4);
            }
            keep_record(wire, &record, (enum message_section)section, message);
        }
    }
    return wire->at == wire->len;
}

enum message_fit message_parse(const uint8_t *bytes, size_t len,
                               const struct message_question *question,
                               struct message **ret_message)
{
    AUTO_PTR(message) struct message *message = NULL;
    struct wire wire = {.bytes = bytes, .len = len, .at = 0};
    enum message_fit fit = check_question(&wire, question);
    uint16_t flags = 0;

    if (fit != MESSAGE_FITS) {
        return fit;
    }
    flags = wire_u16(&wire, 2);
    message = NEW(struct message);
    message->rcode = flags & 0xfu;
    message->is_authoritative = (flags & FLAG_AA) != 0;
    message->is_truncated = (flags & FLAG_TC) != 0;
    message->offers_recursion = (flags & FLAG_RA) != 0;
    if (!parse_records(&wire, message)) {
        return MESSAGE_BROKEN;
    }
    *ret_message = TAKE(message);
    return MESSAGE_FITS;
}

void message_free(struct message *message)
{
    if (message == NULL) {
        return;
    }
    for (size_t i = 0; i < message->n_records; i++) {
        mem_free(message->records[i].owner);
        mem_free(message->records[i].target);
        mem_free(message->records[i].bytes);
    }
    mem_free(message->records);
    mem_free(message);
}

const struct message_record *message_find(const struct message *message,
                                          enum message_section section, uint16_t type,
                                          const char *owner)
{
    for (size_t i = 0; i < message->n_records; i++) {
        const struct message_record *record = &message->records[i];

        if (record->section == section && record->type == type &&
            (owner == NULL || strcmp(record->owner, owner) == 0)) {
            return record;
        }
    }
    return NULL;
}

void message_format_rcode(uint16_t rcode, char text[static MESSAGE_RCODE_MAX])
{
    static const char *const NAMES[] = {"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                        "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                        "NXRRSET", "NOTAUTH", "NOTZONE"};

    if (rcode < ARRAY_LEN(NAMES)) {
        (void)snprintf(text, MESSAGE_RCODE_MAX, "%s", NAMES[rcode]);
    } else if (rcode == MESSAGE_BADVERS) {
        (void)snprintf(text, MESSAGE_RCODE_MAX, "BADVERS");
    } else {
        (void)snprintf(text, MESSAGE_RCODE_MAX, "RCODE %u", (unsigned)rcode);
    }
}

const char *message_type_name(uint16_t type)
{
    switch (type) {
    case MESSAGE_A:
        return "A";
    case MESSAGE_AAAA:
        return "AAAA";
    case MESSAGE_NS:
        return "NS";
    case MESSAGE_SOA:
        return "SOA";
    case MESSAGE_TXT:
        return "TXT";
    case MESSAGE_CNAME:
        return "CNAME";
    default:
        return "?";
    }
}
