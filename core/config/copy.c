/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "config/copy.h"

#include "base/mem.h"
#include "base/str.h"
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#define BLANKS " \t"
#define NAME_MARK "{name}"

static const struct {
    const char *key;
    bool is_secret;
} PIECES[] = {
    [COPY_CERT] = {"copy-cert", false},           [COPY_CHAIN] = {"copy-chain", false},
    [COPY_FULLCHAIN] = {"copy-fullchain", false}, [COPY_PRIVKEY] = {"copy-privkey", true},
    [COPY_COMBINED] = {"copy-combined", true},    [COPY_PKCS12] = {"copy-pkcs12", true},
};

void copy_rule_done(struct copy_rule *rule)
{
    mem_free(rule->path);
    mem_free(rule->owner);
    mem_free(rule->group);
    mem_free(rule->password_file);
    *rule = (struct copy_rule){.path = NULL};
}

const char *copy_piece_key(enum copy_piece piece)
{
    return PIECES[piece].key;
}

enum copy_piece copy_piece_of(const char *key)
{
    enum copy_piece piece = COPY_CERT;

    while (piece < COPY_PKCS12 && !str_eq(PIECES[piece].key, key)) {
        piece++;
    }
    return piece;
}

bool copy_piece_is_secret(enum copy_piece piece)
{
    return PIECES[piece].is_secret;
}

/* ---- The options ---- */

static int take_text(char **field, const char *key, const char *value, struct err *err)
{
    if (*field != NULL) {
        return err_set(err, ERR_CONFIG, "%s= is given twice", key);
    }
    str_set(field, value);
    return 0;
}

static int take_owner(struct copy_rule *rule, const char *value, struct err *err)
{
    if (strchr(value, ':') != NULL) {
        return err_set(err, ERR_CONFIG, "owner=%s: write owner=USER group=GROUP", value);
    }
    return take_text(&rule->owner, "owner", value, err);
}

static int take_group(struct copy_rule *rule, const char *value, struct err *err)
{
    return take_text(&rule->group, "group", value, err);
}

static int take_password_file(struct copy_rule *rule, const char *value, struct err *err)
{
    if (rule->piece != COPY_PKCS12) {
        return err_set(err, ERR_CONFIG,
                       "password-file= is for copy-pkcs12: a PEM file has no "
                       "password here");
    }
    return take_text(&rule->password_file, "password-file", value, err);
}

static int take_mode(struct copy_rule *rule, const char *value, struct err *err)
{
    size_t len = strspn(value, "01234567");
    mode_t mode = (mode_t)strtoul(value, NULL, 8);

    if (value[len] != '\0' || len < 3 || len > 4 || (mode & ~(mode_t)0666) != 0 ||
        (mode & 0400) == 0) {
        return err_set(err, ERR_CONFIG, "mode=%s is not a mode like 0600, 0640 or 0644", value);
    }
    if (PIECES[rule->piece].is_secret && (mode & 007) != 0) {
        (void)err_set(err, ERR_CONFIG, "mode=%s would open the private key to everybody", value);
        return err_hint(err, "let a group read it: group=GROUP mode=0640");
    }
    if (rule->mode != 0) {
        return err_set(err, ERR_CONFIG, "mode= is given twice");
    }
    rule->mode = mode;
    return 0;
}

static const struct {
    const char *name;
    int (*take)(struct copy_rule *rule, const char *value, struct err *err);
} OPTIONS[] = {
    {"owner", take_owner},
    {"group", take_group},
    {"mode", take_mode},
    {"password-file", take_password_file},
};

static int refuse_option(const char *name, struct err *err)
{
    const char *names[ARRAY_LEN(OPTIONS)];

    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++) {
        names[i] = OPTIONS[i].name;
    }
    (void)err_set(err, ERR_CONFIG,
                  "'%s=' is none of owner=, group=, mode= and password-file=", name);
    config_hint_nearest(err, name, names, ARRAY_LEN(OPTIONS));
    return err_code(err);
}

