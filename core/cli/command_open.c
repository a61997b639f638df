/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * acme-dns open-logs | open-state: where they are, and, for a person at a terminal, the pager or
 * the file manager in the place of this process. Never under sudo: what the user's environment
 * names would run as root.
 */
#include "cli/commands.h"

#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/words.h"
#include "cli/sink_impl.h"
#include "config/settings.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);

    return value != NULL && *value != '\0';
}

static bool is_at_terminal(const struct args *args, const struct sink *sink)
{
    return !args_has(args, OPTION_PRINT) && !args_has(args, OPTION_NON_INTERACTIVE) &&
           !sink_is_json(sink) && isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 &&
           !is_set("SUDO_UID");
}

/* Comes back only when there is no such program. */
static void become(const struct strv *words)
{
    AUTO_FREE char **argv = mem_alloc(words->n + 1, sizeof(*argv)); /* zeroed: NULL at the end */
    sigset_t none;

    memcpy(argv, words->items, words->n * sizeof(*argv));
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)execvp(argv[0], argv);
}

static void tell_paths(struct sink *sink, const char *command, const struct strv *paths)
{
    AUTO_FREE char *all = strv_join(paths, "\n");
    AUTO_FREE char *lines = str_fmt("%s\n", all);

    if (!sink_is_json(sink)) {
        sink_write_result(sink, lines);
        return;
    }
    event_emit(EVENT_NOTICE, EVENT_RESULT, command, FIELD_INT("exit", EXIT_DONE),
               FIELD("path", all));
}

/* less begins at the end, where the last run is. */
static void page(const struct strv *paths)
{
    AUTO(strv_done) struct strv words = STRV_INIT;
    struct err ignored = ERR_INIT;
    bool has_pager =
        is_set("PAGER") && words_split(getenv("PAGER"), &words, &ignored) == 0 && words.n > 0;

    if (!has_pager) {
        strv_add(&words, "less");
        strv_add(&words, "+G");
    }
    for (size_t i = 0; i < paths->n; i++) {
        strv_add(&words, paths->items[i]);
    }
    become(&words);
}

enum task_exit command_open_logs(struct task_env *env, const struct args *args, struct sink *sink)
{
    static const char *const NAMES[] = {"logs/logs.txt", "logs/autorenew/logs.txt"};
    AUTO(strv_done) struct strv there = STRV_INIT;
    AUTO(strv_done) struct strv paths = STRV_INIT;

    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        strv_take(&paths, fs_join(env->settings->state_dir, NAMES[i]));
        if (fs_exists(paths.items[i])) {
            strv_add(&there, paths.items[i]);
        }
    }
    if (there.n > 0 && is_at_terminal(args, sink)) {
        page(&there);
        event_log(EVENT_WARNING, "", "there is no such pager");
    }
    tell_paths(sink, "open-logs", &paths);
    return EXIT_DONE;
}

enum task_exit command_open_state(struct task_env *env, const struct args *args, struct sink *sink)
{
    AUTO(strv_done) struct strv paths = STRV_INIT;

    strv_add(&paths, env->settings->state_dir);
    tell_paths(sink, "open-state", &paths);
    if (is_at_terminal(args, sink) && geteuid() != 0 && fs_is_dir(paths.items[0]) &&
        (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY"))) {
        AUTO(strv_done) struct strv words = STRV_INIT;

        strv_add(&words, "xdg-open");
        strv_add(&words, paths.items[0]);
        become(&words); /* without one the path is what there is */
    }
    return EXIT_DONE;
}
