/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "exec-hook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many bytes the UTF-8 sequence at p has (RFC 3629: no overlong forms, no surrogates); 0: none.
 */
static size_t sequence_len(const unsigned char *p, size_t len)
{
    size_t want = p[0] < 0x80                    ? 1
                  : p[0] >= 0xc2 && p[0] <= 0xdf ? 2
                  : (p[0] & 0xf0) == 0xe0        ? 3
                  : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                                 : 0;

    if (want == 0 || want > len) {
        return 0;
    }
    for (size_t i = 1; i < want; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) {
        return 0;
    }
    return want;
}

bool text_is_utf8(const void *bytes, size_t len)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < len;) {
        size_t n = sequence_len(p + i, len - i);

        if (n == 0) {
            return false;
        }
        i += n;
    }
    return true;
}

char *text_sanitize(const char *bytes, size_t len, char *to, size_t size)
{
    const unsigned char *p = (const unsigned char *)bytes;
    size_t used = 0;

    for (size_t i = 0; i < len && used + 5 < size;) {
        size_t n = sequence_len(p + i, len - i);
        bool is_control = (p[i] < 0x20 && p[i] != '\n' && p[i] != '\t') || p[i] == 0x7f;

        if (n == 0 || is_control) {
            used += (size_t)snprintf(to + used, size - used, "\\x%02x", p[i]);
            i++;
        } else {
            memcpy(to + used, p + i, n);
            used += n;
            i += n;
        }
    }
    to[used] = '\0';
    return to;
}

/* ---- What grows ---- */

#define FIRST_ROOM 64

void text_put(struct text *t, const void *bytes, size_t len)
{
    if (len >= t->room - t->len) {
        size_t room = t->room == 0 ? FIRST_ROOM : t->room;
        char *grown = NULL;

        while (room - t->len <= len) {
            room *= 2;
        }
        grown = realloc(t->bytes, room);
        if (grown == NULL) {
            t->is_short = true;
            return;
        }
        t->bytes = grown;
        t->room = room;
    }
    if (len > 0) {
        memcpy(t->bytes + t->len, bytes, len);
    }
    t->len += len;
    t->bytes[t->len] = '\0';
}

void text_puts(struct text *t, const char *text)
{
    text_put(t, text, text == NULL ? 0 : strlen(text));
}

void text_done(struct text *t)
{
    free(t->bytes);
    *t = (struct text){.bytes = NULL};
}

void words_add(struct words *w, const char *text, size_t len)
{
    char *copy = malloc(len + 1);

    if (w->n + 2 > w->room) {
        size_t room = w->room == 0 ? FIRST_ROOM : w->room * 2;
        char **grown = realloc(w->items, room * sizeof(*grown));

        w->items = grown == NULL ? w->items : grown;
        w->room = grown == NULL ? w->room : room;
    }
    if (copy == NULL || w->n + 2 > w->room) {
        free(copy);
        w->is_short = true;
        return;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    w->items[w->n++] = copy;
    w->items[w->n] = NULL;
}

void words_done(struct words *w)
{
    for (size_t i = 0; i < w->n; i++) {
        free(w->items[i]);
    }
    free(w->items);
    *w = (struct words){.items = NULL};
}
