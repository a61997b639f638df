/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Writing JSON: yajl_gen, with the nesting kept here, so that one json_out_end() closes what is
 * open, and with bytes that are no UTF-8 replaced, because yajl_gen passes them on. */
#include "base/json.h"

#include "base/clock.h"
#include "base/json_impl.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>
#include <yajl/yajl_gen.h>

struct json_out {
    yajl_gen gen;
    bool is_object[JSON_DEPTH_MAX];
    size_t depth;
    bool has_key;    /* read a key, waits for its value */
    bool has_value;  /* the document has begun */
    bool has_failed; /* calls came in an order that gives no JSON */
};

struct json_out *json_out_new(bool is_pretty)
{
    yajl_alloc_funcs alloc = json_alloc_funcs();
    struct json_out *out = NEW(struct json_out);

    out->gen = yajl_gen_alloc(&alloc);
    (void)yajl_gen_config(out->gen, yajl_gen_beautify, is_pretty ? 1 : 0);
    (void)yajl_gen_config(out->gen, yajl_gen_indent_string, "  ");
    return out;
}

void json_out_free(struct json_out *out)
{
    if (out != NULL) {
        yajl_gen_free(out->gen);
        mem_free(out);
    }
}

static void note(struct json_out *out, yajl_gen_status status)
{
    out->has_failed = out->has_failed || status != yajl_gen_status_ok;
}

/* Whether a value may stand here; uses up the key. */
static bool begin_value(struct json_out *out)
{
    bool is_member = out->depth > 0 && out->is_object[out->depth - 1];

    if (is_member != out->has_key || (out->depth == 0 && out->has_value)) {
        out->has_failed = true;
    }
    out->has_key = false;
    out->has_value = true;
    return !out->has_failed;
}

static void open_level(struct json_out *out, bool is_object)
{
    if (!begin_value(out)) {
        return;
    }
    if (out->depth == JSON_DEPTH_MAX) {
        out->has_failed = true;
        return;
    }
    out->is_object[out->depth++] = is_object;
    note(out, is_object ? yajl_gen_map_open(out->gen) : yajl_gen_array_open(out->gen));
}

void json_out_object(struct json_out *out)
{
    open_level(out, true);
}

void json_out_array(struct json_out *out)
{
    open_level(out, false);
}

void json_out_end(struct json_out *out)
{
    if (out->depth == 0 || out->has_key || out->has_failed) {
        out->has_failed = true;
        return;
    }
    out->depth--;
    note(out, out->is_object[out->depth] ? yajl_gen_map_close(out->gen)
                                         : yajl_gen_array_close(out->gen));
}

static void put_text(struct json_out *out, const char *text)
{
    struct buf clean = BUF(SIZE_MAX / 4);

    for (const char *at = text; *at != '\0';) {
        uint32_t code = 0;
        size_t len = utf8_decode(at, &code);

        if (len == 0) {
            buf_add_str(&clean, "\xef\xbf\xbd"); /* U+FFFD */
            at++;
        } else {
            buf_add(&clean, at, len);
            at += len;
        }
    }
    note(out, yajl_gen_string(out->gen, (const unsigned char *)buf_str(&clean), clean.len));
    buf_done(&clean);
}

void json_out_key(struct json_out *out, const char *key)
{
    if (out->depth == 0 || !out->is_object[out->depth - 1] || out->has_key || out->has_failed) {
        out->has_failed = true;
        return;
    }
    out->has_key = true;
    put_text(out, key);
}

void json_out_str(struct json_out *out, const char *text)
{
    if (text == NULL) {
        json_out_null(out);
    } else if (begin_value(out)) {
        put_text(out, text);
    }
}

void json_out_int(struct json_out *out, int64_t number)
{
    if (begin_value(out)) {
        note(out, yajl_gen_integer(out->gen, number));
    }
}

void json_out_bool(struct json_out *out, bool value)
{
    if (begin_value(out)) {
        note(out, yajl_gen_bool(out->gen, value ? 1 : 0));
    }
}

void json_out_null(struct json_out *out)
{
    if (begin_value(out)) {
        note(out, yajl_gen_null(out->gen));
    }
}

void json_out_kstr(struct json_out *out, const char *key, const char *text)
{
    json_out_key(out, key);
    json_out_str(out, text);
}

void json_out_kint(struct json_out *out, const char *key, int64_t number)
{
    json_out_key(out, key);
    json_out_int(out, number);
}

void json_out_kbool(struct json_out *out, const char *key, bool value)
{
    json_out_key(out, key);
    json_out_bool(out, value);
}

void json_out_ktime(struct json_out *out, const char *key, int64_t wall_s)
{
    char text[CLOCK_TEXT_MAX];

    clock_format(wall_s, text);
    json_out_kstr(out, key, wall_s == 0 ? NULL : text);
}

void json_out_kstrv(struct json_out *out, const char *key, const struct strv *items)
{
    json_out_key(out, key);
    json_out_array(out);
    for (size_t i = 0; items != NULL && i < items->n; i++) {
        json_out_str(out, items->items[i]);
    }
    json_out_end(out);
}

char *json_out_take(struct json_out *out)
{
    const unsigned char *text = NULL;
    size_t len = 0;

    if (out->has_failed || out->depth > 0 || !out->has_value ||
        yajl_gen_get_buf(out->gen, &text, &len) != yajl_gen_status_ok) {
        return mem_copy("", 0);
    }
    return mem_copy(text, len);
}
