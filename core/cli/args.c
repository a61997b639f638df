/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * Options may stand anywhere, before the command too, so the command is looked for last: first
 * every option is read by the one table of all options, then the words say which command it is,
 * then each option that was given is checked against that command.
 */
#include "cli/args.h"

#include "base/mem.h"
#include "config/config.h"

#include <string.h>

#define CHALLENGE_VALUE_BYTES 43 /* a SHA-256 digest in base64url: RFC 8555 section 8.4 */

struct walk {
    int argc;
    char *const *argv;
    int at;
};

void args_done(struct args *args)
{
    strv_done(&args->words);
    strv_done(&args->operands);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        strv_done(&args->values[i]);
    }
}

bool args_has(const struct args *args, enum option_id id)
{
    return args->values[id].n > 0;
}

const char *args_text(const struct args *args, enum option_id id)
{
    const struct strv *values = &args->values[id];

    return values->n == 0 ? NULL : values->items[values->n - 1];
}

static int refuse_unknown(const char *name, struct err *err)
{
    AUTO(strv_done) struct strv names = STRV_INIT;
    AUTO_FREE char *shown = str_fmt("--%s", name);
    const char *refusal = option_refusal(name);

    if (refusal != NULL) {
        err_set(err, ERR_CONFIG,
                "%s is not taken: every user of this machine can read a program's arguments, and "
                "shells keep them",
                shown);
        return err_hint(err, "%s", refusal);
    }
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        strv_take(&names, str_fmt("--%s", option_row((enum option_id)i)->name));
    }
    err_set(err, ERR_CONFIG, "unknown option '%s'", shown);
    config_hint_nearest(err, shown, (const char *const *)names.items, names.n);
    return err_code(err);
}

/* Takes one option with what it was given; value NULL: the next argument, if it needs one. */
static int take_option(struct args *args, struct walk *walk, size_t id, const char *shown,
                       const char *value, struct err *err)
{
    const struct option_row *row = option_row((enum option_id)id);

    if (row->value == NULL) {
        if (value != NULL) {
            return err_set(err, ERR_CONFIG, "%s takes no value", shown);
        }
        strv_add(&args->values[id], "yes");
        return 0;
    }
    if (value == NULL) {
        if (walk->at + 1 >= walk->argc) {
            return err_set(err, ERR_CONFIG, "%s needs a value: %s %s", shown, shown, row->value);
        }
        value = walk->argv[++walk->at];
    }
    if (*value == '\0') {
        return err_set(err, ERR_CONFIG, "%s: an empty value", shown);
    }
    strv_add(&args->values[id], value);
    return 0;
}

static int take_long(struct args *args, struct walk *walk, const char *text, struct err *err)
{
    const char *equals = strchr(text, '=');
    AUTO_FREE char *name =
        str_dup_len(text, equals == NULL ? strlen(text) : (size_t)(equals - text));
    AUTO_FREE char *shown = str_fmt("--%s", name);

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(option_row((enum option_id)i)->name, name) == 0) {
            return take_option(args, walk, i, shown, equals == NULL ? NULL : equals + 1, err);
        }
    }
    return refuse_unknown(name, err);
}

