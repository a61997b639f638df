/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* argv -> a command and its options, by the tables of options.h. Nothing is printed here. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/options.h"

#include <stdbool.h>

struct args {
    enum command_id command; /* COMMAND_COUNT: none was named */
    struct strv words;       /* what stood where commands and operands stand */
    struct strv operands;    /* of the command */
    struct strv
        values[OPTION_COUNT]; /* those given, in order; one "yes" each time for options without */
};

/* Parses; --help and --version are accepted without a command. ERR_CONFIG with what would be right.
 */
int args_parse(int argc, char *const *argv, struct args *ret_args, struct err *err);
void args_done(struct args *args);

bool args_has(const struct args *args, enum option_id id);
/* The last value given, which is the one that counts; NULL when none was. */
const char *args_text(const struct args *args, enum option_id id);

/* The help of the command, of the group that `words` names ("plugin"), or of the whole program. */
void args_format_help(const struct args *args, struct buf *to);

#endif
