/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "acme/jws.h"

#include "base/b64.h"

#include <string.h>

#define HEADER_MAX 8192

void jws_add_input(struct buf *to, const struct jws_header *header, const char *payload)
{
    AUTO(buf_done) struct buf json = BUF(HEADER_MAX);

    buf_addf(&json, "{\"alg\":\"%s\",\"nonce\":\"%s\",\"url\":\"%s\",", header->alg, header->nonce,
             header->url);
    if (header->jwk != NULL) {
        buf_addf(&json, "\"jwk\":%s}", header->jwk);
    } else {
        buf_addf(&json, "\"kid\":\"%s\"}", header->kid);
    }
    if (json.has_overflown) {
        to->has_overflown = true;
        return;
    }
    b64url_add(to, json.bytes, json.len);
    buf_add_char(to, '.');
    b64url_add(to, payload, strlen(payload));
}

void jws_add_message(struct buf *to, const char *input, const uint8_t *signature, size_t len)
{
    size_t header_len = strcspn(input, ".");

    buf_add_str(to, "{\"protected\":\"");
    buf_add(to, input, header_len);
    buf_add_str(to, "\",\"payload\":\"");
    buf_add_str(to, input[header_len] == '\0' ? "" : input + header_len + 1);
    buf_add_str(to, "\",\"signature\":\"");
    b64url_add(to, signature, len);
    buf_add_str(to, "\"}");
}
