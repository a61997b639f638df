/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

#include "task/around.h"

#include "base/mem.h"
#include "config/settings.h"
#include "task/hook.h"

#include <string.h>

#define HURRY_MS 30000 /* for what is left to do after a signal */

/* A pre-hook that was run. */
struct ended {
    char *line;
    struct err err; /* ERR_NONE: it succeeded */
};

struct around_wait {
    struct around *around;
    struct strv lines;
    around_ready_fn *ready;
    void *arg;
};

struct around {
    const struct task_env *env;
    struct around_wait **waits; /* hooks are run for the first */
    size_t n_waits, cap_waits;
    struct ended **ended;
    size_t n_ended, cap_ended;
    struct strv hooks_line; /* the one that runs */
    struct hooks *hooks;
    struct strv post;
    struct strv issued, failed, issued_domains, failed_domains;
    struct loop_timer *turn;
    around_ready_fn *done;
    void *done_arg;
};

struct around *around_new(const struct task_env *env)
{
    struct around *around = NEW(struct around);

    around->env = env;
    return around;
}

static void wait_free(struct around_wait *wait)
{
    strv_done(&wait->lines);
    mem_free(wait);
}

void around_free(struct around *around)
{
    if (around == NULL) {
        return;
    }
    hooks_cancel(&around->hooks);
    loop_timer_cancel(&around->turn);
    for (size_t i = 0; i < around->n_waits; i++) {
        wait_free(around->waits[i]);
    }
    for (size_t i = 0; i < around->n_ended; i++) {
        mem_free(around->ended[i]->line);
        mem_free(around->ended[i]);
    }
    mem_free(around->waits);
    mem_free(around->ended);
    strv_done(&around->hooks_line);
    strv_done(&around->post);
    strv_done(&around->issued);
    strv_done(&around->failed);
    strv_done(&around->issued_domains);
    strv_done(&around->failed_domains);
    mem_free(around);
}

/* ---- Before ---- */

static const struct ended *find_ended(const struct around *around, const char *line)
{
    for (size_t i = 0; i < around->n_ended; i++) {
        if (str_eq(around->ended[i]->line, line)) {
            return around->ended[i];
        }
    }
    return NULL;
}

/* The first of the lines that was not run yet, NULL if there is none; or the error of one that
 * failed before it. */
static int find_next(const struct around *around, const struct strv *lines, const char **ret_line,
                     struct err *err)
{
    *ret_line = NULL;
    for (size_t i = 0; i < lines->n && *ret_line == NULL; i++) {
        const struct ended *ended = find_ended(around, lines->items[i]);

        if (ended == NULL) {
            *ret_line = lines->items[i];
        } else if (ended->err.class != ERR_NONE) {
            *err = ended->err;
            return err_code(err);
        }
    }
    return 0;
}

static void take_turns(struct around *around);

static void finish_line(void *arg, const struct err *err)
{
    struct around *around = arg;
    struct ended *ended = NEW(struct ended);

    around->hooks = NULL;
    ended->line = str_dup(around->hooks_line.items[0]);
    if (err != NULL) {
        ended->err = *err;
        (void)err_hint(&ended->err, "no order was begun that this pre-hook was to prepare");
    }
    VEC_PUSH(around->ended, around->n_ended, around->cap_ended) = ended;
    take_turns(around);
}

static void start_line(struct around *around, const char *line)
{
    AUTO(strv_done) struct strv env = STRV_INIT;
    const struct hooks_plan plan = {.subject = "",
                                    .what = "pre-hook",
                                    .lines = &around->hooks_line,
                                    .env = &env,
                                    .deadline_ms = around->env->settings->hook_timeout_ms};

    hooks_add_variable(&env, "ACME_DNS_EVENT", "pre");
    strv_done(&around->hooks_line);
    around->hooks_line = (struct strv)STRV_INIT;
    strv_add(&around->hooks_line, line);
    around->hooks = hooks_start(around->env->loop, &plan, finish_line, around);
}

static void remove_wait(struct around *around, size_t index)
{
    around->n_waits--;
    memmove(&around->waits[index], &around->waits[index + 1],
            (around->n_waits - index) * sizeof(struct around_wait *));
}

