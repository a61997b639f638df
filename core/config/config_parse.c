/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Bytes to sections. Lines may be as long as the file. What an editor leaves behind without being
 * seen (a byte order mark, CRLF) is accepted; what would be silently misread (a lone CR, NUL, other
 * encodings) is told with its place.
 */
#include "config/config.h"

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "config/config_tree.h"

#include <string.h>

struct parser {
    struct config *config;
    struct config_errors *errors;
    const struct config_text *text;
    const char *path;  /* owned by the tree */
    const char *start; /* of the current line */
    unsigned line;
    struct config_section *section; /* NULL before the first, or behind a header that is no good */
    bool is_skipping;   /* behind such a header: its values were not meant for another */
    bool has_told_crlf; /* once a file */
};

static struct config_place place_at(const struct parser *p, const char *at)
{
    struct config_place place = {.origin = CONFIG_FILE,
                                 .path = p->path,
                                 .line = p->line,
                                 .column = 1,
                                 .mode = p->text->mode};

    for (const char *c = p->start; c < at; c++) {
        place.column += ((unsigned char)*c & 0xc0) != 0x80 ? 1 : 0;
    }
    return place;
}

/* An error in the current line. Before the first section it concerns everything in the main file,
 * but only the file itself below conf.d/; a header that is no good costs its section. */
static struct err *complain(struct parser *p, const char *at, const char *text)
{
    struct config_place place = place_at(p, at);

    if (p->section == NULL && (p->is_skipping || !p->text->is_main)) {
        return config_errors_add_lost(p->config, p->errors, &place, "%s", text);
    }
    return config_errors_add(p->errors, p->section, &place, "%s", text);
}

static struct err *complain_of_header(struct parser *p, const char *at, const char *text)
{
    p->config->has_lost_header = true;
    return complain(p, at, text);
}

static bool is_clean_line(struct parser *p, const char *line, size_t len)
{
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)line[i];
        uint32_t code = 0;
        size_t step = c < 0x80 ? 1 : utf8_decode(line + i, &code);

        if (step == 0) {
            complain(p, line + i, "not UTF-8; save the file in that encoding");
            return false;
        }
        if (c == '\r') {
            complain(p, line + i, "a carriage return inside a line");
            return false;
        }
        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            AUTO_FREE char *text = str_fmt("control byte 0x%02x", c);

            complain(p, line + i, text);
            return false;
        }
        i += step;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Narrows [*from, *to) to what stands between blanks. */
static void trim(const char **from, const char **to)
{
    while (*from < *to && is_blank(**from)) {
        (*from)++;
    }
    while (*to > *from && is_blank((*to)[-1])) {
        (*to)--;
    }
}

/* Which of two sections of one name was meant cannot be known: neither is used. */
static void refuse_duplicate(struct parser *p, struct config_section *first, const char *name,
                             const char *at)
{
    struct config_place place = place_at(p, at);
    AUTO_FREE char *where = config_place_format(&first->place);
    bool is_same = strcmp(first->name, name) == 0;

    struct err *err =
        config_errors_add(p->errors, first, &place, "section [%s%s%s] %s at %s", first->kind,
                          *name == '\0' ? "" : " ", name,
                          is_same ? "is already" : "differs only in case from the one", where);

    if (err != NULL) {
        err_hint(err, "neither is used: put all its keys into one of them");
    }
}

static void add_section(struct parser *p, char *take_kind, char *take_name, const char *at)
{
    struct config_section *section = NEW(struct config_section);

    section->kind = take_kind;
    section->name = take_name;
    section->place = place_at(p, at);
    p->section = section;
    config_index_add(p->config, section);
}

/* [kind] or [kind name]; from points to the bracket. */
static void parse_header(struct parser *p, const char *from, const char *to)
{
    const char *inner = from + 1;
    const char *end = memchr(from, ']', (size_t)(to - from));
    const char *blank = inner;
    AUTO_FREE char *kind = NULL;
    AUTO_FREE char *name = NULL;
    struct config_section *first = NULL;

    p->section = NULL;
    p->is_skipping = true;
    if (end == NULL) {
        complain_of_header(p, to, "a section ends with ']'");
        return;
    }
    if (end + 1 != to) {
        complain_of_header(p, end + 1, "nothing may follow a section's ']', not even a comment");
        return;
    }
    trim(&inner, &end);
    for (blank = inner; blank < end && !is_blank(*blank); blank++) {
    }
    kind = str_dup_len(inner, (size_t)(blank - inner));
    trim(&blank, &end);
    name = str_dup_len(blank, (size_t)(end - blank));
    if (*kind == '\0') {
        complain_of_header(p, inner, "a section without a name");
        return;
    }
    first = config_index_find(p->config, kind, name);
    if (first != NULL) {
        refuse_duplicate(p, first, name, from);
        return;
    }
    p->is_skipping = false;
    add_section(p, TAKE(kind), TAKE(name), from);
}

