/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * TSIG keys as tsig-keygen prints them and named.conf holds them:
 *
 *     key "name" {
 *             algorithm hmac-sha256;
 *             secret "base64";
 *     };
 *
 * Other statements around them are skipped, so that rndc.key and pieces of named.conf do too.
 */
#include "rfc2136.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define TOKEN_MAX 4608 /* longer than any secret that tsig_key_init() takes */

enum token_kind { TOKEN_END, TOKEN_WORD, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_SEMICOLON, TOKEN_BAD };

struct scanner {
    const char *text;
    size_t len;
    size_t pos;
    unsigned line;
    enum token_kind kind;
    char word[TOKEN_MAX];
};

/* What one key statement says. */
struct statement {
    char name[300];
    char algorithm[64];
    char secret[TOKEN_MAX];
};

static char at(const struct scanner *s, size_t ahead)
{
    if (s->pos + ahead >= s->len) {
        return '\0';
    }
    return s->text[s->pos + ahead];
}

static void step(struct scanner *s)
{
    if (at(s, 0) == '\n') {
        s->line++;
    }
    s->pos++;
}

/* Moves behind blanks and the three kinds of comments. false: a comment without end. */
static bool skip_blanks(struct scanner *s)
{
    while (s->pos < s->len) {
        if (strchr(" \t\r\n\v\f", at(s, 0)) != NULL && at(s, 0) != '\0') {
            step(s);
        } else if (at(s, 0) == '#' || (at(s, 0) == '/' && at(s, 1) == '/')) {
            while (s->pos < s->len && at(s, 0) != '\n') {
                step(s);
            }
        } else if (at(s, 0) == '/' && at(s, 1) == '*') {
            s->pos += 2;
            while (s->pos < s->len && !(at(s, 0) == '*' && at(s, 1) == '/')) {
                step(s);
            }
            if (s->pos >= s->len) {
                return false;
            }
            s->pos += 2;
        } else {
            break;
        }
    }
    return true;
}

/* Takes a word, in quotes or up to the next blank or sign. */
static enum token_kind take_word(struct scanner *s)
{
    bool is_quoted = at(s, 0) == '"';
    size_t len = 0;

    s->pos += is_quoted ? 1 : 0;
    for (; s->pos < s->len; step(s)) {
        char c = at(s, 0);

        if (is_quoted ? c == '"' : strchr(" \t\r\n\v\f{};\"#", c) != NULL) {
            break;
        }
        if (len + 1 >= sizeof(s->word) || c == '\0' || (is_quoted && c == '\n')) {
            return TOKEN_BAD;
        }
        s->word[len++] = c;
    }
    if (is_quoted && s->pos++ >= s->len) {
        return TOKEN_BAD;
    }
    s->word[len] = '\0';
    return is_quoted || len > 0 ? TOKEN_WORD : TOKEN_BAD;
}

static enum token_kind next(struct scanner *s)
{
    if (!skip_blanks(s)) {
        s->kind = TOKEN_BAD;
    } else if (s->pos >= s->len) {
        s->kind = TOKEN_END;
    } else if (at(s, 0) == '{' || at(s, 0) == '}' || at(s, 0) == ';') {
        s->kind = at(s, 0) == '{' ? TOKEN_OPEN : at(s, 0) == '}' ? TOKEN_CLOSE : TOKEN_SEMICOLON;
        s->pos++;
    } else {
        s->kind = take_word(s);
    }
    return s->kind;
}

/* Moves behind the ';' that ends the statement, blocks inside it included. */
static bool skip_statement(struct scanner *s)
{
    unsigned depth = 0;

    for (;; (void)next(s)) {
        if (s->kind == TOKEN_END || s->kind == TOKEN_BAD) {
            return false;
        }
        if (s->kind == TOKEN_CLOSE && depth-- == 0) {
            return false;
        }
        depth += s->kind == TOKEN_OPEN ? 1 : 0;
        if (s->kind == TOKEN_SEMICOLON && depth == 0) {
            return true;
        }
    }
}

