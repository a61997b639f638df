/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/json.h"

#include "base/json_impl.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

struct json {
    enum json_type type;
    bool is_true;
    int64_t integer;
    double number;
    char *text;          /* string */
    char **keys;         /* object: one for each item */
    struct json **items; /* array or object; the nodes belong to the chain below */
    size_t n, cap;
    struct json
        *next; /* all nodes of a document, from its root: freed in a row, never by descent */
};

struct parse {
    struct json *root;
    struct json *last; /* of the chain */
    struct json *open[JSON_DEPTH_MAX];
    size_t depth;
    size_t n_nodes;
    char *key;           /* read, its value not yet */
    const char *problem; /* why the callbacks stopped */
};

void json_free(struct json *json)
{
    while (json != NULL) {
        struct json *next = json->next;

        for (size_t i = 0; json->keys != NULL && i < json->n; i++) {
            mem_free(json->keys[i]);
        }
        mem_free(json->keys);
        mem_free(json->items);
        mem_free(json->text);
        mem_free(json);
        json = next;
    }
}

static int stop(struct parse *p, const char *problem)
{
    p->problem = problem;
    return 0;
}

static void append(struct parse *p, struct json *parent, struct json *child)
{
    if (parent->n == parent->cap) {
        parent->cap = parent->cap == 0 ? 4 : parent->cap * 2;
        parent->items = mem_resize(parent->items, parent->cap, sizeof(struct json *));
        if (parent->type == JSON_OBJECT) {
            parent->keys = mem_resize(parent->keys, parent->cap, sizeof(char *));
        }
    }
    if (parent->type == JSON_OBJECT) {
        parent->keys[parent->n] = TAKE(p->key);
    }
    parent->items[parent->n++] = child;
}

/* A new node in its place, or NULL when there are too many. */
static struct json *add_node(struct parse *p, enum json_type type)
{
    struct json *node = NULL;

    if (++p->n_nodes > JSON_NODES_MAX) {
        (void)stop(p, "too many values");
        return NULL;
    }
    node = NEW(struct json);
    node->type = type;
    if (p->root == NULL) {
        p->root = node;
    } else {
        p->last->next = node;
    }
    p->last = node;
    if (p->depth > 0) {
        append(p, p->open[p->depth - 1], node);
    }
    return node;
}

static int open_node(struct parse *p, enum json_type type)
{
    struct json *node = NULL;

    if (p->depth == JSON_DEPTH_MAX) {
        return stop(p, "nested too deeply");
    }
    node = add_node(p, type);
    if (node == NULL) {
        return 0;
    }
    p->open[p->depth++] = node;
    return 1;
}

static int on_null(void *ctx)
{
    return add_node(ctx, JSON_NULL) != NULL;
}

static int on_boolean(void *ctx, int value)
{
    struct json *node = add_node(ctx, JSON_BOOL);

    if (node == NULL) {
        return 0;
    }
    node->is_true = value != 0;
    return 1;
}

/* As text, so that an integer beyond 64 bits becomes a double instead of ending the document. */
static int on_number(void *ctx, const char *bytes, size_t len)
{
    char text[64];
    int64_t integer = 0;
    struct json *node = NULL;

    if (len >= sizeof(text)) {
        return stop(ctx, "number too long");
    }
    memcpy(text, bytes, len);
    text[len] = '\0';
    if (str_parse_int(text, INT64_MIN, INT64_MAX, &integer)) {
        node = add_node(ctx, JSON_INT);
    } else {
        node = add_node(ctx, JSON_DOUBLE);
    }
    if (node == NULL) {
        return 0;
    }
    node->integer = integer;
    node->number = node->type == JSON_INT ? (double)integer : strtod(text, NULL);
    return 1;
}

static int on_string(void *ctx, const unsigned char *bytes, size_t len)
{
    struct json *node = NULL;

    if (memchr(bytes, '\0', len) != NULL) {
        return stop(ctx, "a string has a NUL inside");
    }
    node = add_node(ctx, JSON_STRING);
    if (node == NULL) {
        return 0;
    }
    node->text = mem_copy(bytes, len);
    return 1;
}

static int on_key(void *ctx, const unsigned char *bytes, size_t len)
{
    struct parse *p = ctx;

    if (memchr(bytes, '\0', len) != NULL) {
        return stop(p, "a key has a NUL inside");
    }
    p->key = mem_copy(bytes, len);
    return 1;
}

static int on_object(void *ctx)
{
    return open_node(ctx, JSON_OBJECT);
}

