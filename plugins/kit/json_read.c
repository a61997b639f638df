/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Bytes to a tree, through yajl's callbacks: its own tree goes as deep as the text does, on our
 * stack. All nodes hang in one row from the root, so that freeing never descends. */
#include "kit_json.h"

#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

struct parse {
    struct kit_json *root;
    struct kit_json *newest;
    struct kit_json *open[KIT_JSON_DEPTH_MAX];
    size_t depth;
    size_t n_nodes;
    char *key; /* read, its value not yet */
    const char *problem;
};

void kit_json_free(struct kit_json *document)
{
    while (document != NULL) {
        struct kit_json *next = document->made_next;

        kit_free_secret(document->key);
        kit_free_secret(document->text);
        free(document);
        document = next;
    }
}

static int stop(struct parse *p, const char *problem)
{
    p->problem = problem;
    return 0;
}

static struct kit_json *add_node(struct parse *p, enum kit_json_type type)
{
    struct kit_json *parent = p->depth == 0 ? NULL : p->open[p->depth - 1];
    struct kit_json *node = NULL;

    if (++p->n_nodes > KIT_JSON_NODES_MAX) {
        (void)stop(p, "too many values");
        return NULL;
    }
    node = kit_alloc(1, sizeof(*node));
    node->type = type;
    node->key = p->key;
    p->key = NULL;
    if (p->root == NULL) {
        p->root = node;
    } else {
        p->newest->made_next = node;
    }
    p->newest = node;
    if (parent != NULL) {
        *(parent->last == NULL ? &parent->first : &parent->last->sibling) = node;
        parent->last = node;
        parent->n++;
    }
    return node;
}

static int open_node(struct parse *p, enum kit_json_type type)
{
    if (p->depth == KIT_JSON_DEPTH_MAX) {
        return stop(p, "nested too deeply");
    }
    if (add_node(p, type) == NULL) {
        return 0;
    }
    p->open[p->depth++] = p->newest;
    return 1;
}

static int on_null(void *arg)
{
    return add_node(arg, KIT_JSON_NULL) != NULL;
}

static int on_boolean(void *arg, int value)
{
    struct kit_json *node = add_node(arg, KIT_JSON_BOOL);

    if (node != NULL) {
        node->is_true = value != 0;
    }
    return node != NULL;
}

/* Why bytes cannot be kept as text, or NULL. yajl lets overlong forms and surrogates pass. */
static const char *find_flaw(const char *bytes, size_t len)
{
    while (len > 0) {
        uint32_t code = 0;
        size_t n = kit_utf8_decode(bytes, len, &code);

        if (n == 0) {
            return "bad UTF-8";
        }
        if (code == 0) {
            return "a NUL inside a string";
        }
        bytes += n;
        len -= n;
    }
    return NULL;
}

static int add_text(struct parse *p, enum kit_json_type type, const char *bytes, size_t len)
{
    const char *flaw = find_flaw(bytes, len);
    struct kit_json *node = NULL;

    if (flaw != NULL) {
        return stop(p, flaw);
    }
    node = add_node(p, type);
    if (node != NULL) {
        node->text = kit_strndup(bytes, len);
    }
    return node != NULL;
}

/* Kept as it was written: an id of 20 digits must come out as it went in. */
static int on_number(void *arg, const char *bytes, size_t len)
{
    return add_text(arg, KIT_JSON_NUMBER, bytes, len);
}

static int on_string(void *arg, const unsigned char *bytes, size_t len)
{
    return add_text(arg, KIT_JSON_STRING, (const char *)bytes, len);
}

static int on_key(void *arg, const unsigned char *bytes, size_t len)
{
    struct parse *p = arg;
    const char *flaw = find_flaw((const char *)bytes, len);

    if (flaw != NULL) {
        return stop(p, flaw);
    }
    p->key = kit_strndup((const char *)bytes, len);
    return 1;
}

static int on_object(void *arg)
{
    return open_node(arg, KIT_JSON_OBJECT);
}

static int on_array(void *arg)
{
    return open_node(arg, KIT_JSON_ARRAY);
}

static int on_array_end(void *arg)
{
    struct parse *p = arg;

    p->depth--;
    return 1;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Two readers may take different ones of two equal keys: so neither. Sorted, since comparing each
 * with each would let a server choose how long we take. */
static int on_object_end(void *arg)
{
    struct parse *p = arg;
    const struct kit_json *object = p->open[--p->depth];
    const char **keys = NULL;
    size_t n = 0;
    bool has_twins = false;

    if (object->n < 2) {
        return 1;
    }
    keys = kit_alloc(object->n, sizeof(keys[0]));
    for (const struct kit_json *m = object->first; m != NULL; m = m->sibling) {
        keys[n++] = m->key;
    }
    qsort(keys, n, sizeof(keys[0]), compare_keys);
    for (size_t i = 1; i < n; i++) {
        has_twins = has_twins || strcmp(keys[i - 1], keys[i]) == 0;
    }
    free(keys);
    return has_twins ? stop(p, "the same key twice in one object") : 1;
}

static void *yajl_take(void *arg, size_t size)
{
    (void)arg;
    return kit_alloc(1, size);
}

static void *yajl_resize(void *arg, void *p, size_t size)
{
    (void)arg;
    return kit_realloc(p, size, 1);
}

static void yajl_give(void *arg, void *p)
{
    (void)arg;
    free(p);
}

static void run(struct parse *p, const char *text, size_t len)
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
    yajl_alloc_funcs memory = {yajl_take, yajl_resize, yajl_give, NULL};
    yajl_handle handle = yajl_alloc(&CALLBACKS, &memory, p);
    yajl_status status = yajl_parse(handle, (const unsigned char *)text, len);

    if (status == yajl_status_ok) {
        status = yajl_complete_parse(handle);
    }
    yajl_free(handle);
    if (p->problem == NULL && (status != yajl_status_ok || p->root == NULL)) {
        /* yajl tells an end that comes too early from other mistakes only by its words. */
        p->problem = p->depth > 0 && status != yajl_status_client_canceled ? "broken or cut off"
                                                                           : "not JSON";
    }
}

struct kit_json *kit_json_parse(const char *text, size_t len, const char **ret_problem)
{
    struct parse parse = {.root = NULL};

    run(&parse, text, len);
    kit_free_secret(parse.key);
    if (parse.problem == NULL) {
        return parse.root;
    }
    kit_json_free(parse.root);
    if (ret_problem != NULL) {
        *ret_problem = parse.problem;
    }
    return NULL;
}
