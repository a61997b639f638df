/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Configuration as text: sections and values as they were written, each with its place. What a key
 * means is decided elsewhere: settings.h for [acme-dns], sections.h for [ca], [zone] and
 * [certificate], the provider room for [provider].
 *
 *     # a comment begins at the start of a line, nowhere else
 *     [kind]
 *     [kind name]
 *     key = value, literal to the end of the line
 *
 * Nothing here stops at the first fault: all of them are collected, and a section that holds one is
 * marked wrong, so that a run can do without it.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CONFIG_FILE_MAX ((size_t)16 << 20) /* bytes of one file */

enum config_origin { CONFIG_DEFAULT, CONFIG_FILE, CONFIG_ENVIRONMENT, CONFIG_FLAG };

/* Where something was written. */
struct config_place {
    enum config_origin origin;
    const char *path; /* the file; or the variable's or flag's name; NULL for a default */
    unsigned line;    /* from 1; 0 outside files */
    unsigned column;  /* from 1, in characters; 0 outside files */
    mode_t mode;      /* the file's permissions when it was read; 0 outside files */
};

struct config_value {
    const char *key;
    const char *text;          /* trimmed, never NULL, may be "" */
    struct config_place place; /* of the text */
    unsigned key_column;       /* of the key, in the same line */
};

struct config_section {
    const char *kind; /* "zone" */
    const char *name; /* "example.com"; "" without one */
    struct config_place place;
    struct config_value *values; /* in the order of the file; a key may come several times */
    size_t n_values, cap_values;
    bool is_wrong; /* holds an error: not to be used, nor what depends on it */
    char *why;     /* the first of its errors, with its place; or NULL */
    /* The tree's own: where it stands among all, and among those of its kind. */
    size_t index;
    struct config_section *next_of_kind, *last_of_kind;
};

struct config;

/* ---- Errors, all at once ---- */

#define CONFIG_ERRORS_MAX 1000

struct config_error {
    struct err err;        /* ERR_CONFIG, "FILE:LINE:COLUMN: what is wrong", hints on lines below */
    char *path;            /* the file's, variable's or flag's name; or NULL */
    unsigned line, column; /* 0: not in a file, or all of it */
    size_t what;           /* where in the text "what is wrong" begins */
};

struct config_errors {
    struct config_error *items; /* as they were found */
    size_t n, cap;
    struct config_error *warnings; /* what works, but hardly as it was meant */
    size_t n_warnings, cap_warnings;
    size_t n_left_out; /* found beyond CONFIG_ERRORS_MAX */
    size_t n_general;  /* those that concern everything: of [acme-dns], or of no section */
    size_t n_fatal;    /* of these, those after which the settings are not even known in part */
};

#define CONFIG_ERRORS_INIT \
    {                      \
        .items = NULL      \
    }
void config_errors_done(struct config_errors *errors);

/* Adds one. section, if not NULL, is marked wrong; without one, and for [acme-dns], the error is a
 * general one. Returns the error, for err_hint(), or NULL when there are too many. */
struct err *config_errors_add(struct config_errors *errors, struct config_section *section,
                              const struct config_place *place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds a warning; beyond CONFIG_ERRORS_MAX they are dropped. */
void config_errors_warn(struct config_errors *errors, const struct config_place *place,
                        const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Errors and warnings each in the order of files, lines and columns. */
void config_errors_sort(struct config_errors *errors);

/* "did you mean 'NAME'?" below an error, if one of the names is near enough to text. err may be
 * NULL. */
void config_hint_nearest(struct err *err, const char *text, const char *const *names,
                         size_t n_names);

/* The word for it in --json: "default", "file", "environment", "flag". */
const char *config_origin_name(enum config_origin origin);

/* "FILE:LINE:COLUMN", "environment variable NAME", "--flag" or "default"; to mem_free. */
char *config_place_format(const struct config_place *place);

/* ---- Reading ---- */

/* What to read. */
struct config_source {
    const char *path;      /* the main file */
    bool is_required;      /* the user named it: its absence is an error */
    bool has_folder;       /* then every conf.d/NAME.conf beside it, by name */
    bool is_trust_checked; /* fs_check_trusted() for each file: run by root */
};

/* Never NULL: what could be read, errors beside it. To config_free. */
struct config *config_load(const struct config_source *source, struct config_errors *errors);

/* The same from memory, a NUL byte behind it; path is for the places. */
struct config *config_parse(const char *path, const char *text, size_t len,
                            struct config_errors *errors);

void config_free(struct config *config);
DEFINE_AUTO_PTR(config, config_free);

/* ---- Looking things up ---- */

/* NULL if there is none. Names are compared without regard to case; name "" for a section without.
 */
const struct config_section *config_section_find(const struct config *config, const char *kind,
                                                 const char *name);

/* The next section of a kind (NULL: of any) after `after`, which this function gave for that kind
 * (NULL: from the start); NULL at the end. */
const struct config_section *config_section_next(const struct config *config, const char *kind,
                                                 const struct config_section *after);

/* Why sections may be missing that stand in the files: the first fault that cost a file, or a
 * section whose name is not known. NULL: every section was found. */
const char *config_lost(const struct config *config);

/* The main file could not be read: what other files name may well stand there. */
bool config_is_unread(const struct config *config);

/* The last value of a key, which is the one that counts; NULL if there is none. */
const struct config_value *config_value_find(const struct config_section *section, const char *key);

/* The next value of a key after `after` (NULL: the first), for keys that may be repeated. */
const struct config_value *config_value_next(const struct config_section *section, const char *key,
                                             const struct config_value *after);

/* The value as a path, to mem_free: a relative one counts from its file's folder, "~/" from HOME.
 */
char *config_value_path(const struct config_value *value);

/* The folder of a main configuration file, absolute, whether they are there or not; conf.d/,
 * secrets/ and hooks.d/ stand in it. To mem_free. NULL for NULL: there is no configuration. */
char *config_folder(const char *path);

/* Whether group or others can read the file that the value stands in: no place for a secret. */
bool config_value_is_exposed(const struct config_value *value);

/* ---- Walking, where a pass marks what it finds ---- */

size_t config_section_count(const struct config *config);
struct config_section *config_section_at(struct config *config, size_t index);

/* ---- Writing, for request.conf ---- */

/* Appends "[kind name]" and "key = value" lines. A value that the grammar cannot hold (control
 * bytes, blanks at its ends) is ERR_CONFIG and nothing is appended. */
void config_format_section(struct buf *to, const char *kind, const char *name);
int config_format_value(struct buf *to, const char *key, const char *text, struct err *err);

#endif
