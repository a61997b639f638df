/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/*
 * plan -> as many orders as a run may have (plan_sort.c: which) -> jobs, some at a time -> what
 * dead runs left -> the summary. All jobs exist before the first begins: what a journal names for
 * one of them is then not swept away by another.
 */
#include "task/process_impl.h"

#include "base/clock.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/mem.h"
#include "config/settings.h"
#include "store/store_last_run.h"
#include "task/failure.h"
#include "task/signals.h"

#include <unistd.h>

/* Questions in one run; the rest is asked by the next. */
#define ASKS_MAX 1000u

/* ---- Turns ---- */

static void finish_failures(void *arg)
{
    struct process *process = arg;

    process->is_over = true;
    loop_stop(process->env->loop);
}

/* Whoever sits before it sees for himself, and one that is interrupted is expected to end. Where
 * deploy hooks are another run's, because this one is shut in, so are these. A trial is no news. */
static void finish_sweep(void *arg)
{
    struct process *process = arg;
    struct store *store = run_trees(process->run)->stores[0];

    process->failures = failures_new(process->env);
    if (!process->env->is_interactive && process->env->caught_signal == 0 &&
        !process->request->is_deploy_left && !process->request->is_trial && store != NULL) {
        failures_look_through(process->failures, store, &process->plan);
    }
    failures_send(process->failures, finish_failures, process);
}

/* What goes on for it, or begins next: the trial before the order. */
static const struct job *job_in_turn(const struct turn *turn)
{
    return turn->trial != NULL && !job_is_over(turn->trial) ? turn->trial : turn->job;
}

/* The CA would hand the same order to both. */
static bool has_twin(const struct process *process, const struct turn *turn)
{
    for (size_t i = 0; i < process->n_turns; i++) {
        const struct turn *other = &process->turns[i];

        if (other != turn && other->is_started && !other->is_over &&
            (job_is_twin(job_in_turn(other), job_in_turn(turn)) ||
             job_is_twin(other->job, turn->job))) {
            return true;
        }
    }
    return false;
}

static void start_turns(struct process *process);

/* It has not failed, and was not done: who called is told. What was known to wait when the run
 * began is news for nobody, and is not for whoever comes with a timer each time. */
static bool is_for_later(const struct turn *turn)
{
    const struct process_request *request = turn->process->request;

    return job_has_met_limit(turn->job) || (job_is_held_back(turn->job) && request->names->n > 0) ||
           (request->is_scheduled && job_error(turn->job)->class == ERR_LOCKED);
}

static void finish_turn(void *arg)
{
    struct turn *turn = arg;
    struct process *process = turn->process;
    const struct err *err = job_error(turn->job);

    turn->is_over = true;
    process->n_running--;
    if (is_for_later(turn)) {
        process->tally.n_waiting++;
        process_add_status(process, job_tell(turn->job));
    } else if (job_is_held_back(turn->job) || job_is_gone(turn->job)) {
        *(job_is_gone(turn->job) ? &process->tally.n_left : &process->tally.n_waiting) += 1;
        event_log(EVENT_NOTICE, job_name(turn->job), "%s", err->text);
    } else if (err->class != ERR_NONE) {
        process_count_failure(process, job_tell(turn->job));
    } else if (job_has_installed(turn->job) || job_has_tried(turn->job)) {
        process->tally.n_installed++;
        (void)job_tell(turn->job);
    } else {
        process->tally.n_unchanged++;
        if (process->request->names->n > 0) {
            (void)job_tell(turn->job); /* whoever asks for it wants to know why not */
        }
    }
    job_stop(turn->job);
    start_turns(process);
}

/* It goes on under the lock of the real certificate; a trial has only that of its own. */
static void finish_trial(void *arg)
{
    struct turn *turn = arg;
    struct process *process = turn->process;
    struct err err = ERR_INIT;

    job_stop(turn->trial);
    if (!process->is_cancelled) {
        job_follow_trial(turn->job, turn->trial);
        job_start(turn->job, finish_turn, turn);
        return;
    }
    turn->is_over = true;
    process->n_running--;
    if (job_error(turn->trial)->class != ERR_NONE) {
        process_count_failure(process, job_tell(turn->trial));
    } else {
        (void)err_set(&err, ERR_CANCELLED, "interrupted before its order, after the trial");
        process_tell_failure(process, job_name(turn->job), &err);
    }
    start_turns(process);
}

static void start_turn(struct turn *turn)
{
    turn->is_started = true;
    turn->process->n_running++;
    if (turn->trial != NULL) {
        event_log(EVENT_NOTICE, job_name(turn->job),
                  "the last try failed to validate: first at the CA's staging partner");
        job_start(turn->trial, finish_trial, turn);
    } else {
        job_start(turn->job, finish_turn, turn);
    }
}