static int take_option(struct copy_rule *rule, const char *word, struct err *err)
{
    size_t len = strcspn(word, "=");
    AUTO_FREE char *name = str_dup_len(word, len);

    if (word[len] == '\0') {
        return err_set(err, ERR_CONFIG,
                       "'%s' is behind an option and none itself: the path comes "
                       "first, then OPTION=VALUE",
                       word);
    }
    if (word[len + 1] == '\0') {
        return err_set(err, ERR_CONFIG, "%s has no value", word);
    }
    for (size_t i = 0; i < ARRAY_LEN(OPTIONS); i++) {
        if (str_eq(OPTIONS[i].name, name)) {
            return OPTIONS[i].take(rule, word + len + 1, err);
        }
    }
    return refuse_option(name, err);
}

/* ---- The path ---- */

/* Where the first option begins, or the end. The first word is the path's, whatever it is. */
static const char *find_options(const char *text)
{
    const char *at = text + strcspn(text, BLANKS);

    while (*at != '\0') {
        const char *word = at + strspn(at, BLANKS);

        if (memchr(word, '=', strcspn(word, BLANKS)) != NULL) {
            return word;
        }
        at = word + strcspn(word, BLANKS);
    }
    return at;
}

static int check_path(const char *path, struct err *err)
{
    const char *slash = strrchr(path, '/');
    const char *last = slash == NULL ? path : slash + 1;

    if (*last == '\0' || str_eq(last, ".") || str_eq(last, "..")) {
        return err_set(err, ERR_CONFIG, "'%s' names a folder: give the path of a file", path);
    }
    for (const char *at = strchr(path, '{'); at != NULL; at = strchr(at + 1, '{')) {
        if (!str_has_prefix(at, NAME_MARK)) {
            return err_set(err, ERR_CONFIG, "'%s': in braces only " NAME_MARK " is known", path);
        }
    }
    return 0;
}

static mode_t default_mode(const struct copy_rule *rule)
{
    if (!PIECES[rule->piece].is_secret) {
        return 0644;
    }
    return rule->group != NULL ? 0640 : 0600;
}

int copy_rule_parse(enum copy_piece piece, const char *text, struct copy_rule *ret_rule,
                    struct err *err)
{
    AUTO(copy_rule_done) struct copy_rule rule = {.piece = piece};
    AUTO(strv_done) struct strv words = STRV_INIT;
    const char *options = find_options(text);

    rule.path = str_dup_len(text, (size_t)(options - text));
    str_trim(rule.path);
    if (check_path(rule.path, err) < 0) {
        return err_code(err);
    }
    strv_add_split(&words, options, BLANKS);
    for (size_t i = 0; i < words.n; i++) {
        if (take_option(&rule, words.items[i], err) < 0) {
            return err_code(err);
        }
    }
    if (rule.mode == 0) {
        rule.mode = default_mode(&rule);
    }
    *ret_rule = rule;
    rule = (struct copy_rule){.path = NULL};
    return 0;
}

static void add_option(struct strv *words, const char *name, const char *value)
{
    if (value != NULL) {
        strv_take(words, str_fmt("%s=%s", name, value));
    }
}

char *copy_rule_format(const struct copy_rule *rule)
{
    AUTO(strv_done) struct strv words = STRV_INIT;

    strv_add(&words, rule->path);
    add_option(&words, "owner", rule->owner);
    add_option(&words, "group", rule->group);
    strv_take(&words, str_fmt("mode=%04o", (unsigned)rule->mode));
    add_option(&words, "password-file", rule->password_file);
    return strv_join(&words, " ");
}

char *copy_rule_path(const struct copy_rule *rule, const char *name)
{
    char *path = str_dup("");
    const char *rest = rule->path;

    for (const char *at = strstr(rest, NAME_MARK); at != NULL; at = strstr(rest, NAME_MARK)) {
        char *longer = str_fmt("%s%.*s%s", path, (int)(at - rest), rest, name);

        mem_free(path);
        path = longer;
        rest = at + strlen(NAME_MARK);
    }
    char *whole = str_fmt("%s%s", path, rest);
    mem_free(path);
    return whole;
}
