/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "xml.h"

#include "alloc.h"

#include <expat.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct builder {
    XML_Parser parser;
    struct xml *root, *current;
    size_t depth, n_elements;
    char *text; /* what came since the last tag */
    size_t text_len, text_cap;
    const char *why;
};

/* Frees by walking, not by calling itself: the tree says where to go on. */
void xml_free(struct xml *root)
{
    struct xml *node = root;

    while (node != NULL) {
        struct xml *child = node->first;

        if (child != NULL) {
            node->first = child->next;
            node = child;
            continue;
        }
        struct xml *parent = node == root ? NULL : node->parent;
        free(node->name);
        free(node->text);
        free(node);
        node = parent;
    }
}

static void stop(struct builder *b, const char *why)
{
    b->why = why;
    (void)XML_StopParser(b->parser, XML_FALSE);
}

static struct xml *new_element(const char *name)
{
    const char *colon = strrchr(name, ':');
    struct xml *node = alloc_zero(1, sizeof(*node));

    node->name = alloc_copy(colon != NULL ? colon + 1 : name);
    return node;
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct builder *b = arg;
    struct xml *node = NULL;

    (void)attributes;
    if (b->why != NULL) {
        return; /* expat may go on for a little after it was stopped */
    }
    if (++b->depth > XML_DEPTH_MAX || ++b->n_elements > XML_ELEMENTS_MAX) {
        stop(b, "it is too deep or has too many elements");
        return;
    }
    node = new_element(name);
    node->parent = b->current;
    if (b->current == NULL) {
        b->root = node;
    } else if (b->current->first == NULL) {
        b->current->first = b->current->last = node;
    } else {
        b->current->last = b->current->last->next = node;
    }
    b->current = node;
    b->text_len = 0;
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
    struct builder *b = arg;
    struct xml *node = b->current;

    (void)name;
    if (b->why != NULL) {
        return;
    }
    if (node->first == NULL) {
        node->text = alloc_copy_len(b->text_len == 0 ? "" : b->text, b->text_len);
    }
    b->text_len = 0;
    b->current = node->parent;
    b->depth--;
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int len)
{
    struct builder *b = arg;
    size_t add = (size_t)len;

    if (b->why != NULL) {
        return;
    }
    if (add > b->text_cap - b->text_len) {
        b->text_cap = 2 * (b->text_len + add);
        b->text = alloc_resize(b->text, b->text_cap, 1);
    }
    memcpy(b->text + b->text_len, text, add);
    b->text_len += add;
}

static void XMLCALL on_doctype(void *arg, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_internal)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_internal;
    stop(arg, "it declares a document type");
}

struct xml *xml_parse(const char *bytes, size_t len, const char **ret_why)
{
    struct builder b = {.parser = XML_ParserCreate(NULL)};

    if (b.parser == NULL) {
        *ret_why = "there is no memory for it";
        return NULL;
    }
    XML_SetUserData(b.parser, &b);
    XML_SetElementHandler(b.parser, on_start, on_end);
    XML_SetCharacterDataHandler(b.parser, on_text);
    XML_SetStartDoctypeDeclHandler(b.parser, on_doctype);
    if (len > INT_MAX || XML_Parse(b.parser, bytes, (int)len, 1) != XML_STATUS_OK) {
        *ret_why = b.why != NULL ? b.why : XML_ErrorString(XML_GetErrorCode(b.parser));
        xml_free(b.root);
        b.root = NULL;
    }
    free(b.text);
    XML_ParserFree(b.parser);
    return b.root;
}

const struct xml *xml_find(const struct xml *node, const char *path)
{
    while (node != NULL && *path != '\0') {
        size_t len = strcspn(path, "/");
        const struct xml *child = node->first;

        while (child != NULL &&
               (strncmp(child->name, path, len) != 0 || child->name[len] != '\0')) {
            child = child->next;
        }
        node = child;
        path += len + (path[len] == '/' ? 1 : 0);
    }
    return node;
}

const char *xml_text(const struct xml *node, const char *path)
{
    const struct xml *found = xml_find(node, path);

    return found != NULL ? found->text : NULL;
}

const struct xml *xml_next(const struct xml *node, const char *name)
{
    do {
        node = node->next;
    } while (node != NULL && strcmp(node->name, name) != 0);
    return node;
}