static int on_array(void *ctx)
{
    return open_node(ctx, JSON_ARRAY);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Which of two equal keys counts is for each reader to say, and they differ: so neither. Sorted,
 * because comparing each with each would let a stranger choose how long we take. */
static int on_object_end(void *ctx)
{
    struct parse *p = ctx;
    const struct json *object = p->open[--p->depth];
    AUTO_FREE char **sorted = NULL;

    if (object->n < 2) {
        return 1;
    }
    sorted = mem_copy(object->keys, object->n * sizeof(object->keys[0]));
    qsort(sorted, object->n, sizeof(sorted[0]), compare_keys);
    for (size_t i = 1; i < object->n; i++) {
        if (strcmp(sorted[i - 1], sorted[i]) == 0) {
            return stop(p, "an object has the same key twice");
        }
    }
    return 1;
}

static int on_array_end(void *ctx)
{
    struct parse *p = ctx;

    p->depth--;
    return 1;
}

static void *alloc_for_yajl(void *ctx, size_t size)
{
    (void)ctx;
    return mem_resize(NULL, size, 1); /* not zeroed: its first buffers are pages */
}

static void *resize_for_yajl(void *ctx, void *p, size_t size)
{
    (void)ctx;
    return mem_resize(p, size, 1);
}

static void free_for_yajl(void *ctx, void *p)
{
    (void)ctx;
    mem_free(p);
}

yajl_alloc_funcs json_alloc_funcs(void)
{
    return (yajl_alloc_funcs){alloc_for_yajl, resize_for_yajl, free_for_yajl, NULL};
}

static int describe_failure(const char *text, size_t at, const char *problem, struct err *err)
{
    size_t line = 1;
    size_t column = 1;

    for (size_t i = 0; i < at; i++) {
        column = text[i] == '\n' ? 1 : column + 1;
        line += text[i] == '\n' ? 1 : 0;
    }
    return err_set(err, ERR_MALFORMED, "not valid JSON, line %zu, column %zu: %s", line, column,
                   problem);
}

/* yajl's own words without the excerpt of the text below them, which is a stranger's. */
static int describe_syntax(yajl_handle handle, const char *text, size_t len, struct err *err)
{
    unsigned char *words = yajl_get_error(handle, 0, (const unsigned char *)text, len);
    AUTO_FREE char *problem = str_dup(words == NULL ? "" : (const char *)words);

    if (words != NULL) {
        yajl_free_error(handle, words);
    }
    problem[strcspn(problem, "\n")] = '\0';
    return describe_failure(text, yajl_get_bytes_consumed(handle), problem, err);
}

int json_parse(const char *text, size_t len, struct json **ret_json, struct err *err)
{
    static const yajl_callbacks CALLBACKS = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_object,
        .yajl_map_key = on_key,
        .yajl_end_map = on_object_end,
        .yajl_start_array = on_array,
        .yajl_end_array = on_array_end,
    };
    yajl_alloc_funcs alloc = json_alloc_funcs();
    struct parse parse = {0};
    yajl_handle handle = yajl_alloc(&CALLBACKS, &alloc, &parse);
    yajl_status status = yajl_parse(handle, (const unsigned char *)text, len);
    int failed = 0;

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(handle);
    }
    if (parse.problem != NULL) {
        failed = describe_failure(text, yajl_get_bytes_consumed(handle), parse.problem, err);
    } else if (status != yajl_status_ok) {
        failed = describe_syntax(handle, text, len, err);
    } else if (parse.root == NULL) {
        failed = describe_failure(text, len, "no value", err);
    }
    yajl_free(handle);
    mem_free(parse.key);
    if (failed != 0) {
        json_free(parse.root);
        return failed;
    }
    *ret_json = parse.root;
    return 0;
}

enum json_type json_type(const struct json *json)
{
    return json == NULL ? JSON_NULL : json->type;
}

const struct json *json_get(const struct json *object, const char *key)
{
    if (json_type(object) != JSON_OBJECT) {
        return NULL;
    }
    for (size_t i = 0; i < object->n; i++) {
        if (strcmp(object->keys[i], key) == 0) {
            return object->items[i];
        }
    }
    return NULL;
}

const char *json_str(const struct json *json)
{
    return json_type(json) == JSON_STRING ? json->text : NULL;
}

const char *json_get_str(const struct json *object, const char *key)
{
    return json_str(json_get(object, key));
}

bool json_get_bool(const struct json *object, const char *key, bool fallback)
{
    const struct json *value = json_get(object, key);

    return json_type(value) == JSON_BOOL ? value->is_true : fallback;
}

int64_t json_get_int(const struct json *object, const char *key, int64_t fallback)
{
    const struct json *value = json_get(object, key);

    return json_type(value) == JSON_INT ? value->integer : fallback;
}

double json_number(const struct json *json, double fallback)
{
    return json_type(json) == JSON_INT || json_type(json) == JSON_DOUBLE ? json->number : fallback;
}

size_t json_len(const struct json *array_or_object)
{
    return array_or_object == NULL ? 0 : array_or_object->n;
}

const struct json *json_at(const struct json *array, size_t index)
{
    return json_type(array) == JSON_ARRAY && index < array->n ? array->items[index] : NULL;
}

const char *json_key_at(const struct json *object, size_t index, const struct json **ret_value)
{
    if (json_type(object) != JSON_OBJECT || index >= object->n) {
        return NULL;
    }
    if (ret_value != NULL) {
        *ret_value = object->items[index];
    }
    return object->keys[index];
}
