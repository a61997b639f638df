/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Command lines of the configuration, which are run without a shell: how they divide into words,
 * and which file the first word means.
 */
#ifndef BASE_WORDS_H
#define BASE_WORDS_H

#include "base/err.h"
#include "base/str.h"

/* Where programs without a path are looked for, whatever PATH the caller was given. */
#define WORDS_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * Divides text at blanks (space, tab, line end). 'In single quotes' everything stands for itself;
 * "in double quotes" so does all but \" and \\; outside quotes a backslash makes the next byte
 * stand for itself. Quotes may begin and end within a word, and '' is an empty one. Nothing else is
 * special: no $, *, ~, | or ;. ERR_CONFIG: a quote that is not closed, a backslash at the end, no
 * word at all. *ret_words is the caller's to free.
 */
int words_split(const char *text, struct strv *ret_words, struct err *err);

/* The first word of a command line in which only a shell would see more than bytes: an operator
 * that begins a word (|, &, ;, >, <, 2>), a ; at its end, $NAME, $(, a backtick, ~/. Not in quotes,
 * where such things are meant for the program. NULL: there is none. To mem_free. */
char *words_find_shell_syntax(const char *text);

/* The file that is run for a first word: itself if it is an absolute path, else the one of that
 * name in WORDS_PATH, to mem_free. ERR_CONFIG: no such program, a relative path, and, run by root,
 * a program that anyone else could have written. */
int words_find_program(const char *name, char **ret_path, struct err *err);

#endif