/* -d NAME, -dNAME, -nv, -vv. */
static int take_letters(struct args *args, struct walk *walk, const char *text, struct err *err)
{
    for (; *text != '\0'; text++) {
        char shown[] = {'-', *text, '\0'};
        size_t id = 0;

        while (id < OPTION_COUNT && option_row((enum option_id)id)->letter != *text) {
            id++;
        }
        if (id == OPTION_COUNT) {
            return err_set(err, ERR_CONFIG, "unknown option '%s'", shown);
        }
        if (option_row((enum option_id)id)->value != NULL) {
            return take_option(args, walk, id, shown, text[1] == '\0' ? NULL : text + 1, err);
        }
        if (take_option(args, walk, id, shown, NULL, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

/* Of 64 challenge values one begins with a hyphen; no option looks like one. */
static bool is_challenge_value(const struct args *args, const char *text)
{
    static const char LETTERS[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    return args->words.n > 0 && strcmp(args->words.items[0], "dns") == 0 &&
           strlen(text) == CHALLENGE_VALUE_BYTES && strspn(text, LETTERS) == CHALLENGE_VALUE_BYTES;
}

static int take_all(struct args *args, struct walk *walk, struct err *err)
{
    bool has_ended = false;

    for (walk->at = 1; walk->at < walk->argc; walk->at++) {
        const char *text = walk->argv[walk->at];
        int status = 0;

        if (has_ended || *text != '-' || strcmp(text, "-") == 0 || is_challenge_value(args, text)) {
            strv_add(&args->words, text);
        } else if (strcmp(text, "--") == 0) {
            has_ended = true;
        } else if (text[1] == '-') {
            status = take_long(args, walk, text + 2, err);
        } else {
            status = take_letters(args, walk, text + 1, err);
        }
        if (status < 0) {
            return status;
        }
    }
    return 0;
}

/* How many of the words name the command: 0 if they do not. */
static size_t match_command(const struct command_row *command, const struct strv *words)
{
    AUTO(strv_done) struct strv wanted = STRV_INIT;

    strv_add_split(&wanted, command->words, " ");
    for (size_t i = 0; i < wanted.n; i++) {
        if (i >= words->n || strcmp(words->items[i], wanted.items[i]) != 0) {
            return 0;
        }
    }
    return wanted.n;
}

static bool is_group(const char *word)
{
    size_t len = strlen(word);

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const char *words = command_row((enum command_id)i)->words;

        if (strncmp(words, word, len) == 0 && words[len] == ' ') {
            return true;
        }
    }
    return false;
}

static int refuse_words(const struct strv *words, struct err *err)
{
    const char *names[COMMAND_COUNT];
    bool is_in_group = is_group(words->items[0]);
    AUTO_FREE char *typed = is_in_group && words->n > 1
                                ? str_fmt("%s %s", words->items[0], words->items[1])
                                : str_dup(words->items[0]);

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        names[i] = command_row((enum command_id)i)->words;
    }
    if (is_in_group && words->n == 1) {
        return err_set(err, ERR_CONFIG, "'%s' needs one word more: acme-dns %s --help", typed,
                       typed);
    }
    err_set(err, ERR_CONFIG, "unknown command '%s'", typed);
    if (str_eq(words->items[0], "help")) {
        return err_hint(err, "acme-dns --help; acme-dns COMMAND --help");
    }
    config_hint_nearest(err, typed, names, COMMAND_COUNT);
    return err_code(err);
}

static int find_command(struct args *args, struct err *err)
{
    bool is_asking = args_has(args, OPTION_HELP) || args_has(args, OPTION_VERSION);

    if (args->words.n == 1 && strcmp(args->words.items[0], "help") == 0) {
        strv_done(&args->words);
        strv_add(&args->values[OPTION_HELP], "");
        return 0;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        size_t n = match_command(command_row((enum command_id)i), &args->words);

        if (n > 0) {
            args->command = (enum command_id)i;
            for (size_t k = n; k < args->words.n; k++) {
                strv_add(&args->operands, args->words.items[k]);
            }
            return 0;
        }
    }
    if (args->words.n == 0) {
        return is_asking ? 0 : err_set(err, ERR_CONFIG, "no command: acme-dns --help lists them");
    }
    if (is_asking && args->words.n == 1 && is_group(args->words.items[0])) {
        return 0;
    }
    return refuse_words(&args->words, err);
}

static int check_command(const struct args *args, struct err *err)
{
    const struct command_row *command = command_row(args->command);

    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (args->values[i].n > 0 && !command_takes(command, (enum option_id)i)) {
            return err_set(err, ERR_CONFIG, "--%s is not an option of 'acme-dns %s'",
                           option_row((enum option_id)i)->name, command->words);
        }
    }
    if (args_has(args, OPTION_HELP)) {
        return 0;
    }
    if (args->operands.n > command->n_operands + command->n_optional) {
        const char *extra = args->operands.items[command->n_operands + command->n_optional];

        err_set(err, ERR_CONFIG, "'%s' is one word too many for 'acme-dns %s'", extra,
                command->words);
        return command_takes(command, OPTION_DOMAIN)
                   ? err_hint(err, "names are given with -d: -d %s", extra)
                   : err_code(err);
    }
    if (args->operands.n < command->n_operands) {
        return err_set(err, ERR_CONFIG, "'acme-dns %s' needs %s", command->words,
                       command->operands);
    }
    return 0;
}

/* acme-client's way to say who publishes. */
static int take_challenge(struct args *args, struct err *err)
{
    const char *type = args_text(args, OPTION_CHALLENGE);

    if (type == NULL) {
        return 0;
    }
    if (strcmp(type, "dns-01") != 0) {
        return err_set(err, ERR_CONFIG, "-t %s: the only challenge there is here is dns-01", type);
    }
    strv_add_unique(&args->values[OPTION_PROVIDER], "stdio");
    return 0;
}

int args_parse(int argc, char *const *argv, struct args *ret_args, struct err *err)
{
    struct args args = {.command = COMMAND_COUNT};
    struct walk walk = {.argc = argc, .argv = argv};

    if (take_all(&args, &walk, err) < 0 || find_command(&args, err) < 0 ||
        (args.command != COMMAND_COUNT && check_command(&args, err) < 0) ||
        take_challenge(&args, err) < 0) {
        args_done(&args);
        return err_code(err);
    }
    *ret_args = args;
    return 0;
}
