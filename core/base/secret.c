/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/secret.h"

#include "base/b64.h"
#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>
#include <string.h>

/* Shorter ones would hit by chance. */
enum { SECRET_MIN = 4 };

static const char MASK[] = "[secret]";

/* One way in which a secret may be written. */
struct form {
    char *bytes;
    size_t len;
};

static struct {
    struct form *items;
    size_t n, cap;
} forms;

static void add_form(const char *bytes, size_t len)
{
    if (len < SECRET_MIN) {
        return;
    }
    for (size_t i = 0; i < forms.n; i++) {
        if (forms.items[i].len == len && memcmp(forms.items[i].bytes, bytes, len) == 0) {
            return;
        }
    }
    VEC_PUSH(forms.items, forms.n, forms.cap) =
        (struct form){.bytes = mem_copy(bytes, len), .len = len};
}

/* Percent-encoding leaves the unreserved characters of RFC 3986; both cases of digits are in use.
 */
static void add_url_form(const unsigned char *bytes, size_t len, const char *digits)
{
    AUTO(buf_done) struct buf text = BUF_SECRET(3 * len);

    for (size_t i = 0; i < len; i++) {
        if (isalnum(bytes[i]) || strchr("-._~", bytes[i]) != NULL) {
            buf_add_u8(&text, bytes[i]);
        } else {
            buf_add_char(&text, '%');
            buf_add_char(&text, digits[bytes[i] >> 4]);
            buf_add_char(&text, digits[bytes[i] & 15]);
        }
    }
    add_form(buf_str(&text), text.len);
}

static void add_hex_forms(const void *bytes, size_t len)
{
    AUTO(buf_done) struct buf hex = BUF_SECRET(2 * len);

    hex_add(&hex, bytes, len);
    add_form(buf_str(&hex), hex.len);
    for (size_t i = 0; i < hex.len; i++) {
        hex.bytes[i] = (char)toupper((unsigned char)hex.bytes[i]);
    }
    add_form(buf_str(&hex), hex.len);
}

/* Without padding, so that the padded form is found as well. */
static void add_b64_forms(const void *bytes, size_t len)
{
    AUTO(buf_done) struct buf text = BUF_SECRET(len / 3 * 4 + 4);

    b64_add(&text, bytes, len);
    add_form(buf_str(&text), strcspn(buf_str(&text), "="));
    buf_clear(&text);
    b64url_add(&text, bytes, len);
    add_form(buf_str(&text), text.len);
}

void secret_register(const void *bytes, size_t len)
{
    if (len < SECRET_MIN) {
        return;
    }
    add_form(bytes, len);
    add_b64_forms(bytes, len);
    add_hex_forms(bytes, len);
    add_url_form(bytes, len, "0123456789ABCDEF");
    add_url_form(bytes, len, "0123456789abcdef");
}

void secret_forget_all(void)
{
    for (size_t i = 0; i < forms.n; i++) {
        mem_free_secret(forms.items[i].bytes, forms.items[i].len);
    }
    mem_free(forms.items);
    forms.items = NULL;
    forms.n = 0;
    forms.cap = 0;
}

/* The length of the longest form that text begins with, or 0. */
static size_t match(const char *text, size_t len)
{
    size_t longest = 0;

    for (size_t i = 0; i < forms.n; i++) {
        const struct form *form = &forms.items[i];

        if (form->len > longest && form->len <= len && form->bytes[0] == *text &&
            memcmp(form->bytes, text, form->len) == 0) {
            longest = form->len;
        }
    }
    return longest;
}

void secret_mask(const char *text, struct buf *to)
{
    size_t len = strlen(text);
    size_t clear = 0; /* bytes at text that are no secret */

    while (clear < len) {
        size_t hidden = match(text + clear, len - clear);

        if (hidden == 0) {
            clear++;
            continue;
        }
        buf_add(to, text, clear);
        buf_add_str(to, MASK);
        text += clear + hidden;
        len -= clear + hidden;
        clear = 0;
    }
    buf_add(to, text, clear);
}