static void start_turns(struct process *process)
{
    for (size_t i = 0; i < process->n_turns && !process->is_cancelled &&
                       process->n_running < process->env->settings->parallel_orders;
         i++) {
        struct turn *turn = &process->turns[i];

        if (turn->job != NULL && !turn->is_started && !has_twin(process, turn)) {
            start_turn(turn);
        }
    }
    if (process->n_running == 0 && !process->is_sweeping) {
        process->is_sweeping = true;
        run_sweep(process->run, finish_sweep, process);
    }
}

static void cancel(void *arg, const char *reason)
{
    struct process *process = arg;

    if (process->is_closing) {
        return; /* what there was to cancel is gone */
    }
    process->is_cancelled = true;
    for (size_t i = 0; i < process->n_turns; i++) {
        const struct turn *turn = &process->turns[i];

        if (turn->is_started && !turn->is_over && turn->trial != NULL &&
            !job_is_over(turn->trial)) {
            job_cancel(turn->trial, reason);
        } else if (turn->is_started && !turn->is_over) {
            job_cancel(turn->job, reason);
        }
    }
}

/* ---- Which ---- */

/* Whether there is anything to be done for it now. */
static bool add_turn(struct process *process, const struct plan_item *item)
{
    struct turn *turn = &process->turns[process->n_turns++];
    struct err err = ERR_INIT;

    turn->process = process;
    turn->request = (struct issue_request){
        .name = item->name,
        .is_following = true,
        .is_set_aside = item->is_disabled,
        .is_request_lost = item->is_request_lost,
        .is_renewal = process->request->is_renewal,
        .is_impatient = process->request->is_scheduled,
        .is_forced = process->request->is_forced,
        .is_deploy_left = process->request->is_deploy_left,
        .is_trial = process->request->is_trial,
    };
    turn->trial_request = turn->request;
    turn->trial_request.is_trial = true;
    if (job_new(process->run, &turn->request, &turn->job, &err) < 0) {
        process_tell_failure(process, item->name, &err);
        return false;
    }
    if (item->wants_trial && !process->request->is_trial &&
        job_new(process->run, &turn->trial_request, &turn->trial, &err) < 0) {
        event_log(EVENT_DEBUG, item->name, "no trial before the order: %s", err.text);
    }
    return true;
}

/* Whose turn needs no order. One that was asked for by name has a turn even if nothing is due. */
static bool is_small(const struct process *process, const struct plan_item *item, size_t *n_asks)
{
    if (item->action == PLAN_NOTHING) {
        return process->request->names->n > 0;
    }
    if (item->action == PLAN_ASK) {
        return (*n_asks)++ < ASKS_MAX;
    }
    return item->action == PLAN_DEPLOY || item->action == PLAN_KEEP;
}

static void add_turns(struct process *process)
{
    size_t n_orders = 0;
    size_t n_asks = 0;
    size_t max = process->env->settings->max_orders;

    process->turns = mem_alloc(process->plan.n + 1, sizeof(struct turn));
    for (size_t i = 0; i < process->plan.n; i++) {
        const struct plan_item *item = &process->plan.items[i];
        bool is_order = plan_is_order(item->action);

        process_tell_item(process, item);
        if (is_order && n_orders >= max) {
            process->tally.n_postponed++;
        } else if (is_order) {
            /* What is refused at once, run after run, takes no place away. */
            n_orders += add_turn(process, item) ? 1 : 0;
        } else if (is_small(process, item, &n_asks)) {
            (void)add_turn(process, item);
        } else if (item->action == PLAN_ASK || item->action == PLAN_NOTHING) {
            process->tally.n_unchanged++;
        }
    }
    if (process->tally.n_postponed > 0) {
        event_log(EVENT_WARNING, "",
                  "%zu certificates more are to be ordered; max-orders = %zu leaves them to the "
                  "next run",
                  process->tally.n_postponed, max);
    }
}

/* ---- The run ---- */

static bool has_journals(struct store *store)
{
    AUTO(strv_done) struct strv found = STRV_INIT;
    struct err ignored = ERR_INIT;

    return fs_list(store_folder(store, STORE_JOURNAL), &found, &ignored) == 0 && found.n > 0;
}

