/* SPDX-FileCopyrightText: 2026 the acme-dns authors
 * SPDX-License-Identifier: MIT */

/* issue: a run with one certificate in it. */
#include "task/issue.h"

#include "config/settings.h"
#include "task/failure.h"
#include "task/job.h"
#include "task/signals.h"

struct issue {
    struct task_env *env;
    struct run *run;
    struct job *job;
    struct failures *failures;
};

static void finish_failures(void *arg)
{
    struct issue *issue = arg;

    loop_stop(issue->env->loop);
}

/* Whoever sits before it sees for himself, and one that is interrupted is expected to end. */
static void finish_sweep(void *arg)
{
    struct issue *issue = arg;

    issue->failures = failures_new(issue->env);
    if (!issue->env->is_interactive && issue->env->caught_signal == 0) {
        failures_look_at(issue->failures, job_store(issue->job), job_name(issue->job));
    }
    failures_send(issue->failures, finish_failures, issue);
}

static void finish_job(void *arg)
{
    struct issue *issue = arg;

    run_sweep(issue->run, finish_sweep, issue);
}

static void cancel(void *arg, const char *reason)
{
    struct issue *issue = arg;

    job_cancel(issue->job, reason);
}

static enum task_exit run_job(struct issue *issue)
{
    struct err err = ERR_INIT;
    struct signals *signals = signals_open(issue->env, cancel, issue);
    enum task_exit status = EXIT_FAILED;

    job_start(issue->job, finish_job, issue);
    (void)loop_run(issue->env->loop, &err);
    if (!job_is_over(issue->job)) {
        run_explain_end(issue->env, &err);
        job_finish(issue->job, &err);
    }
    (void)run_tell_leftovers(issue->run);
    job_blame_post(issue->job, run_post_error(issue->run));
    status = job_tell(issue->job);
    failures_free(issue->failures);
    job_stop(issue->job);
    run_close(issue->run);
    signals_close(signals);
    return status;
}

enum task_exit task_issue(struct task_env *env, const struct issue_request *request)
{
    const struct run_request run_request = {
        .command = "issue",
        .has_agreed_tos = request->has_agreed_tos || env->settings->has_agreed_tos,
        .eab = request->eab,
    };
    struct issue issue = {.env = env, .run = run_new(env, &run_request)};
    struct err err = ERR_INIT;
    enum task_exit status = EXIT_FAILED;

    if (job_new(issue.run, request, &issue.job, &err) < 0) {
        status = job_tell_refusal(request, &err);
    } else {
        run_come_for(issue.run, job_name(issue.job));
        status = run_job(&issue);
    }
    job_free(issue.job);
    run_free(issue.run);
    return status;
}
