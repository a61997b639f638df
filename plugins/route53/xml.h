/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * What Route 53 and STS answer, as a small tree. Bounded in depth and number of elements; a
 * document type, and so every entity but the five of XML itself, is refused. Attributes and the
 * text between child elements are left out, for the API uses neither.
 */
#ifndef ROUTE53_XML_H
#define ROUTE53_XML_H

#include <stddef.h>

#define XML_DEPTH_MAX 16
#define XML_ELEMENTS_MAX 65536

struct xml {
    char *name; /* without a prefix */
    char *text; /* of an element without children; "" if it is empty, NULL if it has children */
    struct xml *parent, *first, *last, *next;
};

/* The root element, to xml_free(). NULL: the bytes are not such a document, and *ret_why, which is
 * constant, says in a few words why not. */
struct xml *xml_parse(const char *bytes, size_t len, const char **ret_why);
void xml_free(struct xml *root);

/* The first element at the path ("A/B") below node, or NULL. node may be NULL. */
const struct xml *xml_find(const struct xml *node, const char *path);

/* The text of the element at the path; NULL if there is none. */
const char *xml_text(const struct xml *node, const char *path);

/* The next sibling of that name after node, or NULL. */
const struct xml *xml_next(const struct xml *node, const char *name);

#endif
