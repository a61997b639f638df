/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "sigv4.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SHA256_LEN 32
#define HEX_SIZE (2 * SHA256_LEN + 1)
#define KEY_MAX 256 /* "AWS4" and the secret: AWS's have 40 characters */
#define SCOPE_SIZE 128
#define ALL_HEADERS_MAX (SIGV4_HEADERS_MAX + 3)

static const char ALGORITHM[] = "AWS4-HMAC-SHA256";

static void format_hex(const unsigned char *bytes, char to[HEX_SIZE])
{
    static const char DIGITS[] = "0123456789abcdef";

    for (size_t i = 0; i < SHA256_LEN; i++) {
        to[2 * i] = DIGITS[bytes[i] >> 4];
        to[2 * i + 1] = DIGITS[bytes[i] & 15];
    }
    to[HEX_SIZE - 1] = '\0';
}

/* ---- The canonical request, which is hashed as it is made ---- */

struct headers {
    struct sigv4_pair items[ALL_HEADERS_MAX];
    size_t n;
};

static void headers_add(struct headers *headers, const char *name, const char *value)
{
    size_t at = headers->n++;

    while (at > 0 && strcmp(headers->items[at - 1].name, name) > 0) {
        headers->items[at] = headers->items[at - 1];
        at--;
    }
    headers->items[at] = (struct sigv4_pair){.name = name, .value = value};
}

static void hash_text(gnutls_hash_hd_t hash, const char *text)
{
    (void)gnutls_hash(hash, text, strlen(text));
}

static void hash_line(gnutls_hash_hd_t hash, const char *text)
{
    hash_text(hash, text);
    hash_text(hash, "\n");
}

static bool format_names(const struct headers *headers, char *to, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < headers->n; i++) {
        int wrote =
            snprintf(to + len, size - len, "%s%s", i == 0 ? "" : ";", headers->items[i].name);

        if (wrote < 0 || (size_t)wrote >= size - len) {
            return false;
        }
        len += (size_t)wrote;
    }
    return true;
}

static bool hash_request(const struct sigv4_request *r, const struct headers *headers,
                         const char *signed_names, char ret_hex[HEX_SIZE])
{
    unsigned char digest[SHA256_LEN];
    char body_hex[HEX_SIZE];
    gnutls_hash_hd_t hash;

    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, r->body_len == 0 ? "" : r->body, r->body_len, digest) <
            0 ||
        gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) < 0) {
        return false;
    }
    format_hex(digest, body_hex);
    hash_line(hash, r->method);
    hash_line(hash, r->path);
    hash_line(hash, r->query);
    for (size_t i = 0; i < headers->n; i++) {
        hash_text(hash, headers->items[i].name);
        hash_text(hash, ":");
        hash_line(hash, headers->items[i].value);
    }
    hash_text(hash, "\n");
    hash_line(hash, signed_names);
    hash_text(hash, body_hex);
    gnutls_hash_deinit(hash, digest);
    format_hex(digest, ret_hex);
    return true;
}

/* ---- The key and the signature ---- */

static bool hmac(const void *key, size_t key_len, const char *text, unsigned char to[SHA256_LEN])
{
    return gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_len, text, strlen(text), to) >= 0;
}

/* The secret narrowed down to a day, a region and a service. */
static bool derive_key(const char *secret, const char *day, const struct sigv4_request *r,
                       unsigned char ret_key[SHA256_LEN])
{
    const char *const steps[] = {r->region, r->service, "aws4_request"};
    unsigned char key[SHA256_LEN];
    char first[KEY_MAX];
    int len = snprintf(first, sizeof(first), "AWS4%s", secret);
    bool is_done = len > 0 && (size_t)len < sizeof(first) && hmac(first, (size_t)len, day, key);

    gnutls_memset(first, 0, sizeof(first));
    for (size_t i = 0; is_done && i < 3; i++) {
        unsigned char next[SHA256_LEN];

        is_done = hmac(key, sizeof(key), steps[i], next);
        memcpy(key, next, sizeof(key));
        gnutls_memset(next, 0, sizeof(next));
    }
    if (is_done) {
        memcpy(ret_key, key, sizeof(key));
    }
    gnutls_memset(key, 0, sizeof(key));
    return is_done;
}

static bool format_date(int64_t now_s, char to[SIGV4_DATE_SIZE])
{
    time_t now = (time_t)now_s;
    struct tm parts;

    return gmtime_r(&now, &parts) != NULL &&
           strftime(to, SIGV4_DATE_SIZE, "%Y%m%dT%H%M%SZ", &parts) == SIGV4_DATE_SIZE - 1;
}

/* signature in hex over the date, the scope and the request's hash. */
static bool sign_hash(const struct sigv4_request *r, const struct sigv4_keys *keys,
                      const char *date, const char *scope, const char *request_hex,
                      char ret_hex[HEX_SIZE])
{
    unsigned char key[SHA256_LEN];
    unsigned char signature[SHA256_LEN];
    char day[9];
    char text[sizeof(ALGORITHM) + SIGV4_DATE_SIZE + SCOPE_SIZE + HEX_SIZE + 4];
    bool is_done = false;

    (void)snprintf(day, sizeof(day), "%.8s", date);
    (void)snprintf(text, sizeof(text), "%s\n%s\n%s\n%s", ALGORITHM, date, scope, request_hex);
    is_done =
        derive_key(keys->secret_access_key, day, r, key) && hmac(key, sizeof(key), text, signature);
    gnutls_memset(key, 0, sizeof(key));
    if (is_done) {
        format_hex(signature, ret_hex);
    }
    return is_done;
}

static void gather_headers(const struct sigv4_request *r, const struct sigv4_keys *keys,
                           const char *date, struct headers *to)
{
    to->n = 0;
    for (size_t i = 0; i < r->n_headers; i++) {
        headers_add(to, r->headers[i].name, r->headers[i].value);
    }
    headers_add(to, "host", r->host);
    headers_add(to, "x-amz-date", date);
    if (keys->session_token != NULL) {
        headers_add(to, "x-amz-security-token", keys->session_token);
    }
}

bool sigv4_sign(const struct sigv4_request *request, const struct sigv4_keys *keys, int64_t now_s,
                struct sigv4_signature *ret_signature)
{
    struct sigv4_signature out;
    struct headers headers;
    char names[256];
    char scope[SCOPE_SIZE];
    char request_hex[HEX_SIZE];
    char hex[HEX_SIZE];
    int len = 0;

    if (request->n_headers > SIGV4_HEADERS_MAX || !format_date(now_s, out.date)) {
        return false;
    }
    len = snprintf(scope, sizeof(scope), "%.8s/%s/%s/aws4_request", out.date, request->region,
                   request->service);
    if (len < 0 || (size_t)len >= sizeof(scope)) {
        return false;
    }
    gather_headers(request, keys, out.date, &headers);
    if (!format_names(&headers, names, sizeof(names)) ||
        !hash_request(request, &headers, names, request_hex) ||
        !sign_hash(request, keys, out.date, scope, request_hex, hex)) {
        return false;
    }
    len = snprintf(out.authorization, sizeof(out.authorization),
                   "%s Credential=%s/%s, SignedHeaders=%s, Signature=%s", ALGORITHM,
                   keys->access_key_id, scope, names, hex);
    if (len < 0 || (size_t)len >= sizeof(out.authorization)) {
        return false;
    }
    *ret_signature = out;
    return true;
}
