/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/hook.h"

#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/words.h"
#include "provider/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_MAX 65536u
#define VALUE_MAX 65536 /* of a variable: the system takes 128 KiB */
#define QUOTED_MAX 1000 /* bytes of a failed hook's last words */

struct hooks {
    struct loop *loop;
    char *subject, *what, *input;
    struct strv lines, env;
    int64_t deadline_ms;
    hooks_done_fn *done;
    void *arg;
    size_t at; /* the line that runs, or is next */
    struct program *program;
    struct loop_timer *turn;
    struct err err;
};

static void hooks_free(struct hooks *hooks)
{
    program_cancel(&hooks->program);
    loop_timer_cancel(&hooks->turn);
    strv_done(&hooks->lines);
    strv_done(&hooks->env);
    mem_free(hooks->subject);
    mem_free(hooks->what);
    mem_free(hooks->input);
    mem_free(hooks);
}

void hooks_cancel(struct hooks **hooks)
{
    if (*hooks != NULL) {
        hooks_free(*hooks);
        *hooks = NULL;
    }
}

void hooks_add_variable(struct strv *env, const char *name, const char *value)
{
    const char *text = value == NULL ? "" : value;
    size_t len = strlen(text);

    while (len > VALUE_MAX || (len > 0 && text[len] != '\0' && text[len] != ' ')) {
        len--;
    }
    strv_take(env, str_fmt("%s=%.*s", name, (int)len, text));
}

/* What a hook may know of the environment that this program was started in. */
static void add_surroundings(struct strv *env)
{
    static const char *const NAMES[] = {"HOME",   "USER", "LOGNAME", "LANG",
                                        "LC_ALL", "TZ",   "TMPDIR"};

    strv_add(env, "PATH=" WORDS_PATH);
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        const char *value = getenv(NAMES[i]);

        if (value != NULL) {
            strv_take(env, str_fmt("%s=%s", NAMES[i], value));
        }
    }
}

/* ---- What came of it ---- */

static void note_failure(struct hooks *hooks, const struct err *err)
{
    AUTO_FREE char *before = str_dup(hooks->err.text);

    event_log(EVENT_WARNING, hooks->subject, "%s '%s': %s", hooks->what,
              hooks->lines.items[hooks->at], err->text);
    (void)err_set(&hooks->err, ERR_FAILED, "%s%s%s '%s': %s", before, *before == '\0' ? "" : "\n",
                  hooks->what, hooks->lines.items[hooks->at], err->text);
}

/* The end of what it said, from the start of a line. */
static const char *last_words(const struct buf *said)
{
    const char *text = buf_str(said);
    const char *from = said->len > QUOTED_MAX ? text + said->len - QUOTED_MAX : text;
    const char *line = from == text ? text : strchr(from, '\n');

    return line == NULL ? from : line == text ? text : line + 1;
}

static int judge(const struct hooks *hooks, const struct program_end *end, struct err *err)
{
    int status = end->wait_status;
    const struct buf *said = end->errors->len > 0 ? end->errors : end->output;

    if (!end->has_timed_out && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return 0;
    }
    if (end->has_timed_out) {
        (void)err_set(err, ERR_FAILED, "did not end within %lld s (hook-timeout) and was killed",
                      (long long)(hooks->deadline_ms / 1000));
    } else if (WIFEXITED(status)) {
        (void)err_set(err, ERR_FAILED, "exit status %d", WEXITSTATUS(status));
    } else {
        (void)err_set(err, ERR_FAILED, "killed by signal %d", WTERMSIG(status));
    }
    return said->len > 0 ? err_hint(err, "it said: %s", last_words(said)) : err_code(err);
}

static void run_next(struct hooks *hooks);

static void finish_program(void *arg, const struct program_end *end)
{
    struct hooks *hooks = arg;
    struct err err = ERR_INIT;

    hooks->program = NULL;
    if (end->output->len > 0) {
        event_log(EVENT_DEBUG, hooks->subject, "%s", buf_str(end->output));
    }
    if (judge(hooks, end, &err) < 0) {
        note_failure(hooks, &err);
    } else {
        event_log(EVENT_NOTICE, hooks->subject, "%s done: %s", hooks->what,
                  hooks->lines.items[hooks->at]);
    }
    hooks->at++;
    run_next(hooks);
}

/* ---- One after the other ---- */

/* Not a pipe: a hook that does not read it must not keep anybody waiting. */
static int open_input(const char *text, int *ret_fd, struct err *err)
{
    static const char NAME[] = "hook-input";
    AUTO_FD int fd = memfd_create(NAME, MFD_CLOEXEC);

    if (fd < 0 || fs_write_all(fd, NAME, text, strlen(text), err) < 0 ||
        lseek(fd, 0, SEEK_SET) < 0) {
        return err_set_errno(err, "cannot hold what the hook is to read");
    }
    *ret_fd = TAKE_FD(fd);
    return 0;
}

static int start_one(struct hooks *hooks, struct err *err)
{
    AUTO_FD int input = -1;
    char **env = mem_alloc(hooks->env.n + 1, sizeof(*env)); /* zeroed: NULL at the end */
    struct program_plan plan = {.line = hooks->lines.items[hooks->at],
                                .env = env,
                                .deadline_ms = hooks->deadline_ms,
                                .may_leave_others = true,
                                .output_max = TEXT_MAX,
                                .errors_max = TEXT_MAX};
    int code = 0;

    if (hooks->input != NULL && open_input(hooks->input, &input, err) < 0) {
        mem_free(env);
        return err_code(err);
    }
    memcpy(env, hooks->env.items, hooks->env.n * sizeof(*env));
    plan.input = input;
    code = program_start(hooks->loop, &plan, finish_program, hooks, &hooks->program, err);
    mem_free(env);
    return code;
}

static void run_next(struct hooks *hooks)
{
    struct err err = ERR_INIT;

    for (; hooks->at < hooks->lines.n; hooks->at++) {
        err_clear(&err);
        if (start_one(hooks, &err) == 0) {
            return;
        }
        note_failure(hooks, &err);
    }
    hooks->done(hooks->arg, hooks->err.class == ERR_NONE ? NULL : &hooks->err);
    hooks_free(hooks);
}

static void begin(void *arg)
{
    struct hooks *hooks = arg;

    hooks->turn = NULL;
    run_next(hooks);
}

struct hooks *hooks_start(struct loop *loop, const struct hooks_plan *plan, hooks_done_fn *done,
                          void *arg)
{
    struct hooks *hooks = NEW(struct hooks);

    hooks->loop = loop;
    hooks->subject = str_dup(plan->subject);
    hooks->what = str_dup(plan->what);
    hooks->input = str_dup(plan->input);
    strv_copy(&hooks->lines, plan->lines);
    strv_copy(&hooks->env, plan->env);
    add_surroundings(&hooks->env);
    hooks->deadline_ms = plan->deadline_ms;
    hooks->done = done;
    hooks->arg = arg;
    hooks->turn = loop_timer_start(loop, 0, begin, hooks);
    return hooks;
}
