/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Text on its way to a person: what a service sent may hold our secrets (some echo the request) and
 * anything else that a stranger likes to see on a terminal. */
#include "kit_impl.h"

#include <stdlib.h>
#include <string.h>

/* Shorter ones would hit by chance. */
enum { SECRET_MIN = 4 };

static void add_form(struct kit_secrets *s, const char *form)
{
    if (strlen(form) < SECRET_MIN) {
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->forms[i], form) == 0) {
            return;
        }
    }
    s->forms = kit_realloc(s->forms, s->n + 1, sizeof(s->forms[0]));
    s->forms[s->n++] = kit_strdup(form);
}

void kit_secrets_add(struct kit_secrets *s, const char *text)
{
    KIT_TEXT(form);

    if (text == NULL || strlen(text) < SECRET_MIN) {
        return;
    }
    add_form(s, text);
    kit_text_add_escaped(&form, text);
    add_form(s, kit_text_str(&form));
    kit_text_clear(&form);
    kit_text_add_base64(&form, text, strlen(text));
    /* Without padding, so that it is found with and without. */
    form.bytes[strcspn(form.bytes, "=")] = '\0';
    add_form(s, kit_text_str(&form));
    kit_text_clear(&form);
    kit_json_add_str(&form, text); /* without its quotes: as it would be echoed in JSON */
    form.bytes[form.len - 1] = '\0';
    add_form(s, form.bytes + 1);
}

void kit_secrets_done(struct kit_secrets *s)
{
    for (size_t i = 0; i < s->n; i++) {
        kit_free_secret(s->forms[i]);
    }
    free(s->forms);
    *s = (struct kit_secrets){.forms = NULL};
}

/* The length of the longest secret that text begins with, or 0. A text that ends in the midst of
 * one counts too: words of a service are cut before they come here. */
static size_t match(const struct kit_secrets *s, const char *text)
{
    size_t longest = 0;
    size_t left = strlen(text);

    for (size_t i = 0; i < s->n; i++) {
        size_t len = strlen(s->forms[i]);

        len = left < len && left >= SECRET_MIN ? left : len;
        if (len > longest && strncmp(text, s->forms[i], len) == 0) {
            longest = len;
        }
    }
    return longest;
}

/* Controls, and what turns the direction of a line around. */
static bool is_deceptive(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code <= 0x9f) || (code >= 0x200b && code <= 0x200f) ||
           code == 0x061c || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Adds the character at text; the bytes it took. */
static size_t add_character(struct kit_text *t, const char *text)
{
    uint32_t code = 0;
    size_t len = kit_utf8_decode(text, strlen(text), &code);

    if (len == 0) {
        kit_text_addf(t, "\\x%02x", (unsigned)(unsigned char)*text);
        return 1;
    }
    if (is_deceptive(code)) {
        kit_text_addf(t, code < 0x80 ? "\\x%02x" : "\\u{%04x}", (unsigned)code);
    } else {
        kit_text_add(t, text, len);
    }
    return len;
}

void kit_mask_add(struct kit_text *t, const struct kit_secrets *s, const char *text, size_t max)
{
    size_t start = t->len;

    while (is_space(*text)) {
        text++;
    }
    while (*text != '\0') {
        size_t hidden = match(s, text);

        if (t->len - start > max) {
            kit_text_add_str(t, "...");
            return;
        }
        if (hidden > 0) {
            kit_text_add_str(t, "[secret]");
            text += hidden;
        } else if (is_space(*text)) {
            text += strspn(text, " \t\r\n");
            kit_text_add_str(t, *text == '\0' ? "" : " ");
        } else {
            text += add_character(t, text);
        }
    }
}
