/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * request.conf: what `issue` was told, kept for the renewals, in the grammar of the configuration
 * (which reads this file too). Reading it here takes the small part of that grammar that writing
 * uses.
 */
#include "base/fs.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "store/store_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define REQUEST_MAX 65536

/* A comment to the configuration's grammar, so that every release can read it. */
#define FORMAT_LINE "# format "

void store_pairs_done(struct store_pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++) {
        mem_free(pairs->items[i].key);
        mem_free(pairs->items[i].value);
    }
    mem_free(pairs->items);
    *pairs = (struct store_pairs)STORE_PAIRS_INIT;
}

void store_pairs_add(struct store_pairs *pairs, const char *key, const char *value)
{
    VEC_PUSH(pairs->items, pairs->n, pairs->cap) =
        (struct store_pair){.key = str_dup(key), .value = str_dup(value)};
}

const char *store_pairs_find(const struct store_pairs *pairs, const char *key)
{
    for (size_t i = pairs->n; i > 0; i--) {
        if (str_eq(pairs->items[i - 1].key, key)) {
            return pairs->items[i - 1].value;
        }
    }
    return NULL;
}

bool store_pairs_are_equal(const struct store_pairs *a, const struct store_pairs *b)
{
    bool is_equal = a->n == b->n;

    for (size_t i = 0; is_equal && i < a->n; i++) {
        is_equal = str_eq(a->items[i].key, b->items[i].key) &&
                   str_eq(a->items[i].value, b->items[i].value);
    }
    return is_equal;
}

static bool is_key(const char *text)
{
    return text[0] != '\0' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(text);
}

/* One line, and what is read back is what was given: by us and by the configuration's reader, which
 * wants UTF-8. */
static bool is_value(const char *text)
{
    size_t len = strlen(text);
    size_t step = 0;
    uint32_t code = 0;

    for (const char *at = text; *at != '\0'; at += step) {
        step = utf8_decode(at, &code);
        if (step == 0 || (step == 1 && iscntrl((unsigned char)*at) && *at != '\t')) {
            return false;
        }
    }
    return len == 0 || (!isblank((unsigned char)text[0]) && !isblank((unsigned char)text[len - 1]));
}

static int format_request(const char *name, const struct store_pairs *pairs, struct buf *to,
                          struct err *err)
{
    buf_addf(to,
             FORMAT_LINE
             "%d\n"
             "# What acme-dns was told about this certificate; its renewals follow it.\n"
             "# A [certificate] section of this name in the configuration wins over "
             "it.\n",
             STORE_FORMAT);
    buf_addf(to, "[certificate %s]\n", name);
    for (size_t i = 0; i < pairs->n; i++) {
        if (!is_key(pairs->items[i].key) || !is_value(pairs->items[i].value)) {
            (void)err_set(err, ERR_CONFIG,
                          "what is said of '%s' does not fit a line of text of its own",
                          pairs->items[i].key);
            return err_hint(err, "UTF-8 without line ends and control bytes, and without blanks at "
                                 "its ends; a script can hold any command");
        }
        buf_addf(to, "%s = %s\n", pairs->items[i].key, pairs->items[i].value);
    }
    return buf_check(to, "request.conf", err);
}

/* Without the line it is of the first format. */
static int check_format(const char *path, const char *text, struct err *err)
{
    long long format =
        str_has_prefix(text, FORMAT_LINE) ? strtoll(text + strlen(FORMAT_LINE), NULL, 10) : 1;

    return format > STORE_FORMAT ? store_refuse_newer(path, format, err) : 0;
}

int store_request_check_pairs(const char *name, const struct store_pairs *pairs, struct err *err)
{
    AUTO(buf_done) struct buf text = BUF(REQUEST_MAX);

    return format_request(name, pairs, &text, err) < 0
               ? err_wrap(err, "it could not be kept for the renewals")
               : 0;
}

int store_request_check(struct store *store, const char *name, struct err *err)
{
    AUTO_FREE char *path = store_cert_path(store, name, "request.conf");
    AUTO(buf_done) struct buf text = BUF(REQUEST_MAX);
    struct err ignored = ERR_INIT; /* told by who reads it for what is in it */

    (void)fs_read(path, &text, &ignored);
    return check_format(path, buf_str(&text), err);
}

