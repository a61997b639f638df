/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "provider/frame.h"

#include <stdlib.h>
#include <string.h>

static void put_u32(uint8_t *at, uint32_t v)
{
    at[0] = (uint8_t)(v >> 24);
    at[1] = (uint8_t)(v >> 16);
    at[2] = (uint8_t)(v >> 8);
    at[3] = (uint8_t)v;
}

static uint32_t peek_u32(const uint8_t *at)
{
    return ((uint32_t)at[0] << 24) | ((uint32_t)at[1] << 16) | ((uint32_t)at[2] << 8) | at[3];
}

/* Room for n more bytes, or NULL. Not realloc(): the old bytes may be secrets and are wiped. */
static uint8_t *make_room(struct frame_out *out, size_t n)
{
    if (out->is_bad || n > FRAME_MAX || out->len + n > FRAME_MAX + FRAME_HEAD) {
        out->is_bad = true;
        return NULL;
    }
    if (out->len + n > out->cap) {
        size_t cap = out->cap < 512 ? 512 : out->cap;

        while (cap < out->len + n) {
            cap *= 2;
        }
        uint8_t *bytes = malloc(cap);
        if (bytes == NULL) {
            out->is_bad = true;
            return NULL;
        }
        if (out->len > 0) {
            memcpy(bytes, out->bytes, out->len);
            explicit_bzero(out->bytes, out->len);
        }
        free(out->bytes);
        out->bytes = bytes;
        out->cap = cap;
    }
    out->len += n;
    return out->bytes + out->len - n;
}

void frame_begin(struct frame_out *out, enum frame_kind kind, uint32_t call)
{
    uint8_t *at;

    out->len = 0;
    out->is_bad = false;
    at = make_room(out, FRAME_HEAD);
    if (at != NULL) {
        put_u32(at, 0);
        at[4] = (uint8_t)kind;
        put_u32(at + 5, call);
    }
}

void frame_add_u32(struct frame_out *out, uint32_t v)
{
    uint8_t *at = make_room(out, 4);

    if (at != NULL) {
        put_u32(at, v);
    }
}

void frame_add_u64(struct frame_out *out, uint64_t v)
{
    frame_add_u32(out, (uint32_t)(v >> 32));
    frame_add_u32(out, (uint32_t)v);
}

void frame_add_bytes(struct frame_out *out, const void *bytes, size_t len)
{
    uint8_t *at;

    if (bytes == NULL) {
        frame_add_u32(out, FRAME_NULL);
        return;
    }
    if (len > FRAME_MAX) {
        out->is_bad = true;
        return;
    }
    frame_add_u32(out, (uint32_t)len);
    at = make_room(out, len);
    if (at != NULL && len > 0) {
        memcpy(at, bytes, len);
    }
}

void frame_add_text(struct frame_out *out, const char *text)
{
    frame_add_bytes(out, text, text != NULL ? strlen(text) : 0);
}

bool frame_end(struct frame_out *out)
{
    if (out->is_bad || out->len - 4 > FRAME_MAX) {
        return false;
    }
    put_u32(out->bytes, (uint32_t)(out->len - 4));
    return true;
}

void frame_out_done(struct frame_out *out)
{
    if (out->bytes != NULL) {
        explicit_bzero(out->bytes, out->cap);
        free(out->bytes);
    }
    *out = (struct frame_out){.bytes = NULL};
}

int frame_open(const void *bytes, size_t len, struct frame_in *ret_in, size_t *ret_used)
{
    const uint8_t *at = bytes;
    uint32_t rest;

    if (len < 4) {
        return 0;
    }
    rest = peek_u32(at);
    if (rest < FRAME_HEAD - 4 || rest > FRAME_MAX) {
        return -1;
    }
    if (len - 4 < rest) {
        return 0;
    }
    *ret_in = (struct frame_in){
        .kind = at[4],
        .call = peek_u32(at + 5),
        .at = at + FRAME_HEAD,
        .left = rest - (FRAME_HEAD - 4),
    };
    *ret_used = (size_t)rest + 4;
    return 1;
}

uint32_t frame_get_u32(struct frame_in *in)
{
    uint32_t v;

    if (in->is_bad || in->left < 4) {
        in->is_bad = true;
        return 0;
    }
    v = peek_u32(in->at);
    in->at += 4;
    in->left -= 4;
    return v;
}

uint64_t frame_get_u64(struct frame_in *in)
{
    uint64_t high = frame_get_u32(in);

    return (high << 32) | frame_get_u32(in);
}

const void *frame_get_bytes(struct frame_in *in, size_t *ret_len)
{
    uint32_t len = frame_get_u32(in);
    const void *bytes = in->at;

    *ret_len = 0;
    if (in->is_bad || len == FRAME_NULL) {
        return NULL;
    }
    if (len > in->left) {
        in->is_bad = true;
        return NULL;
    }
    in->at += len;
    in->left -= len;
    *ret_len = len;
    return bytes;
}

char *frame_get_text(struct frame_in *in, size_t max)
{
    size_t len;
    const void *bytes = frame_get_bytes(in, &len);
    char *text;

    if (bytes == NULL) {
        return NULL;
    }
    if (len > max || memchr(bytes, '\0', len) != NULL) {
        in->is_bad = true;
        return NULL;
    }
    text = malloc(len + 1);
    if (text == NULL) {
        in->is_bad = true;
        return NULL;
    }
    memcpy(text, bytes, len);
    text[len] = '\0';
    return text;
}

bool frame_is_whole(const struct frame_in *in)
{
    return !in->is_bad && in->left == 0;
}
