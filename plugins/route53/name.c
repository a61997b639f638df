/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "name.h"

#include <stdio.h>
#include <string.h>

#define LABEL_MAX 63
#define WIRE_MAX 255

static bool is_digit(char c, int base)
{
    return c >= '0' && c < '0' + base;
}

/* Takes one byte off *text, which may be escaped; digits of an escape count in base. */
static bool take_byte(const char **text, int base, unsigned char *ret_byte)
{
    const char *t = *text;
    int number = 0;

    if (*t != '\\') {
        *ret_byte = (unsigned char)*t;
        *text = t + 1;
        return true;
    }
    t++;
    if (*t == '\0') {
        return false;
    }
    if (!is_digit(*t, 10)) {
        *ret_byte = (unsigned char)*t;
        *text = t + 1;
        return true;
    }
    for (int i = 0; i < 3; i++, t++) {
        if (!is_digit(*t, base)) {
            return false;
        }
        number = number * base + (*t - '0');
    }
    if (number > 255) {
        return false;
    }
    *ret_byte = (unsigned char)number;
    *text = t;
    return true;
}

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Counts the bytes of labels on the wire (RFC 1035 section 2.3.4). False: there are too many. */
static bool count_byte(bool is_dot, size_t *label, size_t *total)
{
    *label = is_dot ? 0 : *label + 1;
    *total += 1;
    return *label <= LABEL_MAX && *total <= WIRE_MAX;
}

static bool rewrite(const char *text, int base, char to[NAME_SIZE])
{
    size_t n = 0;
    size_t label = 0;
    size_t total = 1; /* the root */

    while (*text != '\0') {
        bool is_dot = *text == '.';
        unsigned char c = 0;

        if (!count_byte(is_dot, &label, &total) || NAME_SIZE - n < 6 ||
            !take_byte(&text, base, &c)) {
            return false;
        }
        if (c >= 'A' && c <= 'Z') {
            c = (unsigned char)(c - 'A' + 'a');
        }
        if (is_dot || is_plain(c)) {
            to[n++] = (char)c;
        } else {
            n += (size_t)snprintf(to + n, NAME_SIZE - n, "\\%03o", c);
        }
    }
    if (n == 0) {
        return false;
    }
    if (to[n - 1] != '.') {
        to[n++] = '.';
    }
    to[n] = '\0';
    return true;
}

bool name_from_dns(const char *fqdn, char to[NAME_SIZE])
{
    return rewrite(fqdn, 10, to);
}

bool name_from_api(const char *text, char to[NAME_SIZE])
{
    return rewrite(text, 8, to);
}

/* Writes "www.example.com." as "com.example.www.". */
static void reverse(const char *name, char to[NAME_SIZE])
{
    size_t end = strlen(name);
    size_t n = 0;

    while (end > 0) {
        size_t start = --end; /* a dot ends each label */

        while (start > 0 && name[start - 1] != '.') {
            start--;
        }
        memcpy(to + n, name + start, end - start);
        n += end - start;
        to[n++] = '.';
        end = start;
    }
    to[n] = '\0';
}

int name_compare(const char *a, const char *b)
{
    char a_reversed[NAME_SIZE];
    char b_reversed[NAME_SIZE];

    reverse(a, a_reversed);
    reverse(b, b_reversed);
    return strcmp(a_reversed, b_reversed);
}

void name_add_txt(struct kit_text *to, const void *value, size_t len)
{
    const unsigned char *bytes = value;

    kit_text_add_str(to, "\"");
    for (size_t i = 0; i < len; i++) {
        unsigned char c = bytes[i];

        if (c == '"' || c == '\\') {
            kit_text_addf(to, "\\%c", c);
        } else if (c < 0x20 || c > 0x7e) {
            kit_text_addf(to, "\\%03o", c);
        } else {
            kit_text_add(to, &bytes[i], 1);
        }
    }
    kit_text_add_str(to, "\"");
}

bool name_txt_is(const char *text, const void *value, size_t len)
{
    const unsigned char *bytes = value;
    size_t n = 0;

    if (*text++ != '"') {
        return false;
    }
    while (*text != '"') {
        unsigned char c = 0;

        if (*text == '\0' || n == len || !take_byte(&text, 8, &c) || c != bytes[n]) {
            return false;
        }
        n++;
    }
    return text[1] == '\0' && n == len;
}