/* What is there already is not written again: runs in which nothing is new must not wear a disk,
 * or fail on one that cannot be written to. */
static bool is_there(const char *path, const struct buf *text)
{
    AUTO(buf_done) struct buf old = BUF(REQUEST_MAX);
    struct err ignored = ERR_INIT;

    return fs_read_private(path, false, &old, &ignored) == 0 &&
           str_eq(buf_str(&old), buf_str(text));
}

int store_request_save(struct store *store, const char *name, const struct store_pairs *pairs,
                       struct err *err)
{
    AUTO_FREE char *path = store_cert_path(store, name, "request.conf");
    AUTO(buf_done) struct buf text = BUF(REQUEST_MAX);

    if (format_request(name, pairs, &text, err) < 0) {
        return err_wrap(err, "cannot keep the request for '%s'", name);
    }
    if (is_there(path, &text)) {
        return 0;
    }
    if (store_request_check(store, name, err) < 0 || store_cert_make_folder(store, name, err) < 0 ||
        fs_write_atomic(path, text.bytes, text.len, 0600, err) < 0) {
        return err_wrap(err, "cannot keep the request for '%s'", name);
    }
    return 0;
}

/* What reading needs to know while it goes from line to line. */
struct reader {
    const char *name;
    const char *path;
    size_t line;
    bool is_inside; /* the section has begun */
    struct store_pairs *pairs;
};

static int refuse(const struct reader *r, const char *what, struct err *err)
{
    return err_set(err, ERR_CONFIG, "%s:%zu: %s", r->path, r->line, what);
}

static int read_section(struct reader *r, const char *line, struct err *err)
{
    AUTO_FREE char *wanted = str_fmt("[certificate %s]", r->name);

    if (r->is_inside || !str_eq(line, wanted)) {
        AUTO_FREE char *what = str_fmt("only one section belongs here, %s", wanted);
        return refuse(r, what, err);
    }
    r->is_inside = true;
    return 0;
}

static int read_line(struct reader *r, char *line, struct err *err)
{
    char *equals = NULL;

    str_trim(line);
    if (line[0] == '\0' || line[0] == '#' || line[0] == ';') {
        return 0;
    }
    if (line[0] == '[') {
        return read_section(r, line, err);
    }
    equals = strchr(line, '=');
    if (!r->is_inside || equals == NULL) {
        return refuse(r, "'key = value' inside a section is wanted here", err);
    }
    *equals = '\0';
    str_trim(line);
    str_trim(equals + 1);
    if (!is_key(line)) {
        return refuse(r, "this is not the name of a setting", err);
    }
    store_pairs_add(r->pairs, line, equals + 1);
    return 0;
}

int store_request_load(struct store *store, const char *name, struct store_pairs *ret_pairs,
                       struct err *err)
{
    AUTO_FREE char *path = store_cert_path(store, name, "request.conf");
    AUTO(buf_done) struct buf text = BUF(REQUEST_MAX);
    AUTO(store_pairs_done) struct store_pairs pairs = STORE_PAIRS_INIT;
    struct reader reader = {.name = name, .path = path, .pairs = &pairs};
    char *rest = NULL;

    /* It can name hooks: whoever can write it can run programs as us. */
    if (store_name_check(name, err) < 0 || fs_read_private(path, false, &text, err) < 0) {
        return err_code(err);
    }
    if (check_format(path, buf_str(&text), err) < 0) {
        return err_code(err);
    }
    AUTO_FREE char *lines = buf_take(&text);
    for (char *line = lines; line != NULL; line = rest) {
        rest = strchr(line, '\n');
        if (rest != NULL) {
            *rest++ = '\0';
        }
        reader.line++;
        if (read_line(&reader, line, err) < 0) {
            return err_code(err);
        }
    }
    if (!reader.is_inside) {
        return refuse(&reader, "there is no section in it", err);
    }
    store_pairs_done(ret_pairs);
    *ret_pairs = pairs;
    pairs = (struct store_pairs)STORE_PAIRS_INIT;
    return 0;
}