static void warn_of_crlf(struct parser *p, const char *at)
{
    struct config_place place = place_at(p, at);

    if (!p->has_told_crlf) {
        config_errors_warn(p->errors, &place,
                           "the file has Windows line ends (CR LF); the CRs are left out");
    }
    p->has_told_crlf = true;
}

/* Within a list or a command it is a blank like others; elsewhere it stays. */
static void warn_of_tab(struct parser *p, const char *from, const char *to)
{
    const char *tab = memchr(from, '\t', (size_t)(to - from));

    if (tab != NULL) {
        struct config_place place = place_at(p, tab);

        config_errors_warn(p->errors, &place, "a tab within a value");
    }
}

static bool is_key(const char *from, const char *to)
{
    static const char ALPHABET[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

    for (const char *c = from; c < to; c++) {
        if (memchr(ALPHABET, *c, sizeof(ALPHABET) - 1) == NULL) {
            return false;
        }
    }
    return from < to;
}

/* Many programs have it. */
static void hint_include(struct err *err, const char *from, const char *to)
{
    static const char WORD[] = "include";
    size_t len = sizeof(WORD) - 1;

    if (err != NULL && (size_t)(to - from) > len && memcmp(from, WORD, len) == 0) {
        err_hint(err, CONFIG_NO_INCLUDES);
    }
}

static void parse_value(struct parser *p, const char *from, const char *to)
{
    const char *key_end = memchr(from, '=', (size_t)(to - from));
    const char *text = key_end == NULL ? to : key_end + 1;
    struct config_value *value = NULL;

    if (p->is_skipping) {
        return;
    }
    if (key_end == NULL) {
        hint_include(complain(p, from, "neither a [section], nor 'key = value', nor a comment"),
                     from, to);
        return;
    }
    trim(&from, &key_end);
    trim(&text, &to);
    if (!is_key(from, key_end)) {
        complain(p, from, "a key is made of lower-case letters, digits and hyphens");
        return;
    }
    if (p->section == NULL) {
        hint_include(complain(p, from, "a key before the first [section]"), from, to);
        return;
    }
    warn_of_tab(p, text, to);
    value = &VEC_PUSH(p->section->values, p->section->n_values, p->section->cap_values);
    value->key = str_dup_len(from, (size_t)(key_end - from));
    value->text = str_dup_len(text, (size_t)(to - text));
    value->place = place_at(p, text);
    value->key_column = place_at(p, from).column;
}

static void parse_line(struct parser *p, const char *line, size_t len)
{
    const char *from = line;
    const char *to = line + len;

    p->start = line;
    if (to > from && to[-1] == '\r') {
        to--;
        warn_of_crlf(p, to);
    }
    if (!is_clean_line(p, from, (size_t)(to - from))) {
        return;
    }
    trim(&from, &to);
    if (from == to || *from == '#' || *from == ';') {
        return;
    }
    if (*from == '[') {
        parse_header(p, from, to);
    } else {
        parse_value(p, from, to);
    }
}

/* Skips a byte order mark; false for the encodings of which it tells that they are not ours. */
static bool skip_mark(struct parser *p, const char **at, const char *end)
{
    size_t left = (size_t)(end - *at);

    p->start = *at;
    if (left >= 2 && (memcmp(*at, "\xff\xfe", 2) == 0 || memcmp(*at, "\xfe\xff", 2) == 0)) {
        complain(p, *at, "UTF-16; save the file as UTF-8");
        return false;
    }
    if (left >= 3 && memcmp(*at, "\xef\xbb\xbf", 3) == 0) {
        struct config_place place = place_at(p, *at);

        config_errors_warn(p->errors, &place, "a byte order mark, which is left out");
        *at += 3;
    }
    return true;
}

void config_parse_into(struct config *config, const struct config_text *text,
                       struct config_errors *errors)
{
    struct parser p = {.config = config, .errors = errors, .text = text, .line = 1};
    const char *at = text->bytes;
    const char *end = text->bytes + text->len;

    strv_add(&config->paths, text->path);
    p.path = config->paths.items[config->paths.n - 1];
    if (text->len > CONFIG_FILE_MAX) {
        p.start = at;
        complain(&p, at, "larger than 16 MiB");
        return;
    }
    if (text->len == 0 || !skip_mark(&p, &at, end)) {
        return;
    }
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((line_end == NULL ? end : line_end) - at);

        parse_line(&p, at, len);
        at += len + 1;
        p.line++;
    }
}
