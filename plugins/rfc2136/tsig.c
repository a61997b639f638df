/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * TSIG (RFC 8945) over finished messages. Not ldns's: version 1.8 does not know hmac-sha224,
 * misspells hmac-sha384, and checks of a reply only the MAC, neither its time nor its error field.
 */
#include "rfc2136.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CLASS_ANY 255
#define SECRET_MAX 4096

struct tsig_algorithm {
    const char *text; /* as users write it */
    const char *wire; /* as it stands in messages */
    gnutls_mac_algorithm_t mac;
    bool is_weak;
};

/* The first is the default: what tsig-keygen makes. */
static const struct tsig_algorithm algorithms[] = {
    {"hmac-sha256", "hmac-sha256.", GNUTLS_MAC_SHA256, false},
    {"hmac-sha512", "hmac-sha512.", GNUTLS_MAC_SHA512, false},
    {"hmac-sha384", "hmac-sha384.", GNUTLS_MAC_SHA384, false},
    {"hmac-sha224", "hmac-sha224.", GNUTLS_MAC_SHA224, false},
    {"hmac-sha1", "hmac-sha1.", GNUTLS_MAC_SHA1, false},
    {"hmac-md5", "hmac-md5.sig-alg.reg.int.", GNUTLS_MAC_MD5, true},
};

const struct tsig_algorithm *tsig_algorithm_find(const char *text)
{
    size_t len = strlen(text);

    if (len > 0 && text[len - 1] == '.') {
        len--;
    }
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        const struct tsig_algorithm *a = &algorithms[i];
        const char *bare = a->text + strlen("hmac-");

        if ((strlen(a->text) == len && strncasecmp(a->text, text, len) == 0) ||
            (strlen(bare) == len && strncasecmp(bare, text, len) == 0) ||
            (strlen(a->wire) - 1 == len && strncasecmp(a->wire, text, len) == 0)) {
            return a;
        }
    }
    return NULL;
}

const char *tsig_algorithm_text(const struct tsig_algorithm *a)
{
    return a->text;
}

bool tsig_algorithm_is_weak(const struct tsig_algorithm *a)
{
    return a->is_weak;
}

/* Decodes the base64 of a shared secret. gnutls skips blanks but takes other garbage at the end for
 * the end, so the alphabet is looked at first. */
static int32_t decode_secret(const char *text, struct tsig_key *key, struct fault *f)
{
    gnutls_datum_t out = {NULL, 0};
    gnutls_datum_t in = {NULL, 0};
    size_t len = strlen(text);
    unsigned n_pad = 0;

    for (size_t i = 0; i < len; i++) {
        if (text[i] == '=') {
            n_pad++;
        } else if (n_pad > 0 || strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789+/",
                                       text[i]) == NULL) {
            return fault_set(f, ACME_BAD_CONFIG,
                             "the secret is not base64: character %zu does not belong there",
                             i + 1);
        }
    }
    if (len == 0 || len > SECRET_MAX || len % 4 != 0 || n_pad > 2) {
        return fault_set(f, ACME_BAD_CONFIG,
                         "the secret is not base64: %zu characters, want a multiple of 4%s", len,
                         len > SECRET_MAX ? ", at most 4096" : "");
    }
    in.data = (unsigned char *)(uintptr_t)text;
    in.size = (unsigned)len;
    if (gnutls_base64_decode2(&in, &out) < 0 || out.size == 0) {
        gnutls_free(out.data);
        return fault_set(f, ACME_BAD_CONFIG, "the secret is not base64");
    }
    key->secret = out.data;
    key->secret_len = out.size;
    return ACME_OK;
}

int32_t tsig_key_init(struct tsig_key *ret_key, const char *name, const char *algorithm,
                      const char *secret, struct fault *f)
{
    struct tsig_key key = {.algorithm = &algorithms[0]};

    if (strlen(name) >= sizeof(key.text) || !wire_name_parse(name, &key.name) || name[0] == '.') {
        return fault_set(f, ACME_BAD_CONFIG, "'%.300s' is not a key name", name);
    }
    (void)snprintf(key.text, sizeof(key.text), "%s", name);
    if (algorithm != NULL) {
        key.algorithm = tsig_algorithm_find(algorithm);
    }
    if (key.algorithm == NULL) {
        return fault_set(f, ACME_BAD_CONFIG,
                         "algorithm '%.64s' is not known; there are hmac-sha256, hmac-sha512, "
                         "hmac-sha384, hmac-sha224, hmac-sha1 and hmac-md5",
                         algorithm);
    }
    if (decode_secret(secret, &key, f) != ACME_OK) {
        return fault_wrap(f, "key '%s'", name);
    }
    *ret_key = key;
    return ACME_OK;
}