/* What dead runs left goes, even where nothing is due; what trials left too, where no trial is. */
static void open_for_sweep(struct process *process, bool is_staging)
{
    struct trees *trees = run_trees(process->run);
    struct store *store = trees->stores[is_staging];
    struct rooms *rooms = NULL;
    struct err err = ERR_INIT;
    int code = 0;

    if (is_staging && store_has_staging(process->env->settings->state_dir)) {
        code = trees_get(trees, true, &store, &err);
    }
    if (code == 0 && store != NULL && has_journals(store)) {
        code = run_open_rooms(process->run, store, &rooms, &err);
    }
    if (code < 0) {
        event_log(EVENT_WARNING, "journal", "%s", err.text);
    }
}

static void start(void *arg)
{
    start_turns(arg);
}

static void stop(struct job *job)
{
    if (job != NULL) {
        job_stop(job);
    }
}

static void run_turns(struct process *process)
{
    struct signals *signals = signals_open(process->env, cancel, process);
    struct err err = ERR_INIT;

    open_for_sweep(process, false);
    open_for_sweep(process, true);
    (void)loop_timer_start(process->env->loop, 0, start, process);
    (void)loop_run(process->env->loop, &err);
    if (!process->is_over) {
        run_explain_end(process->env, &err);
        process_tell_failure(process, process->request->command, &err);
    }
    (void)run_tell_leftovers(process->run);
    if (run_post_error(process->run)->class != ERR_NONE) {
        process_tell_post(process, run_post_error(process->run));
    }
    process->is_closing = true;
    failures_free(process->failures);
    for (size_t i = 0; i < process->n_turns; i++) {
        stop(process->turns[i].trial);
        stop(process->turns[i].job);
    }
    run_close(process->run);
    signals_close(signals);
}

/* How long after the timer's run before this one it begins; 0: not known. */
static int64_t find_gap_s(const struct process *process)
{
    AUTO(store_last_run_done) struct store_last_run last = {.status = -1};
    struct err ignored = ERR_INIT;
    int64_t before_s = 0;

    if (store_last_run_load(process->env->settings->state_dir, process->request->command, &last,
                            &ignored) == 0) {
        /* A run has noted itself; one that only shows its plan has not. */
        before_s = last.pid == getpid() ? last.before_s : last.started_s;
    }
    return before_s == 0 ? 0 : clock_wall_s() - before_s;
}

/* Nobody waits for it, or chose any. */
static bool is_paced(const struct process_request *request)
{
    return request->is_scheduled && !request->is_forced && !request->is_trial &&
           request->names->n == 0;
}

/* A failure has been told. */
static int make_plan(struct process *process)
{
    const struct process_request *request = process->request;
    struct err err = ERR_INIT;
    const struct plan_request plan_request = {
        .names = request->names,
        .is_renewal = request->is_renewal,
        .is_forced = request->is_forced,
        .is_scheduled = request->is_scheduled,
        .is_deploy_left = request->is_deploy_left,
        .is_trial = request->is_trial,
    };

    if (clock_check(&err) < 0 ||
        plan_make(process->env, run_trees(process->run), &plan_request, &process->plan, &err) < 0) {
        process_tell_failure(process, request->command, &err);
        return err_code(&err);
    }
    plan_sort(&process->plan);
    if (is_paced(request)) {
        plan_pace(&process->plan, find_gap_s(process), clock_wall_s());
    }
    return 0;
}

static struct run *open_run(struct task_env *env, const struct process_request *request)
{
    const struct run_request run_request = {
        .command = request->command,
        .has_agreed_tos = env->settings->has_agreed_tos,
    };

    return run_new(env, &run_request);
}

static void close_process(struct process *process)
{
    for (size_t i = 0; i < process->n_turns; i++) {
        job_free(process->turns[i].trial);
        job_free(process->turns[i].job);
    }
    mem_free(process->turns);
    plan_done(&process->plan);
    run_free(process->run);
}

enum task_exit task_process(struct task_env *env, const struct process_request *request)
{
    AUTO(close_process)
    struct process process = {.env = env, .request = request, .run = open_run(env, request)};

    if (make_plan(&process) < 0) {
        return process.tally.status;
    }
    add_turns(&process);
    run_turns(&process);
    return process_tell_end(&process);
}

enum task_exit task_process_plan(struct task_env *env, const struct process_request *request,
                                 plan_row_fn *seen, void *arg)
{
    AUTO(close_process)
    struct process process = {.env = env, .request = request, .run = open_run(env, request)};

    run_trees(process.run)->is_only_seen = true;
    if (make_plan(&process) < 0) {
        return process.tally.status;
    }
    for (size_t i = 0; i < process.plan.n; i++) {
        seen(arg, &process.plan.items[i]);
    }
    return EXIT_DONE;
}
