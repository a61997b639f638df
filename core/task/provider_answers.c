/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/provider_answers.h"

#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/secret.h"
#include "config/config.h"
#include "provider/describe.h"
#include "provider/option_parse.h"
#include "provider/option_variable.h"
#include "task/secret_input.h"

#include "acme-plugin.h"

#include <string.h>
#include <unistd.h>

#define TRIES_MAX 5

struct answers {
    const struct task_env *env;
    const struct provider_description *plugin;
    struct credentials *to;
    bool *is_given; /* by place in the option table */
    bool has_read_stdin;
};

static bool has_flag(const struct provider_option *option, uint32_t flag)
{
    return (option->flags & flag) != 0;
}

/* Written in the configuration as a path, whatever the file holds. */
static bool is_path(const struct provider_option *option)
{
    return option->type == ACME_OPTION_PATH || option->type == ACME_OPTION_FILE;
}

/* ---- One value ---- */

/* From where the user stands: in the section it would count from that file's folder. */
static char *make_absolute(const char *path)
{
    AUTO_FREE char *folder = path[0] == '/' ? NULL : getcwd(NULL, 0);

    return folder == NULL ? str_dup(path) : fs_join(folder, path);
}

static int take_text(struct answers *answers, size_t index, const char *text, struct err *err)
{
    const struct provider_option *option = &answers->plugin->options[index];
    AUTO_FREE char *path = is_path(option) ? make_absolute(text) : NULL;
    const char *value = path != NULL ? path : text;
    AUTO(buf_done) struct buf parsed = BUF_SECRET(OPTION_FILE_MAX);
    int64_t number = 0;

    if (option_parse(option, value, NULL, &parsed, &number, err) < 0) {
        return err_wrap(err, "%s", option->name);
    }
    if (credentials_add(answers->to, option, value, strlen(value), false, err) < 0) {
        return err_code(err);
    }
    answers->is_given[index] = true;
    return 0;
}

/* What a file or standard input holds: the content of a FILE option, else its one line. */
static int take_content(struct answers *answers, size_t index, struct buf *content, struct err *err)
{
    const struct provider_option *option = &answers->plugin->options[index];

    if (option->type == ACME_OPTION_FILE) {
        answers->is_given[index] = true;
        return credentials_add(answers->to, option, buf_str(content), content->len, true, err);
    }
    while (content->len > 0 && strchr("\r\n", content->bytes[content->len - 1]) != NULL) {
        content->bytes[--content->len] = '\0';
    }
    if (strlen(buf_str(content)) != content->len) {
        return err_set(err, ERR_CONFIG, "%s: holds a NUL byte", option->name);
    }
    return take_text(answers, index, buf_str(content), err);
}

/* ---- The command line ---- */

static int find_option(const struct provider_description *plugin, const char *name, size_t len,
                       size_t *ret_index, struct err *err)
{
    AUTO_FREE char *wanted = str_dup_len(name, len);
    const char *names[64] = {NULL};
    size_t n = 0;

    for (size_t i = 0; i < plugin->n_options; i++) {
        if (strcmp(plugin->options[i].name, wanted) == 0) {
            *ret_index = i;
            return 0;
        }
        if (n < ARRAY_LEN(names)) {
            names[n++] = plugin->options[i].name;
        }
    }
    (void)err_set(err, ERR_CONFIG, "plug-in '%s' has no option '%s'", plugin->name, wanted);
    config_hint_nearest(err, wanted, names, n);
    return err_hint(err, "'acme-dns plugin show %s' lists its options", plugin->name);
}

static int refuse_secret(const struct provider_option *option, struct err *err)
{
    (void)err_set(err, ERR_CONFIG,
                  "%s is a secret: every user of this machine can read a program's arguments, and "
                  "shells keep them",
                  option->name);
    return err_hint(err, "give a file, %s=@FILE, or pipe it in, %s=-", option->name, option->name);
}

static int take_file(struct answers *answers, size_t index, const char *path, struct err *err)
{
    AUTO(buf_done) struct buf content = BUF_SECRET(OPTION_FILE_MAX);

    if (fs_read(path, &content, err) < 0) {
        err->class = ERR_CONFIG;
        return err_wrap(err, "%s", answers->plugin->options[index].name);
    }
    return take_content(answers, index, &content, err);
}

