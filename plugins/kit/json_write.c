/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* The last byte of a text says whether a comma is due: no state has to be kept beside it. */
#include "kit_json.h"

#include <inttypes.h>
#include <string.h>

static void begin_value(struct kit_text *t)
{
    if (t->len > 0 && strchr("[{:,", t->bytes[t->len - 1]) == NULL) {
        kit_text_add_str(t, ",");
    }
}

static void add_escape(struct kit_text *t, unsigned char c)
{
    static const char SHORT[] = "\bb\ff\nn\rr\tt\"\"\\\\";

    for (size_t i = 0; i + 1 < sizeof(SHORT); i += 2) {
        if (SHORT[i] == (char)c) {
            kit_text_addf(t, "\\%c", SHORT[i + 1]);
            return;
        }
    }
    kit_text_addf(t, "\\u%04x", (unsigned)c);
}

static void add_string(struct kit_text *t, const char *text)
{
    size_t left = strlen(text);

    kit_text_add_str(t, "\"");
    while (left > 0) {
        uint32_t code = 0;
        size_t len = kit_utf8_decode(text, left, &code);

        if (len == 0) {
            kit_text_add_str(t, "\xef\xbf\xbd");
            len = 1;
        } else if (code < 0x20 || code == '"' || code == '\\') {
            add_escape(t, (unsigned char)code);
        } else {
            kit_text_add(t, text, len);
        }
        text += len;
        left -= len;
    }
    kit_text_add_str(t, "\"");
}

void kit_json_add_str(struct kit_text *t, const char *text)
{
    if (text == NULL) {
        kit_json_add_null(t);
        return;
    }
    begin_value(t);
    add_string(t, text);
}

void kit_json_add_key(struct kit_text *t, const char *key)
{
    begin_value(t);
    add_string(t, key);
    kit_text_add_str(t, ":");
}

void kit_json_add_int(struct kit_text *t, int64_t number)
{
    begin_value(t);
    kit_text_addf(t, "%" PRId64, number);
}

void kit_json_add_bool(struct kit_text *t, bool value)
{
    begin_value(t);
    kit_text_add_str(t, value ? "true" : "false");
}

void kit_json_add_null(struct kit_text *t)
{
    begin_value(t);
    kit_text_add_str(t, "null");
}

void kit_json_open(struct kit_text *t, char bracket)
{
    begin_value(t);
    kit_text_add(t, &bracket, 1);
}

void kit_json_close(struct kit_text *t, char bracket)
{
    kit_text_add(t, &bracket, 1);
}

/* As deep as the document, and that is KIT_JSON_DEPTH_MAX at the most. */
void kit_json_add_copy(struct kit_text *t, const struct kit_json *json)
{
    if (json == NULL || json->type == KIT_JSON_NULL) {
        kit_json_add_null(t);
    } else if (json->type == KIT_JSON_BOOL) {
        kit_json_add_bool(t, json->is_true);
    } else if (json->type == KIT_JSON_STRING) {
        kit_json_add_str(t, json->text);
    } else if (json->type == KIT_JSON_NUMBER) {
        begin_value(t);
        kit_text_add_str(t, json->text);
    } else {
        bool is_object = json->type == KIT_JSON_OBJECT;

        kit_json_open(t, is_object ? '{' : '[');
        for (const struct kit_json *e = json->first; e != NULL; e = e->sibling) {
            if (is_object) {
                kit_json_add_key(t, e->key);
            }
            kit_json_add_copy(t, e);
        }
        kit_json_close(t, is_object ? '}' : ']');
    }
}

/* The conversions that a template may have behind its per cent sign. On every Linux a size_t is
 * passed as a long is. */
enum conversion { CONVERT_STRING, CONVERT_INT, CONVERT_LONG, CONVERT_LONG_LONG };

static const struct {
    const char *spelling;
    enum conversion conversion;
    bool is_unsigned;
} CONVERSIONS[] = {
    {"s", CONVERT_STRING, false},     {"d", CONVERT_INT, false},  {"u", CONVERT_INT, true},
    {"ld", CONVERT_LONG, false},      {"lu", CONVERT_LONG, true}, {"lld", CONVERT_LONG_LONG, false},
    {"llu", CONVERT_LONG_LONG, true}, {"zu", CONVERT_LONG, true},
};

static void add_number(struct kit_text *t, uint64_t bits, bool is_unsigned)
{
    if (is_unsigned) {
        kit_text_addf(t, "%" PRIu64, bits);
    } else {
        kit_text_addf(t, "%" PRId64, (int64_t)bits);
    }
}

/* A va_list may be an array, which a function cannot take the address of as a parameter. */
struct arguments {
    va_list list;
};

static void add_argument(struct kit_text *t, size_t which, struct arguments *args)
{
    bool is_unsigned = CONVERSIONS[which].is_unsigned;
    const char *text = NULL;

    switch (CONVERSIONS[which].conversion) {
    case CONVERT_STRING:
        text = va_arg(args->list, const char *);
        if (text == NULL) {
            kit_text_add_str(t, "null");
        } else {
            add_string(t, text);
        }
        break;
    case CONVERT_INT: {
        int number = va_arg(args->list, int);

        add_number(t, is_unsigned ? (uint64_t)(unsigned)number : (uint64_t)(int64_t)number,
                   is_unsigned);
        break;
    }
    case CONVERT_LONG: {
        long number = va_arg(args->list, long);

        add_number(t, is_unsigned ? (uint64_t)(unsigned long)number : (uint64_t)(int64_t)number,
                   is_unsigned);
        break;
    }
    case CONVERT_LONG_LONG:
        add_number(t, (uint64_t)va_arg(args->list, long long), is_unsigned);
        break;
    }
}

/* The conversion that stands at `at`; the bytes that it takes, or 0. */
static size_t find_conversion(const char *at, size_t *ret_which)
{
    for (size_t i = 0; i < sizeof(CONVERSIONS) / sizeof(CONVERSIONS[0]); i++) {
        size_t len = strlen(CONVERSIONS[i].spelling);

        if (strncmp(at, CONVERSIONS[i].spelling, len) == 0) {
            *ret_which = i;
            return len;
        }
    }
    return 0;
}

void kit_json_addf(struct kit_text *t, const char *template_, ...)
{
    struct arguments args;

    begin_value(t);
    va_start(args.list, template_);
    while (*template_ != '\0') {
        size_t len = strcspn(template_, "'%");
        size_t which = 0;

        kit_text_add(t, template_, len);
        template_ += len;
        if (*template_ == '\'') {
            kit_text_add_str(t, "\"");
            template_++;
        } else if (*template_ == '%') {
            len = find_conversion(template_ + 1, &which);
            if (len == 0) {
                t->is_broken = true; /* what follows would be read as something that it is not */
                break;
            }
            add_argument(t, which, &args);
            template_ += 1 + len;
        }
    }
    va_end(args.list);
}