/* Takes the next word into a field of that size. */
static bool take_into(struct scanner *s, char *to, size_t size)
{
    size_t len = next(s) == TOKEN_WORD ? strlen(s->word) : size;

    if (len >= size) {
        return false;
    }
    memcpy(to, s->word, len + 1);
    return true;
}

/* Takes WORD ';' into a field. */
static bool take_field(struct scanner *s, char *to, size_t size)
{
    return take_into(s, to, size) && next(s) == TOKEN_SEMICOLON;
}

/* Takes what follows the word `key`. */
static bool take_key(struct scanner *s, struct statement *ret_statement)
{
    if (!take_into(s, ret_statement->name, sizeof(ret_statement->name)) || next(s) != TOKEN_OPEN) {
        return false;
    }
    while (next(s) == TOKEN_WORD) {
        bool is_taken = false;

        if (strcmp(s->word, "algorithm") == 0) {
            is_taken = take_field(s, ret_statement->algorithm, sizeof(ret_statement->algorithm));
        } else if (strcmp(s->word, "secret") == 0) {
            is_taken = take_field(s, ret_statement->secret, sizeof(ret_statement->secret));
        }
        if (!is_taken) {
            return false;
        }
    }
    return s->kind == TOKEN_CLOSE && next(s) == TOKEN_SEMICOLON &&
           ret_statement->algorithm[0] != '\0' && ret_statement->secret[0] != '\0';
}

static bool same_name(const char *a, const char *b)
{
    struct name x;
    struct name y;

    return wire_name_parse(a, &x) && wire_name_parse(b, &y) && wire_name_equal(&x, &y);
}

/* Reads all statements: counts the keys that fit, keeps the last of them, and lists all names. */
static bool read_all(struct scanner *s, const char *name, struct statement *ret_match,
                     unsigned *ret_n_matches, char *names, size_t names_size)
{
    struct statement statement;
    bool is_sound = true;

    while (is_sound && next(s) != TOKEN_END) {
        if (s->kind != TOKEN_WORD || strcmp(s->word, "key") != 0) {
            is_sound = s->kind == TOKEN_WORD && skip_statement(s);
            continue;
        }
        statement = (struct statement){.name = ""};
        is_sound = take_key(s, &statement);
        if (is_sound) {
            size_t used = strlen(names);

            (void)snprintf(names + used, names_size - used, "%s'%s'", used > 0 ? ", " : "",
                           statement.name);
        }
        if (is_sound && (name == NULL || same_name(name, statement.name))) {
            *ret_match = statement;
            (*ret_n_matches)++;
        }
    }
    explicit_bzero(&statement, sizeof(statement));
    return is_sound;
}

int32_t keyfile_parse(const char *text, size_t len, const char *name, struct tsig_key *ret_key,
                      struct fault *f)
{
    struct scanner s = {.text = text, .len = len, .line = 1};
    struct statement match = {.name = ""};
    unsigned n_matches = 0;
    char names[1024] = "";
    int32_t status = ACME_OK;

    if (!read_all(&s, name, &match, &n_matches, names, sizeof(names))) {
        status = fault_set(f, ACME_BAD_CONFIG,
                           "line %u is not what was expected: key \"NAME\" { algorithm "
                           "hmac-sha256; secret \"BASE64\"; };",
                           s.line);
    } else if (names[0] == '\0') {
        status = fault_set(f, ACME_BAD_CONFIG, "there is no key statement in it");
    } else if (n_matches == 0) {
        status = fault_set(f, ACME_BAD_CONFIG, "there is no key '%s' in it, only %s", name, names);
    } else if (n_matches > 1) {
        status = fault_set(f, ACME_BAD_CONFIG,
                           "it holds several keys (%s): say which with key-name", names);
    } else {
        status = tsig_key_init(ret_key, match.name, match.algorithm, match.secret, f);
    }
    explicit_bzero(&s, sizeof(s));
    explicit_bzero(&match, sizeof(match));
    return status;
}
