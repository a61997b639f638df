/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * One row for each key that the core knows. Parsing, "did you mean", the manual page's test and
 * what a command shows of the settings all come from these rows; a new key is a new row and a new
 * field. (struct config_key, not struct key: keys/key.h has that name for private keys, and both
 * are included together.)
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include "config/config.h"
#include "config/duration.h"

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a value looks like, and so the type of the field that takes it. */
enum config_key_type {
    KEY_TEXT,     /* char *: any text but an empty one */
    KEY_EMAIL,    /* char *: something@host */
    KEY_CHOICE,   /* char *: one of the row's choices */
    KEY_URL,      /* char *: https:// and a host */
    KEY_PATH,     /* char *: made absolute from the file's folder */
    KEY_RAW,      /* const struct config_value *: as it stands, borrowed from the configuration */
    KEY_BOOL,     /* bool: yes, no, true, false, on, off, 1, 0 */
    KEY_ANSWER,   /* enum config_answer: the same words; where silence is neither yes nor no */
    KEY_COUNT,    /* uint32_t */
    KEY_DURATION, /* int64_t, in milliseconds: 90, 90s, 500ms, 5m, 2h, 1d */
    KEY_SIZE,     /* int64_t, in bytes: 500000, 500k, 5M, 1G */
    KEY_LIST,     /* struct strv: commas divide, the key may be repeated */
    KEY_FOLDERS,  /* struct strv: as KEY_PATH, one a line, each must be there; may be repeated */
    KEY_LINES,    /* struct strv: one value a line, commas mean nothing, may be repeated */
    KEY_COMMANDS, /* struct strv: as KEY_LINES; each can be split into words */
    KEY_DOMAINS, /* struct strv: as KEY_LIST; each a name that a certificate can hold, normalised */
    KEY_RESOLVERS,   /* struct strv: as KEY_LIST; each ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT */
    KEY_COPY,        /* struct strv: as copy_rule_format() writes it, one a line, may be repeated */
    KEY_PROPAGATION, /* struct propagation_policy: all, known-broken, any, wait:DURATION */
    KEY_MODE,        /* mode_t: octal, of a file that others never get at: 0600, 0640, ... */
    KEY_MARGIN,      /* struct margin: a duration, or a share of the lifetime: 20d, 30% */
};

struct config_key {
    const char *section;  /* "acme-dns", "ca", "zone", "certificate" */
    const char *name;     /* as written in files */
    const char *fallback; /* the value when none is given, as a user would write it; NULL: none */
    const char *choices;  /* for KEY_CHOICE: divided by commas; else NULL */
    const char *help;     /* one sentence, without a full stop */
    int64_t min, max; /* for KEY_COUNT, in milliseconds for KEY_DURATION, in bytes for KEY_SIZE */
    size_t offset;    /* of the field in the section's structure */
    enum config_key_type type;
};

/* For a section that adds to what is known anyway: nothing said changes nothing. */
enum config_answer { ANSWER_NONE, ANSWER_NO, ANSWER_YES };

enum propagation_kind {
    PROPAGATION_KNOWN_BROKEN, /* every server but those that were broken before we began */
    PROPAGATION_ALL,          /* every server */
    PROPAGATION_ANY,          /* one server of each zone */
    PROPAGATION_WAIT,         /* do not look, wait */
};

struct propagation_policy {
    enum propagation_kind kind;
    int64_t wait_ms; /* for PROPAGATION_WAIT */
};

/* All rows, of all sections. */
const struct config_key *key_table(size_t *ret_n);

/* NULL if there is none. */
const struct config_key *key_find(const char *section, const char *name);

/* Whether a later value adds to the earlier ones instead of being a mistake. */
bool key_is_repeatable(const struct config_key *key);

/* Parses one value into the field of `into` (a zeroed or filled structure of the section's type):
 * replaces a single value, adds to a list. ERR_CONFIG with what would be right; the field is then
 * untouched. */
int key_parse(const struct config_key *key, const struct config_value *value, void *into,
              struct err *err);

/* The field as a user would write it, appended to `to`: nothing if nobody said, one text, or one
 * for each line of a key that key_is_one_a_line(). */
void key_format(const struct config_key *key, const void *fields, struct strv *to);
bool key_is_one_a_line(const struct config_key *key);

/* Puts the row's fallback (or nothing) into the field, freeing what it held. */
void key_reset(const struct config_key *key, void *into);

/* Frees what key_parse() put into the fields of a section's structure. */
void key_free_fields(const char *section, void *fields);

/* Checks a section against its rows and fills `into`: unknown keys, keys given twice, bad values
 * are added to errors and mark the section wrong. */
void key_parse_section(struct config_section *section, void *into, struct config_errors *errors);

/* all, known-broken, any, wait:DURATION. */
int propagation_parse(const char *text, struct propagation_policy *ret_policy, struct err *err);

#endif
