/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme/eab.h"

#include "base/b64.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/str.h"
#include "keys/key.h"

#include <stdio.h>
#include <string.h>

#define KEY_MAX 4096
#define KID_MAX 512
#define JWS_MAX 16384
#define MAC_LEN_MAX 64

static const struct mac {
    const char *alg;
    size_t len;
} MACS[] = {{"HS256", 32}, {"HS384", 48}, {"HS512", 64}};

static const struct mac *find_mac(const char *alg)
{
    for (size_t i = 0; i < ARRAY_LEN(MACS); i++) {
        if (str_eq_nocase(MACS[i].alg, alg)) {
            return &MACS[i];
        }
    }
    return NULL;
}

static int check_key(const struct buf *key, const struct mac *mac, struct err *err)
{
    if (key->len == 0) {
        return err_set(err, ERR_CONFIG, "the EAB HMAC key is empty");
    }
    /* RFC 7518 section 3.2: a key as long as the hash at least. CAs' libraries insist on it. */
    if (key->len < mac->len) {
        err_set(err, ERR_CONFIG, "the EAB HMAC key has %zu bytes, %s needs at least %zu", key->len,
                mac->alg, mac->len);
        return err_hint(err, "Was it copied whole, and is it the HMAC key and not the key id?");
    }
    return 0;
}

int acme_eab_new(const char *kid, const char *hmac_key, const char *alg, struct acme_eab **ret_eab,
                 struct err *err)
{
    AUTO(buf_done) struct buf key = BUF_SECRET(KEY_MAX);
    const struct mac *mac = find_mac(alg == NULL ? "HS256" : alg);
    struct acme_eab *eab = NULL;

    if (mac == NULL) {
        return err_set(err, ERR_CONFIG, "'%s' is no EAB algorithm (HS256, HS384, HS512)", alg);
    }
    if (kid == NULL || kid[0] == '\0' || strlen(kid) > KID_MAX) {
        return err_set(err, ERR_CONFIG, "the EAB key id is empty or longer than %d bytes", KID_MAX);
    }
    if (hmac_key == NULL || !b64_decode_lenient(hmac_key, strlen(hmac_key), &key) ||
        key.has_overflown) {
        err_set(err, ERR_CONFIG, "the EAB HMAC key is neither base64url nor base64");
        return err_hint(err, "Give it exactly as the CA's website shows it.");
    }
    if (check_key(&key, mac, err) < 0) {
        return err_code(err);
    }
    secret_register(key.bytes, key.len);
    eab = NEW(struct acme_eab);
    eab->kid = str_dup(kid);
    eab->key = mem_copy(key.bytes, key.len);
    eab->key_len = key.len;
    snprintf(eab->alg, sizeof(eab->alg), "%s", mac->alg);
    *ret_eab = eab;
    return 0;
}

struct acme_eab *acme_eab_copy(const struct acme_eab *eab)
{
    struct acme_eab *copy = NEW(struct acme_eab);

    copy->kid = str_dup(eab->kid);
    copy->key = mem_copy(eab->key, eab->key_len);
    copy->key_len = eab->key_len;
    memcpy(copy->alg, eab->alg, sizeof(copy->alg));
    return copy;
}

void acme_eab_free(struct acme_eab *eab)
{
    if (eab == NULL) {
        return;
    }
    mem_free(eab->kid);
    mem_free_secret(eab->key, eab->key_len);
    mem_free(eab);
}

/* The kid is the user's text, so it goes through the JSON writer. */
static char *protected_header(const struct acme_eab *eab, const char *url)
{
    AUTO_PTR(json_out) struct json_out *out = json_out_new(false);

    json_out_object(out);
    json_out_kstr(out, "alg", eab->alg);
    json_out_kstr(out, "kid", eab->kid);
    json_out_kstr(out, "url", url);
    json_out_end(out);
    return json_out_take(out);
}

int acme_eab_sign(const struct acme_eab *eab, const char *url, const char *jwk, char **ret_jws,
                  struct err *err)
{
    AUTO(buf_done) struct buf input = BUF(JWS_MAX);
    AUTO(buf_done) struct buf jws = BUF(JWS_MAX);
    AUTO(buf_done) struct buf mac = BUF_SECRET(MAC_LEN_MAX);
    AUTO_FREE char *header = protected_header(eab, url);
    size_t header_len = 0;

    b64url_add(&input, header, strlen(header));
    header_len = input.len;
    buf_add_char(&input, '.');
    b64url_add(&input, jwk, strlen(jwk));
    if (buf_check(&input, "the external account binding", err) < 0 ||
        key_hmac(eab->alg, eab->key, eab->key_len, buf_str(&input), &mac, err) < 0) {
        return err_code(err);
    }
    buf_add_str(&jws, "{\"protected\":\"");
    buf_add(&jws, input.bytes, header_len);
    buf_addf(&jws, "\",\"payload\":\"%s\",\"signature\":\"", input.bytes + header_len + 1);
    b64url_add(&jws, mac.bytes, mac.len);
    buf_add_str(&jws, "\"}");
    if (buf_check(&jws, "the external account binding", err) < 0) {
        return err_code(err);
    }
    *ret_jws = buf_take(&jws);
    return 0;
}
