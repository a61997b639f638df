/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* acme-dns deploy: hooks by hand, or those that failed before. */
#include "base/event.h"
#include "base/mem.h"
#include "config/settings.h"
#include "store/store_deploy.h"
#include "task/deploy.h"
#include "task/failure.h"
#include "task/locked.h"
#include "task/plan.h"
#include "task/signals.h"

struct round {
    struct task_env *env;
    const struct deploy_request *request;
    struct store *store;
    struct deploy_common *common;
    const char *name; /* whose turn it is */
    struct store_cert *cert;
    struct deploy_plan plan;
    struct locked locked;
    struct deploy *deploy;
    size_t n_done, n_failed;
    size_t n_busy; /* another run is at them */
};

/* ---- One certificate ---- */

static int load(struct round *round, struct err *err)
{
    if (store_cert_load(round->store, round->name, &round->cert, err) < 0) {
        return err_code(err);
    }
    return deploy_plan_find(round->common, round->store, round->name, &round->plan, err);
}

static void finish_deploy(void *arg, const struct err *err)
{
    struct round *round = arg;

    round->deploy = NULL;
    if (err == NULL) {
        round->n_done++;
    } else {
        round->n_failed++;
    }
    locked_finish(&round->locked, NULL); /* each failure was told */
}

static void forget(struct round *round)
{
    store_cert_free(TAKE(round->cert));
    deploy_plan_done(&round->plan);
    round->plan = (struct deploy_plan)DEPLOY_PLAN_INIT;
}

/* Who had the lock may have installed another version, and told the hooks of it. */
static int begin(void *arg, struct err *err)
{
    struct round *round = arg;
    AUTO(store_deploy_done) struct store_deploy state = {.version = NULL};

    forget(round);
    /* What cannot be kept would be done again and again. */
    if (load(round, err) < 0 || store_deploy_load(round->store, round->name, &state, err) < 0) {
        return err_code(err);
    }
    if (round->request->is_pending && !deploy_is_pending(round->store, round->cert, &round->plan)) {
        return 0;
    }
    round->deploy =
        deploy_start(round->env, round->store, round->cert, &round->plan, finish_deploy, round);
    return LOCKED_GOES_ON;
}

static int run_hooks(struct round *round, struct err *err)
{
    int code = 0;

    round->locked = (struct locked){.env = round->env,
                                    .command = "deploy",
                                    .store = round->store,
                                    .name = round->name,
                                    .begin = begin,
                                    .arg = round};
    code = locked_run(&round->locked, err);
    deploy_cancel(&round->deploy);
    locked_done(&round->locked);
    return code;
}

/* ---- All of them ---- */

/* One that cannot be looked at does not keep the others from being told. */
static void take_turn(struct round *round, const char *name)
{
    struct err err = ERR_INIT;
    int code = 0;

    round->name = name;
    code = load(round, &err);
    if (code == -ERR_NOT_FOUND) {
        forget(round); /* not issued yet */
        return;
    }
    if (code == 0 && deploy_is_pending(round->store, round->cert, &round->plan)) {
        code = run_hooks(round, &err);
    }
    if (code < 0) {
        *(code == -ERR_LOCKED ? &round->n_busy : &round->n_failed) += 1;
        event_log(EVENT_WARNING, name, "%s", err.text);
    }
    forget(round);
}

static void stop(void *arg)
{
    struct round *round = arg;

    loop_stop(round->env->loop);
}

static void stop_early(void *arg, const char *reason)
{
    (void)reason;
    stop(arg);
}

/* For the run before, which was shut in and told to leave hooks alone. */
static int tell_failures(struct round *round, struct err *err)
{
    AUTO(trees_close) struct trees trees = {.env = round->env, .command = "deploy"};
    AUTO(plan_done) struct plan plan = {.n = 0};
    AUTO_PTR(failures) struct failures *failures = failures_new(round->env);
    const struct plan_request request = {.is_renewal = false};
    struct signals *signals = NULL;
    int code = 0;

    if (round->env->settings->failure_hooks.n == 0 || round->env->is_interactive) {
        return 0;
    }
    if (plan_make(round->env, &trees, &request, &plan, err) < 0) {
        return err_code(err);
    }
    failures_look_through(failures, round->store, &plan);
    failures_send(failures, stop, round);
    signals = signals_open(round->env, stop_early, round);
    code = loop_run(round->env->loop, err);
    signals_close(signals);
    return code;
}

static int run_pending(struct round *round, struct err *err)
{
    AUTO(strv_done) struct strv names = STRV_INIT;

    if (store_cert_list(round->store, &names, err) < 0) {
        return err_code(err);
    }
    for (size_t i = 0; i < names.n && round->env->caught_signal == 0; i++) {
        take_turn(round, names.items[i]);
    }
    return round->env->caught_signal == 0 ? tell_failures(round, err) : 0;
}

static int run_one(struct round *round, struct err *err)
{
    int code = 0;

    round->name = round->request->name;
    code = load(round, err);
    if (code == -ERR_NOT_FOUND) {
        err->class = ERR_CONFIG;
    } else if (code == 0 && deploy_plan_is_empty(&round->plan)) {
        code = err_set(err, ERR_CONFIG, "certificate '%s' has no deploy hook and is copied nowhere",
                       round->name);
        (void)err_hint(err,
                       "set deploy-hook = COMMAND, or copy-fullchain = PATH and the like, in "
                       "[certificate %s] or [acme-dns]",
                       round->name);
    } else if (code == 0) {
        code = run_hooks(round, err);
    }
    forget(round);
    return code;
}

static int run(struct round *round, struct err *err)
{
    if ((round->request->name != NULL) == round->request->is_pending) {
        return err_set(err, ERR_CONFIG, "say which: a certificate's name, or --pending");
    }
    if (store_open(round->env->loop, round->env->settings->state_dir, false, &round->store, err) <
        0) {
        return err_code(err);
    }
    round->common = deploy_common_new(round->env);
    return round->request->is_pending ? run_pending(round, err) : run_one(round, err);
}

static enum task_exit status_of(const struct round *round)
{
    return round->n_failed > 0 ? EXIT_DEPLOY : round->n_busy > 0 ? EXIT_LOCKED : EXIT_DONE;
}

/* To mem_free. */
static char *summarise(const struct round *round)
{
    AUTO_FREE char *busy =
        round->n_busy == 0 ? NULL : str_fmt(", %zu left to another run", round->n_busy);

    return round->n_done + round->n_failed + round->n_busy == 0
               ? str_dup("nothing is pending")
               : str_fmt("%zu deployed, %zu failed%s", round->n_done, round->n_failed,
                         busy == NULL ? "" : busy);
}

enum task_exit task_deploy(struct task_env *env, const struct deploy_request *request)
{
    struct round round = {.env = env, .request = request};
    struct err err = ERR_INIT;
    int code = run(&round, &err);
    AUTO_FREE char *text = NULL;
    enum task_exit status = EXIT_DONE;

    if (code < 0) {
        status = task_exit_for(err.class);
        text = str_dup(err.text);
    } else {
        status = status_of(&round);
        text = summarise(&round);
    }
    event_emit(status == EXIT_DONE ? EVENT_NOTICE : EVENT_ERROR, EVENT_RESULT,
               request->name != NULL ? request->name : "deploy", FIELD_INT("exit", status),
               FIELD("class", err_class_name(err.class)), FIELD("text", text));
    deploy_common_free(round.common);
    store_free(round.store);
    return status;
}
