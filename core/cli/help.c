/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Help texts out of the tables: examples first, since most readers look for one to change. */
#include "cli/args.h"

#include "base/mem.h"

#include <string.h>

enum { HELP_COLUMN = 30, COMMAND_COLUMN = 26, COLUMN_GAP = 2 };

static void add_examples(const char *examples, struct buf *to)
{
    while (*examples != '\0') {
        size_t len = strcspn(examples, "\n");

        buf_addf(to, "  %.*s\n", (int)len, examples);
        examples += len + 1;
    }
}

/* What is too long for its column has its help below it. */
static void add_row(const char *front, int column, const char *help, struct buf *to)
{
    if (strlen(front) + COLUMN_GAP > (size_t)column) {
        buf_addf(to, "%s\n%*s%s\n", front, column, "", help);
    } else {
        buf_addf(to, "%-*s%s\n", column, front, help);
    }
}

static void add_option(enum option_id id, struct buf *to)
{
    const struct option_row *row = option_row(id);
    AUTO_FREE char *letter = row->letter == 0 ? str_dup("    ") : str_fmt("-%c, ", row->letter);
    AUTO_FREE char *front =
        str_fmt("  %s--%s%s%s", letter, row->name, row->value == NULL ? "" : " ",
                row->value == NULL ? "" : row->value);

    add_row(front, HELP_COLUMN, row->help, to);
}

static void add_general_options(struct buf *to)
{
    buf_add_str(to, "\nOptions of every command:\n");
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (option_is_general((enum option_id)i)) {
            add_option((enum option_id)i, to);
        }
    }
}

static void add_command_help(const struct command_row *command, struct buf *to)
{
    buf_addf(to, "acme-dns %s: %s\n\nExamples:\n", command->words, command->summary);
    add_examples(command->examples, to);
    buf_addf(to, "\nUsage:\n  acme-dns %s%s%s [OPTION...]\n", command->words,
             *command->operands == '\0' ? "" : " ", command->operands);
    if (command->n_options > 0) {
        buf_add_str(to, "\nOptions:\n");
    }
    for (size_t i = 0; i < command->n_options; i++) {
        add_option(command->options[i], to);
    }
    add_general_options(to);
    buf_add_str(to, "\nThe manual: man acme-dns, man acme-dns.conf\n");
}

static void add_commands(const char *group, struct buf *to)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command_row *command = command_row((enum command_id)i);
        AUTO_FREE char *front = str_fmt("  %s %s", command->words, command->operands);

        if (group == NULL || str_has_prefix(command->words, group)) {
            add_row(front, COMMAND_COLUMN, command->summary, to);
        }
    }
}

void args_format_help(const struct args *args, struct buf *to)
{
    const char *group = args->words.n == 0 ? NULL : args->words.items[0];

    if (args->command != COMMAND_COUNT) {
        add_command_help(command_row(args->command), to);
        return;
    }
    buf_add_str(to, "acme-dns: certificates by DNS-01\n\nExamples:\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const struct command_row *command = command_row((enum command_id)i);

        if (group != NULL ? str_has_prefix(command->words, group) : i == COMMAND_ISSUE) {
            add_examples(command->examples, to);
        }
    }
    buf_addf(to, "\nUsage:\n  acme-dns COMMAND [OPTION...]\n\nCommands:\n");
    add_commands(group, to);
    buf_add_str(to, "\nacme-dns COMMAND --help says more about each.\n");
    add_general_options(to);
}