void tsig_key_done(struct tsig_key *key)
{
    if (key->secret != NULL) {
        explicit_bzero(key->secret, key->secret_len);
        gnutls_free(key->secret);
    }
    *key = (struct tsig_key){0};
}

/* The fields of a TSIG record. */
struct record {
    struct name key;
    struct name algorithm;
    uint64_t time_s; /* 48 bits */
    uint16_t fudge_s;
    uint16_t original_id;
    uint16_t error;
    const uint8_t *mac;
    size_t mac_len;
    const uint8_t *other;
    size_t other_len;
};

static void put_time(struct wire *w, uint64_t time_s)
{
    wire_put16(w, (uint16_t)((time_s >> 32) & 0xffff));
    wire_put32(w, (uint32_t)(time_s & 0xffffffff));
}

static uint64_t get_time(const uint8_t *p)
{
    return ((uint64_t)wire_get16(p) << 32) | ((uint64_t)wire_get16(p + 2) << 16) |
           wire_get16(p + 4);
}

/* RFC 8945 section 4.3: the request's MAC (for a reply), the message without its TSIG, and the TSIG
 * variables. head is the message's header as it was before the TSIG was put in. */
static bool compute_mac(const struct tsig_key *key, const struct tsig_mac *asked,
                        const uint8_t *head, const uint8_t *m, size_t len, const struct record *r,
                        struct tsig_mac *ret_mac)
{
    gnutls_hmac_hd_t hmac = NULL;
    struct wire vars = {0};
    uint8_t asked_len[2];
    bool is_done = false;

    if (gnutls_hmac_init(&hmac, key->algorithm->mac, key->secret, key->secret_len) < 0) {
        return false;
    }
    if (wire_init(&vars, TSIG_ROOM)) {
        wire_put_name(&vars, &r->key);
        wire_put16(&vars, CLASS_ANY);
        wire_put32(&vars, 0);
        wire_put_name(&vars, &r->algorithm);
        put_time(&vars, r->time_s);
        wire_put16(&vars, r->fudge_s);
        wire_put16(&vars, r->error);
        wire_put16(&vars, (uint16_t)r->other_len);
        wire_put(&vars, r->other, r->other_len);
        is_done = !vars.is_full;
    }
    if (is_done && asked != NULL) {
        wire_set16(asked_len, (uint16_t)asked->len);
        is_done = gnutls_hmac(hmac, asked_len, sizeof(asked_len)) == 0 &&
                  gnutls_hmac(hmac, asked->bytes, asked->len) == 0;
    }
    is_done = is_done && gnutls_hmac(hmac, head, WIRE_HEADER_LEN) == 0 &&
              gnutls_hmac(hmac, m + WIRE_HEADER_LEN, len - WIRE_HEADER_LEN) == 0 &&
              gnutls_hmac(hmac, vars.bytes, vars.len) == 0;
    gnutls_hmac_deinit(hmac, ret_mac->bytes);
    ret_mac->len = gnutls_hmac_get_len(key->algorithm->mac);
    wire_done(&vars);
    return is_done;
}

bool tsig_sign(const struct tsig_key *key, uint64_t now_s, struct wire *m, struct tsig_mac *ret_mac)
{
    struct record r = {.key = key->name, .time_s = now_s, .fudge_s = TSIG_FUDGE_S};
    struct tsig_mac mac = {.len = 0};

    if (m->len < WIRE_HEADER_LEN || !wire_name_parse(key->algorithm->wire, &r.algorithm) ||
        !compute_mac(key, NULL, m->bytes, m->bytes, m->len, &r, &mac)) {
        return false;
    }
    wire_put_name(m, &r.key);
    wire_put16(m, WIRE_TYPE_TSIG);
    wire_put16(m, CLASS_ANY);
    wire_put32(m, 0);
    wire_put16(m, (uint16_t)(r.algorithm.len + 6 + 2 + 2 + mac.len + 2 + 2 + 2));
    wire_put_name(m, &r.algorithm);
    put_time(m, now_s);
    wire_put16(m, TSIG_FUDGE_S);
    wire_put16(m, (uint16_t)mac.len);
    wire_put(m, mac.bytes, mac.len);
    wire_put16(m, wire_get16(m->bytes)); /* the original id */
    wire_put16(m, 0);                    /* error */
    wire_put16(m, 0);                    /* no other data */
    wire_set16(m->bytes + 10, (uint16_t)(wire_get16(m->bytes + 10) + 1));
    *ret_mac = mac;
    return !m->is_full;
}

