/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * JSON in and out. Reading goes through yajl's callbacks into a tree of ours with a limit on depth,
 * number of nodes and size, because yajl's own tree overflows the stack on deep nesting. Texts with
 * a NUL inside and duplicate keys are refused. Writing goes through yajl_gen.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json;
enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_INT,
    JSON_DOUBLE,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

#define JSON_DEPTH_MAX 32
#define JSON_NODES_MAX 100000

/* ERR_MALFORMED with line and column. To json_free. */
int json_parse(const char *text, size_t len, struct json **ret_json, struct err *err);
void json_free(struct json *json);
DEFINE_AUTO_PTR(json, json_free);

/* All readers take NULL and wrong types: NULL, 0, false, or the fallback. Strings are borrowed. */
enum json_type json_type(const struct json *json);
const struct json *json_get(const struct json *object, const char *key);
const char *json_str(const struct json *json);
const char *json_get_str(const struct json *object, const char *key);
bool json_get_bool(const struct json *object, const char *key, bool fallback);
int64_t json_get_int(const struct json *object, const char *key, int64_t fallback);
double json_number(const struct json *json, double fallback);
size_t json_len(const struct json *array_or_object);
const struct json *json_at(const struct json *array, size_t index);
/* The nth member of an object. */
const char *json_key_at(const struct json *object, size_t index, const struct json **ret_value);

/* Writing: json_out_new(), then open/close/key/values in order; json_out_take ends it. Wrong order
 * is a bug of the caller and shows as an empty text. */
struct json_out;
struct json_out *json_out_new(bool is_pretty);
void json_out_free(struct json_out *out);
DEFINE_AUTO_PTR(json_out, json_out_free);
void json_out_object(struct json_out *out);
void json_out_array(struct json_out *out);
void json_out_end(struct json_out *out); /* the innermost object or array */
void json_out_key(struct json_out *out, const char *key);
void json_out_str(struct json_out *out, const char *text); /* NULL: null; bad UTF-8 is replaced */
void json_out_int(struct json_out *out, int64_t number);
void json_out_bool(struct json_out *out, bool value);
void json_out_null(struct json_out *out);
/* key and value in one */
void json_out_kstr(struct json_out *out, const char *key, const char *text);
void json_out_kint(struct json_out *out, const char *key, int64_t number);
void json_out_kbool(struct json_out *out, const char *key, bool value);
void json_out_ktime(struct json_out *out, const char *key, int64_t wall_s); /* 0: null */
/* An array of texts; items NULL: an empty one. */
void json_out_kstrv(struct json_out *out, const char *key, const struct strv *items);
char *json_out_take(struct json_out *out); /* to mem_free; without a newline unless pretty */

#endif