static int take_stdin(struct answers *answers, size_t index, struct err *err)
{
    AUTO(buf_done) struct buf content = BUF_SECRET(OPTION_FILE_MAX);
    const char *name = answers->plugin->options[index].name;

    if (answers->has_read_stdin) {
        return err_set(err, ERR_CONFIG, "%s: standard input can give one value only", name);
    }
    answers->has_read_stdin = true;
    if (secret_input_read(name, &content, err) < 0) {
        return err_code(err);
    }
    return take_content(answers, index, &content, err);
}

static int take_answer(struct answers *answers, const char *answer, struct err *err)
{
    const char *equals = strchr(answer, '=');
    size_t index = 0;

    if (equals == NULL) {
        return err_set(err, ERR_CONFIG, "'%s' is not OPTION=VALUE, OPTION=@FILE or OPTION=-",
                       answer);
    }
    if (find_option(answers->plugin, answer, (size_t)(equals - answer), &index, err) < 0) {
        return err_code(err);
    }
    const struct provider_option *option = &answers->plugin->options[index];
    if (answers->is_given[index] && !has_flag(option, ACME_OPTION_REPEAT)) {
        return err_set(err, ERR_CONFIG, "%s is given twice", option->name);
    }
    if (equals[1] == '@') {
        return take_file(answers, index, equals + 2, err);
    }
    if (strcmp(equals + 1, "-") == 0) {
        return take_stdin(answers, index, err);
    }
    if (has_flag(option, ACME_OPTION_SECRET) && !is_path(option)) {
        return refuse_secret(option, err);
    }
    return take_text(answers, index, equals + 1, err);
}

/* ---- The person at the terminal ---- */

/* "The API token\n  api-token (required):" */
static char *format_question(const struct provider_option *option, const char *variable)
{
    AUTO_FREE char *choices = strv_join(&option->choices, ", ");
    AUTO_FREE char *otherwise =
        variable != NULL ? str_fmt("Enter: that of %s", variable)
        : option->fallback != NULL
            ? str_fmt("Enter: %s", option->fallback)
            : str_dup(has_flag(option, ACME_OPTION_REQUIRED) ? "required" : "Enter: none");

    return str_fmt("%s%s%s\n  %s (%s%s):", option->help, option->choices.n > 0 ? ": " : "",
                   option->choices.n > 0 ? choices : "", option->name, otherwise,
                   has_flag(option, ACME_OPTION_SECRET) && !is_path(option) ? "; not shown" : "");
}

/* To mem_free_secret; NULL at the end of input. */
static char *ask_once(const struct task_ask *ask, const struct provider_option *option,
                      const char *variable)
{
    AUTO_FREE char *question = format_question(option, variable);

    return has_flag(option, ACME_OPTION_SECRET) && !is_path(option)
               ? ask->secret(ask->arg, question)
               : ask->line(ask->arg, question);
}

/* Asks until the value is one, or none is wanted. */
static int ask_option(struct answers *answers, size_t index, struct err *err)
{
    const struct provider_option *option = &answers->plugin->options[index];
    AUTO(option_variable_done)
    struct option_variable variable = option_variable_find(answers->plugin, index);

    for (int tries = 0; tries < TRIES_MAX; tries++) {
        char *text = ask_once(&answers->env->ask, option, variable.name);
        size_t len = text == NULL ? 0 : strlen(text);
        int code = 0;

        if (text == NULL) {
            return err_set(err, ERR_CANCELLED, "the questions were not answered");
        }
        if (len > 0) {
            code = take_text(answers, index, text, err);
        }
        mem_free_secret(text, len);
        if (code == 0 && (len > 0 || !has_flag(option, ACME_OPTION_REQUIRED) ||
                          option->fallback != NULL || variable.name != NULL)) {
            return 0;
        }
        event_log(EVENT_WARNING, "", "%s",
                  code < 0 ? err->text : "this one is required; Ctrl-C ends the questions");
        err_clear(err);
    }
    return err_set(err, ERR_CONFIG, "%s: no usable value was given", option->name);
}