/* Reads the TSIG record at pos, which is the message's last. */
static bool read_record(const uint8_t *m, size_t len, size_t pos, struct record *ret_record)
{
    struct record r = {.error = 0};
    size_t end = 0;

    if (!wire_read_name(m, len, &pos, &r.key) || len - pos < 10 ||
        wire_get16(m + pos) != WIRE_TYPE_TSIG || wire_get16(m + pos + 2) != CLASS_ANY) {
        return false;
    }
    end = pos + 10 + wire_get16(m + pos + 8);
    pos += 10;
    if (end != len || !wire_read_name(m, end, &pos, &r.algorithm) || end - pos < 10) {
        return false;
    }
    r.time_s = get_time(m + pos);
    r.fudge_s = wire_get16(m + pos + 6);
    r.mac_len = wire_get16(m + pos + 8);
    pos += 10;
    if (end - pos < r.mac_len || end - pos - r.mac_len < 6) {
        return false;
    }
    r.mac = m + pos;
    pos += r.mac_len;
    r.original_id = wire_get16(m + pos);
    r.error = wire_get16(m + pos + 2);
    r.other_len = wire_get16(m + pos + 4);
    r.other = m + pos + 6;
    if (end - pos - 6 != r.other_len) {
        return false;
    }
    *ret_record = r;
    return true;
}

/* RFC 8945 section 5.3: the MAC first, then the time. */
static const char *find_flaw(const struct tsig_key *key, const struct tsig_mac *asked,
                             uint64_t now_s, const uint8_t *m, size_t len, const struct record *r)
{
    uint8_t head[WIRE_HEADER_LEN];
    struct tsig_mac mac = {.len = 0};
    struct name algorithm;

    if (!wire_name_equal(&r->key, &key->name)) {
        return "it is signed with another key";
    }
    if (!wire_name_parse(key->algorithm->wire, &algorithm) ||
        !wire_name_equal(&r->algorithm, &algorithm)) {
        return "it is signed with another algorithm";
    }
    memcpy(head, m, sizeof(head));
    wire_set16(head, r->original_id);
    wire_set16(head + 10, (uint16_t)(wire_get16(m + 10) - 1));
    if (!compute_mac(key, asked, head, m, len, r, &mac) || r->mac_len != mac.len ||
        gnutls_memcmp(r->mac, mac.bytes, mac.len) != 0) {
        return "its signature is wrong";
    }
    if (r->error != TSIG_BADTIME &&
        (now_s > r->time_s ? now_s - r->time_s : r->time_s - now_s) > r->fudge_s) {
        return "it was signed too long ago, or the clocks differ";
    }
    return NULL;
}

struct tsig_verdict tsig_judge(const struct tsig_key *key, const struct tsig_mac *asked,
                               uint64_t now_s, uint8_t *m, size_t *len)
{
    struct tsig_verdict v = {.state = TSIG_ABSENT};
    size_t pos = wire_last_additional(m, *len);
    struct record r;

    if (pos == 0 || !read_record(m, *len, pos, &r)) {
        return v;
    }
    v.error = r.error;
    if (r.mac_len == 0 && r.error != 0) {
        v.state = TSIG_BARE;
    } else {
        v.flaw = find_flaw(key, asked, now_s, m, pos, &r);
        v.state = v.flaw == NULL ? TSIG_GOOD : TSIG_BAD;
    }
    /* Without a MAC the server's time is a stranger's word; it only makes an error text. */
    if (r.error == TSIG_BADTIME && r.other_len == 6) {
        v.ahead_s = (int64_t)get_time(r.other) - (int64_t)now_s;
    }
    *len = pos;
    wire_set16(m + 10, (uint16_t)(wire_get16(m + 10) - 1));
    return v;
}
