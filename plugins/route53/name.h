/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Names and TXT values in Route 53's spelling: bytes other than letters, digits, hyphens,
 * underscores and dots as \ooo, three *octal* digits, where RFC 1035 has decimal ones.
 */
#ifndef ROUTE53_NAME_H
#define ROUTE53_NAME_H

#include <acme-kit.h>

#include <stdbool.h>
#include <stddef.h>

#define NAME_SIZE 1040 /* 255 bytes, each as \ooo, with room to spare */

/* Writes a name of the plug-in interface (absolute, RFC 1035 section 5.1) in Route 53's spelling,
 * in lower case, with the dot at the end. False if it is none, or too long for the DNS. */
bool name_from_dns(const char *fqdn, char to[NAME_SIZE]);

/* The same for a name that Route 53 wrote, so that two spellings of one name become equal. */
bool name_from_api(const char *text, char to[NAME_SIZE]);

/* Which of two such names a listing of Route 53 has first: by labels from the last to the first,
 * dots between them included. As strcmp(). */
int name_compare(const char *a, const char *b);

/* Adds a value as one quoted character-string. */
void name_add_txt(struct kit_text *to, const void *value, size_t len);

/* Whether text, as Route 53 has it, is one character-string of exactly these bytes. */
bool name_txt_is(const char *text, const void *value, size_t len);

#endif
