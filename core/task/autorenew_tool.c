/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* Programs of the system that say or do something for us: systemctl, crontab, loginctl. */
#include "task/autorenew_impl.h"

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/words.h"
#include "provider/program.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 60000

void autorenew_said_done(struct autorenew_said *said)
{
    mem_free(said->output);
    mem_free(said->errors);
    *said = (struct autorenew_said){.status = -1};
}

struct errand {
    struct task_env *env;
    struct autorenew_said said;
    bool is_over;
};

static void finish(void *arg, const struct program_end *end)
{
    struct errand *errand = arg;

    errand->is_over = true;
    errand->said = (struct autorenew_said){
        .status =
            end->has_timed_out || !WIFEXITED(end->wait_status) ? -1 : WEXITSTATUS(end->wait_status),
        .output = str_dup(buf_str(end->output)),
        .errors = str_dup(buf_str(end->errors)),
        .is_cut = end->output->has_overflown || strlen(buf_str(end->output)) != end->output->len,
    };
    loop_stop(errand->env->loop);
}

/* What a user's systemd is found by; sudo -u and su leave it out. */
static void add_runtime_dir(struct strv *env)
{
    const char *dir = getenv("XDG_RUNTIME_DIR");

    strv_take(env, dir != NULL && *dir == '/'
                       ? str_fmt("XDG_RUNTIME_DIR=%s", dir)
                       : str_fmt("XDG_RUNTIME_DIR=/run/user/%u", (unsigned)geteuid()));
}

static void make_environment(struct strv *env)
{
    static const char *const NAMES[] = {"HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME",
                                        "DBUS_SESSION_BUS_ADDRESS"};

    strv_add(env, "PATH=" WORDS_PATH);
    strv_add(env, "LC_ALL=C");
    add_runtime_dir(env);
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        const char *value = getenv(NAMES[i]);

        if (value != NULL) {
            strv_take(env, str_fmt("%s=%s", NAMES[i], value));
        }
    }
}

int autorenew_run(struct task_env *env, const char *const *words, struct autorenew_said *ret_said,
                  struct err *err)
{
    AUTO(strv_done) struct strv variables = STRV_INIT;
    AUTO(strv_done) struct strv all = STRV_INIT;
    AUTO_FREE char **env_block = NULL;
    struct errand errand = {.env = env};
    struct program *program = NULL;

    for (; *words != NULL; words++) {
        strv_add(&all, *words);
    }
    make_environment(&variables);
    env_block = mem_alloc(variables.n + 1, sizeof(*env_block)); /* zeroed: NULL at the end */
    memcpy(env_block, variables.items, variables.n * sizeof(*env_block));
    AUTO_FREE char *line = strv_join(&all, " "); /* no word of ours needs quotes */
    const struct program_plan plan = {.line = line,
                                      .env = env_block,
                                      .deadline_ms = DEADLINE_MS,
                                      .keeps_line_ends = true,
                                      .output_max = AUTORENEW_TEXT_MAX,
                                      .errors_max = AUTORENEW_TEXT_MAX};
    if (program_start(env->loop, &plan, finish, &errand, &program, err) < 0) {
        return err_code(err);
    }
    if (loop_run(env->loop, err) < 0 || !errand.is_over) {
        program_cancel(&program);
        return err->class != ERR_NONE ? err_code(err)
                                      : err_set(err, ERR_CANCELLED, "'%s' was cut short", line);
    }
    *ret_said = errand.said;
    return 0;
}

int autorenew_systemctl(struct task_env *env, enum autorenew_method method,
                        const char *const *words, struct err *err)
{
    AUTO(autorenew_said_done) struct autorenew_said said = {.status = -1};
    AUTO(strv_done) struct strv all = STRV_INIT;
    const char *whole[8] = {"systemctl", method == AUTORENEW_USER ? "--user" : "--system"};
    size_t n = 2;

    for (; *words != NULL && n + 1 < ARRAY_LEN(whole); words++) {
        whole[n++] = *words;
    }
    /* err_code() is always negative, which the analyzer does not see. */
    if (autorenew_run(env, whole, &said, err) < 0 || said.errors == NULL) {
        return err_code(err);
    }
    if (said.status == 0) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        strv_add(&all, whole[i]);
    }
    AUTO_FREE char *line = strv_join(&all, " ");
    return err_set(err, ERR_FAILED, "'%s' failed: %s", line,
                   *said.errors != '\0' ? said.errors : said.output);
}
