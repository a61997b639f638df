/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Questions and answers in wire format. ldns builds the question and turns single records into
 * text; before ldns sees a byte, the whole answer is checked here: header, question, sizes,
 * compression pointers, no TSIG. Only the record types that this room reads are kept.
 */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include "base/buf.h"
#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MESSAGE_A = 1, MESSAGE_NS = 2, MESSAGE_CNAME = 5, MESSAGE_SOA = 6, MESSAGE_TXT = 16 };
enum { MESSAGE_AAAA = 28, MESSAGE_DNAME = 39 };
enum { MESSAGE_NOERROR, MESSAGE_FORMERR, MESSAGE_SERVFAIL, MESSAGE_NXDOMAIN, MESSAGE_NOTIMP };
enum { MESSAGE_REFUSED = 5, MESSAGE_NOTAUTH = 9, MESSAGE_BADVERS = 16 };

#define MESSAGE_MAX 65535

struct message_question {
    const char *name;
    uint16_t type;
    uint16_t id;
    bool is_recursive; /* RD=1 */
    bool has_edns;
};

enum message_section { MESSAGE_ANSWER, MESSAGE_AUTHORITY, MESSAGE_ADDITIONAL };

struct message_record {
    enum message_section section;
    uint16_t type;
    char *owner;
    char *target;     /* NS, CNAME, DNAME: always plain; NULL otherwise */
    uint32_t minimum; /* SOA: the negative TTL, min(TTL, MINIMUM) (RFC 2308 section 5) */
    uint8_t *bytes;   /* A, AAAA: the address; TXT: all strings joined; NUL behind */
    size_t len;
};

struct message {
    uint16_t rcode; /* with EDNS's upper bits */
    bool is_authoritative;
    bool is_truncated;
    bool offers_recursion; /* RA */
    struct message_record *records;
    size_t n_records;
    size_t cap_records;
};

/* Appends the question; false if the name is none. */
bool message_build(const struct message_question *question, struct buf *to);

enum message_fit {
    MESSAGE_FITS,
    MESSAGE_FOREIGN, /* not an answer to this question: as if it had not come */
    MESSAGE_BROKEN,  /* an answer to it, but not well-formed, or with a TSIG */
};

/* *ret_message is set for MESSAGE_FITS only. */
enum message_fit message_parse(const uint8_t *bytes, size_t len,
                               const struct message_question *question,
                               struct message **ret_message);

void message_free(struct message *message);
DEFINE_AUTO_PTR(message, message_free);

/* The first record of that type in that section whose owner is owner (NULL: any), or NULL. */
const struct message_record *message_find(const struct message *message,
                                          enum message_section section, uint16_t type,
                                          const char *owner);

/* "REFUSED", "NXDOMAIN"; "RCODE 23" for those without a name. */
#define MESSAGE_RCODE_MAX 16
void message_format_rcode(uint16_t rcode, char text[static MESSAGE_RCODE_MAX]);
const char *message_type_name(uint16_t type);

#endif
