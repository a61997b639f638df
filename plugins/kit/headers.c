/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "kit_impl.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void kit_headers_done(struct kit_headers *h)
{
    for (size_t i = 0; i < h->n; i++) {
        free(h->items[i].name);
        kit_free_secret(h->items[i].value);
    }
    free(h->items);
    *h = (struct kit_headers){.items = NULL};
}

static void append(struct kit_headers *h, char *take_name, char *take_value)
{
    h->items = kit_realloc(h->items, h->n + 1, sizeof(h->items[0]));
    h->items[h->n].name = take_name;
    h->items[h->n].value = take_value;
    h->n++;
}

void kit_headers_set(struct kit_headers *h, const char *name, const char *value)
{
    for (size_t i = 0; i < h->n; i++) {
        if (strcasecmp(h->items[i].name, name) == 0) {
            kit_free_secret(h->items[i].value);
            h->items[i].value = kit_strdup(value);
            return;
        }
    }
    append(h, kit_strdup(name), kit_strdup(value));
}

void kit_headers_take_line(struct kit_headers *h, const char *line, size_t len)
{
    const char *colon = memchr(line, ':', len);

    if (len >= 5 && strncmp(line, "HTTP/", 5) == 0) {
        kit_headers_done(h);
        return;
    }
    h->n_bytes += len;
    if (colon == NULL || colon == line || h->n_bytes > KIT_HEADERS_BYTES_MAX ||
        memchr(line, '\0', len) != NULL) {
        return;
    }
    const char *value = colon + 1;
    const char *end = line + len;

    while (value < end && (*value == ' ' || *value == '\t')) {
        value++;
    }
    while (end > value && strchr(" \t\r\n", end[-1]) != NULL) {
        end--;
    }
    append(h, kit_strndup(line, (size_t)(colon - line)), kit_strndup(value, (size_t)(end - value)));
}

const char *kit_headers_find(const struct kit_headers *h, const char *name)
{
    for (size_t i = 0; i < h->n; i++) {
        if (strcasecmp(h->items[i].name, name) == 0) {
            return h->items[i].value;
        }
    }
    return NULL;
}

/* RFC 9110 section 5.6.2: what a header's name may be made of. */
static bool is_token(const char *name)
{
    static const char ALSO[] = "!#$%&'*+-.^_`|~";
    size_t len = strlen(name);

    for (size_t i = 0; i < len; i++) {
        char c = name[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              strchr(ALSO, c) != NULL)) {
            return false;
        }
    }
    return len > 0;
}

const char *kit_headers_flaw(const char *name, const char *value)
{
    if (!is_token(name)) {
        return "the name of a header has characters that it must not have";
    }
    for (const char *c = value; *c != '\0'; c++) {
        if (((unsigned char)*c < 0x20 && *c != '\t') || *c == 0x7f) {
            return "the value of a header has a line break or another control character";
        }
    }
    return NULL;
}

static struct curl_slist *add_line(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(list, line);

    if (longer == NULL) {
        abort();
    }
    return longer;
}

struct curl_slist *kit_headers_list(const struct kit_headers *h)
{
    struct curl_slist *list = add_line(NULL, "Expect:"); /* not sent: no waiting for a 100 */
    KIT_TEXT(line);

    for (size_t i = 0; i < h->n; i++) {
        const char *value = h->items[i].value;

        kit_text_clear(&line);
        /* libcurl's way to say that a header is sent although it is empty. */
        kit_text_addf(&line, *value == '\0' ? "%s;%s" : "%s: %s", h->items[i].name, value);
        list = add_line(list, kit_text_str(&line));
    }
    return list;
}

void kit_headers_list_free(struct curl_slist *list)
{
    for (struct curl_slist *line = list; line != NULL; line = line->next) {
        explicit_bzero(line->data, strlen(line->data));
    }
    curl_slist_free_all(list);
}

/* Whether parameters as in `; title="x"; rel="prev next"` hold the relation "next". */
static bool is_next(const char *parameters, size_t len)
{
    char *text = kit_strndup(parameters, len);
    const char *at = text;
    bool is_found = false;

    while (!is_found && (at = strcasestr(at, "rel")) != NULL) {
        const char *value = at + 3 + strspn(at + 3, " \t");
        bool is_parameter = at == text || strchr("; \t", at[-1]) != NULL;

        at += 3;
        if (!is_parameter || *value != '=') {
            continue;
        }
        value += 1 + strspn(value + 1, " \t");
        size_t n = *value == '"' ? strcspn(value + 1, "\"") : strcspn(value, "; \t");
        value += *value == '"' ? 1 : 0;
        for (size_t i = 0; i + 4 <= n; i++) {
            bool begins = i == 0 || value[i - 1] == ' ';
            bool ends = i + 4 == n || value[i + 4] == ' ';

            is_found = is_found || (begins && ends && strncasecmp(value + i, "next", 4) == 0);
        }
    }
    free(text);
    return is_found;
}

/* The length of the parameters behind a target: up to a comma outside quotes. */
static size_t parameters_len(const char *text)
{
    bool is_quoted = false;
    size_t len = 0;

    while (text[len] != '\0' && (is_quoted || text[len] != ',')) {
        is_quoted = text[len] == '"' ? !is_quoted : is_quoted;
        len++;
    }
    return len;
}

char *kit_headers_next_link(const struct kit_headers *h)
{
    for (size_t i = 0; i < h->n; i++) {
        const char *at = h->items[i].value;

        if (strcasecmp(h->items[i].name, "Link") != 0) {
            continue;
        }
        while ((at = strchr(at, '<')) != NULL) {
            const char *target = at + 1;
            size_t target_len = strcspn(target, ">");
            const char *rest = target + target_len;
            size_t len = parameters_len(rest);

            if (*rest == '>' && is_next(rest + 1, len - 1)) {
                return kit_strndup(target, target_len);
            }
            at = rest + len;
        }
    }
    return NULL;
}
