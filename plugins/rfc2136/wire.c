/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Numbers and names in DNS messages. Only what TSIG and UPDATE need byte by byte, because a MAC is
 * over bytes; whole answers are read by ldns (message.c).
 */
#include "rfc2136.h"

#include <ctype.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

/* A chain of compression pointers longer than this is no honest message. */
#define JUMPS_MAX 64

bool wire_init(struct wire *w, size_t cap)
{
    *w = (struct wire){.bytes = malloc(cap), .cap = cap};
    return w->bytes != NULL;
}

void wire_done(struct wire *w)
{
    free(w->bytes);
    *w = (struct wire){0};
}

void wire_put(struct wire *w, const void *bytes, size_t len)
{
    if (w->is_full || len > w->cap - w->len) {
        w->is_full = true;
        return;
    }
    if (len > 0) {
        memcpy(w->bytes + w->len, bytes, len);
        w->len += len;
    }
}

void wire_put16(struct wire *w, uint16_t v)
{
    uint8_t b[2];

    wire_set16(b, v);
    wire_put(w, b, sizeof(b));
}

void wire_put32(struct wire *w, uint32_t v)
{
    wire_put16(w, (uint16_t)(v >> 16));
    wire_put16(w, (uint16_t)(v & 0xffff));
}

void wire_put_name(struct wire *w, const struct name *name)
{
    wire_put(w, name->bytes, name->len);
}

uint16_t wire_get16(const uint8_t *p)
{
    return (uint16_t)((p[0] << 8) | p[1]);
}

void wire_set16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)(v & 0xff);
}

bool wire_name_parse(const char *text, struct name *ret_name)
{
    struct name name = {.len = 0};
    ldns_rdf *rdf = NULL;

    if (ldns_str2rdf_dname(&rdf, text) != LDNS_STATUS_OK) {
        return false;
    }
    name.len = ldns_rdf_size(rdf);
    if (name.len > sizeof(name.bytes)) {
        ldns_rdf_deep_free(rdf);
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        /* Length bytes are below 64, so that none is taken for a letter. */
        name.bytes[i] = (uint8_t)tolower(ldns_rdf_data(rdf)[i]);
    }
    ldns_rdf_deep_free(rdf);
    *ret_name = name;
    return true;
}

bool wire_name_equal(const struct name *a, const struct name *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

bool wire_name_is_within(const struct name *name, const struct name *zone)
{
    size_t pos = 0;

    while (name->len - pos > zone->len) {
        pos += 1u + name->bytes[pos];
    }
    return name->len - pos == zone->len && memcmp(name->bytes + pos, zone->bytes, zone->len) == 0;
}

bool wire_read_name(const uint8_t *m, size_t len, size_t *pos, struct name *ret_name)
{
    struct name name = {.len = 0};
    size_t at = *pos;
    size_t behind = 0;

    for (unsigned jumps = 0;;) {
        uint8_t label = 0;

        if (at >= len) {
            return false;
        }
        label = m[at];
        if ((label & 0xc0) == 0xc0) {
            if (at + 1 >= len || ++jumps > JUMPS_MAX) {
                return false;
            }
            behind = behind == 0 ? at + 2 : behind;
            at = wire_get16(m + at) & 0x3fffu;
            continue;
        }
        if (label > 63 || len - at < 1u + label || name.len + 1u + label > sizeof(name.bytes)) {
            return false;
        }
        for (size_t i = 0; i <= label; i++) {
            name.bytes[name.len++] = (uint8_t)tolower(m[at + i]);
        }
        at += 1u + label;
        if (label == 0) {
            break;
        }
    }
    *pos = behind == 0 ? at : behind;
    *ret_name = name;
    return true;
}

/* Moves *pos behind the resource record there. */
static bool skip_record(const uint8_t *m, size_t len, size_t *pos)
{
    struct name ignored;
    size_t rdlen = 0;

    if (!wire_read_name(m, len, pos, &ignored) || len - *pos < 10) {
        return false;
    }
    rdlen = wire_get16(m + *pos + 8);
    if (len - *pos - 10 < rdlen) {
        return false;
    }
    *pos += 10 + rdlen;
    return true;
}

size_t wire_last_additional(const uint8_t *m, size_t len)
{
    size_t pos = WIRE_HEADER_LEN;
    size_t last = 0;
    size_t n_records = 0;

    if (len < WIRE_HEADER_LEN || wire_get16(m + 10) == 0) {
        return 0;
    }
    for (unsigned i = 0; i < wire_get16(m + 4); i++) {
        struct name ignored;

        if (!wire_read_name(m, len, &pos, &ignored) || len - pos < 4) {
            return 0;
        }
        pos += 4;
    }
    n_records = (size_t)wire_get16(m + 6) + wire_get16(m + 8) + wire_get16(m + 10);
    for (size_t i = 0; i < n_records; i++) {
        last = pos;
        if (!skip_record(m, len, &pos)) {
            return 0;
        }
    }
    return pos == len ? last : 0;
}

bool wire_has_tsig(const uint8_t *m, size_t len)
{
    size_t pos = wire_last_additional(m, len);
    struct name ignored;

    return pos != 0 && wire_read_name(m, len, &pos, &ignored) && len - pos >= 2 &&
           wire_get16(m + pos) == WIRE_TYPE_TSIG;
}