/* Those whose hooks were all run leave the queue; for the first that is left one is started. */
static void take_turns(struct around *around)
{
    while (around->n_waits > 0 && around->hooks == NULL) {
        struct around_wait *wait = around->waits[0];
        const char *line = NULL;
        struct err err = ERR_INIT;

        if (find_next(around, &wait->lines, &line, &err) == 0 && line != NULL) {
            start_line(around, line);
            return;
        }
        remove_wait(around, 0);
        wait->ready(wait->arg, err.class == ERR_NONE ? NULL : &err);
        wait_free(wait);
    }
}

void around_leave(struct around_wait **wait)
{
    struct around_wait *leaving = TAKE(*wait);
    struct around *around = leaving == NULL ? NULL : leaving->around;

    for (size_t i = 0; around != NULL && i < around->n_waits; i++) {
        if (around->waits[i] == leaving) {
            remove_wait(around, i);
            wait_free(leaving);
            break;
        }
    }
    /* Nobody is left to run it for. */
    if (around != NULL && around->n_waits == 0) {
        hooks_cancel(&around->hooks);
    }
}

int around_enter(struct around *around, const struct strv *own_pre, const struct strv *own_post,
                 around_ready_fn *ready, void *arg, struct around_wait **ret_wait, struct err *err)
{
    AUTO(strv_done) struct strv lines = STRV_INIT;
    struct around_wait *wait = NULL;
    const char *line = NULL;

    strv_add_all_unique(&around->post, own_post);
    strv_add_all_unique(&around->post, &around->env->settings->post_hooks);
    strv_add_all_unique(&lines, &around->env->settings->pre_hooks);
    strv_add_all_unique(&lines, own_pre);
    if (find_next(around, &lines, &line, err) < 0) {
        return err_code(err);
    }
    if (line == NULL) {
        return 0;
    }
    wait = NEW(struct around_wait);
    *wait = (struct around_wait){.around = around, .ready = ready, .arg = arg};
    strv_copy(&wait->lines, &lines);
    VEC_PUSH(around->waits, around->n_waits, around->cap_waits) = wait;
    *ret_wait = wait;
    take_turns(around);
    return AROUND_WAITS;
}

/* ---- After ---- */

void around_note(struct around *around, const char *name, const struct strv *domains,
                 bool is_issued)
{
    strv_add(is_issued ? &around->issued : &around->failed, name);
    for (size_t i = 0; i < domains->n; i++) {
        strv_add(is_issued ? &around->issued_domains : &around->failed_domains, domains->items[i]);
    }
}

static void add_list(struct strv *env, const char *name, const struct strv *list)
{
    AUTO_FREE char *joined = strv_join(list, " ");

    hooks_add_variable(env, name, joined);
}

static void finish_post(void *arg, const struct err *err)
{
    struct around *around = arg;

    around->hooks = NULL;
    around->done(around->done_arg, err);
}

static void finish_nothing(void *arg)
{
    struct around *around = arg;

    around->turn = NULL;
    around->done(around->done_arg, NULL);
}

/* RENEWED_DOMAINS and FAILED_DOMAINS are what post-hooks written for certbot read. */
void around_finish(struct around *around, around_ready_fn *done, void *arg)
{
    AUTO(strv_done) struct strv env = STRV_INIT;
    int64_t timeout_ms = around->env->settings->hook_timeout_ms;
    bool is_hurried = around->env->caught_signal != 0;
    const struct hooks_plan plan = {
        .subject = "",
        .what = "post-hook",
        .lines = &around->post,
        .env = &env,
        .deadline_ms = is_hurried && timeout_ms > HURRY_MS ? HURRY_MS : timeout_ms};

    around->done = done;
    around->done_arg = arg;
    if (around->post.n == 0) {
        around->turn = loop_timer_start(around->env->loop, 0, finish_nothing, around);
        return;
    }
    hooks_add_variable(&env, "ACME_DNS_EVENT", "post");
    add_list(&env, "ACME_DNS_ISSUED", &around->issued);
    add_list(&env, "ACME_DNS_FAILED", &around->failed);
    add_list(&env, "RENEWED_DOMAINS", &around->issued_domains);
    add_list(&env, "FAILED_DOMAINS", &around->failed_domains);
    around->hooks = hooks_start(around->env->loop, &plan, finish_post, around);
}
