/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "kit_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct kit_json *find_member(const struct kit_json *object, const char *key,
                                          size_t len)
{
    const struct kit_json *m = object->first;

    while (m != NULL && (strncmp(m->key, key, len) != 0 || m->key[len] != '\0')) {
        m = m->sibling;
    }
    return m;
}

static const struct kit_json *find_element(const struct kit_json *array, const char *digits,
                                           size_t len)
{
    const struct kit_json *e = array->first;
    size_t index = 0;

    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9' || index > KIT_JSON_NODES_MAX) {
            return NULL;
        }
        index = index * 10 + (size_t)(digits[i] - '0');
    }
    while (e != NULL && index > 0) {
        e = e->sibling;
        index--;
    }
    return len == 0 ? NULL : e;
}

const struct kit_json *kit_json_find(const struct kit_json *json, const char *path)
{
    while (json != NULL && path != NULL && *path != '\0') {
        size_t len = strcspn(path, ".");

        if (json->type == KIT_JSON_OBJECT) {
            json = find_member(json, path, len);
        } else if (json->type == KIT_JSON_ARRAY) {
            json = find_element(json, path, len);
        } else {
            json = NULL;
        }
        path += path[len] == '.' ? len + 1 : len;
    }
    return json;
}

const struct kit_json *kit_json_member(const struct kit_json *object, const char *key)
{
    return object != NULL && object->type == KIT_JSON_OBJECT ? find_member(object, key, strlen(key))
                                                             : NULL;
}

enum kit_json_type kit_json_type(const struct kit_json *json, const char *path)
{
    json = kit_json_find(json, path);
    return json == NULL ? KIT_JSON_NULL : json->type;
}

const char *kit_json_str(const struct kit_json *json, const char *path)
{
    json = kit_json_find(json, path);
    return json != NULL && json->type == KIT_JSON_STRING ? json->text : NULL;
}

const char *kit_json_id(const struct kit_json *json, const char *path)
{
    json = kit_json_find(json, path);
    return json == NULL ? NULL : json->text; /* only strings and numbers have one */
}

int64_t kit_json_int(const struct kit_json *json, const char *path, int64_t fallback)
{
    const char *text = kit_json_id(json, path);
    char *end = NULL;
    long long number = 0;

    if (text == NULL || *text == '\0' || *text == ' ' || *text == '+') {
        return fallback;
    }
    errno = 0;
    number = strtoll(text, &end, 10);
    return errno != 0 || *end != '\0' ? fallback : (int64_t)number;
}

bool kit_json_bool(const struct kit_json *json, const char *path, bool fallback)
{
    json = kit_json_find(json, path);
    return json != NULL && json->type == KIT_JSON_BOOL ? json->is_true : fallback;
}

size_t kit_json_count(const struct kit_json *json, const char *path)
{
    json = kit_json_find(json, path);
    return json == NULL ? 0 : json->n;
}

const struct kit_json *kit_json_first(const struct kit_json *json, const char *path)
{
    json = kit_json_find(json, path);
    return json == NULL ? NULL : json->first;
}

const struct kit_json *kit_json_next(const struct kit_json *element)
{
    return element == NULL ? NULL : element->sibling;
}

const char *kit_json_key(const struct kit_json *member)
{
    return member == NULL ? NULL : member->key;
}