/* What a credential is made of is asked for, and what the plug-in lists before that; the rest has
 * good defaults, or is not for everybody. */
static bool is_central(const struct provider_description *plugin, size_t index)
{
    const uint32_t central = ACME_OPTION_REQUIRED | ACME_OPTION_SECRET | ACME_OPTION_GROUP;
    size_t first = 0;

    while (first < plugin->n_options && !has_flag(&plugin->options[first], central)) {
        first++;
    }
    return has_flag(&plugin->options[index], central) ||
           (index < first && first < plugin->n_options);
}

static int ask_options(struct answers *answers, bool is_for_central, struct err *err)
{
    for (size_t i = 0; i < answers->plugin->n_options; i++) {
        if (!answers->is_given[i] && is_central(answers->plugin, i) == is_for_central &&
            ask_option(answers, i, err) < 0) {
            return err_code(err);
        }
    }
    return 0;
}

static int ask_all(struct answers *answers, struct err *err)
{
    const struct task_ask *ask = &answers->env->ask;
    size_t n_others = 0;

    for (size_t i = 0; i < answers->plugin->n_options; i++) {
        n_others += !answers->is_given[i] && !is_central(answers->plugin, i) ? 1 : 0;
    }
    if (ask_options(answers, true, err) < 0) {
        return err_code(err);
    }
    AUTO_FREE char *question = str_fmt("Set any of its %zu other options?", n_others);
    return n_others > 0 && ask->yes(ask->arg, question) ? ask_options(answers, false, err) : 0;
}

/* ---- Together ---- */

/* A secret is not offered as an argument, where it would be refused. */
static int refuse_missing(const struct answers *answers, const struct strv *missing,
                          const struct provider_option *first, struct err *err)
{
    AUTO_FREE char *names = strv_join(missing, ", ");
    const char *value = has_flag(first, ACME_OPTION_SECRET) && !is_path(first) ? "" : "VALUE, =";

    (void)err_set(err, ERR_CONFIG, "plug-in '%s' cannot do without: %s", answers->plugin->name,
                  names);
    return err_hint(err, "add %s=%s@FILE or =- ; at a terminal you are asked for it", first->name,
                    value);
}

static int check_required(const struct answers *answers, const struct strv *taken, struct err *err)
{
    AUTO(strv_done) struct strv missing = STRV_INIT;
    const struct provider_option *first = NULL;

    for (size_t i = 0; i < answers->plugin->n_options; i++) {
        const struct provider_option *option = &answers->plugin->options[i];
        AUTO_FREE char *prefix = str_fmt("%s (", option->name);
        bool is_there = answers->is_given[i] || option->fallback != NULL;

        for (size_t k = 0; k < taken->n; k++) {
            is_there = is_there || str_has_prefix(taken->items[k], prefix);
        }
        if (has_flag(option, ACME_OPTION_REQUIRED) && !is_there) {
            strv_add(&missing, option->name);
            first = first == NULL ? option : first;
        }
    }
    return first == NULL ? 0 : refuse_missing(answers, &missing, first, err);
}

int provider_answers_gather(const struct task_env *env, const struct provider_description *plugin,
                            const struct strv *given, struct credentials *to, struct err *err)
{
    AUTO_FREE bool *is_given = mem_alloc(plugin->n_options + 1, sizeof(*is_given));
    struct answers answers = {.env = env, .plugin = plugin, .to = to, .is_given = is_given};
    AUTO(strv_done) struct strv taken = STRV_INIT;

    for (size_t i = 0; i < given->n; i++) {
        if (take_answer(&answers, given->items[i], err) < 0) {
            return err_code(err);
        }
    }
    if (env->is_interactive && ask_all(&answers, err) < 0) {
        return err_code(err);
    }
    if (credentials_add_environment(to, plugin, is_given, &taken, err) < 0) {
        return err_code(err);
    }
    if (taken.n > 0) {
        AUTO_FREE char *names = strv_join(&taken, ", ");

        event_log(EVENT_NOTICE, "", "taken from the environment: %s", names);
    }
    return check_required(&answers, &taken, err);
}
