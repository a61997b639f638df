/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "profile.h"

#include "alloc.h"
#include "aws.h"

#include <gnutls/gnutls.h>
#include <string.h>

#define KEYS_MAX 4096

static const char BLANKS[] = " \t\r";

/* A section's mere existence is a key that no line can have. */
static const char SECTION[] = "[";

struct profile_key {
    char *profile, *name, *value;
};

struct reader {
    struct profiles *to;
    enum profile_file kind;
    const char *option;
    size_t line;
    char *profile;  /* whose lines these are; NULL: nobody's of ours */
    bool is_nested; /* the last key had no value: indented lines belong to it */
    struct kit_fault *f;
};

void profiles_done(struct profiles *profiles)
{
    for (size_t i = 0; i < profiles->n; i++) {
        free(profiles->keys[i].profile);
        free(profiles->keys[i].name);
        alloc_free_secret(profiles->keys[i].value);
    }
    free(profiles->keys);
    *profiles = (struct profiles){.keys = NULL};
}

static const struct profile_key *find_key(const struct profiles *profiles, const char *profile,
                                          const char *name)
{
    for (size_t i = 0; i < profiles->n; i++) {
        if (strcmp(profiles->keys[i].profile, profile) == 0 &&
            strcmp(profiles->keys[i].name, name) == 0) {
            return &profiles->keys[i];
        }
    }
    return NULL;
}

bool profiles_have(const struct profiles *profiles, const char *profile)
{
    return find_key(profiles, profile, SECTION) != NULL;
}

const char *profiles_find(const struct profiles *profiles, const char *profile, const char *key)
{
    const struct profile_key *found = find_key(profiles, profile, key);

    return found != NULL && found->value[0] != '\0' ? found->value : NULL;
}

static int32_t add_key(struct reader *r, const char *name, const char *value)
{
    struct profiles *to = r->to;

    if (find_key(to, r->profile, name) != NULL) {
        return ACME_OK;
    }
    if (to->n == KEYS_MAX) {
        return kit_fault_set(r->f, ACME_BAD_CONFIG, "%s: has more than %d lines", r->option,
                             KEYS_MAX);
    }
    if (to->n == to->cap) {
        to->cap = to->cap == 0 ? 32 : 2 * to->cap;
        to->keys = alloc_resize(to->keys, to->cap, sizeof(*to->keys));
    }
    to->keys[to->n++] = (struct profile_key){
        .profile = alloc_copy(r->profile), .name = alloc_copy(name), .value = alloc_copy(value)};
    return ACME_OK;
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
    size_t len = 0;

    text += strspn(text, BLANKS);
    len = strlen(text);
    while (len > 0 && strchr(BLANKS, text[len - 1]) != NULL) {
        text[--len] = '\0';
    }
    return text;
}

/* Cuts a comment off: "#" or ";" behind a blank. */
static void cut_comment(char *text)
{
    for (char *t = text; *t != '\0'; t++) {
        if ((*t == '#' || *t == ';') && t > text && strchr(BLANKS, t[-1]) != NULL) {
            *t = '\0';
            return;
        }
    }
}

/* The profile that a section's title names; NULL: it is no profile ("sso-session X"). */
static char *profile_of(enum profile_file kind, char *title)
{
    size_t len = strcspn(title, BLANKS);

    if (kind == PROFILE_CONFIG && strcmp(title, "default") != 0) {
        if (len != 7 || strncmp(title, "profile", 7) != 0) {
            return NULL;
        }
        title = trim(title + len);
    }
    len = strlen(title);
    if (len >= 2 && (title[0] == '"' || title[0] == '\'') && title[len - 1] == title[0]) {
        title[len - 1] = '\0';
        title++;
    }
    return title[0] != '\0' ? title : NULL;
}

static int32_t read_title(struct reader *r, char *line)
{
    char *end = strchr(line, ']');
    const char *profile = NULL;

    if (end == NULL) {
        return kit_fault_set(r->f, ACME_BAD_CONFIG, "%s: line %zu: '[' without ']'", r->option,
                             r->line);
    }
    *end = '\0';
    profile = profile_of(r->kind, trim(line + 1));
    free(r->profile);
    r->profile = profile != NULL ? alloc_copy(profile) : NULL;
    r->is_nested = false;
    return profile != NULL ? add_key(r, SECTION, "") : ACME_OK;
}

static int32_t read_line(struct reader *r, char *line)
{
    bool is_indented = line[0] == ' ' || line[0] == '\t';
    char *text = trim(line);
    char *equals = NULL;
    char *value = NULL;

    if (text[0] == '\0' || text[0] == '#' || text[0] == ';' || (is_indented && r->is_nested)) {
        return ACME_OK;
    }
    if (text[0] == '[') {
        return read_title(r, text);
    }
    equals = strchr(text, '=');
    if (equals == NULL) {
        return kit_fault_set(r->f, ACME_BAD_CONFIG,
                             "%s: line %zu is neither [SECTION] nor KEY = VALUE", r->option,
                             r->line);
    }
    *equals = '\0';
    value = trim(equals + 1);
    cut_comment(value);
    value = trim(value);
    r->is_nested = value[0] == '\0';
    for (char *c = text; *c != '\0'; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
    }
    return r->profile != NULL ? add_key(r, trim(text), value) : ACME_OK;
}

int32_t profiles_read(struct profiles *profiles, enum profile_file kind, const char *option,
                      const char *text, size_t len, struct kit_fault *f)
{
    struct reader r = {.to = profiles, .kind = kind, .option = option, .f = f};
    char *copy = alloc_zero(len + 1, 1);
    char *rest = copy;
    int32_t status = ACME_OK;

    memcpy(copy, text, len);
    while (status == ACME_OK && rest != NULL) {
        char *line = strsep(&rest, "\n");

        r.line++;
        status = read_line(&r, line);
    }
    free(r.profile);
    gnutls_memset(copy, 0, len);
    free(copy);
    return status;
}
