/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* A node of a parsed document, for the files that make, read and copy one. */
#ifndef KIT_JSON_H
#define KIT_JSON_H

#include "kit_impl.h"

struct kit_json {
    enum kit_json_type type;
    bool is_true;
    char *key;  /* member of an object: its key */
    char *text; /* string: its value; number: as written */
    struct kit_json *first;
    struct kit_json *last;
    struct kit_json *sibling;
    size_t n;                   /* elements or members */
    struct kit_json *made_next; /* all nodes of a document in a row, from its root */
};

#endif
