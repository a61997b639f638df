/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "base/words.h"

#include "base/fs.h"
#include "base/mem.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLANKS " \t\r\n"

/* ---- What looks like a shell's ---- */

static bool is_operator(const char *word)
{
    const char *at = word + strspn(word, "0123456789");

    return (at > word && (*at == '>' || *at == '<')) || strchr("|&;<>", *word) != NULL ||
           str_has_prefix(word, "~/");
}

static bool is_expansion(const char *at)
{
    return *at == '`' || (at[0] == '$' && at[1] != '\0' &&
                          (isalpha((unsigned char)at[1]) || strchr("_{(", at[1]) != NULL));
}

static bool is_end_of_command(const char *at)
{
    return *at == ';' && (at[1] == '\0' || strchr(BLANKS, at[1]) != NULL);
}

/* ---- Words ---- */

struct splitter {
    const char *at;
    char *word; /* as long as the text: a word never grows */
    size_t len;
    bool is_shells; /* only a shell would understand it */
};

static int take_quoted(struct splitter *s, struct err *err)
{
    char quote = *s->at++;

    while (*s->at != quote) {
        if (*s->at == '\0') {
            return err_set(err, ERR_CONFIG, "a %s quote is not closed",
                           quote == '"' ? "double" : "single");
        }
        if (quote == '"' && *s->at == '\\' && (s->at[1] == '"' || s->at[1] == '\\')) {
            s->at++;
        }
        s->word[s->len++] = *s->at++;
    }
    s->at++;
    return 0;
}

static int take_word(struct splitter *s, struct err *err)
{
    s->len = 0;
    s->is_shells = is_operator(s->at);
    while (*s->at != '\0' && strchr(BLANKS, *s->at) == NULL) {
        if (*s->at == '\'' || *s->at == '"') {
            if (take_quoted(s, err) < 0) {
                return err_code(err);
            }
            continue;
        }
        if (*s->at == '\\') {
            if (*++s->at == '\0') {
                return err_set(err, ERR_CONFIG, "a backslash at the end stands for nothing");
            }
        } else {
            s->is_shells = s->is_shells || is_expansion(s->at) || is_end_of_command(s->at);
        }
        s->word[s->len++] = *s->at++;
    }
    return 0;
}

int words_split(const char *text, struct strv *ret_words, struct err *err)
{
    AUTO(strv_done) struct strv words = STRV_INIT;
    AUTO_FREE char *word = str_dup(text);
    struct splitter s = {.at = text, .word = word};

    for (s.at += strspn(s.at, BLANKS); *s.at != '\0'; s.at += strspn(s.at, BLANKS)) {
        if (take_word(&s, err) < 0) {
            return err_code(err);
        }
        strv_take(&words, str_dup_len(s.word, s.len));
    }
    if (words.n == 0) {
        return err_set(err, ERR_CONFIG, "there is no command");
    }
    *ret_words = words;
    words = (struct strv)STRV_INIT;
    return 0;
}

char *words_find_shell_syntax(const char *text)
{
    AUTO_FREE char *word = str_dup(text);
    struct splitter s = {.at = text, .word = word};
    struct err ignored = ERR_INIT; /* words_split() tells of what is not whole */

    for (s.at += strspn(s.at, BLANKS); *s.at != '\0'; s.at += strspn(s.at, BLANKS)) {
        const char *begin = s.at;

        if (take_word(&s, &ignored) < 0) {
            return NULL;
        }
        if (s.is_shells) {
            return str_dup_len(begin, (size_t)(s.at - begin));
        }
    }
    return NULL;
}

/* ---- Programs ---- */

static bool is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static char *search(const char *name)
{
    AUTO(strv_done) struct strv folders = STRV_INIT;

    strv_add_split(&folders, WORDS_PATH, ":");
    for (size_t i = 0; i < folders.n; i++) {
        AUTO_FREE char *path = fs_join(folders.items[i], name);

        if (is_program(path)) {
            return TAKE(path);
        }
    }
    return NULL;
}

/* O_PATH, because a program need not be readable to be run. */
static int check_trust(const char *path, struct err *err)
{
    AUTO_FD int fd = open(path, O_PATH | O_CLOEXEC);

    if (fd < 0) {
        return err_set_errno(err, "cannot open '%s'", path);
    }
    return fs_check_trusted(fd, path, err) < 0 ? err_code(err) : fs_check_way(path, err);
}

int words_find_program(const char *name, char **ret_path, struct err *err)
{
    AUTO_FREE char *path = NULL;

    if (*name == '/') {
        path = is_program(name) ? str_dup(name) : NULL;
        if (path == NULL) {
            return err_set(err, ERR_CONFIG, "'%s' is not a program that can be run", name);
        }
    } else if (strchr(name, '/') != NULL) {
        return err_set(err, ERR_CONFIG,
                       "'%s' is a relative path: give an absolute one, or a name in %s", name,
                       WORDS_PATH);
    } else {
        path = search(name);
        if (path == NULL) {
            err_set(err, ERR_CONFIG, "no program '%s' in %s", name, WORDS_PATH);
            return err_hint(err,
                            "There is no shell; for what only a shell does, write sh -c '...'");
        }
    }
    if (check_trust(path, err) < 0) {
        return err_code(err);
    }
    *ret_path = TAKE(path);
    return 0;
}
