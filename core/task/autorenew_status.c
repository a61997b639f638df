/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* autorenew status: what our own files say, and systemd only of what it alone knows. */
#include "task/autorenew_impl.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/mem.h"
#include "config/settings.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define PATIENCE_S ((int64_t)3 * AUTORENEW_PERIOD_H * 3600) /* two runs may fall out */

struct look {
    struct task_env *env;
    struct autorenew_status status;
    enum autorenew_method method;
    char *folder, *path, *text, *log;
    struct store_last_run last, last_deploy;
};

static void look_done(struct look *look)
{
    mem_free(look->folder);
    mem_free(look->path);
    mem_free(look->text);
    mem_free(look->log);
    store_last_run_done(&look->last);
    store_last_run_done(&look->last_deploy);
    strv_done(&look->status.findings);
}

/* ---- The timer ---- */

/* With a drop-in only systemd knows. Its list is the one place where it says so in numbers. */
static bool ask_next(struct look *look, int64_t *ret_next_s)
{
    const char *const words[] = {
        "systemctl",     look->method == AUTORENEW_USER ? "--user" : "--system",
        "list-timers",   "--output=json",
        AUTORENEW_TIMER, NULL};
    AUTO(autorenew_said_done) struct autorenew_said said = {.status = -1};
    AUTO_PTR(json) struct json *timers = NULL;
    struct err ignored = ERR_INIT;
    int64_t next_us = 0;

    if (autorenew_run(look->env, words, &said, &ignored) < 0 || said.status != 0 ||
        json_parse(said.output, strlen(said.output), &timers, &ignored) < 0) {
        return false;
    }
    next_us = json_get_int(json_at(timers, 0), "next", 0);
    *ret_next_s = next_us / 1000000;
    return next_us > 0;
}

static void find_next(struct look *look)
{
    bool is_timer = look->method == AUTORENEW_SYSTEMD || look->method == AUTORENEW_USER;
    unsigned minute = 0;

    if (is_timer && !autorenew_is_on(look->env, look->method)) {
        look->status.is_switched_off = true;
        strv_take(&look->status.findings,
                  str_fmt("%s is there, but switched off: 'acme-dns register-autorenew' switches "
                          "it on",
                          look->path));
        return;
    }
    if ((!is_timer || !ask_next(look, &look->status.next_run_s)) &&
        autorenew_parse_minute(look->text, &minute)) {
        look->status.next_run_s = autorenew_next_s(minute, clock_wall_s());
    }
}

static int look_at_timer(struct look *look, struct err *err)
{
    look->method = autorenew_find_method(&look->folder);
    if (look->method == AUTORENEW_NONE) {
        strv_add(&look->status.findings, "neither systemd nor cron is here to call acme-dns");
        return 0;
    }
    if (autorenew_read_registered(look->env, look->method, look->folder, &look->path, &look->text,
                                  err) < 0) {
        return err_code(err);
    }
    if (look->text == NULL) {
        strv_add(&look->status.findings,
                 "nothing is renewed by itself: 'acme-dns register-autorenew' sees to it");
        return 0;
    }
    look->status.method = autorenew_method_name(look->method);
    look->status.path = look->path;
    find_next(look);
    return 0;
}

/* ---- The runs ---- */

/* 2: nothing due; 7: the CA will have it later; 9: another run was at it. */
static bool is_good(int status)
{
    return status == EXIT_DONE || status == EXIT_UNCHANGED || status == EXIT_LATER ||
           status == EXIT_LOCKED;
}

static void judge_run(struct look *look, const struct store_last_run *last)
{
    char started[CLOCK_TEXT_MAX];
    bool is_alive = last->pid > 0 && (kill(last->pid, 0) == 0 || errno == EPERM);

    clock_format(last->started_s, started);
    if (last->ended_s == 0 && !is_alive) {
        strv_take(&look->status.findings, str_fmt("'%s' was begun at %s and cut short (run %s)",
                                                  last->command, started, last->run));
    } else if (last->ended_s != 0 && !is_good(last->status)) {
        strv_take(&look->status.findings,
                  str_fmt("'%s' ended with exit status %d (run %s)%s%s", last->command,
                          last->status, last->run, last->text == NULL ? "" : ": ",
                          last->text == NULL ? "" : last->text));
    }
}

static const struct store_last_run *look_at_run(struct look *look, const char *command,
                                                struct store_last_run *into)
{
    struct err err = ERR_INIT;
    int code = store_last_run_load(look->env->settings->state_dir, command, into, &err);

    if (code == 0) {
        judge_run(look, into);
        return into;
    }
    if (code != -ERR_NOT_FOUND) {
        strv_add(&look->status.findings, err.text);
    }
    return NULL;
}

/* A timer that never calls leaves no failure behind. */
static void judge_silence(struct look *look)
{
    int64_t since_s = look->status.last == NULL ? 0 : look->last.started_s;
    struct stat status;

    if (look->status.method == NULL) {
        return;
    }
    if (look->path != NULL && stat(look->path, &status) == 0 &&
        (int64_t)status.st_mtime > since_s) {
        since_s = (int64_t)status.st_mtime;
    }
    if (since_s != 0 && clock_wall_s() - since_s > PATIENCE_S) {
        char span[CLOCK_TEXT_MAX];

        clock_format_span(clock_wall_s() - since_s, span);
        strv_take(&look->status.findings, str_fmt("nothing was run for %s", span));
    }
}

enum task_exit task_autorenew_status(struct task_env *env, autorenew_seen_fn *seen, void *arg)
{
    AUTO(look_done) struct look look = {.env = env, .last = {.status = -1}};
    struct err err = ERR_INIT;

    look.log = fs_join(env->settings->state_dir, "logs/autorenew/logs.txt");
    look.status.log = look.log;
    if (look_at_timer(&look, &err) < 0) {
        event_log(EVENT_ERROR, "", "%s", err.text);
        return task_exit_for(err.class);
    }
    look.status.last = look_at_run(&look, "process", &look.last);
    look.status.last_deploy = look_at_run(&look, "deploy", &look.last_deploy);
    judge_silence(&look);
    seen(arg, &look.status);
    return look.status.findings.n == 0 ? EXIT_DONE : EXIT_FAILED;
}
